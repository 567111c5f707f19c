"""A server or a worker in a compose file that is up as long as its process exists.

## What it does
Finds services of compose files whose `command` starts a server (gunicorn, uvicorn, `runserver` …) and that have no `healthcheck`, neither here nor in the Dockerfile that they are built from.
Workers of Celery count too: those without a check, and those that are checked as if they were the web server, because they take over the `HEALTHCHECK` of the image that both are built from.

## Why it hurts in production
Compose and Swarm then know only that the process exists: a server that hangs stays in service, and what depends on it starts too early. A worker whose connection to the broker hangs takes no more tasks and looks well; one that has the web server's check is never healthy, however well it works.

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
health route of its own application, and the port is known. A worker is asked by `celery inspect ping`, where its command names the application and the worker has no name of its own; this starts a
process of Python each time.

## Options
None.

## Known limits
A service that starts what its image starts is left to BPF502. Files for development (`*dev*`, `*local*`, `*override*`, `*test*`) are silent.

## References
- [Compose file reference: healthcheck](https://docs.docker.com/reference/compose-file/services/#healthcheck)
- [Celery: inspect](https://docs.celeryq.dev/en/stable/userguide/monitoring.html#commands)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity, Site
from backend_pitfalls.model.fix import Fix, InsertLines, Safety
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import ComposeFound
from backend_pitfalls.project.manifests.compose import Service
from backend_pitfalls.project.manifests.dockerfile import Worker, server_in, worker_in
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF513",
    name="unchecked-compose-service",
    summary="A compose file starts a server or a worker that nothing checks",
    severity=Severity.NOTE,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST}),
    fix=Safety.UNSAFE,
)


_DEVELOPMENT = ("dev", "local", "override", "test", "debug", "ci")
_ASKS_A_PORT = regex(r"https?://|\b(nc|ncat)\s")


@listens(ComposeFound)
def unchecked_service(event: ComposeFound, report: Report) -> None:
    """A service that starts a server or a worker without a check."""
    words = event.path.rsplit("/", 1)[-1].replace("-", ".").replace("_", ".").lower().split(".")
    if any(word.startswith(_DEVELOPMENT) for word in words):
        return
    for service in event.services:
        if "healthcheck" in service.keys or "extends" in service.keys:
            continue
        image = event.images.get(service.name)
        inherited = image.healthcheck if image is not None else None
        worker = worker_in(service.command)
        if worker is not None:
            _worker(event, service, worker, inherited.value if inherited is not None else "", report)
        elif inherited is None and server_in(service.command):
            _server(event, service, server_in(service.command), report)


def _server(event: ComposeFound, service: Service, server: str, report: Report) -> None:
    restarted = " (its restart policy starts again what has ended, not what hangs)" if "restart" in service.keys else ""
    check = event.checks.get(service.name, "")
    report(
        Site(event.path, service.span),
        f"the service '{service.name}' starts '{server}' without a healthcheck{restarted}; add one that asks the server",
        symbol=service.name,
        fix=_checked(service, f'test: ["CMD", "python", "-c", "{check}"]') if check else None,
    )


def _worker(event: ComposeFound, service: Service, worker: Worker, inherited: str, report: Report) -> None:
    if inherited and not _ASKS_A_PORT.search(inherited):
        return
    asked = f"{worker.program} inspect ping -d celery@$$HOSTNAME" if worker.program and worker.is_unnamed else ""
    why = (
        f"the service '{service.name}' starts a worker of Celery with the HEALTHCHECK of its image, which asks a web server: it is never healthy; give it one of its own"
        if inherited
        else f"the service '{service.name}' starts a worker of Celery without a healthcheck: one that hangs takes no tasks and looks well; add one"
    )
    report(
        Site(event.path, service.span),
        f"{why} that asks '{asked or 'celery inspect ping'}'",
        symbol=service.name,
        fix=_checked(service, f'test: ["CMD-SHELL", "{asked}"]', "interval: 60s") if asked else None,
    )


def _checked(service: Service, *lines: str) -> Fix | None:
    if service.command_at is None:
        return None
    indent = " " * service.command_at.col
    text = f"{indent}healthcheck:\n" + "".join(f"{indent}  {line}\n" for line in lines)
    intent = InsertLines(service.command_at.line, text)
    return Fix("add a healthcheck", Safety.UNSAFE, (intent,), "a service that does not answer becomes unhealthy")
