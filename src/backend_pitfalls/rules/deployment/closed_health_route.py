"""A health route that the orchestrator may not ask.

## What it does
Finds routes about health behind a login, a permission or a rate limit: decorators, dependencies of FastAPI, mixins and `permission_classes`; and probes of a Django service whose settings refuse them: `ALLOWED_HOSTS` that
names hosts (a probe asks the pod by its address), `SECURE_SSL_REDIRECT`.

## Why it hurts in production
A probe has no account. It gets a 302, 401, 403 or 429, which counts as a failure from 400 on (the pod is restarted or gets no traffic) and as success below (a redirect to the login page "is healthy").

## Example
```python
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.urls import path


@login_required
def health(request):
    return JsonResponse({"status": "ok"})


urlpatterns = [path("health/", health)]
```

## Use instead
```python
from django.http import JsonResponse
from django.urls import path


def health(request):
    return JsonResponse({"status": "ok"})


urlpatterns = [path("health/", health)]
```

## Fix safety
There is no automatic repair: what the check should do is for you to say.

## Options
`[[tool.backend-pitfalls.knowledge.login]]` with `decorators` and `why` adds decorators of your own.

## Known limits
Middleware that asks for a login, and defaults of a framework's settings, are not seen.

## References
- [Kubernetes: HTTP probes](https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#http-probes)
"""

from __future__ import annotations

import re

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity, Site
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import HealthAsked, ProbeFound
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF508",
    name="closed-health-route",
    summary="A health route is closed to the orchestrator",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
)


# Pages that people look at.
_OF_PEOPLE = regex(r"(^|/)(admin|accounts?|users?|dashboard|me|ajax)/", re.IGNORECASE)


@listens(ProbeFound)
def refused(event: ProbeFound, report: Report) -> None:
    """A probe that the settings of the service do not let in."""
    if event.refused is not None:
        report(
            Site(event.path, event.probe.span),
            f"the {event.probe.name} of '{event.container.name}' is not answered by its route: {event.refused.message}",
            trace=(event.refused,),
            symbol=event.workload.symbol,
        )


@listens(HealthAsked)
def closed(event: HealthAsked, report: Report) -> None:
    """A route that is not open to a probe."""
    route = event.health
    if route.closed is None or _OF_PEOPLE.search(route.path):
        return
    report(
        route.closed.site,
        f"'{route.handler}' is asked for the health of the service ({route.path}), and {route.closed.message.removeprefix('it ')}; a probe has no account: open it",
        symbol=route.handler,
    )
