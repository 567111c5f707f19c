"""A loop writes rows that belong together without a transaction.

## What it does
Finds loops over other things than rows that write rows of several models of Django in each round, where no transaction is around the loop: while a request is answered, and in management commands.

## Why it hurts in production
When the third round fails, the rows of the first two stay, and of the third perhaps a half: an order without its lines. Nobody notices until the next run writes the first two again. Every write also is a
transaction of its own, for which the database waits for its disk.

## Example
```python
# shop/management/commands/load.py
from django.core.management.base import BaseCommand
from django.db import models

class Author(models.Model):
    name = models.CharField(max_length=100)

class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)

class Command(BaseCommand):
    def handle(self, *args, **options):
        for name in open("authors.txt"):
            author = Author.objects.create(name=name)
            Book.objects.create(author=author)
```

## Use instead
```python
# shop/management/commands/load.py
from django.core.management.base import BaseCommand
from django.db import models, transaction

class Author(models.Model):
    name = models.CharField(max_length=100)

class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)

class Command(BaseCommand):
    def handle(self, *args, **options):
        with transaction.atomic():
            for name in open("authors.txt"):
                author = Author.objects.create(name=name)
                Book.objects.create(author=author)
```

The query log of the first for two lines, and of the second:

    BEGIN; INSERT INTO author …; COMMIT   BEGIN
    BEGIN; INSERT INTO book …; COMMIT     INSERT INTO author …
    BEGIN; INSERT INTO author …; COMMIT   INSERT INTO book …
    BEGIN; INSERT INTO book …; COMMIT     INSERT INTO author …
                                          INSERT INTO book …
                                          COMMIT

## Fix safety
There is no automatic repair: whether all rounds belong together, or each for itself, is for the author to say.

## Options
None.

## Known limits
With `ATOMIC_REQUESTS` requests are silent. A loop that takes care of what fails in a round (`try`), or that asks other services in it, is taken to do each round for itself. Tasks of Celery are not looked at: many are made to be run again.

## References
- [Django: controlling transactions](https://docs.djangoproject.com/en/stable/topics/db/transactions/#controlling-transactions-explicitly)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Batch

META = RuleMeta(
    code="BPF155",
    name="batch-without-transaction",
    summary="A loop writes rows that belong together without a transaction",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    tokens=(b"for ", b"while "),
    silent_in=NOT_THE_PROGRAM,
)


@listens(Batch)
def batch(event: Batch, report: Report) -> None:
    """A loop of several writes in what a request or a command starts."""
    is_command = "management/commands/" in event.site.path and event.symbol.endswith(".handle")
    if not (is_command or (event.handled and not event.requested)):
        return
    message = (
        f"every round of the loop over '{event.subject}' writes {len(event.writes)} times, and what was written before a failure stays; "
        "put transaction.atomic() around what belongs together"
    )
    report(event.site, message, trace=(*event.chain, *event.writes), symbol=event.symbol)
