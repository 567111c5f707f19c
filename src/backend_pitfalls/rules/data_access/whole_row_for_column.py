"""Whole rows are fetched for one of their columns.

## What it does
Finds comprehensions over a query set that is made there and of whose rows one column alone is used.

## Why it hurts in production
Every column of every row travels from the database, long texts too, and an object is made of each row, to be thrown away at once. Asking for the column takes a fraction of the time and the memory, and an
index may answer it alone.

## Example
```python
from django.db import models

class Book(models.Model):
    title = models.CharField(max_length=100)
    description = models.TextField()

def titles():
    return [book.title for book in Book.objects.all()]
```

## Use instead
```python
from django.db import models

class Book(models.Model):
    title = models.CharField(max_length=100)
    description = models.TextField()

def titles():
    return list(Book.objects.values_list("title", flat=True))
```

The query log of the first, which also makes an object of each row, and of the second:

    SELECT id, title, description FROM book   SELECT title FROM book

## Fix safety
Unsafe: the rows are asked for by `values_list()`, so that a model that does more when a row is loaded (`from_db()`, `__init__()`, the signal `post_init`) does not. The values and their order are the same.

## Options
None.

## Known limits
Query sets that have a name are not looked at, since something else may use their rows; nor are columns whose rows show an object (files), and two columns or more.

## References
- [Django: values_list()](https://docs.djangoproject.com/en/stable/ref/models/querysets/#values-list)
- [Django: don't retrieve things you don't need](https://docs.djangoproject.com/en/stable/topics/db/optimization/#don-t-retrieve-things-you-don-t-need)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import Fix, Recast, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Misread

META = RuleMeta(
    code="BPF154",
    name="whole-row-for-column",
    summary="Whole rows are fetched for one of their columns",
    severity=Severity.NOTE,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    fix=Safety.UNSAFE,
)

_FORMS = {"list": "list({})", "set": "set({})", "generator": "({})"}


@listens(Misread)
def one_column(event: Misread, report: Report) -> None:
    """A comprehension that takes one column of the rows of a query set."""
    if event.chain or event.what != "column":
        return
    asked = f'values_list("{event.column}", flat=True)'
    message = f"overfetching: whole rows of {event.model.rsplit('.', 1)[-1]} are read for their {event.column}; ask with {asked}"
    intent = Recast(*event.site.span.corners, event.inner_site.span.corners, _FORMS[event.kind].format(f"{{}}.{asked}"))
    caution = "a model that does more when a row is loaded does not do it then"
    report(event.site, message, symbol=event.symbol, fix=Fix(f"ask with {asked}", Safety.UNSAFE, (intent,), caution))
