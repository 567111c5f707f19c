"""Request data that becomes part of an SQL statement's text.

## What it does
Follows request data (Flask, Django, DRF, FastAPI, Starlette, aiohttp) through assignments, string building, containers and the
project's own functions, also across files, to a call that runs SQL text: DB-API cursors, SQLAlchemy's `text()` and `execute()`,
Django's `raw()` and `RawSQL`.

## Why it hurts in production
Whoever sends the request writes part of the statement: reads other people's rows, changes them, or drops the table.

## Example
```python
import sqlite3
from flask import Flask, request

app = Flask(__name__)

@app.get("/books")
def books():
    name = request.args["name"]
    return sqlite3.connect("shop.db").execute(f"SELECT * FROM book WHERE name = '{name}'").fetchall()
```

## Use instead
```python
import sqlite3
from flask import Flask, request

app = Flask(__name__)

@app.get("/books")
def books():
    name = request.args["name"]
    return sqlite3.connect("shop.db").execute("SELECT * FROM book WHERE name = ?", (name,)).fetchall()
```

## Fix safety
Unsafe: a value is then compared as what it is, and no longer as what its text reads as. Values in f-strings, `%`, `.format()` and sums become parameters, in the style of the one driver
that the file imports (or by name for SQLAlchemy's `text()`), where each stands where a value stands: behind a comparison, in quotes, in `VALUES (…)`. Names of tables and columns are left to you.

## Options
Own sources, sinks and sanitizers: `[tool.backend-pitfalls.knowledge]`.

## Known limits
Numbers (`int(…)`, `<int:id>`, a FastAPI parameter annotated `int`), values compared with constants or looked up in a
constant collection count as clean.

## References
- [CWE-89: SQL injection](https://cwe.mitre.org/data/definitions/89.html)
- [OWASP: query parameterization](https://cheatsheetseries.owasp.org/cheatsheets/Query_Parameterization_Cheat_Sheet.html)
"""

from __future__ import annotations

import functools
import re

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import BindParameters, Fix, Safety
from backend_pitfalls.model.knowledge import SinkFacts
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import origin, report_label, tainted
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Text, Unknown, Value
from backend_pitfalls.syntax.sql import are_values

META = RuleMeta(
    code="BPF301",
    name="sql-injection",
    summary="Request data becomes part of an SQL statement's text",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(89,),
    security_severity=9.8,
    fix=Safety.UNSAFE,
)

_SQL = regex(
    r"\b(select\b.+\bfrom|insert\s+into|update\b.+\bset|delete\s+from|where|order\s+by|create\s+(table|index)|drop\s+table|alter\s+table|values\s*\()",
    re.IGNORECASE | re.DOTALL,
)


@listens(Call, at_sinks=True)
def tainted_statement(event: Call, report: Report) -> None:
    """A sink's statement argument that carries request data not cleaned for SQL."""
    for sink in report.knowledge.sinks.get(event.callee, ()):
        is_statement = functools.partial(_is_statement, sink=sink)
        label = tainted(event, sink, "sql", "input", is_statement) if sink.harm == "sql" else None
        if label is None:
            continue
        becomes = "becomes part of the statement's text"
        message = f"SQL injection: {origin(event, label)} {becomes}; pass it as a parameter instead"
        report_label(event, report, label, message, "", into=f"it {becomes} here", fix=_bound(event))


def _bound(event: Call) -> Fix | None:
    """The repair, where all that is put into the statement is a value and none is passed to the driver yet."""
    if len(event.args) != 1 or event.keywords or not isinstance(event.args[0], Text):
        return None
    if not are_values(event.args[0].known_text().split("\0")):
        return None
    place = event.site.span
    intent = BindParameters(*place.corners)
    caution = "a value is compared as what it is, and no longer as what its text reads as"
    return Fix("pass the values as parameters", Safety.UNSAFE, (intent,), caution, uncovers=("BPF325",))


def _is_statement(value: Value, sink: SinkFacts) -> bool:
    """Whether a value can be a statement's text; on a receiver of unknown class it must read as SQL."""
    if sink.needs_sql:
        return isinstance(value, Text) and bool(_SQL.search(value.known_text()))
    return isinstance(value, (Text, Unknown))
