"""A readiness route that is always ready.

## What it does
Finds handlers of readiness routes (`/readyz`, `/ready` …) that only answer, in projects whose compose file starts a database, cache or broker for the service.

## Why it hurts in production
A pod whose database cannot be reached then still gets its share of the requests, and fails all of them.

## Example
```python
# shop/main.py
from fastapi import FastAPI

app = FastAPI()


@app.get("/readyz")
def ready():
    return {"status": "ok"}
```
```yaml
# shop/compose.yaml
services:
  web:
    build: .
  db:
    image: postgres:17
    healthcheck: {test: pg_isready}
```

## Use instead
```python
# shop/main.py
from fastapi import FastAPI
from sqlalchemy import create_engine, text

app = FastAPI()
engine = create_engine("postgresql://", connect_args={"connect_timeout": 5})


@app.get("/readyz")
def ready():
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return {"status": "ok"}
```
```yaml
# shop/compose.yaml
services:
  web:
    build: .
  db:
    image: postgres:17
    healthcheck: {test: pg_isready}
```

## Fix safety
There is no automatic repair: what the check should do is for you to say.

## Options
None.

## Known limits
Only a handler that can be seen to call nothing but its answer counts. Whether this service is the one that needs the database is taken from the folder of the compose file.

## References
- [Kubernetes: configure liveness, readiness and startup probes](https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity, Step
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import HealthAsked
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF506",
    name="readiness-asks-nothing",
    summary="A readiness route looks at nothing that the service needs",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
)


@listens(HealthAsked)
def readiness_that_asks_nothing(event: HealthAsked, report: Report) -> None:
    """A handler that is asked whether the service can work, and does not look."""
    route = event.health
    if route.named != "readiness" or not route.is_empty or event.needs is None:
        return
    report(
        route.site,
        f"'{route.handler}' says that the service is ready ({route.path}) without looking at what it needs; ask the database, and answer 503 when it does not",
        trace=(Step(event.needs, "the service is started with this"),),
        symbol=route.handler,
    )
