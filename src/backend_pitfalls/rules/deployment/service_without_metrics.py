"""A service that is watched from the outside alone.

## What it does
Finds containers with probes whose service, which is built in the project, neither imports a library that counts what it does (Prometheus, OpenTelemetry, StatsD …) nor has a route for metrics.

## Why it hurts in production
A probe tells that the service answers. That every tenth request fails, or that they take five seconds since noon, it does not tell; without numbers the first to notice is a customer.

## Example
```python
# shop/main.py
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
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/livez', timeout=2)"]
CMD ["gunicorn", "main:app", "--bind", "0.0.0.0:8000"]
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
          livenessProbe: {httpGet: {path: /livez, port: http}}
```

## Use instead
```python
# shop/main.py
from flask import Flask
from prometheus_flask_exporter import PrometheusMetrics

app = Flask(__name__)
PrometheusMetrics(app)


@app.get("/livez")
def live():
    return "ok"
```
```dockerfile
# shop/Dockerfile
FROM python:3.13
COPY . /app
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/livez', timeout=2)"]
CMD ["gunicorn", "main:app", "--bind", "0.0.0.0:8000"]
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
          livenessProbe: {httpGet: {path: /livez, port: http}}
```

## Fix safety
There is no automatic repair: which numbers matter is for the author to say.

## Options
`[[tool.backend-pitfalls.knowledge.metrics]]` with `modules` and `segments` adds libraries and paths of your own.

## Known limits
Metrics that something beside the service takes (a service mesh, a sidecar) are not seen.

## References
- [Google: the four golden signals](https://sre.google/sre-book/monitoring-distributed-systems/)
- [Prometheus: client libraries](https://prometheus.io/docs/instrumenting/clientlibs/)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity, Site
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import WorkloadFound
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF516",
    name="service-without-metrics",
    summary="A service that has probes shows no metrics",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST}),
)


@listens(WorkloadFound)
def unwatched(event: WorkloadFound, report: Report) -> None:
    """A container with probes whose service counts nothing."""
    workload = event.workload
    for container in workload.containers:
        if container.probes and container.name in event.unwatched:
            report(
                Site(event.path, container.span),
                f"the service in '{container.name}' has probes and shows no metrics: how many requests fail, and how long they take, nobody sees; add a library for it and /metrics",
                symbol=workload.symbol,
            )
