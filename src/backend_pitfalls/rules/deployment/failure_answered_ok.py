"""A health route that never fails.

## What it does
Finds handlers of routes about health that catch the failure of a check and answer as if it had succeeded: no status from 400 to 599 is named in the handler.

## Why it hurts in production
Orchestrators and load balancers look at the status and not at the body. The service says "unhealthy" with a 200, keeps its traffic, and nobody is told.

## Example
```python
from fastapi import FastAPI
from sqlalchemy import create_engine, text

app = FastAPI()
engine = create_engine("postgresql://", connect_args={"connect_timeout": 5})


@app.get("/health")
def health():
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except Exception:
        return {"status": "unhealthy"}
    return {"status": "ok"}
```

## Use instead
```python
from fastapi import FastAPI, HTTPException
from sqlalchemy import create_engine, text

app = FastAPI()
engine = create_engine("postgresql://", connect_args={"connect_timeout": 5})


@app.get("/health")
def health():
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except Exception as error:
        raise HTTPException(503, "the database does not answer") from error
    return {"status": "ok"}
```

## Fix safety
There is no automatic repair: what the check should do is for you to say.

## Options
None.

## Known limits
A check in a function that hides its failure itself is not seen.

## References
- [Kubernetes: HTTP probes](https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#http-probes)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import HealthAsked
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF507",
    name="failure-answered-ok",
    summary="A health route answers 200 although its check failed",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
)


@listens(HealthAsked)
def failure_that_looks_well(event: HealthAsked, report: Report) -> None:
    """An answer after a failed check that has the status of success."""
    route = event.health
    if route.hides is None:
        return
    report(
        route.hides,
        f"'{route.handler}' ({route.path}) answers 200 although its check failed, and whoever asks looks only at the status; answer 503",
        trace=route.asks[0],
        symbol=route.handler,
    )
