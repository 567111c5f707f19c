"""A liveness route that is as alive as the slowest thing it asks.

## What it does
Finds handlers of liveness routes (`/livez`, `/alive` …, and any route about health that a `livenessProbe` of the project asks for) which run a query or call another
service, directly or through functions that they call.

## Why it hurts in production
Kubernetes restarts a container whose liveness probe fails. When the database is slow for half a minute every pod fails the probe at once, all of them are
restarted, and all of them connect again to a database that was only slow: a hiccup becomes an outage.

## Example
```python
from fastapi import FastAPI
from sqlalchemy import create_engine, text

app = FastAPI()
engine = create_engine("postgresql://", connect_args={"connect_timeout": 5})


@app.get("/livez")
def live():
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return {"status": "ok"}
```

## Use instead
```python
from fastapi import FastAPI
from sqlalchemy import create_engine, text

app = FastAPI()
engine = create_engine("postgresql://", connect_args={"connect_timeout": 5})


@app.get("/livez")
def live():
    return {"status": "ok"}


@app.get("/readyz")
def ready():
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return {"status": "ok"}
```

## Fix safety
There is no automatic repair: what the check should do is for you to say.

## Options
None.

## Known limits
A route that is not named after liveness counts only where a manifest of the project asks for it, and no other service has a route of that name.

## References
- [Kubernetes: configure liveness, readiness and startup probes](https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/)
- [Kubernetes: liveness, readiness and startup probes](https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity, Step
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import HealthAsked
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF505",
    name="liveness-asks-others",
    summary="A liveness route asks a database or another service",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
)


@listens(HealthAsked)
def liveness_that_asks(event: HealthAsked, report: Report) -> None:
    """A handler that is asked whether the process lives, and asks others."""
    route = event.health
    probe = event.probes.get("livenessProbe")
    if not route.asks or (route.named != "liveness" and probe is None):
        return
    steps = route.asks[0]
    asked = (Step(probe, "the livenessProbe asks this route"),) if probe is not None else ()
    report(
        route.site,
        f"'{route.handler}' answers whether the process lives ({route.path}), and {steps[-1].message}: when that is slow, every pod is restarted; "
        "let it answer at once, and ask others in a readiness route",
        trace=(*asked, *steps),
        symbol=route.handler,
    )
