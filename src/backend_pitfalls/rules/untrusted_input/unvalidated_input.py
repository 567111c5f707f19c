"""Request data is stored as it came.

## What it does
Finds request data that becomes a column of a row, a stored document or the body of another service's request when no schema, form, conversion or condition looked at it on the way.

## Why it hurts in production
Wrong types, missing keys and texts of any length reach the database: a 500 for the client, or data that breaks whoever reads it later.

## Example
```python
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)

class Book(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(80))
    pages = db.Column(db.Integer)

@app.post("/books")
def add():
    db.session.add(Book(title=request.json["title"], pages=request.json["pages"]))
    db.session.commit()
    return {"done": True}
```

## Use instead
```python
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy
from pydantic import BaseModel, Field

app = Flask(__name__)
db = SQLAlchemy(app)

class Book(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(80))
    pages = db.Column(db.Integer)

class NewBook(BaseModel):
    title: str = Field(max_length=80)
    pages: int

@app.post("/books")
def add():
    book = NewBook.model_validate(request.json)
    db.session.add(Book(title=book.title, pages=book.pages))
    db.session.commit()
    return {"done": True}
```

## Fix safety
There is no automatic repair: what is valid is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Any condition that mentions a value counts as a look at it, and any call that says by its name that it checks. Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-20](https://cwe.mitre.org/data/definitions/20.html)
- [OWASP: input validation](https://cheatsheetseries.owasp.org/cheatsheets/Input_Validation_Cheat_Sheet.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import first, of_data, origin, report_label
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Label, Row, Value, known_text

META = RuleMeta(
    code="BPF325",
    name="unvalidated-input",
    summary="Request data is stored as it came",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(20,),
    security_severity=5.3,
)

HARM = "unchecked"
_STORES = ("insert", "update", "replace")


@listens(Call, at_sinks=True)
def stored_unchecked(event: Call, report: Report) -> None:
    """A row, document or statement that keeps request data which nothing looked at."""
    label = first(label for value in _kept(event, report) for label in of_data(value, HARM))
    if label is None:
        return
    message = f"unvalidated input: {_what(event, label)} as it came; check it with a schema or a form first"
    # One for all fields of a row that a function sets.
    group = f"{event.symbol} {event.receiver.model} {event.site.path}" if isinstance(event.receiver, Row) else ""
    report_label(event, report, label, message, "", into="it is stored here", group=group)


def _kept(event: Call, report: Report) -> list[Value]:
    """The arguments of a call that are stored."""
    for sink in report.knowledge.sinks.get(event.callee, ()):
        if sink.harm == HARM:
            if isinstance(event.receiver, Row):
                return [*event.args, *event.keywords.values()]
            value = event.argument(sink.position, sink.keyword)
            return [value] if value is not None else []
        if sink.harm == f"{HARM}-parameters" and event.args:
            return list(event.args[1:2]) if known_text(event.args[0]).lstrip().lower().startswith(_STORES) else []
    return []


def _what(event: Call, label: Label) -> str:
    where = f"in a row of '{event.receiver.model.rsplit('.', 1)[-1]}'" if isinstance(event.receiver, Row) else "here"
    return f"{origin(event, label)} is stored {where}"
