"""A list of Django's admin that runs queries for every row.

## What it does
Follows the columns of `list_display` (methods of the admin, functions, methods and properties of the model) over the rows that the list shows:
`get_queryset()` of the admin, else the model's default manager, with what `list_select_related` joins. Relations that are columns themselves are joined
by Django and silent. It follows the rows of inlines too, each of which is shown as its text and reads the choices of its relations anew, and the rows that a form offers as choices, which are shown as their text.

## Why it hurts in production
The change list shows a hundred rows a page. A column that reads one relation makes it a hundred queries more, on the page that support has open
all day, against the database that serves the customers.

## Example
```python
from django.contrib import admin
from django.db import models

class Author(models.Model):
    name = models.CharField(max_length=80)

class Book(models.Model):
    title = models.CharField(max_length=80)
    author = models.ForeignKey(Author, on_delete=models.CASCADE)

@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    list_display = ["title", "written_by"]

    def written_by(self, book):
        return book.author.name
```

## Use instead
```python
from django.contrib import admin
from django.db import models

class Author(models.Model):
    name = models.CharField(max_length=80)

class Book(models.Model):
    title = models.CharField(max_length=80)
    author = models.ForeignKey(Author, on_delete=models.CASCADE)

@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    list_display = ["title", "written_by"]
    list_select_related = ["author"]

    def written_by(self, book):
        return book.author.name
```

The query log of the first for three rows, and of the second:

    SELECT … FROM book                         SELECT … FROM book INNER JOIN author …
    SELECT … FROM author WHERE id = 1
    SELECT … FROM author WHERE id = 2
    SELECT … FROM author WHERE id = 3

## Fix safety
Safe: `select_related` or `prefetch_related` is added in the admin's own `get_queryset()`; where it has none, `list_select_related` is added or extended. For relations to
many without a `get_queryset()` the message says what to add.

## Options
None.

## Known limits
Filters and `list_display` that is made by `get_list_display()` are silent, as are forms that a project makes itself.

## References
- [Django admin: list_select_related](https://docs.djangoproject.com/en/stable/ref/contrib/admin/#django.contrib.admin.ModelAdmin.list_select_related)
- [Django admin: get_queryset](https://docs.djangoproject.com/en/stable/ref/contrib/admin/#django.contrib.admin.ModelAdmin.get_queryset)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity, Site, Step
from backend_pitfalls.model.fix import EagerLoad, Fix, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.rounds import of_each_row
from backend_pitfalls.semantics.events import Query, RelationLoad

META = RuleMeta(
    code="BPF106",
    name="admin-n-plus-one",
    summary="A list of the admin runs queries for every row that it shows",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(b"list_display", b"Inline", b"register"),
    silent_in=NOT_THE_PROGRAM,
    fix=Safety.SAFE,
)


def _joined(site: Site, path: str) -> Fix:
    place = site.span
    intent = EagerLoad(*place.corners, "list_select_related", (path,))
    return Fix(f'add list_select_related = ["{path}"]', Safety.SAFE, (intent,), path=site.path)


@listens(RelationLoad, Query)
def query_for_each_row(event: RelationLoad | Query, report: Report) -> None:
    """A column reads a relation that was not loaded, or runs a query of its own."""
    row = of_each_row(event, "admin") or of_each_row(event, "inline")
    if row is None:
        _choice(event, report)
        return
    loop = row.loop
    advice, fix = row.advice, row.fix
    can_be_loaded = isinstance(event, RelationLoad) or event.plain
    if (
        can_be_loaded and event.origin == loop.site
    ):  # the rows are Django's, not those of a query set that the project makes
        many = isinstance(event, Query) or event.many
        needs_method = many or loop.kind == "inline"  # an inline has no list_select_related
        fix = None if needs_method else _joined(loop.site, event.path)
        method = "prefetch_related" if many else "select_related"
        advice = (
            f'give it a get_queryset() with {method}("{event.path}")'
            if needs_method
            else f'add list_select_related = ["{event.path}"]'
        )
    report(
        event.site,
        f"N+1: '{row.what}' runs a query for every row of {loop.subject}; {advice}",
        trace=(
            Step(event.origin or loop.site, "the rows come from here"),
            *event.chain,
            Step(event.site, f"'{row.what}' runs a query"),
        ),
        fix=fix,
        symbol=event.symbol,
        group=f"{loop.site} {row.key}",
    )


def _choice(event: RelationLoad | Query, report: Report) -> None:
    """What the text of each row that a form offers reads."""
    row = of_each_row(event, "choices")
    if row is None:
        return
    report(
        event.site,
        f"N+1: '{row.what}' runs a query for every one of {row.loop.subject}; name the field in autocomplete_fields or raw_id_fields",
        trace=(
            Step(row.loop.site, "the form is made for this"),
            *event.chain,
            Step(event.site, f"'{row.what}' runs a query"),
        ),
        symbol=event.symbol,
        group=f"{row.key} {event.site}",
    )
