"""The failure of a call to another service is passed over.

## What it does
Finds `try` blocks that call another service (a client of the tables, also in functions that the block calls) and whose handler catches everything and does nothing.

## Why it hurts in production
The cache is down, the mail is not sent, the order is not passed on, and nothing says so: no log line, no metric, no error for the one who asked. The outage is found by its victims.

## Example
```python
import requests

def announce(order):
    try:
        requests.post("https://hooks.internal/orders", json=order, timeout=5).raise_for_status()
    except Exception:
        pass
```

## Use instead
```python
import logging

import requests

log = logging.getLogger(__name__)

def announce(order):
    try:
        requests.post("https://hooks.internal/orders", json=order, timeout=5).raise_for_status()
    except requests.RequestException:
        log.warning("the order %s was not announced", order["id"], exc_info=True)
```

## Fix safety
There is no automatic repair.

## Options
None.

## Known limits
A handler that catches one kind of exception only is taken to mean it.

## References
- [CWE-390: detection of error condition without action](https://cwe.mitre.org/data/definitions/390.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.dropped import is_failure
from backend_pitfalls.semantics.events import Dropped

META = RuleMeta(
    code="BPF411",
    name="hidden-failure",
    summary="The failure of a call to another service is passed over",
    severity=Severity.NOTE,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_SERVICE,
    cwe=(390,),
)


@listens(Dropped)
def hidden(event: Dropped, report: Report) -> None:
    """A handler that catches everything and does nothing, around an outbound call."""
    if is_failure(event):
        message = (
            f"when '{event.name}' fails nobody learns of it; log the exception, and catch only what the call raises"
        )
        report(event.site, message, symbol=event.symbol)
