"""Rows are fetched to learn how many there are, or whether there are any.

## What it does
Finds `len()`, `bool()`, `if` and `[0]` on rows that are fetched for nothing else, and `count()` compared with nought where `exists()` would do. Rows that a
variable keeps for later are silent.

## Why it hurts in production
Every row is sent and built only to be counted; with a million of them that is seconds and gigabytes for one number. A count goes through all rows where
the first would answer.

## Example
```python
from django.db import models

class Book(models.Model):
    sold = models.BooleanField(default=False)

def report():
    if Book.objects.filter(sold=True).count() > 0:
        return len(Book.objects.filter(sold=True))
    return 0
```

## Use instead
```python
from django.db import models

class Book(models.Model):
    sold = models.BooleanField(default=False)

def report():
    if Book.objects.filter(sold=True).exists():
        return Book.objects.filter(sold=True).count()
    return 0
```

The query log of the first, and of the second:

    SELECT COUNT(*) FROM book WHERE sold   SELECT 1 FROM book WHERE sold LIMIT 1
    SELECT id, sold FROM book WHERE sold   SELECT COUNT(*) FROM book WHERE sold

## Fix safety
Safe for Django's query sets: the expression is asked for `count()` or `exists()` instead, which gives the same answer. Other ORMs are left to you.

## Options
None.

## Known limits
Query sets that are kept in a variable are not looked at.

## References
- [Django: use QuerySet.count() and exists()](https://docs.djangoproject.com/en/stable/topics/db/optimization/#use-queryset-contains-obj)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import Fix, Recast, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Misread

META = RuleMeta(
    code="BPF152",
    name="fetched-to-count",
    summary="Rows are fetched to learn how many there are, or whether there are any",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    fix=Safety.SAFE,
)

_ASKED = {
    "count": ("read to learn how many there are", "count()"),
    "exists": ("read to learn whether there are any", "exists()"),
    "any": ("counted to learn whether there are any", "exists()"),
    "first": ("read for the first of them", "first()"),
}


@listens(Misread)
def fetched(event: Misread, report: Report) -> None:
    """Rows that are fetched for a number, a truth or the first of them."""
    if event.chain or event.what not in _ASKED:
        return
    asked, method = _ASKED[event.what]
    if event.dialect == "sqlalchemy" and event.what == "exists":
        method = "first() is not None"
    model = event.model.rsplit(".", 1)[-1]
    report(
        event.site,
        f"overfetching: all rows of {model} that match are {asked}; ask with {method}",
        fix=_fix(event, method),
        symbol=event.symbol,
    )


def _fix(event: Misread, method: str) -> Fix | None:
    if event.dialect != "django" or event.what == "first":
        return None
    span, inner = event.site.span, event.inner_site.span
    template = f"{'not ' * event.negated}{{}}.{method}"
    place = inner.corners
    return Fix(
        f"ask with {method}",
        Safety.SAFE,
        (Recast(*span.corners, place, template),),
    )
