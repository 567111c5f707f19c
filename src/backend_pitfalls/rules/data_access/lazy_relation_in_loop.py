"""A relation that is loaded by a query of its own for every row of a loop.

## What it does
Finds relations (foreign keys, one-to-one, reverse and many-to-many relations; Django, SQLAlchemy, SQLModel, Peewee, Tortoise) that are read inside a loop over rows, where
the query set did not load them: directly, over several hops, or in functions, methods and properties that the loop calls.

## Why it hurts in production
The first query fetches the rows. Each row then runs one more, because its relation is loaded when it is read. Ten rows in development are
eleven queries; a list of ten thousand in production is ten thousand and one, and every other request waits for a connection.

## Example
```python
from django.db import models

class Author(models.Model):
    name = models.CharField(max_length=80)

class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)

def names():
    return [book.author.name for book in Book.objects.all()]
```

## Use instead
```python
from django.db import models

class Author(models.Model):
    name = models.CharField(max_length=80)

class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)

def names():
    return [book.author.name for book in Book.objects.select_related("author")]
```

The query log of the first for three rows, and of the second:

    SELECT … FROM book                         SELECT … FROM book INNER JOIN author …
    SELECT … FROM author WHERE id = 1
    SELECT … FROM author WHERE id = 2
    SELECT … FROM author WHERE id = 3

## Fix safety
Safe. Django: `select_related` (relations to one row) or `prefetch_related` is added to, or extended in, the expression that makes the query set, also in another
file. Query sets that were narrowed by `only()`, `defer()`, `values()` and the like are left to you.
SQLAlchemy: `.options(selectinload(…))` is added to the query for relations of its own rows. Other ORMs are left to you.

## Options
None.

## Known limits
Rows that a function gets as an argument from code that cannot be seen are silent: whoever made them may have loaded anything.
The rows of `raw()` and of unknown managers are silent too. A relation of `self` is taken to be as the caller passed it, else as not loaded.

## References
- [Django: select_related](https://docs.djangoproject.com/en/stable/ref/models/querysets/#select-related)
- [Django: prefetch_related](https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-related)
- [SQLAlchemy: relationship loading techniques](https://docs.sqlalchemy.org/en/20/orm/queryguide/relationships.html)
- [Peewee: avoiding the N+1 problem](https://docs.peewee-orm.com/en/latest/peewee/relationships.html#avoiding-the-n-1-problem)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.advice import eager_fix, eager_loading
from backend_pitfalls.rules.rounds import loop_trace, of_each_row, told_at, told_loop
from backend_pitfalls.semantics.events import Loop, Query, RelationLoad

META = RuleMeta(
    code="BPF102",
    name="lazy-relation-in-loop",
    summary="A relation is loaded by a query of its own for every row of a loop",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(b"for ", b"while "),
    silent_in=NOT_THE_PROGRAM,
    fix=Safety.SAFE,
)


@listens(RelationLoad)
def relation_in_loop(event: RelationLoad, report: Report) -> None:
    """A relation to one row (in SQLAlchemy also to many) that is read of another row in each round."""
    row = of_each_row(event, "code")
    if row is None:
        return
    site, called = told_at(event, row.loop)
    message = (
        f"N+1: '{row.what}'{called} runs a query for every round of the loop over '{row.loop.subject}' from line "
        f"{row.loop.site.span.line}; {row.advice}"
    )
    trace = loop_trace(event, row.loop, f"'{row.what}' is loaded", event.origin)
    report(site, message, trace=trace, fix=row.fix, symbol=event.symbol, group=_group(event, row.loop))


@listens(Query)
def relation_query_in_loop(event: Query, report: Report) -> None:
    """The rows of a relation to many, as a prefetch would hold them, queried for each round."""
    loop = told_loop(event)
    if not (event.path and event.plain) or event.effect != "read" or loop is None:
        return
    site, called = told_at(event)
    message = (
        f"N+1: '{event.operation}'{called} runs a query of {event.model.rsplit('.', 1)[-1]} for every round of the loop over "
        f"'{loop.subject}' from line {loop.site.span.line}; {eager_loading(event.dialect, event.path, True, event.is_async)}"
    )
    trace = loop_trace(event, loop, f"'{event.operation}' runs a query", event.origin)
    fix = eager_fix(event, True)
    report(site, message, trace=trace, fix=fix, symbol=event.symbol, group=_group(event, loop))


def _group(event: RelationLoad | Query, loop: Loop) -> str:
    """Several accesses of one relation from one loop are one finding."""
    return f"{event.model} {event.path} {loop.site}"
