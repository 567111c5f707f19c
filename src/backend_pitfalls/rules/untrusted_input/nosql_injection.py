"""Request data that can be an object becomes part of a MongoDB filter.

## What it does
Follows JSON of a request into the filter of a query, where a text was expected and an object with operators may come. Texts of query strings and forms, and what went through `str()`, are silent.

## Why it hurts in production
`{"password": {"$ne": null}}` matches every password: a login without one, or an update of all documents.

## Example
```python
from flask import Flask, request
from pymongo import MongoClient

app = Flask(__name__)
users = MongoClient("mongodb://db", timeoutMS=5000).shop.users

@app.post("/login")
def login():
    found = users.find_one({"name": request.json["name"], "key": request.json["key"]})
    return {"known": found is not None}
```

## Use instead
```python
from flask import Flask, request
from pymongo import MongoClient

app = Flask(__name__)
users = MongoClient("mongodb://db", timeoutMS=5000).shop.users

@app.post("/login")
def login():
    found = users.find_one({"name": str(request.json["name"]), "key": str(request.json["key"])})
    return {"known": found is not None}
```

## Fix safety
There is no automatic repair: which type a field has is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Collections are known by the names of their methods. Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-943](https://cwe.mitre.org/data/definitions/943.html)
- [MongoDB: query operators](https://www.mongodb.com/docs/manual/reference/operator/query/)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import first, of_data, report_label
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Const, Container, Label, Text, Value

META = RuleMeta(
    code="BPF313",
    name="nosql-injection",
    summary="Request data that can be an object becomes part of a MongoDB filter",
    severity=Severity.ERROR,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(943,),
    security_severity=8.1,
)

_MEND = "make it the type that the field has, such as str(...)"


@listens(Call, at_sinks=True)
def tainted_filter(event: Call, report: Report) -> None:
    """A filter that holds, where a value was expected, request data that may be an object."""
    for sink in report.knowledge.sinks.get(event.callee, ()):
        if sink.harm not in ("nosql", "nosql-filter"):
            continue
        value = event.argument(sink.position, sink.keyword)
        # Many things have a method `find` or `aggregate`: of those only a filter written out is one of a query.
        if value is None:
            continue
        if sink.harm == "nosql-filter" and not isinstance(value, Container):
            continue
        label = first(_objects(value))
        if label is not None:
            report_label(event, report, label, "NoSQL injection", _MEND, into="it becomes part of the filter here")
            return


def _objects(value: Value) -> list[Label]:
    """The labels of what in a filter may be an object, or is code; what `$eq` compares with is a value whatever it is."""
    if isinstance(value, Container):
        inner = [v for k, v in value.items.items() if k != "$eq"]
        code = of_data(value.items["$where"], "code") if "$where" in value.items else []
        return code + [
            label for v in (*inner, *([value.rest] if value.rest is not None else [])) for label in _objects(v)
        ]
    return [] if isinstance(value, (Const, Text)) else of_data(value, "nosql")
