"""A probe of a port that has no such name.

## What it does
Finds probes that name a port (`port: http`) which is not among the container's `ports`.

## Why it hurts in production
Kubernetes looks the name up in the container. When it is not there the probe fails each time: the pod is never ready, or is restarted for ever.

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
          livenessProbe: {httpGet: {path: /livez, port: web}, failureThreshold: 3}
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
Ports by number are not compared: a container may serve a port that it does not list. Templates that fill in the name are silent.

## References
- [Kubernetes: use a named port](https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#use-a-named-port)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity, Site
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import ProbeFound
from backend_pitfalls.project.manifests.helm import RENDERED
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF510",
    name="probe-of-unknown-port",
    summary="A probe names a port that the container does not have",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST}),
)


@listens(ProbeFound)
def unknown_port(event: ProbeFound, report: Report) -> None:
    """A probe of a port by a name that the container does not give."""
    port, container = event.probe.port, event.container
    names = container.port_names
    is_templated = RENDERED in port or container.partial or any(RENDERED in name for name in names)
    if not port or port.isdigit() or is_templated or port in names:
        return
    known = ", ".join(f"'{name}'" for name in sorted(names))
    report(
        Site(event.path, event.probe.span),
        f"the {event.probe.name} of '{container.name}' asks the port '{port}', which the container does not name; "
        + (f"it names {known}" if known else "it names none"),
        symbol=event.workload.symbol,
    )
