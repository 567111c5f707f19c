"""Request data is kept in the session as it came.

## What it does
Follows request data into the session, as key or as value, without a check or a type between.

## Why it hurts in production
What is in the session is trusted by all code that reads it later; nobody will check it again.

## Example
```python
from flask import Flask, request, session

app = Flask(__name__)

@app.route("/x")
def view():
    session["role"] = request.args["role"]
    return "kept"
```

## Use instead
```python
from flask import Flask, request, session

app = Flask(__name__)

@app.route("/x")
def view():
    session["page"] = int(request.args["page"])
    return "kept"
```

## Fix safety
There is no automatic repair: what is allowed is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-501](https://cwe.mitre.org/data/definitions/501.html)
- [Flask: sessions](https://flask.palletsprojects.com/en/stable/quickstart/#sessions)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import report_flow
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF317",
    name="trust-boundary-violation",
    summary="Request data is kept in the session as it came",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(501,),
    security_severity=4.3,
)


@listens(Call, at_sinks=True)
def untrusted(event: Call, report: Report) -> None:
    """A sink that request data reaches."""
    report_flow(
        event,
        report,
        "session",
        "trust boundary violation",
        "check it first, and keep what you made of it",
        into="it is kept in the session",
    )
