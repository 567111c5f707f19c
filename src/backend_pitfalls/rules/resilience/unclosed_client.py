"""A client is made in a function that never closes it.

## What it does
Finds asynchronous sessions, clients and pools (`aiohttp.ClientSession`, `httpx.AsyncClient`, `asyncpg.connect` and others) that a function makes, uses, and neither closes, enters by `with`, nor hands on.

## Why it hurts in production
Going out of scope does not close them, for closing takes an `await`: each call of the function leaves connections open, until the process has no file descriptors left, or the database no connections.

## Example
```python
import aiohttp

async def price(book):
    session = aiohttp.ClientSession()
    response = await session.get(f"https://prices.internal/{book}")
    return await response.json()
```

## Use instead
```python
import aiohttp

async def price(book):
    async with aiohttp.ClientSession() as session:
        response = await session.get(f"https://prices.internal/{book}")
        return await response.json()
```

## Fix safety
There is no automatic repair.

## Options
None. Own clients are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables (`closable`).

## Known limits
A client that is closed on one path only is silent.

## References
- [aiohttp: graceful shutdown](https://docs.aiohttp.org/en/stable/client_advanced.html#graceful-shutdown)
- [httpx: opening and closing clients](https://www.python-httpx.org/async/#opening-and-closing-clients)
- [CWE-772: missing release of resource](https://cwe.mitre.org/data/definitions/772.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Dropped

META = RuleMeta(
    code="BPF412",
    name="unclosed-client",
    summary="A client is made in a function that never closes it",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_SERVICE,
    cwe=(772,),
)


@listens(Dropped)
def unclosed(event: Dropped, report: Report) -> None:
    """A client that goes out of scope open."""
    if event.what == "client" and not event.chain:
        report(event.site, f"nothing closes this '{event.name}'; make it in `async with`", symbol=event.symbol)
