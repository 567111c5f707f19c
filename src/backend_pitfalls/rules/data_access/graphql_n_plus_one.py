"""A GraphQL resolver runs a query for every object of a list.

## What it does
Finds resolvers of object types (graphene, graphene-django, strawberry, strawberry-django) that run a query or read a relation of their object. Resolvers of
the query and mutation types, fields with loading hints, and data loaders are silent.

## Why it hurts in production
A client that asks for a field of a hundred objects makes the server run the resolver a hundred times. Each resolver looks harmless where it stands.

## Example
```python
import graphene
from django.db import models
from graphene_django import DjangoObjectType

class Author(models.Model):
    name = models.CharField(max_length=80)

class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")

class AuthorType(DjangoObjectType):
    class Meta:
        model = Author

    sold = graphene.Int()

    def resolve_sold(self, info):
        return Book.objects.filter(author=self).count()
```

## Use instead
```python
import graphene
from django.db import models
from graphene_django import DjangoObjectType

class Author(models.Model):
    name = models.CharField(max_length=80)

class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")

class AuthorType(DjangoObjectType):
    class Meta:
        model = Author

    sold = graphene.Int()

    def resolve_sold(self, info):
        return info.context.loaders.sold_by_author.load(self.pk)
```

The query log of a request for three authors with the first, and with a loader that counts for all of them:

    SELECT … FROM author                            SELECT … FROM author
    SELECT COUNT(*) FROM book WHERE author_id = 1   SELECT author_id, COUNT(*) FROM book WHERE author_id IN (1, 2, 3) GROUP BY author_id
    SELECT COUNT(*) FROM book WHERE author_id = 2
    SELECT COUNT(*) FROM book WHERE author_id = 3

## Fix safety
There is no automatic repair: a data loader is code of its own.

## Options
None.

## Known limits
What the default resolvers of a type's relation fields read is not looked at, nor whether an optimizer loads it. Types whose name ends in Query, Mutation or
Subscription are taken for the roots of the schema.

## References
- [graphene: data loader](https://docs.graphene-python.org/en/latest/execution/dataloader/)
- [strawberry: data loaders](https://strawberry.rocks/docs/guides/dataloaders)
- [strawberry-django: query optimizer](https://strawberry.rocks/docs/django/guide/optimizer)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity, Step
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.rounds import nearest, of_each_row
from backend_pitfalls.semantics.events import Query, RelationLoad

META = RuleMeta(
    code="BPF107",
    name="graphql-n-plus-one",
    summary="A GraphQL resolver runs a query for every object of a list",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    tokens=(b"graphene", b"strawberry", b"resolve_"),
    silent_in=NOT_THE_PROGRAM,
)


@listens(RelationLoad, Query)
def query_for_each_object(event: RelationLoad | Query, report: Report) -> None:
    """A resolver that runs a query or reads a relation that nothing loaded."""
    row = of_each_row(event, "graphql")
    if row is None:
        return
    loop = row.loop
    report(
        nearest(event, lambda place: place.path == loop.site.path),
        f"N+1: '{row.what}' runs a query for each of {loop.subject} in a list; load it for all of them with a data loader",
        trace=(
            Step(loop.site, "the resolver runs once an object"),
            *event.chain,
            Step(event.site, f"'{row.what}' runs a query"),
        ),
        symbol=event.symbol,
        group=f"{loop.site} {row.key}",
    )
