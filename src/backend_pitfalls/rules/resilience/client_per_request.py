"""A client with a pool of connections is made anew for every request.

## What it does
Finds engines, clients, sessions and channels that are made while a request is answered, also in functions and dependencies that the handler calls, or in every round of a loop that needs no other one. What
is kept in an attribute or a global variable is silent, as is a client that depends on what the loop goes over.

## Why it hurts in production
Each request opens connections that the last one had open already: a handshake more for every answer, sockets that run out under load, and a pool that pools nothing.

## Example
```python
from fastapi import FastAPI
from redis.asyncio import Redis

app = FastAPI()

@app.get("/hits")
async def hits():
    client = Redis(host="cache", socket_timeout=2)
    return {"hits": await client.incr("hits")}
```

## Use instead
```python
from fastapi import FastAPI
from redis.asyncio import Redis

app = FastAPI()
client = Redis(host="cache", socket_timeout=2)

@app.get("/hits")
async def hits():
    return {"hits": await client.incr("hits")}
```

## Fix safety
There is no automatic repair.

## Options
None.

## Known limits
A function that remembers what it made (`lru_cache`) is silent, as is one that keeps it in a container.

## References
- [aiohttp: make a request](https://docs.aiohttp.org/en/stable/client_quickstart.html#make-a-request)
- [httpx: clients](https://www.python-httpx.org/advanced/clients/)
- [SQLAlchemy: engines](https://docs.sqlalchemy.org/en/20/core/connections.html#basic-usage)
"""

from __future__ import annotations

import re

from backend_pitfalls.model.files import NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity, Step
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Call, Loop
from backend_pitfalls.semantics.remembered import SHARED
from backend_pitfalls.semantics.values import Unknown

META = RuleMeta(
    code="BPF407",
    name="client-per-request",
    summary="A client with a pool of connections is made anew for every request, or in every round of a loop",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_SERVICE,
    cwe=(770,),
)


@listens(Call)
def made_while_answering(event: Call, report: Report) -> None:
    """A constructor of something that holds connections, called while a request is answered."""
    if event.kept or event.callee not in report.knowledge.pooled:
        return
    loop = next((loop for loop in event.loops if loop.counts), None) if not event.chain else None
    if loop is not None and not _depends_on(event, loop):
        message = f"'{event.callee}' is made anew in every round of the loop over '{loop.subject}'; make it once, before the loop"
        report(event.site, message, trace=(Step(loop.site, "the loop"),), symbol=event.symbol)
        return
    if not event.handled or event.remembered == SHARED:
        return
    message = (
        f"'{event.callee}' is made anew for every request; make it once, when the application starts, and share it"
    )
    report(event.site, message, trace=event.chain, symbol=event.symbol)


def _depends_on(event: Call, loop: Loop) -> bool:
    """Whether what the call is written with comes from the loop, or from a variable that may."""
    words = set(re.findall(r"\w+", event.written))
    return bool(words & loop.targets) or any(
        type(value) is Unknown for value in (*event.args, *event.keywords.values())
    )
