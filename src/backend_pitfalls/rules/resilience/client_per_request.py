"""A client with a pool of connections is made anew for every request.

## What it does
Finds engines, clients, sessions and channels that are made while a request is answered, also in functions and dependencies that the handler calls. What is kept in an attribute or a global variable is silent.

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

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF407",
    name="client-per-request",
    summary="A client with a pool of connections is made anew for every request",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST, FileContext.MIGRATION, FileContext.GENERATED, FileContext.SCRIPT}),
    cwe=(770,),
)


@listens(Call)
def made_while_answering(event: Call, report: Report) -> None:
    """A constructor of something that holds connections, called while a request is answered."""
    if not event.handled or event.kept or event.callee not in report.knowledge.pooled:
        return
    message = (
        f"'{event.callee}' is made anew for every request; make it once, when the application starts, and share it"
    )
    report(event.site, message, trace=event.chain, symbol=event.symbol)
