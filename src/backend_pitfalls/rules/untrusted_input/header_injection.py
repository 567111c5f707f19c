"""Request data becomes a header where nothing refuses a line break.

## What it does
Follows request data into headers that are written as they come: those of `http.server`, the names of headers in Werkzeug, and mails that are put together as one text. Frameworks that refuse line breaks are silent.

## Why it hurts in production
What follows a line break is a header or a body of the attacker's making: cookies, answers that a cache keeps, mails to other people.

## Example
```python
import smtplib

from flask import Flask, request

app = Flask(__name__)

@app.post("/contact")
def contact():
    subject = request.form["subject"]
    smtplib.SMTP("mail", timeout=10).sendmail("shop@example.org", ["us@example.org"], f"Subject: {subject}\\n\\nhello")
    return "sent"
```

## Use instead
```python
import smtplib
from email.message import EmailMessage

from flask import Flask, request

app = Flask(__name__)

@app.post("/contact")
def contact():
    message = EmailMessage()
    message["Subject"] = request.form["subject"]
    smtplib.SMTP("mail", timeout=10).send_message(message)
    return "sent"
```

## Fix safety
There is no automatic repair: whether a line break is to be refused or taken out is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-113](https://cwe.mitre.org/data/definitions/113.html)
- [http.server: send_header](https://docs.python.org/3/library/http.server.html#http.server.BaseHTTPRequestHandler.send_header)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import first, of_data, report_flow, report_label
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Label, Text

META = RuleMeta(
    code="BPF316",
    name="header-injection",
    summary="Request data becomes a header where nothing refuses a line break",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(113,),
    security_severity=6.1,
)

_TITLE = "header injection"
_MEND = "refuse or remove line breaks"


@listens(Call, at_sinks=True)
def tainted_header(event: Call, report: Report) -> None:
    """A header's name or value, or the head of a mail, that carries request data."""
    report_flow(event, report, "header", _TITLE, _MEND, into="it becomes a header here")
    for sink in report.knowledge.sinks.get(event.callee, ()):
        message = event.argument(sink.position, sink.keyword) if sink.harm == "mail-header" else None
        label = _in_head(message) if isinstance(message, Text) else None
        if label is not None:
            report_label(event, report, label, _TITLE, _MEND, into="it becomes a header of the mail here")


def _in_head(message: Text) -> Label | None:
    """The label of untrusted data before the first empty line of a message."""
    for part in message.parts:
        if not isinstance(part, str):
            label = first(of_data(part, "header"))
            if label is not None:
                return label
        elif "\n\n" in part or "\r\n\r\n" in part:
            return None
    return None
