"""Request data becomes part of an XPath expression.

## What it does
Follows request data into XPath expressions of lxml and elementpath.

## Why it hurts in production
`' or '1'='1` in a field turns one user's record into everybody's.

## Example
```python
from flask import Flask, request
import lxml.etree

app = Flask(__name__)

@app.route("/x")
def view():
    tree = lxml.etree.parse("users.xml")
    name = request.args["name"]
    return {"found": len(tree.xpath("//user[@name='" + name + "']"))}
```

## Use instead
```python
from flask import Flask, request
import lxml.etree

app = Flask(__name__)

@app.route("/x")
def view():
    tree = lxml.etree.parse("users.xml")
    name = request.args["name"]
    return {"found": len(tree.xpath("//user[@name=$name]", name=name))}
```

## Fix safety
There is no automatic repair: what is allowed is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-643](https://cwe.mitre.org/data/definitions/643.html)
- [lxml: XPath](https://lxml.de/xpathxslt.html#xpath)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import report_flow
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF311",
    name="xpath-injection",
    summary="Request data becomes part of an XPath expression",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(643,),
    security_severity=7.5,
)


@listens(Call, at_sinks=True)
def untrusted(event: Call, report: Report) -> None:
    """A sink that request data reaches."""
    report_flow(
        event,
        report,
        "xpath",
        "XPath injection",
        "pass it as a variable of the expression ($name)",
        into="it becomes part of the expression",
    )
