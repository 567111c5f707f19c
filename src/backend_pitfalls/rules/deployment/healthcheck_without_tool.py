"""A health check that can only fail.

## What it does
Finds `HEALTHCHECK` in a Dockerfile, and `healthcheck` of a compose service that is built in the project, that runs `curl` or `wget` in an image that comes without it (`python:*-slim`, `*-alpine`, `debian`, distroless …) and
whose Dockerfile does not install it.

## Why it hurts in production
The check fails because the program is not found, so the container is unhealthy from the first minute: what waits for it never starts, and Swarm or ECS restart it for ever.

## Example
```dockerfile
FROM python:3.13-slim
COPY . /app
HEALTHCHECK CMD curl -f http://localhost:8000/livez
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
There is no automatic repair: what the check should do is for you to say.

## Options
`[[tool.backend-pitfalls.knowledge.base_image]]` with `images` (patterns) and `lacks` adds images of your own.

## Known limits
Images that are not in the table are silent, and so is one whose Dockerfile mentions the program in any `RUN` or `COPY`.

## References
- [Dockerfile reference: HEALTHCHECK](https://docs.docker.com/reference/dockerfile/#healthcheck)
- [Docker official image: python](https://hub.docker.com/_/python)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import CheckFound
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF512",
    name="healthcheck-without-tool",
    summary="A health check runs a program that its image does not have",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST}),
)


@listens(CheckFound)
def missing_tool(event: CheckFound, report: Report) -> None:
    """A check by a program that is not there."""
    image = event.image
    words = event.command.replace('"', " ").replace("[", " ").replace(",", " ").split()
    for tool in report.knowledge.missing_tools(image.base):
        if tool in words and tool not in image.made:
            report(
                event.site,
                f"the health check runs '{tool}', which the image '{image.base}' does not have; install it, or ask with the language that is there: "
                "python -c \"import urllib.request as u; u.urlopen('http://localhost:8000/livez', timeout=2)\"",
            )
