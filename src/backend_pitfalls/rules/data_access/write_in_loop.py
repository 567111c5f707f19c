"""A row is written by a statement of its own in every round of a loop.

## What it does
Finds statements that insert, update or delete inside a loop: `save()`, `create()`, `delete()`, `update()` and `add()` of the Django ORM, `commit()` and `flush()` of a SQLAlchemy session, and
their kin in Peewee and Tortoise, statements of SQL, keys of Redis and of Django's cache, documents of MongoDB; directly or in a function that the loop calls.

## Why it hurts in production
Each statement is a round trip, and outside a transaction a disk flush too. A nightly import of a hundred thousand rows takes hours instead of minutes,
holds its locks all the while, and leaves half of the rows behind when it dies.

## Example
```python
from django.db import models

class Book(models.Model):
    title = models.CharField(max_length=80)

def load(titles):
    for title in titles:
        Book.objects.create(title=title)
```

## Use instead
```python
from django.db import models

class Book(models.Model):
    title = models.CharField(max_length=80)

def load(titles):
    Book.objects.bulk_create([Book(title=title) for title in titles], batch_size=500)
```

The query log of the first for three rows, and of the second:

    INSERT INTO book (title) VALUES (…)   INSERT INTO book (title) VALUES (…), (…), (…)
    INSERT INTO book (title) VALUES (…)
    INSERT INTO book (title) VALUES (…)

## Fix safety
Unsafe: a loop that only creates rows of a Django model becomes `bulk_create()`, one that only sets fields of the rows of a query set and saves them ends in `bulk_update()`. Signals are not sent then, and
fields with `auto_now` are not set by an update. Models with a `save()` of their own, or with several tables, are left to you, as are other ORMs.

## Options
None.

## Known limits
`while` loops are not counted. Loops over a constant handful and over batches are silent, as is code that leaves the loop after the write.

## References
- [Django: bulk_create](https://docs.djangoproject.com/en/stable/ref/models/querysets/#bulk-create)
- [Django: insert in bulk](https://docs.djangoproject.com/en/stable/topics/db/optimization/#insert-in-bulk)
- [SQLAlchemy: bulk inserts](https://docs.sqlalchemy.org/en/20/orm/queryguide/dml.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import Fix, Safety, WriteInBulk
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.rounds import is_of_loop, loop_trace, told_at, told_loop
from backend_pitfalls.semantics.events import Loop, Query, RoundTrip

META = RuleMeta(
    code="BPF105",
    name="write-in-loop",
    summary="A row is written by a statement of its own in every round of a loop",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    tokens=(b"for ", b"while "),
    silent_in=NOT_THE_PROGRAM,
    fix=Safety.UNSAFE,
)

_INSTEAD = {
    "django": "collect the rows and write them with bulk_create(), bulk_update() or one update() or delete()",
    "sqlalchemy": "collect the rows and write them once behind the loop: add_all() and one commit()",
    "peewee": "collect the rows and write them with insert_many(), bulk_create() or bulk_update()",
    "tortoise": "collect the rows and write them with bulk_create() or bulk_update()",
}

# Relations have no way to set or empty them for many rows at once.
_NOT_IN_BULK = (".set", ".clear", ".remove", ".aset", ".aclear", ".aremove")


def _is_in_bulk(operation: str) -> bool:
    """Whether a write is one of many rows, or of a kind that there is for one only."""
    return any(word in operation for word in ("bulk", "insert_many", "_all")) or operation.endswith(_NOT_IN_BULK)


@listens(Query, RoundTrip)
def write_each_round(event: Query, report: Report) -> None:
    """A write whose number grows with the rounds of a loop in the function that reports it."""
    loop = told_loop(event)
    if event.effect != "write" or event.batched or loop is None or not is_of_loop(event):
        return
    if not isinstance(event, RoundTrip) and _is_in_bulk(event.operation):
        return
    site, called = told_at(event)
    report(
        site,
        f"'{event.operation}'{called} writes once for every round of the loop over '{loop.subject}' from line "
        f"{loop.site.span.line}; {event.advice if isinstance(event, RoundTrip) else _INSTEAD[event.dialect]}",
        trace=loop_trace(event, loop, f"'{event.operation}' writes"),
        symbol=event.symbol,
        group=f"{site} {loop.site}",
        fix=_in_bulk(event, loop),
    )


def _in_bulk(event: Query, loop: Loop) -> Fix | None:
    """`bulk_create` or `bulk_update`, for rows of Django whose model saves them as any other."""
    if event.chain or event.alone or event.dialect != "django" or event.is_async or not loop.plain:
        return None
    place = event.site.span
    intent = WriteInBulk(*place.corners)
    caution = "pre_save and post_save are not sent, fields with auto_now are not set by an update, and all rows are written or none"
    return Fix("write the rows at once", Safety.UNSAFE, (intent,), caution)
