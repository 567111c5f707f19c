"""A Dockerfile that starts a server and gives no way to check it.

## What it does
Finds Dockerfiles whose final stage starts a server (gunicorn, uvicorn, `manage.py runserver`, `flask run` …) without `HEALTHCHECK`, or
with `HEALTHCHECK NONE`.

## Why it hurts in production
Docker, Compose, Swarm and ECS then know only that the process exists. A server that hangs is "up" for ever, and what
depends on it starts too early.

## Example
```dockerfile
FROM python:3.13-slim
COPY . /app
CMD ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:8000"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
COPY . /app
HEALTHCHECK CMD python -c "import urllib.request as u; u.urlopen('http://localhost:8000/livez', timeout=2)"
CMD ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:8000"]
```

## Fix safety
Unsafe: a container that does not answer then becomes unhealthy. A HEALTHCHECK that asks with Python is put before the instruction that starts the server, where the code
has a health route of its own application and the port is known.

## Options
None.

## Known limits
An image started by a script is silent: what the script starts is not followed. Kubernetes ignores HEALTHCHECK; see
BPF501 for it.

## References
- [Dockerfile reference: HEALTHCHECK](https://docs.docker.com/reference/dockerfile/#healthcheck)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity, Site
from backend_pitfalls.model.fix import Fix, InsertLines, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import ImageFound
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF502",
    name="image-without-healthcheck",
    summary="A Dockerfile starts a server without HEALTHCHECK",
    severity=Severity.NOTE,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(b"FROM", b"from"),
    silent_in=frozenset({FileContext.TEST}),
    category="R",
    fix=Safety.UNSAFE,
)


def _checked(line: int, check: str) -> Fix | None:
    if not check:
        return None
    text = f'HEALTHCHECK CMD ["python", "-c", "{check}"]\n'
    return Fix(
        "add a HEALTHCHECK",
        Safety.UNSAFE,
        (InsertLines(line, text),),
        "a container that does not answer becomes unhealthy",
    )


@listens(ImageFound)
def server_without_healthcheck(event: ImageFound, report: Report) -> None:
    """A final stage that starts a server unchecked."""
    image = event.image
    if not image.server or image.start is None:
        return
    if image.healthcheck is None:
        report(
            Site(event.path, image.start.span),
            f"the image starts '{image.server}' without a HEALTHCHECK; add one that asks the server",
            fix=_checked(image.start.span.line, event.check),
        )
    elif image.healthcheck.value.strip().upper() == "NONE":
        report(
            Site(event.path, image.healthcheck.span),
            f"the image starts '{image.server}' with HEALTHCHECK switched off; add one that asks the server",
        )
