"""A pod is killed before its server has ended.

## What it does
Finds containers whose server waits longer for its open requests, after the pause of a `preStop` hook, than Kubernetes waits before it kills the pod (`terminationGracePeriodSeconds`, 30 s unless it is set).

## Why it hurts in production
With every deployment the requests that take longest are cut off in the middle: the client sees a reset connection, and half of an order is written. The number that was meant to prevent it is never reached.

## Example
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: shop
          image: shop:1
          command: [gunicorn, shop.wsgi, --graceful-timeout, "90"]
```

## Use instead
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      terminationGracePeriodSeconds: 100
      containers:
        - name: shop
          image: shop:1
          command: [gunicorn, shop.wsgi, --graceful-timeout, "90"]
```

## Fix safety
There is no automatic repair: which of the numbers is right is for the author to say.

## Options
None.

## Known limits
Only limits that stand in the command (of the container, or of the image that is built in the project) are known, and gunicorn's own of 30 s. A configuration file of the server is not read.

## References
- [Kubernetes: termination of pods](https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination)
- [gunicorn: graceful-timeout](https://docs.gunicorn.org/en/stable/settings.html#graceful-timeout)
- [uvicorn: timeout-graceful-shutdown](https://www.uvicorn.org/settings/#timeouts)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity, Site
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import WorkloadFound
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF515",
    name="cut-off-shutdown",
    summary="A pod is killed before its server has ended",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST}),
)

# The options that say for how many seconds a server ends what it has begun, and what it does without them.
_LIMITS = (
    (regex(r"\bgunicorn\b"), regex(r"--graceful-timeout[= ]+(\d{1,6})"), 30),
    (regex(r"\buvicorn\b"), regex(r"--timeout-graceful-shutdown[= ]+(\d{1,6})"), 0),
    (regex(r"\bhypercorn\b"), regex(r"--graceful-timeout[= ]+(\d{1,6})"), 3),
)


@listens(WorkloadFound)
def cut_off(event: WorkloadFound, report: Report) -> None:
    """A container whose server and hook take longer than the pod is given."""
    workload = event.workload
    for container in workload.containers:
        server, ends = _ends(event.commands.get(container.name, ""))
        needed = ends + container.pause
        if server and needed > workload.grace:
            pause = f"pauses {container.pause} s (preStop) and " if container.pause else ""
            report(
                Site(event.path, container.span),
                f"the container '{container.name}' {pause}gives its requests {ends} s ({server}), and is killed after {workload.grace} s; "
                f"set terminationGracePeriodSeconds to more than {needed}",
                symbol=workload.symbol,
            )


def _ends(command: str) -> tuple[str, int]:
    """The server that a command starts, and for how many seconds it ends what it has begun; ("", 0) where that is not known."""
    for server, option, otherwise in _LIMITS:
        found = server.search(command)
        if found:
            given = option.search(command)
            return found[0], int(given[1]) if given else otherwise
    return "", 0
