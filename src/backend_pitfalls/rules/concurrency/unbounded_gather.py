"""As many coroutines run at once as there are data.

## What it does
Finds `asyncio.gather(*[…])` and its kin over a comprehension whose number of elements the data decide, in modules that limit nothing (no semaphore, no batches), where each coroutine asks another program by its name or by what it awaits (`get`, `fetch`, `send`, `execute` …).

## Why it hurts in production
Ten rows in development are ten thousand in production: as many connections are asked for at once, the pool and the other side refuse them, the memory of all answers is held together, and one failure cancels the rest.

## Example
```python
import asyncio

async def prices(client, books):
    return await asyncio.gather(*[client.get(f"/prices/{book}") for book in books])
```

## Use instead
```python
import asyncio

limit = asyncio.Semaphore(10)

async def price(client, book):
    async with limit:
        return await client.get(f"/prices/{book}")

async def prices(client, books):
    return await asyncio.gather(*[price(client, book) for book in books])
```

## Fix safety
There is no automatic repair: how many at once is for the author to say.

## Options
None.

## Known limits
A list that is filled by `append()` is not followed. A limit in another module is not seen.

## References
- [Python: running tasks concurrently](https://docs.python.org/3/library/asyncio-task.html#running-tasks-concurrently)
- [CWE-770: allocation of resources without limits](https://cwe.mitre.org/data/definitions/770.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import FanOut

META = RuleMeta(
    code="BPF704",
    name="unbounded-gather",
    summary="As many coroutines run at once as there are data",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    tokens=(b"gather", b"asyncio.wait", b"as_completed"),
    silent_in=NOT_THE_SERVICE,
    cwe=(770,),
)


@listens(FanOut)
def started(event: FanOut, report: Report) -> None:
    """A call that starts a coroutine for each element at once."""
    if not event.chain:
        message = f"'{event.callee}' starts a coroutine for each of '{event.subject}' at once; limit them with a semaphore, or take them in batches"
        report(event.site, message, symbol=event.symbol)
