"""A platform runs a service that nothing checks.

## What it does
Reads the files with which platforms are told of services (Fly.io, Render, DigitalOcean's app platform, Railway, task definitions of Amazon ECS), and finds services that take requests and have no health check there.

## Why it hurts in production
Without a check the platform sends requests to a process as soon as it exists: a deployment that cannot reach its database replaces one that could, and a server that hangs stays in service.

## Example
```toml
# fly.toml
app = "shop"

[http_service]
internal_port = 8000
```

## Use instead
```toml
# fly.toml
app = "shop"

[http_service]
internal_port = 8000

[[http_service.checks]]
path = "/livez"
interval = "15s"
timeout = "2s"
```

## Fix safety
There is no automatic repair.

## Options
None.

## Known limits
Services whose platform checks the port by itself are told as well: an open port does not answer. Files that a template fills in are passed over.

## References
- [Fly.io: http_service.checks](https://fly.io/docs/reference/configuration/#http_service-checks)
- [Render: health checks](https://render.com/docs/health-checks)
- [Amazon ECS: container health checks](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/healthcheck.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity, Site
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import HostedFound
from backend_pitfalls.rules import Report, listens

META = RuleMeta(
    code="BPF514",
    name="unchecked-platform-service",
    summary="A platform runs a service that nothing checks",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST}),
)


@listens(HostedFound)
def unchecked(event: HostedFound, report: Report) -> None:
    """A service of a platform without a health check."""
    service = event.service
    if not service.checked:
        if service.platform == "systemd":
            message = f"systemd starts '{service.name}' once: when it ends nothing starts it again; add Restart=on-failure, and WatchdogSec= where it can tell that it lives"
            report(Site(event.path, service.span), message, symbol=service.name)
            return
        message = f"{service.platform} runs '{service.name}' without a health check; add {service.key}"
        report(Site(event.path, service.span), message, symbol=service.name)
