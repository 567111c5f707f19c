"""A server in a compose file that is up as long as its process exists.

## What it does
Finds services of compose files whose `command` starts a server (gunicorn, uvicorn, `runserver` …) and that have no `healthcheck`, neither here nor in the Dockerfile that they are built from.

## Why it hurts in production
Compose and Swarm then know only that the process exists: a server that hangs stays in service, and what depends on it starts too early.

## Example
```yaml
# shop/compose.yaml
services:
  web:
    image: shop
    command: gunicorn shop.wsgi --bind 0.0.0.0:8000
```

## Use instead
```yaml
# shop/compose.yaml
services:
  web:
    image: shop
    command: gunicorn shop.wsgi --bind 0.0.0.0:8000
    healthcheck:
      test: python -c "import urllib.request as u; u.urlopen('http://localhost:8000/livez', timeout=2)"
```

## Fix safety
Unsafe: a service that does not answer then becomes unhealthy. A healthcheck that asks with Python is put before the command, where the service is built in the project, its code has a
health route of its own application, and the port is known.

## Options
None.

## Known limits
A service that starts what its image starts is left to BPF502. Files for development (`*dev*`, `*local*`, `*override*`, `*test*`) are silent.

## References
- [Compose file reference: healthcheck](https://docs.docker.com/reference/compose-file/services/#healthcheck)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity, Site
from backend_pitfalls.model.fix import Fix, InsertLines, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import ComposeFound
from backend_pitfalls.project.manifests.compose import Service
from backend_pitfalls.project.manifests.dockerfile import server_in
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF513",
    name="unchecked-compose-service",
    summary="A compose file starts a server that nothing checks",
    severity=Severity.NOTE,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST}),
    fix=Safety.UNSAFE,
)


def _checked(service: Service, check: str) -> Fix | None:
    if not check or service.command_at is None:
        return None
    indent = " " * service.command_at.col
    text = f'{indent}healthcheck:\n{indent}  test: ["CMD", "python", "-c", "{check}"]\n'
    intent = InsertLines(service.command_at.line, text)
    return Fix("add a healthcheck", Safety.UNSAFE, (intent,), "a service that does not answer becomes unhealthy")


_DEVELOPMENT = ("dev", "local", "override", "test", "debug", "ci")


@listens(ComposeFound)
def unchecked_server(event: ComposeFound, report: Report) -> None:
    """A service that starts a server without a check."""
    words = event.path.rsplit("/", 1)[-1].replace("-", ".").replace("_", ".").lower().split(".")
    if any(word.startswith(_DEVELOPMENT) for word in words):
        return
    for service in event.services:
        image = event.images.get(service.name)
        is_checked = "healthcheck" in service.keys or "extends" in service.keys
        if is_checked or (image is not None and image.healthcheck is not None):
            continue
        server = server_in(service.command)
        if server:
            restarted = (
                " (its restart policy starts again what has ended, not what hangs)" if "restart" in service.keys else ""
            )
            report(
                Site(event.path, service.span),
                f"the service '{service.name}' starts '{server}' without a healthcheck{restarted}; add one that asks the server",
                symbol=service.name,
                fix=_checked(service, event.checks.get(service.name, "")),
            )
