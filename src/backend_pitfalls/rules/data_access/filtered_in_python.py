"""Every row is fetched and most are thrown away.

## What it does
Finds comprehensions over all rows of a model that keep those whose column compares with something.

## Why it hurts in production
The whole table is read where an index would have given the few rows that are wanted.

## Example
```python
from django.db import models

class Book(models.Model):
    price = models.IntegerField()

def cheap():
    return [book for book in Book.objects.all() if book.price < 5]
```

## Use instead
```python
from django.db import models

class Book(models.Model):
    price = models.IntegerField()

def cheap():
    return list(Book.objects.filter(price__lt=5))
```

The query log of the first, which gives every row, and of the second:

    SELECT id, price FROM book   SELECT id, price FROM book WHERE price < 5

## Fix safety
There is no automatic repair: the database may compare otherwise than Python does (case, time zones, NULL).

## Options
None.

## Known limits
Loops with an `if` inside are not looked at, nor conditions on relations, properties and methods.

## References
- [Django: do database work in the database](https://docs.djangoproject.com/en/stable/topics/db/optimization/#do-database-work-in-the-database-rather-than-in-python)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Misread

META = RuleMeta(
    code="BPF153",
    name="filtered-in-python",
    summary="Every row is fetched and most are thrown away",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
)


@listens(Misread)
def filtered(event: Misread, report: Report) -> None:
    """A comprehension over all rows that keeps some of them by a column."""
    if event.chain or event.what != "filter":
        return
    model = event.model.rsplit(".", 1)[-1]
    method = "where()" if event.dialect == "sqlalchemy" else "filter()"
    message = (
        f"overfetching: every row of {model} is read and most are thrown away; let the database choose with {method}"
    )
    report(event.site, message, symbol=event.symbol)
