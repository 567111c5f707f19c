"""A Kubernetes container that serves and cannot be asked whether it lives.

## What it does
Finds containers of Deployments, StatefulSets, DaemonSets, ReplicaSets, ReplicationControllers, Rollouts, Pods and services of Knative and Cloud Run (which ask for readiness by themselves) that open a
port and have no `readinessProbe`, no `livenessProbe`, or neither.

## Why it hurts in production
Without a readiness probe a pod gets traffic before it can serve, so every rollout drops requests. Without a liveness
probe a process that hangs stays in service until a person notices.

## Example
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
        - name: web
          image: shop
          ports: [{containerPort: 8000}]
```

## Use instead
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
        - name: web
          image: shop
          ports: [{containerPort: 8000}]
          readinessProbe: {httpGet: {path: /readyz, port: 8000}}
          livenessProbe: {httpGet: {path: /livez, port: 8000}}
```

## Fix safety
Unsafe: a container that does not answer then gets no requests, or is restarted. Probes are put before the container's ports, where it is certain which service of the project is in the image and
that its application has routes for them (for liveness one that asks nobody else).

## Options
None.

## Known limits
Jobs, CronJobs, init containers and containers without ports are silent. Of a Helm template only what can be told
without rendering it is read: a container that it may give more keys is silent. A container without an image is taken
for a patch (kustomize) of the container of that name; JSON patches are not joined.

## References
- [Kubernetes: configure liveness, readiness and startup probes](https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity, Site
from backend_pitfalls.model.fix import Fix, InsertLines, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import Ways, WorkloadFound
from backend_pitfalls.project.manifests.kubernetes import KNATIVE_SERVICE, Container
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF501",
    name="workload-without-probes",
    summary="A container that serves has no readiness or no liveness probe",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(b"containers:",),
    silent_in=frozenset({FileContext.TEST}),
    fix=Safety.UNSAFE,
)


def _probed(container: Container, missing: list[str], ways: Ways) -> Fix | None:
    """The missing probes, where the service is known to answer all of them."""
    paths = {"livenessProbe": ways.live, "readinessProbe": ways.ready}
    place, port = container.ports_at, container.ports[0] if container.ports else None
    if place is None or not isinstance(port, int) or not all(paths[probe] for probe in missing):
        return None
    indent = " " * place.col
    text = "".join(
        f"{indent}{probe}:\n{indent}  httpGet:\n{indent}    path: /{paths[probe].lstrip('/')}\n{indent}    port: {port}\n"
        for probe in missing
    )
    caution = "a container that does not answer gets no requests, or is restarted"
    return Fix(f"add {' and '.join(missing)}", Safety.UNSAFE, (InsertLines(place.line, text),), caution)


def _served(container: Container) -> str:
    """The port that a container serves, in words: one that it opens, or that one of its probes asks; the empty string for none."""
    if container.ports:
        return f"port {container.ports[0]}" if container.ports[0] else "a port"
    asked = next((p.port for p in container.probes if p.how in ("httpGet", "tcpSocket", "grpc")), None)
    return "" if asked is None else f"port {asked}" if asked else "a port"


@listens(WorkloadFound)
def container_without_probe(event: WorkloadFound, report: Report) -> None:
    """A container with ports that lacks a probe."""
    workload = event.workload
    for container in workload.containers:
        wanted = ("livenessProbe",) if workload.kind == KNATIVE_SERVICE else ("readinessProbe", "livenessProbe")
        missing = [probe for probe in wanted if probe not in container.keys]
        port = _served(container)
        if port and missing and not container.partial:
            by_values = ", which the chart's own values leave out" if {*missing} & {*container.left_out} else ""
            report(
                Site(event.path, container.span),
                f"the container '{container.name}' of {workload.kind} '{workload.name}' serves {port} "
                f"without {' and '.join(missing)}{by_values}; add {'them' if len(missing) > 1 else 'it'}",
                symbol=workload.symbol,
                fix=_probed(container, missing, event.ways.get(container.name, Ways())),
            )
