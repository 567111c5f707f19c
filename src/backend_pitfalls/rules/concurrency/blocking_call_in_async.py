"""A call that holds the event loop.

## What it does
Finds calls that wait without giving way (requests and other synchronous HTTP clients, `time.sleep`, subprocesses, connections of synchronous
drivers, files opened, copied or written in a loop) in `async def` functions, also where a plain function that the coroutine calls does it, in whatever file: the finding is at the call in
the coroutine, the trace leads to the one that waits. Functions that are handed to `asyncio.to_thread`, `run_in_executor`, `run_in_threadpool` and the like are
silent, as are coroutines in tests and scripts, those that run at startup or shutdown, and what runs once for all, and keeps that it did: in a variable of the module, in an object that is one, or in the only object of its class.

## Why it hurts in production
One event loop serves all requests of a worker. While a coroutine waits without `await`, none of the others goes on: a dependency that answers in two
seconds makes every request two seconds late, and the health probe times out, so that the orchestrator restarts a process that was only waiting.

## Example
```python
import requests
from fastapi import FastAPI

app = FastAPI()

@app.get("/price/{book}")
async def price(book: int):
    return requests.get(f"https://prices.internal/{book}", timeout=5).json()
```

## Use instead
```python
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient(timeout=5)

@app.get("/price/{book}")
async def price(book: int):
    return (await client.get(f"https://prices.internal/{book}")).json()
```

## Fix safety
Unsafe: other coroutines run meanwhile. `time.sleep()` becomes `await asyncio.sleep()`, another call is awaited in a thread by `asyncio.to_thread()`. Another client, or a plain `def` (which FastAPI
runs in a thread), may be better in their place.

## Options
None.

## Known limits
Queries of an ORM are the matter of BPF703; a file that is opened once is not reported; a function chosen at run time is not followed.

## References
- [Python: developing with asyncio, running blocking code](https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code)
- [FastAPI: concurrency and async / await](https://fastapi.tiangolo.com/async/)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity, Site
from backend_pitfalls.model.fix import AwaitCall, Fix, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.limits import is_meant
from backend_pitfalls.rules.serving import held_at, is_before_serving
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.remembered import SHARED

META = RuleMeta(
    code="BPF701",
    name="blocking-call-in-async",
    summary="A call holds the event loop while it waits",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(b"async def",),
    silent_in=NOT_THE_SERVICE,
    cwe=(833,),
    fix=Safety.UNSAFE,
)


@listens(Call)
def call_that_waits(event: Call, report: Report) -> None:
    """A call that holds the thread, in a coroutine or in a plain function that one calls."""
    facts = report.knowledge.blocking.get(event.callee)
    if facts is None or not event.is_async or event.awaited or event.remembered == SHARED:
        return
    client = report.knowledge.clients.get(event.callee)
    if client is not None and not is_meant(event, client):
        return
    if facts.brief and not any(loop.counts for loop in event.loops):
        return
    site, through, trace = held_at(event, f"'{event.callee}' waits")
    if is_before_serving(event.symbol):
        return
    report(
        site,
        f"'{event.callee}'{through} holds the event loop until it returns; {facts.instead}",
        trace=trace,
        symbol=event.symbol,
        group=f"{site} {event.callee}",
        fix=_awaited(event, site) if not facts.brief else None,
    )


def _awaited(event: Call, site: Site) -> Fix | None:
    """`await asyncio.sleep()`, or the call in a thread."""
    place = site.span
    is_sleep = event.callee == "time.sleep" and not event.chain
    callee = "asyncio.sleep" if is_sleep else "asyncio.to_thread"
    intent = AwaitCall(*place.corners, callee, ("asyncio",), not is_sleep)
    caution = (
        "other coroutines run meanwhile"
        if is_sleep
        else "it runs in another thread, and other coroutines run meanwhile"
    )
    return Fix(f"await {callee}()", Safety.UNSAFE, (intent,), caution)
