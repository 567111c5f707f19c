"""A compose service that starts before its database answers.

## What it does
Finds `depends_on` entries of compose files that name a database, cache or broker (by its image) without `condition: service_healthy`; one finding a server, with all services that do not wait for it.
Services whose image is not known to start slowly are silent, as are conditions that are given, files in hidden folders and one-shot jobs (`service_completed_successfully`).

## Why it hurts in production
`depends_on` alone waits until the container was started, not until the server in it takes connections. On a fast machine that is the same; on the first start
with an empty volume, or after a crash with a long recovery, the application comes up first, fails to connect and is restarted or, worse,
goes on half initialised.

## Example
```yaml
# shop/docker-compose.yml
services:
  web:
    build: .
    depends_on:
      - db
  db:
    image: postgres:17
```

## Use instead
```yaml
# shop/docker-compose.yml
services:
  web:
    build: .
    depends_on:
      db:
        condition: service_healthy
  db:
    image: postgres:17
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U postgres"]
      interval: 5s
      retries: 10
```

## Fix safety
There is no repair yet.

## Options
`[[tool.backend-pitfalls.knowledge.slow_starter]]` with `images` adds images of your own.

## Known limits
Services of other files (`extends`, `include`, overrides) are not joined. An entry point that waits for the server itself is not seen.

## References
- [Compose: control startup order](https://docs.docker.com/compose/how-tos/startup-order/)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity, Site, Span, Step
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import ComposeFound
from backend_pitfalls.project.manifests.compose import Service
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF503",
    name="dependency-not-awaited",
    summary="A compose service starts before its database answers",
    severity=Severity.NOTE,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(b"depends_on",),
    silent_in=frozenset({FileContext.TEST, FileContext.SCRIPT, FileContext.TOOLING}),
)


@listens(ComposeFound)
def started_is_not_ready(event: ComposeFound, report: Report) -> None:
    """A server that takes its time, and services that depend on it without the condition that it is healthy."""
    for server in event.services:
        image = server.image.rsplit("/", 1)[-1].split("@")[0].split(":")[0]
        if image not in report.knowledge.slow_starters:
            continue
        early = {
            d.span: service.name
            for service in event.services
            for d in service.depends
            if d.name == server.name and d.condition in ("", "service_started")
        }
        if early:
            _report(event.path, server, image, early, report)


def _report(path: str, server: Service, image: str, early: dict[Span, str], report: Report) -> None:
    (first, name), *others = early.items()
    also = f" (and {len(others)} more)" if others else ""
    check = "" if server.checked else f"give '{server.name}' a healthcheck and "
    starts = f"'{name}'{also} starts when '{server.name}' ({image}) was started, not when it answers"
    steps = [Step(Site(path, span), f"'{other}' does not wait either") for span, other in others]
    report(
        Site(path, first),
        f"{starts}; {check}wait for condition: service_healthy",
        trace=(Step(Site(path, server.span), f"'{server.name}' is {server.image}"), *steps),
        symbol=name,
    )
