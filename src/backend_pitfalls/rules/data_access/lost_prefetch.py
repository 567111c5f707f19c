"""A relation was prefetched, and is queried all the same.

## What it does
Finds prefetched relations that are filtered, ordered, sliced by `first()` or read as `values()` in a loop, so that each row runs a query beside the prefetch; `iterator()` behind `prefetch_related()`
without a size of its chunks; and `select_related()` of a relation to many rows.

## Why it hurts in production
A prefetch holds the rows of `author.books.all()`, and only of that: any other query set of the relation asks the database again. The page pays for the prefetch and for the N+1.
`iterator()` ignored prefetches up to Django 4.0 and refuses them without `chunk_size` since 5.0; `select_related()` of many rows raises an error.

## Example
```python
from django.db import models

class Author(models.Model):
    name = models.CharField(max_length=80)

class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    is_sold = models.BooleanField()

def sold():
    return [list(author.books.filter(is_sold=True)) for author in Author.objects.prefetch_related("books")]
```

## Use instead
```python
from django.db import models

class Author(models.Model):
    name = models.CharField(max_length=80)

class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    is_sold = models.BooleanField()

def sold():
    books = models.Prefetch("books", queryset=Book.objects.filter(is_sold=True), to_attr="sold_books")
    return [author.sold_books for author in Author.objects.prefetch_related(books)]
```

The query log of the first for three rows, and of the second:

    SELECT … FROM author                              SELECT … FROM author
    SELECT … FROM book WHERE author_id IN (1, 2, 3)   SELECT … FROM book WHERE is_sold AND author_id IN (1, 2, 3)
    SELECT … FROM book WHERE author_id = 1 AND is_sold
    SELECT … FROM book WHERE author_id = 2 AND is_sold
    SELECT … FROM book WHERE author_id = 3 AND is_sold

## Fix safety
There is no automatic repair: whether the rows are filtered in Python or by a `Prefetch` depends on how many there are.

## Options
None.

## Known limits
`first()` of rows that have an order of their own (`Meta.ordering`) is silent: it takes the first of those that were fetched.

## References
- [Django: prefetch_related](https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-related)
- [Django: Prefetch objects](https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-objects)
- [Django: iterator](https://docs.djangoproject.com/en/stable/ref/models/querysets/#iterator)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.rounds import loop_of, loop_trace, told_at
from backend_pitfalls.semantics.events import Misloaded, Query

META = RuleMeta(
    code="BPF108",
    name="lost-prefetch",
    summary="A relation was prefetched, and is queried all the same",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(b"prefetch_related", b"select_related", b"selectinload", b"joinedload", b"for "),
    silent_in=NOT_THE_PROGRAM,
)

_WAYS = {
    "iterated": "'{name}' was prefetched, and iterator() reads in chunks without a size: the prefetch is lost or refused; pass chunk_size=",
    "joined": "select_related() cannot load '{name}', which are many rows; use prefetch_related()",
}


@listens(Query)
def asked_again(event: Query, report: Report) -> None:
    """Prefetched rows are asked for in another way, in a loop."""
    loop = loop_of(event)
    if not event.held or event.effect != "read" or event.inner or event.batched or loop is None:
        return
    site, called = told_at(event)
    message = (
        f"'{event.held}' was prefetched, but '{event.operation}'{called} queries it for every round of the loop over '{loop.subject}' from line "
        f"{loop.site.span.line}; take what is needed of the prefetched rows in Python, or prefetch it with Prefetch('{event.held}', queryset=…, to_attr=…)"
    )
    trace = loop_trace(event, loop, f"'{event.operation}' runs a query", event.origin)
    report(site, message, trace=trace, symbol=event.symbol)


@listens(Misloaded)
def misloaded(event: Misloaded, report: Report) -> None:
    """A relation is asked for in a way that does not load it."""
    name = f"{event.model.rsplit('.', 1)[-1]}.{event.name}"
    report(event.site, _WAYS[event.what].format(name=name), symbol=event.symbol)
