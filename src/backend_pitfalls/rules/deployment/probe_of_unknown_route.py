"""A probe that asks for what is not there.

## What it does
Finds `httpGet` probes whose path no route of the service has, where it is certain which service runs in the container: the image is named like the folder of a Dockerfile of the project, or a
compose file names the folder that it is built from.

## Why it hurts in production
The service answers 404, and so is never ready (no traffic), or is restarted for ever. The manifest and the code are looked at by different people, so each looks right.

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
          readinessProbe: {httpGet: {path: /healthz, port: http}}
          livenessProbe: {httpGet: {path: /livez, port: http}, failureThreshold: 3}
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
Only the last part of the path is compared, as prefixes may come from anywhere. Projects that use a library for their health routes are silent.

## References
- [Kubernetes: HTTP probes](https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#http-probes)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity, Site, Span, Step
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import ProbeFound
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF509",
    name="probe-of-unknown-route",
    summary="A probe asks for a path that the service does not serve",
    severity=Severity.ERROR,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST}),
)


@listens(ProbeFound)
def unknown_route(event: ProbeFound, report: Report) -> None:
    """A probe of a path that no route has."""
    if event.served is not False:
        return
    place = Site(f"{event.folder}/Dockerfile" if event.folder else "Dockerfile", Span(1, 0, 1, 0))
    report(
        Site(event.path, event.probe.span),
        f"the {event.probe.name} of '{event.container.name}' asks for {event.probe.target}, and no route of the service in '{event.folder or '.'}' ends so; "
        "name a route that it has",
        trace=(Step(place, "the image is built here"),),
        symbol=event.workload.symbol,
    )
