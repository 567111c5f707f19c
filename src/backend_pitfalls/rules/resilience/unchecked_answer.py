"""Nobody asks whether a call of another service worked.

## What it does
Finds calls of requests and httpx whose answer is dropped, whose body is used at once, or whose answer is kept in a variable of which only the body is read: nothing looks at the status.

## Why it hurts in production
Both libraries raise for connections that fail, not for answers that say \"500\" or \"403\": the order was never placed, or an error page is read as data.

## Example
```python
import requests

def notify(order):
    requests.post("https://hooks.internal/orders", json=order, timeout=5)
```

## Use instead
```python
import requests

def notify(order):
    requests.post("https://hooks.internal/orders", json=order, timeout=5).raise_for_status()
```

## Fix safety
Unsafe: `.raise_for_status()` behind a call whose answer is dropped raises where nothing did. Where the body is read there is no repair.

## Options
None.

## Known limits
Off until it is selected by its code or name: where a lost call does no harm, its status need not be looked at. Sessions of classes of the project are silent, as is an answer that is handed on.

## References
- [requests: response status codes](https://requests.readthedocs.io/en/latest/user/quickstart/#response-status-codes)
- [httpx: response status codes](https://www.python-httpx.org/quickstart/#response-status-codes)
- [CWE-252: unchecked return value](https://cwe.mitre.org/data/definitions/252.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import Fix, Recast, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Dropped

META = RuleMeta(
    code="BPF408",
    name="unchecked-answer",
    summary="Nobody asks whether a call of another service worked",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_SERVICE,
    cwe=(252,),
    preview=True,
    fix=Safety.UNSAFE,
)


@listens(Dropped)
def unchecked(event: Dropped, report: Report) -> None:
    """An answer that is dropped or read without a look at its status."""
    if event.what in ("answer", "body") and not event.chain:
        message = f"the status of what '{event.name}' answers is not looked at; call raise_for_status() first"
        report(event.site, message, symbol=event.symbol, fix=_fix(event) if event.what == "answer" else None)


def _fix(event: Dropped) -> Fix:
    span = event.site.span
    place = span.corners
    return Fix(
        "call raise_for_status()",
        Safety.UNSAFE,
        (Recast(*place, place, "{}.raise_for_status()"),),
        "an answer that says that the call failed raises an exception",
    )
