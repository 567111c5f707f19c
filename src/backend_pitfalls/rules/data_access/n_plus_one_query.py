"""A database query that runs once a round of a loop.

## What it does
Finds a query of the Django ORM or of a SQLAlchemy session that is run for reading inside a loop or comprehension, directly or
in a function, method or property of the project that the loop calls, also in another file; and what is asked of other servers one by one: statements of SQL, keys of Redis and of Django's cache, documents of MongoDB.
Relations that a prefetch would serve are BPF102.

## Why it hurts in production
One request runs one query more for every row. With ten rows in development nobody notices; with ten thousand in
production the page takes seconds, the connection pool runs dry, and every other request waits.

## Example
```python
from django.db import models

class Author(models.Model):
    name = models.CharField(max_length=80)

def names(ids):
    return [Author.objects.get(pk=i).name for i in ids]
```

## Use instead
```python
from django.db import models

class Author(models.Model):
    name = models.CharField(max_length=80)

def names(ids):
    authors = Author.objects.in_bulk(ids)
    return [authors[i].name for i in ids]
```

The query log of the first for three rows, and of the second:

    SELECT … FROM author WHERE id = 1        SELECT … FROM author WHERE id IN (1, 2, 3)
    SELECT … FROM author WHERE id = 2
    SELECT … FROM author WHERE id = 3

## Fix safety
Unsafe: `Book.objects.get(pk=key)` and `Book.objects.filter(pk=key).first()` become a look-up in what `in_bulk()` fetched before the loop, where the keys are certainly of the type of the model's and the loop goes
over something with a name. A row that is missing raises `KeyError` then, not `DoesNotExist`; a loop that takes care of that is left to you, as is everything else.

## Options
None.

## Known limits
A query whose answer is kept and looked up before it is asked again (`if self._rate is None: self._rate = …`, `if code not in rates: rates[code] = …`, a cache around it) is silent, as is one in a branch for one
constant of what the loop goes over.
`while` loops are not counted: most poll or page. Writes are not counted. A loop over a constant handful, a batch
(`chunked(…)`, `range(0, n, step)`), a look-up by `…__in`, and code that leaves the loop after the query are silent.

## References
- [Django: database access optimization](https://docs.djangoproject.com/en/stable/topics/db/optimization/)
- [SQLAlchemy: using IN expressions](https://docs.sqlalchemy.org/en/20/core/operators.html#in-comparisons)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import FetchBefore, Fix, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.rounds import is_of_loop, loop_trace, told_at, told_loop
from backend_pitfalls.semantics.events import Query, RoundTrip

META = RuleMeta(
    code="BPF101",
    name="n-plus-one-query",
    summary="A query is run once a round of a loop",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(b"for ", b"while "),
    silent_in=NOT_THE_PROGRAM,
    fix=Safety.UNSAFE,
)

_INSTEAD = {
    "django": "fetch all rows before the loop, with filter(pk__in=...), in_bulk() or a prefetch",
    "peewee": "fetch all rows before the loop, with where(Model.id.in_(...)), a join or prefetch()",
    "tortoise": "fetch all rows before the loop, with filter(id__in=...), in_bulk() or prefetch_related()",
    "sqlalchemy": "fetch all rows before the loop, with where(Model.id.in_(...)) or selectinload()",
}


def _advice(event: Query) -> str:
    return event.advice if isinstance(event, RoundTrip) else _INSTEAD[event.dialect]


@listens(Query, RoundTrip)
def query_in_loop(event: Query, report: Report) -> None:
    """A read whose number grows with the rounds of a loop in the function that reports it."""
    loop = told_loop(event)
    if event.effect != "read" or event.batched or loop is None or (event.path and event.plain):
        return
    if event.held or not is_of_loop(event):  # a prefetch holds these rows: BPF108
        return
    site, called = told_at(event)
    runs = "asks once" if isinstance(event, RoundTrip) and event.dialect != "SQL" else "runs a query"
    model = event.model.rsplit(".", 1)[-1]
    of_model = f" of {model}" if model and model not in event.operation else ""
    report(
        site,
        f"N+1: '{event.operation}'{called} {runs}{of_model} for every round of the loop over '{loop.subject}' "
        f"from line {loop.site.span.line}; {_advice(event)}",
        trace=loop_trace(event, loop, f"'{event.operation}' {runs}"),
        symbol=event.symbol,
        fix=_fetched_before(event),
    )


def _fetched_before(event: Query) -> Fix | None:
    """All rows by their keys before the loop, for a model of Django."""
    if not event.keyed or event.chain or event.is_async:
        return None
    caution = "a row that is missing raises KeyError, and all rows are in memory at once"
    return Fix("fetch the rows before the loop", Safety.UNSAFE, (FetchBefore(*event.site.span.corners),), caution)
