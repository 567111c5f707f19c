"""A failed call is tried again for ever.

## What it does
Finds decorators that try again without an end (`tenacity.retry`, `backoff.on_exception`, `retrying.retry`, `retry.retry`), and loops without an
end that call another service, leave when it answers and start over when it fails. A loop that takes the next piece of work after a failure is
silent.

## Why it hurts in production
When the other side is down, every worker ends up in such a loop: the service hangs with it, and its calls keep the other side down.

## Example
```python
import requests

def rate(currency):
    while True:
        try:
            return requests.get(f"https://rates.internal/{currency}", timeout=5).json()
        except requests.RequestException:
            continue
```

## Use instead
```python
import requests
from tenacity import retry, stop_after_attempt, wait_exponential

@retry(stop=stop_after_attempt(4), wait=wait_exponential(max=5))
def rate(currency):
    return requests.get(f"https://rates.internal/{currency}", timeout=5).json()
```

## Fix safety
There is no automatic repair: how often is enough, and what then, is for the author to say.

## Options
None. Own decorators are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Decorators that are called with `**` of unknown content are taken to have an end.

## References
- [tenacity](https://tenacity.readthedocs.io/en/latest/)
- [AWS: timeouts, retries and backoff with jitter](https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Call, Retry

META = RuleMeta(
    code="BPF406",
    name="retry-without-limit",
    summary="A failed call is tried again for ever",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_SERVICE,
    cwe=(835,),
)


@listens(Call)
def decorated(event: Call, report: Report) -> None:
    """A decorator or helper that tries again, without what ends it."""
    facts = report.knowledge.retries.get(event.callee)
    if facts is None or not facts.stops or event.chain or event.spread:
        return
    if any(name in event.keywords for name in facts.stops):
        return
    message = f"'{event.callee}' tries again for ever; pass {facts.instead} and a wait between the attempts"
    report(event.site, message, symbol=event.symbol)


@listens(Retry)
def looped(event: Retry, report: Report) -> None:
    """A loop without end that starts over when a call failed."""
    if event.how != "endless":
        return
    pause = "" if event.pauses else ", without a pause,"
    message = f"this loop tries '{event.call.callee}' again{pause} for as long as it fails; count the attempts and wait longer each time"
    report(event.site, message, symbol=event.symbol)
