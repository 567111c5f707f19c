"""A query of a synchronous ORM holds the event loop.

## What it does
Finds queries that Django's ORM, Peewee, or a synchronous session of SQLAlchemy, runs in `async def` functions, also in plain functions that the coroutine calls. Awaited ones (`aget()`, `AsyncSession`, `sync_to_async`, `async for`) are silent, and so are those that run once for all and keep the answer.

## Why it hurts in production
One event loop serves all requests of a worker, and none of them goes on until the database has answered. Django refuses most such queries at run time (`SynchronousOnlyOperation`).

## Example
```python
from fastapi import Depends, FastAPI
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from shop.database import get_session

app = FastAPI()

class Base(DeclarativeBase):
    pass

class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)

@app.get("/books/{book}")
async def read(book: int, session: Session = Depends(get_session)):
    return session.get(Book, book)
```

## Use instead
```python
from fastapi import Depends, FastAPI
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from shop.database import get_session

app = FastAPI()

class Base(DeclarativeBase):
    pass

class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)

@app.get("/books/{book}")
def read(book: int, session: Session = Depends(get_session)):
    return session.get(Book, book)
```

## Fix safety
There is no automatic repair: FastAPI runs a plain `def` in a thread, an asynchronous session is another way, and `sync_to_async` a third.

## Options
None.

## Known limits
The first query of a function is told for all of them. Sessions whose class is not known are taken for what they are awaited as.

## References
- [FastAPI: concurrency and async / await](https://fastapi.tiangolo.com/async/)
- [Django: asynchronous support, async safety](https://docs.djangoproject.com/en/stable/topics/async/#async-safety)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.serving import held_at, is_before_serving
from backend_pitfalls.semantics.events import Query
from backend_pitfalls.semantics.remembered import SHARED

META = RuleMeta(
    code="BPF703",
    name="query-in-coroutine",
    summary="A query of a synchronous ORM holds the event loop",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    tokens=(b"async def",),
    silent_in=NOT_THE_SERVICE,
    cwe=(833,),
)

# What makes a query wait for it, by dialect.
_INSTEAD = {
    "django": "await the method that starts with 'a', or hand the work to sync_to_async()",
    "peewee": "hand the work to asyncio.to_thread(), or use an asynchronous ORM",
    "sqlalchemy": "use an AsyncSession, or a plain `def` that runs in a thread",
}


@listens(Query)
def query(event: Query, report: Report) -> None:
    """A query that runs in a coroutine and is not awaited."""
    if (
        not event.is_async
        or event.awaited
        or event.remembered == SHARED
        or event.dialect not in _INSTEAD
        or _is_coroutine(event)
        or is_before_serving(event.symbol)
    ):
        return
    site, through, trace = held_at(event, f"'{event.operation}' runs")
    report(
        site,
        f"'{event.operation}'{through} holds the event loop until the database answers; {_INSTEAD[event.dialect]}",
        trace=trace,
        symbol=event.symbol,
        group=f"{site.path} {event.symbol}",
    )


def _is_coroutine(event: Query) -> bool:
    """Django's `aget()`, `acount()`: the query is run by whoever awaits what they give."""
    return (
        event.dialect == "django"
        and event.operation.rsplit(".", 1)[-1].startswith("a")
        and not event.operation.endswith(("all", "all()", "add", "annotate", "aggregate"))
    )
