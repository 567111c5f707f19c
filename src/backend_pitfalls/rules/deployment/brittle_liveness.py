"""A liveness probe that restarts at the first hiccup, or that waits a fixed time for a slow start.

## What it does
Finds liveness probes with `failureThreshold: 1`, and those with an `initialDelaySeconds` of a minute or more in a container without a `startupProbe`.

## Why it hurts in production
With a threshold of 1 one garbage collection or one lost packet restarts the container. With a long fixed delay a process that hangs in its first minutes is not noticed, and one that once starts slower is
restarted before it has started, for ever.

## Example
```python
# shop/app.py
from flask import Flask

app = Flask(__name__)


@app.get("/livez")
def live():
    return "ok"
```
```dockerfile
# shop/Dockerfile
FROM python:3.13
COPY . /app
CMD ["python", "app.py"]
```
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
        - name: web
          image: registry.example/shop:1.0
          ports: [{containerPort: 8000, name: http}]
          readinessProbe: {httpGet: {path: /livez, port: http}}
          livenessProbe: {httpGet: {path: /livez, port: http}, failureThreshold: 1}
```

## Use instead
```python
# shop/app.py
from flask import Flask

app = Flask(__name__)


@app.get("/livez")
def live():
    return "ok"
```
```dockerfile
# shop/Dockerfile
FROM python:3.13
COPY . /app
CMD ["python", "app.py"]
```
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
        - name: web
          image: registry.example/shop:1.0
          ports: [{containerPort: 8000, name: http}]
          readinessProbe: {httpGet: {path: /livez, port: http}}
          livenessProbe: {httpGet: {path: /livez, port: http}, failureThreshold: 3}
```

## Fix safety
There is no automatic repair: what the check should do is for you to say.

## Options
None.

## Known limits
None.

## References
- [Kubernetes: define startup probes](https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#define-startup-probes)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity, Site, Step
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import HealthAsked, ProbeFound
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF511",
    name="brittle-liveness",
    summary="A liveness probe restarts what is only slow",
    severity=Severity.NOTE,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST}),
)


SLOW_START = 60
"""Seconds from which on a fixed delay stands for a slow start."""
# Commands that change the tables of a database, before the server that follows them.
_MIGRATES = regex(r"manage\.py migrate|alembic (?:-\S+ \S+ )*upgrade|flask db upgrade|aerich upgrade")


@listens(ProbeFound)
def brittle(event: ProbeFound, report: Report) -> None:
    """A liveness probe that is too quick, or that waits instead of asking."""
    probe = event.probe
    if probe.name != "livenessProbe":
        return
    site, symbol = Site(event.path, probe.span), event.workload.symbol
    name = event.container.name
    if probe.numbers.get("failureThreshold") == 1:
        report(
            site,
            f"the livenessProbe of '{name}' restarts the container at its first failure (failureThreshold: 1); let it fail three times",
            symbol=symbol,
        )
    migrating = _MIGRATES.search(event.command)
    delay = probe.numbers.get("initialDelaySeconds", 0)
    has_time = "startupProbe" in event.container.keys or event.container.partial
    if migrating and not has_time and delay < SLOW_START:
        report(
            site,
            f"'{name}' starts with '{migrating[0]}', and its livenessProbe may restart it in the middle; give it a startupProbe, or migrate in a job or an init container",
            symbol=symbol,
        )
    if delay >= SLOW_START and not has_time:
        report(
            site,
            f"the livenessProbe of '{name}' waits {delay} s for the start; a startupProbe asks instead, and ends as soon as it has started",
            symbol=symbol,
        )


@listens(HealthAsked)
def impatient(event: HealthAsked, report: Report) -> None:
    """A probe that gives up before the handler does."""
    route = event.health
    for name, limit in event.limits.items():
        if name == "livenessProbe" and route.waits > limit:
            report(
                event.probes[name],
                f"the livenessProbe gives up after {limit} s (timeoutSeconds), and '{route.handler}' waits for others for up to {route.waits:g} s; let the route answer at once, or give it the time",
                trace=(Step(route.site, f"'{route.handler}' answers"), *(route.asks[0] if route.asks else ())),
                symbol=route.handler,
            )
