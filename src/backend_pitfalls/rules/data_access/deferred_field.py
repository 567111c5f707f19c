"""A field that a query set left out is read of every row.

## What it does
Finds fields that `only()` did not name, or that `defer()` named, and that are read in a loop over the rows.

## Why it hurts in production
`only()` and `defer()` save columns, until one of them is read: then each row runs a query for that column alone, and the page has an N+1 that no relation explains.

## Example
```python
from django.db import models

class Book(models.Model):
    title = models.CharField(max_length=80)
    text = models.TextField()

def lengths():
    return [(book.title, len(book.text)) for book in Book.objects.only("title")]
```

## Use instead
```python
from django.db import models

class Book(models.Model):
    title = models.CharField(max_length=80)
    text = models.TextField()

def lengths():
    return [(book.title, len(book.text)) for book in Book.objects.only("title", "text")]
```

The query log of the first for two rows, and of the second:

    SELECT id, title FROM book                 SELECT id, title, text FROM book
    SELECT id, text FROM book WHERE id = 1
    SELECT id, text FROM book WHERE id = 2

## Fix safety
There is no automatic repair: whether the field is loaded or not read is for the author to say.

## Options
None.

## Known limits
Fields that a method of the model reads are found where the method is called in the loop; those of related rows are not looked at.

## References
- [Django: only](https://docs.djangoproject.com/en/stable/ref/models/querysets/#only)
- [Django: defer](https://docs.djangoproject.com/en/stable/ref/models/querysets/#defer)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.rounds import loop_trace
from backend_pitfalls.semantics.events import FieldLoad

META = RuleMeta(
    code="BPF109",
    name="deferred-field",
    summary="A field that a query set left out is read of every row",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(b"for ", b"while "),
    silent_in=NOT_THE_PROGRAM,
)


@listens(FieldLoad)
def left_out(event: FieldLoad, report: Report) -> None:
    """A field that is loaded for each row on its own."""
    if not event.growing or event.inner:
        return
    loop = event.growing[-1]
    name = f"{event.model.rsplit('.', 1)[-1]}.{event.relation}"
    site = event.chain[0].site if event.chain else event.site
    message = (
        f"N+1: '{name}' is left out of the rows that the loop over '{loop.subject}' from line {loop.site.span.line} goes through, so that each row runs a query "
        f"for it; name it in only(), or take it out of defer()"
    )
    trace = loop_trace(event, loop, f"'{name}' is loaded", event.origin)
    report(site, message, trace=trace, symbol=event.symbol, group=f"{event.model} {event.relation} {loop.site}")
