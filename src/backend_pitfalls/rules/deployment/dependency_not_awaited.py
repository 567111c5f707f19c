"""A compose service that starts before its database answers.

## What it does
Finds `depends_on` entries of compose files that name a database, cache or broker (by its image) without `condition: service_healthy`.
Services whose image is not known to start slowly are silent, as are conditions that are given and one-shot jobs (`service_completed_successfully`).

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
from backend_pitfalls.model.finding import Confidence, Severity, Site, Step
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import ComposeFound
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF503",
    name="dependency-not-awaited",
    summary="A compose service starts before its database answers",
    severity=Severity.NOTE,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(b"depends_on",),
    silent_in=frozenset({FileContext.TEST}),
)


@listens(ComposeFound)
def started_is_not_ready(event: ComposeFound, report: Report) -> None:
    """A dependency on a server that takes its time, without the condition that it is healthy."""
    services = {service.name: service for service in event.services}
    for service in event.services:
        for dependency in service.depends:
            server = services.get(dependency.name)
            if server is None or dependency.condition not in ("", "service_started"):
                continue
            image = server.image.rsplit("/", 1)[-1].split("@")[0].split(":")[0]
            if image not in report.knowledge.slow_starters:
                continue
            first = "" if server.checked else f"give '{server.name}' a healthcheck and "
            report(
                Site(event.path, dependency.span),
                f"'{service.name}' starts when '{server.name}' ({image}) was started, not when it answers; {first}wait for "
                "condition: service_healthy",
                trace=(Step(Site(event.path, server.span), f"'{server.name}' is {server.image}"),),
                symbol=service.name,
            )
