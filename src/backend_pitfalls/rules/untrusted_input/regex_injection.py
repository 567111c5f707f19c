"""Request data becomes a regular expression.

## What it does
Follows request data into the pattern of `re` functions.

## Why it hurts in production
A pattern such as `(a+)+$` takes exponential time: one request keeps a worker busy for minutes.

## Example
```python
from flask import Flask, request
import re

app = Flask(__name__)

@app.route("/x")
def view():
    found = re.search(request.args["q"], "some text")
    return {"found": bool(found)}
```

## Use instead
```python
from flask import Flask, request
import re

app = Flask(__name__)

@app.route("/x")
def view():
    found = re.search(re.escape(request.args["q"]), "some text")
    return {"found": bool(found)}
```

## Fix safety
There is no automatic repair: what is allowed is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-1333](https://cwe.mitre.org/data/definitions/1333.html)
- [re.escape](https://docs.python.org/3/library/re.html#re.escape)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import report_flow
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF315",
    name="regex-injection",
    summary="Request data becomes a regular expression",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(1333,),
    security_severity=5.3,
)


@listens(Call, at_sinks=True)
def untrusted(event: Call, report: Report) -> None:
    """A sink that request data reaches."""
    report_flow(
        event,
        report,
        "regex",
        "regular expression injection",
        "quote it with re.escape()",
        into="it becomes the pattern",
    )
