"""Request data becomes part of an LDAP filter.

## What it does
Follows request data into the filter or base of searches of ldap3 and python-ldap.

## Why it hurts in production
`*)(uid=*` in a login field matches every account, the administrator's first.

## Example
```python
from flask import Flask, request
import ldap3

app = Flask(__name__)

@app.route("/x")
def view():
    connection = ldap3.Connection("ldap.example.com")
    name = request.args["name"]
    connection.search("dc=example", "(uid=" + name + ")")
    return "done"
```

## Use instead
```python
from flask import Flask, request
import ldap3
from ldap3.utils.conv import escape_filter_chars

app = Flask(__name__)

@app.route("/x")
def view():
    connection = ldap3.Connection("ldap.example.com")
    name = escape_filter_chars(request.args["name"])
    connection.search("dc=example", "(uid=" + name + ")")
    return "done"
```

## Fix safety
There is no automatic repair: what is allowed is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-90](https://cwe.mitre.org/data/definitions/90.html)
- [ldap3: searches](https://ldap3.readthedocs.io/en/latest/searches.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import report_flow
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF310",
    name="ldap-injection",
    summary="Request data becomes part of an LDAP filter",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(90,),
    security_severity=8.1,
)


@listens(Call, at_sinks=True)
def untrusted(event: Call, report: Report) -> None:
    """A sink that request data reaches."""
    report_flow(
        event,
        report,
        "ldap",
        "LDAP injection",
        "escape it with escape_filter_chars()",
        into="it becomes part of the filter",
    )
