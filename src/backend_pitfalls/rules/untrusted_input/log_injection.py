"""Request data is written to a log as it came.

## What it does
Follows request data into the text of a log message that is built by hand or given as argument, when no line break was taken out of it.

## Why it hurts in production
A line break in it starts a line of the attacker's making: a log entry that never was, or one that a tool that reads logs acts on.

## Example
```python
import logging

from flask import Flask, request

app = Flask(__name__)
logger = logging.getLogger(__name__)

@app.post("/login")
def login():
    logger.info("login of " + request.form["name"])
    return "done"
```

## Use instead
```python
import logging

from flask import Flask, request

app = Flask(__name__)
logger = logging.getLogger(__name__)

@app.post("/login")
def login():
    logger.info("login of %r", request.form["name"])
    return "done"
```

## Fix safety
There is no automatic repair: `%r` shows what was there, a formatter that writes JSON mends all messages at once.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Off until it is selected by its code or name: many logs are written as JSON, where a line break does no harm, and the code does not tell. Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-117](https://cwe.mitre.org/data/definitions/117.html)
- [OWASP: log injection](https://owasp.org/www-community/attacks/Log_Injection)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import first, of_data, report_label
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import constant_text

META = RuleMeta(
    code="BPF314",
    name="log-injection",
    summary="Request data is written to a log as it came",
    severity=Severity.NOTE,
    confidence=Confidence.LOW,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(117,),
    security_severity=4.3,
    preview=True,
)


@listens(Call, at_sinks=True)
def tainted_message(event: Call, report: Report) -> None:
    """A log call whose message, or an argument that `%s` shows, carries request data."""
    if not any(sink.harm == "log" for sink in report.knowledge.sinks.get(event.callee, ())):
        return
    message = constant_text(event.args[0]) if event.args else None
    shown = [] if message is not None and "%s" not in message else event.args[1:]
    for value in (*event.args[:1], *shown):
        label = first(of_data(value, "log"))
        if label is not None:
            mend = "show it with %r, or take its line breaks out"
            report_label(event, report, label, "log injection", mend, into="it is written to the log here")
            return
