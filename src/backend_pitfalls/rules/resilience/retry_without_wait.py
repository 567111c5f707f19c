"""A failed call is tried again at once.

## What it does
Finds decorators and clients that try again without a wait between the attempts (`tenacity.retry`, `retrying.retry`, `retry.retry`, urllib3's `Retry`), and loops of some rounds that
call another service, leave when it answers and start over at once when it fails.

## Why it hurts in production
What fails because the other side is overloaded, or restarts, fails again a millisecond later: all attempts are spent in the same outage, and every client of the service sends several times as many calls at the
moment when it can take none.

## Example
```python
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

adapter = HTTPAdapter(max_retries=Retry(total=5))
```

## Use instead
```python
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

adapter = HTTPAdapter(max_retries=Retry(total=5, backoff_factor=0.5))
```

## Fix safety
There is no automatic repair: how long a caller can wait is for the author to say.

## Options
None. Own decorators are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables (`retry`).

## Known limits
A wait inside a function that the loop calls is not seen unless its name says so (`sleep`, `wait`, `backoff`, `delay`). A single second attempt is silent.

## References
- [urllib3: retrying requests](https://urllib3.readthedocs.io/en/stable/user-guide.html#retrying-requests)
- [AWS: timeouts, retries and backoff with jitter](https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Call, Retry
from backend_pitfalls.semantics.values import Const

META = RuleMeta(
    code="BPF409",
    name="retry-without-wait",
    summary="A failed call is tried again at once",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_SERVICE,
    cwe=(770,),
)


@listens(Call)
def made(event: Call, report: Report) -> None:
    """A decorator, helper or client that tries again, and has an end but no wait."""
    facts = report.knowledge.retries.get(event.callee)
    if facts is None or not facts.waits or event.chain or event.spread:
        return
    if any(name in event.keywords for name in facts.waits) or _is_once(event):
        return
    if facts.stops and not any(name in event.keywords for name in facts.stops):
        return  # without an end, which is the worse of the two
    report(event.site, f"'{event.callee}' tries again at once; pass {facts.pause}", symbol=event.symbol)


def _is_once(event: Call) -> bool:
    """Whether at most one more attempt is made: `Retry(0)`, `Retry(total=1)`, `Retry(connect=3, read=False)` are for connections that were closed meanwhile."""
    total = event.argument(0, "total")
    counts = [total] if total is not None else [v for k, v in event.keywords.items() if k in ("connect", "read")]
    return bool(counts) and all(isinstance(c, Const) and c.value in (0, 1, False, None) for c in counts)


@listens(Retry)
def looped(event: Retry, report: Report) -> None:
    """A loop of some rounds that starts over at once when a call failed."""
    if event.how == "counted" and not event.pauses:
        message = f"this loop tries '{event.call.callee}' again at once when it fails; wait longer each time"
        report(event.site, message, symbol=event.symbol)
