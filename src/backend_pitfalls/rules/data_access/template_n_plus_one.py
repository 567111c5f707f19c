"""A template that runs queries for every row that it shows.

## What it does
Follows the rows that views hand to templates (`render()`, `render_to_string()`, `TemplateResponse`, Flask's `render_template()`, list and detail views with their context) through `{% for %}`,
`{% with %}`, `{% include %}`, `{% extends %}` and blocks, in Django and Jinja templates, and reports relations, methods and counts that run a query a row, at the
template's line.

## Why it hurts in production
A template reads like a picture of the page; nobody sees that `{{ book.author.name }}` is a query. The page is as slow as its longest list, and a designer
who adds one more column adds one more query for each row.

## Example
```python
from django.db import models
from django.shortcuts import render

class Author(models.Model):
    name = models.CharField(max_length=80)

class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    sold = models.BooleanField(default=False)

def books(request):
    return render(request, "shop/books.html", {"books": Book.objects.filter(sold=False)})
```

```html
<!-- templates/shop/books.html -->
{% for book in books %}<li>{{ book.author.name }}</li>{% endfor %}
```

## Use instead
```python
from django.db import models
from django.shortcuts import render

class Author(models.Model):
    name = models.CharField(max_length=80)

class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    sold = models.BooleanField(default=False)

def books(request):
    return render(request, "shop/books.html", {"books": Book.objects.filter(sold=False).select_related("author")})
```

```html
<!-- templates/shop/books.html -->
{% for book in books %}<li>{{ book.author.name }}</li>{% endfor %}
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
Template tags and filters of the project are not followed, nor are context processors. A template cached with `{% cache %}` is read as if it were not.

## References
- [Django: database access optimization](https://docs.djangoproject.com/en/stable/topics/db/optimization/)
- [Django: the template language](https://docs.djangoproject.com/en/stable/ref/templates/language/)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity, Step
from backend_pitfalls.model.fix import Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.rounds import is_template, nearest, of_each_row
from backend_pitfalls.semantics.events import Query, RelationLoad

META = RuleMeta(
    code="BPF104",
    name="template-n-plus-one",
    summary="A template runs queries for every row that it shows",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(b"render", b"View", b"emplate"),
    silent_in=NOT_THE_PROGRAM,
    fix=Safety.SAFE,
)


@listens(RelationLoad, Query)
def query_for_each_row(event: RelationLoad | Query, report: Report) -> None:
    """A relation that was not loaded, a count or a method runs a query in a template's loop."""
    row = of_each_row(event, "template")
    if row is None:
        return
    loop = row.loop
    origin = (Step(event.origin, "the rows come from this query"),) if event.origin is not None else ()
    # What renders the template, the loop in it, and what is read in each round.
    rendered = next((i for i, step in enumerate(event.chain) if is_template(step.site)), len(event.chain))
    site = nearest(event, is_template)
    where = f"line {loop.site.span.line}" + (f" of {loop.site.path}" if loop.site.path != site.path else "")
    report(
        site,
        f"N+1: '{row.what}'{row.through} runs a query for every round of the loop over '{loop.subject}' from {where}; {row.advice}",
        trace=(
            *origin,
            *event.chain[:rendered],
            Step(loop.site, f"the loop over '{loop.subject}'"),
            *event.chain[rendered:],
            Step(event.site, f"'{row.what}' runs a query"),
        ),
        fix=row.fix,
        symbol=event.symbol,
        group=f"{loop.site} {row.key}",
    )
