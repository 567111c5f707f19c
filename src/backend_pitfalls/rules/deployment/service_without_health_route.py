"""A web service that nobody can ask whether it works.

## What it does
Looks through the routes of the whole project (`urlpatterns`, `include()`, route decorators, `add_url_rule`, `add_get`, lists of handlers, paths that a
middleware compares) and its installed applications for one that answers for the health of the service: `/health`, `/healthz`, `/livez`, `/readyz`, `/ping`, `/status` …, django-health-check,
django-watchman, Dockerflow and the like. Applications of Celery count where a container of the project starts a worker and nothing asks one. Where there is none it reports the place where the application object is made, once a framework; in projects that are put into production from the repository (a Dockerfile or a compose file).

## Why it hurts in production
An orchestrator that cannot ask a process can only see whether it still exists. It sends requests to a worker that is still loading or has lost its
database, keeps one that hangs for ever, and takes a deployment for good that answers nothing but errors.

## Example
```python
from flask import Flask

app = Flask(__name__)

@app.route("/books")
def books():
    return []
```
```dockerfile
FROM python:3.13-slim
COPY app.py .
CMD ["python", "app.py"]
```

## Use instead
```python
from flask import Flask

app = Flask(__name__)

@app.route("/books")
def books():
    return []

@app.route("/livez")
def live():
    return {"status": "ok"}
```
```dockerfile
FROM python:3.13-slim
COPY app.py .
CMD ["python", "app.py"]
```

## Fix safety
Unsafe: the service answers more paths, to everybody. Flask, Quart, FastAPI, Starlette, Litestar, Sanic, aiohttp, Tornado and Falcon get `/livez`, which asks nothing, behind the statement that makes the application; `/readyz` beside it asks the database and the cache where the project
keeps what asks them in a variable of a module (an engine of SQLAlchemy, Flask-SQLAlchemy's object, a client of Redis), or has a function that keeps a connection in Flask's `g`, and answers 503 when one does not answer. Django gets both as views in the `urls.py` beside the application, with
their entries. Services of other frameworks are left to you.

## Options
`[[tool.backend-pitfalls.knowledge.probe]]` with `segments` and `modules` adds names of your own.

## Known limits
One such route in the project counts for all its services. Routes whose path is put together at run time are not seen.

## References
- [Kubernetes: configure liveness, readiness and startup probes](https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/)
- [django-health-check](https://django-health-check.readthedocs.io/en/latest/)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity, Site, Span, Step
from backend_pitfalls.model.fix import Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import WorkersFound
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.endpoints import answering
from backend_pitfalls.semantics.events import Application

META = RuleMeta(
    code="BPF504",
    name="service-without-health-route",
    summary="A web service has no route that answers for its health",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    tokens=(
        b"FastAPI",
        b"Flask",
        b"Quart",
        b"get_wsgi_application",
        b"get_asgi_application",
        b"Starlette",
        b"Litestar",
        b"Application",
        b"Sanic",
        b"grpc",
        b"falcon",
        b"Celery",
    ),
    silent_in=NOT_THE_SERVICE,
    fix=Safety.UNSAFE,
)


@listens(Application)
def application_without_probe(event: Application, report: Report) -> None:
    """An application object of a project without a health route."""
    if not event.unprobed or event.chain:
        return
    if event.group == "gRPC":
        report(
            event.site,
            "this gRPC server does not answer for its health; add the service of grpc_health.v1 (grpcio-health-checking), which a grpc probe asks",
            trace=(Step(Site(event.unprobed, Span(1, 0, 1, 0)), "this puts it into production"),),
            symbol=event.symbol,
            group="service of gRPC",
        )
        return
    report(
        event.site,
        f"this {event.group} service has no route that answers for its health; add one such as /livez (the process answers) and "
        "/readyz (its database does too)",
        trace=(Step(Site(event.unprobed, Span(1, 0, 1, 0)), "this puts it into production"),),
        symbol=event.symbol,
        group=f"service of {event.group}",
        fix=answering(event),
    )


@listens(WorkersFound)
def workers_without_check(event: WorkersFound, report: Report) -> None:
    """An application of Celery whose workers nothing asks."""
    report(
        event.site,
        "the workers of this application do not answer for their health to anybody: one that hangs takes no tasks and looks well; ask them with 'celery inspect ping' from a health check",
        trace=(Step(event.started, "this starts a worker"),),
        group="service of Celery",
    )
