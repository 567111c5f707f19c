"""A request reads every row of a table.

## What it does
Finds queries without a filter, a limit or a page that run while a request is answered: in the handler, in functions that it calls, in the template that it
renders, and in list views of Django REST framework and Django without pagination.

## Why it hurts in production
The table grows, the answer with it: seconds, then megabytes, then the worker's memory.

## Example
```python
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)

class Book(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(80))

@app.get("/books")
def books():
    return {"books": [book.title for book in Book.query.all()]}
```

## Use instead
```python
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)

class Book(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(80))

@app.get("/books")
def books():
    after = request.args.get("after", default=0, type=int)
    page = Book.query.filter(Book.id > after).order_by(Book.id).limit(100)
    return {"books": [book.title for book in page]}
```

The query log of the first, which is one query of as many rows as there are, and of the second:

    SELECT id, title FROM book   SELECT id, title FROM book WHERE id > 0 ORDER BY id LIMIT 100

## Fix safety
There is no automatic repair: a page changes what clients get.

## Options
None.

## Known limits
A table is told to stay small by the last word of its name only (`Role`, `OrderStatus`, `Country`, `SiteSettings`). For Django REST framework's `DEFAULT_PAGINATION_CLASS` the settings must be in the
project.

## References
- [Django: pagination](https://docs.djangoproject.com/en/stable/topics/pagination/)
- [Django REST framework: pagination](https://www.django-rest-framework.org/api-guide/pagination/)
- [CWE-770: allocation of resources without limits](https://cwe.mitre.org/data/definitions/770.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity, Step
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.rounds import nearest
from backend_pitfalls.semantics.events import Query

META = RuleMeta(
    code="BPF151",
    name="unpaginated-read",
    summary="A request reads every row of a table",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_SERVICE,
    cwe=(770,),
)

# The last word of tables that hold what the program tells apart, or what an administrator sets up, and stay small.
_OF_FEW_ROWS = regex(
    r"(^|[a-z0-9_])(Status(es)?|States?|Types?|Kinds?|Categor(y|ies)|Severit(y|ies)|Priorit(y|ies)|Roles?|Permissions?|Languages?|Locales?|Countr(y|ies)"
    r"|Currenc(y|ies)|Units?|Settings?|Config(s|uration|urations)?|Options?|Features?|FeatureFlags?|Providers?|Backends?|Levels?)$"
)


@listens(Query)
def whole_table(event: Query, report: Report) -> None:
    """A query for all rows of a model that runs while a request is answered."""
    if not event.whole or not event.handled or event.batched or event.effect != "read":
        return
    model = event.model.rsplit(".", 1)[-1]
    if _OF_FEW_ROWS.search(model):
        return
    site = nearest(event, lambda place: place.path.endswith(".py"))
    report(
        site,
        f"unpaginated read: every row of {model} is read for a request; read a page of them",
        trace=(*event.chain, Step(event.site, f"every row of {model} is read")) if event.chain else (),
        symbol=event.symbol,
        group=f"{site.path} {event.symbol} {event.model}",
    )
