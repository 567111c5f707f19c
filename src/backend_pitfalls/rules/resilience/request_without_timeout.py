"""An HTTP call that may wait for ever.

## What it does
Finds calls of requests (also on sessions), httpx, aiohttp and urllib that set no time limit where the library has none of its own,
and calls that switch a library's limit off (`timeout=None`). The value is followed through constants, defaults,
`**kwargs`, `functools.partial`, sessions kept in attributes and the project's own wrappers: where a wrapper's
parameter decides, the caller that leaves it out is the finding.

## Why it hurts in production
When the other side hangs, so does the worker that called it. A few slow minutes of one dependency occupy every worker, and
the whole service is down.

## Example
```python
import requests

def price(book):
    return requests.get(f"https://prices.internal/{book}").json()
```

## Use instead
```python
import requests

def price(book):
    return requests.get(f"https://prices.internal/{book}", timeout=5).json()
```

## Fix safety
Safe: a `timeout=` is added, so a call that would have hung raises the library's timeout error instead. The value is
`timeout-seconds` of the configuration.

## Options
`timeout-seconds` (default 10): the value that the repair writes.

## Known limits
What builds or describes the program (`docs/`, hidden folders such as `.github/`) is silent, as tests are; scripts are not.
`asyncio.timeout`, `anyio.fail_after` and the like around a call count as a limit. A session with a mounted adapter, or of a
subclass that overrides `request` or `send`, is taken to have one.

## References
- [requests: timeouts](https://requests.readthedocs.io/en/latest/user/quickstart/#timeouts)
- [httpx: timeouts](https://www.python-httpx.org/advanced/timeouts/)
- [CWE-1088: synchronous access of remote resource without timeout](https://cwe.mitre.org/data/definitions/1088.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM, FileContext
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.limits import report_unlimited
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF401",
    name="request-without-timeout",
    summary="An HTTP call has no time limit",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(b"requests", b"httpx", b"aiohttp", b"urllib", b"import"),
    silent_in=NOT_THE_PROGRAM | {FileContext.TOOLING},
    cwe=(1088,),
    fix=Safety.SAFE,
)


@listens(Call)
def call_without_limit(event: Call, report: Report) -> None:
    """A client's call that leaves the limit out or switches it off."""
    report_unlimited(event, report, "http")
