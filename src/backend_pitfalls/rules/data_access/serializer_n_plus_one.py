"""A serializer that runs queries for every row that a view lists.

## What it does
Follows the serializers of the Django REST framework over the rows that a view lists (`queryset`, `get_queryset()`, `get_serializer_class()`) or that code gives them
(`BookSerializer(books, many=True)`): nested serializers, `source="a.b"`, `SerializerMethodField`, `StringRelatedField`, `SlugRelatedField`, keys of relations to many, properties
of the model. It reports what they read that the query set did not load, at the query set, where the repair goes.

## Why it hurts in production
The serializer is written once and looks innocent; each row of each page then runs its queries. A list endpoint with three nested relations and a page
of a hundred rows runs three hundred and one of them, for every client that scrolls.

## Example
```python
from django.db import models
from rest_framework import serializers, viewsets

class Author(models.Model):
    name = models.CharField(max_length=80)

class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)

class BookSerializer(serializers.ModelSerializer):
    author_name = serializers.CharField(source="author.name")

    class Meta:
        model = Book
        fields = ["id", "author_name"]

class BookViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Book.objects.all()
    serializer_class = BookSerializer
```

## Use instead
```python
from django.db import models
from rest_framework import serializers, viewsets

class Author(models.Model):
    name = models.CharField(max_length=80)

class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)

class BookSerializer(serializers.ModelSerializer):
    author_name = serializers.CharField(source="author.name")

    class Meta:
        model = Book
        fields = ["id", "author_name"]

class BookViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Book.objects.select_related("author")
    serializer_class = BookSerializer
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
Fields that are made in `__init__` or `get_fields()`, and serializers chosen at run time by code that cannot be followed, are silent.

## References
- [Django REST framework: serializer relations](https://www.django-rest-framework.org/api-guide/relations/)
- [Django: prefetch_related](https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-related)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity, Step
from backend_pitfalls.model.fix import Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.rounds import of_each_row
from backend_pitfalls.semantics.events import Query, RelationLoad

META = RuleMeta(
    code="BPF103",
    name="serializer-n-plus-one",
    summary="A serializer runs queries for every row that a view lists",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(
        b"rest_framework",
        b"erializer",
        b"marshal",
        b"response_model",
        b"model_validate",
        b"from_orm",
        b"parse_obj",
        b"Schema",
        b"APIRouter",
        b"FastAPI",
    ),
    silent_in=NOT_THE_PROGRAM,
    fix=Safety.SAFE,
)


@listens(RelationLoad, Query)
def query_for_each_row(event: RelationLoad | Query, report: Report) -> None:
    """A field reads a relation that was not loaded, or runs a query of its own."""
    row = of_each_row(event, "serializer")
    if row is None:
        return
    outermost = next((loop for loop in event.loops if loop.kind == "serializer"), row.loop)
    site = event.origin or outermost.site
    what = f"'{row.what}'{row.through} runs a query"
    report(
        site,
        f"N+1: serialising {row.loop.subject}, {what} for every row; {row.advice}",
        trace=(
            Step(site, "the rows come from this query"),
            *event.chain,
            Step(event.site, f"'{row.what}' runs a query"),
        ),
        fix=row.fix,
        symbol=event.symbol,
        group=f"{site} {row.key}",
    )
