"""A program that goes round for ever and does not hear that it is to stop.

## What it does
Finds programs of the project that a Dockerfile, a compose service or a Kubernetes container starts with Python, that have a `while True` which nothing ends, and that import nothing with which a program hears signals.

## Why it hurts in production
Every deployment sends SIGTERM. The first process of a container has no default for it: the signal is lost, the platform waits for its whole grace period and then kills the program in the middle of a round. Deployments are
slow, and what the round had begun stays half done.

## Example
```python
# worker/main.py
import time


def work():
    print("working")


while True:
    work()
    time.sleep(5)
```
```dockerfile
# worker/Dockerfile
FROM python:3.13
COPY . /app
CMD ["python", "main.py"]
```

## Use instead
```python
# worker/main.py
import signal
import threading


def work():
    print("working")


stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda number, frame: stopped.set())
while not stopped.wait(5):
    work()
```
```dockerfile
# worker/Dockerfile
FROM python:3.13
COPY . /app
CMD ["python", "main.py"]
```

## Fix safety
There is no automatic repair: where a round may end is for the author to say.

## Options
`[[tool.backend-pitfalls.knowledge.signal]]` with `modules` adds libraries of your own that hear signals.

## Known limits
A loop in another file than the one that is started is not seen, nor one that a shell script starts.

## References
- [Kubernetes: termination of pods](https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination)
- [Docker: stop](https://docs.docker.com/reference/cli/docker/container/stop/)
- [Python: signal](https://docs.python.org/3/library/signal.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity, Step
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import LoopFound
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF517",
    name="loop-without-shutdown",
    summary="A program without end does not hear that it is to stop",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST}),
)


@listens(LoopFound)
def deaf(event: LoopFound, report: Report) -> None:
    """A loop that only a kill ends."""
    report(
        event.site,
        "this goes round for ever and does not hear SIGTERM: each deployment waits, and then kills it in the middle of a round; handle signal.SIGTERM and end after the round",
        trace=(Step(event.started, f"the container starts '{event.command}'"),),
    )
