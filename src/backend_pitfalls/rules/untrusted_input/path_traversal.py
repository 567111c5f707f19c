"""Request data decides which file is used.

## What it does
Follows request data into paths that are opened, written, deleted, listed or sent: `open`, `pathlib`, `os`, `shutil`, `send_file`, `FileResponse`, archives.

## Why it hurts in production
`../../etc/passwd`, or the application's own `.env`, is one request away; with a write it is the way to run code.

## Example
```python
from flask import Flask, request

app = Flask(__name__)

@app.route("/x")
def view():
    name = request.args["name"]
    with open("reports/" + name) as file:
        return {"text": file.read()}
```

## Use instead
```python
from flask import Flask, request
from werkzeug.utils import secure_filename

app = Flask(__name__)

@app.route("/x")
def view():
    name = secure_filename(request.args["name"])
    with open("reports/" + name) as file:
        return {"text": file.read()}
```

## Fix safety
There is no automatic repair: what is allowed is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-22](https://cwe.mitre.org/data/definitions/22.html)
- [Flask: uploading files](https://flask.palletsprojects.com/en/stable/patterns/fileuploads/)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import report_flow
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF304",
    name="path-traversal",
    summary="Request data decides which file is used",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(22,),
    security_severity=7.5,
)


_SAFELY = regex(r"\bsafe_\w+'?$")


@listens(Call, at_sinks=True)
def untrusted(event: Call, report: Report) -> None:
    """A sink that request data reaches."""
    report_flow(
        event,
        report,
        "path",
        "path traversal",
        "keep it inside one folder: secure_filename(), or resolve() and is_relative_to() the folder",
        into="it decides the path",
    )
    if any(_SAFELY.search(name) for name in (event.symbol, *(step.message for step in event.chain))):
        return  # a function of the project that looks at the members, as its name says
    report_flow(
        event,
        report,
        "archive",
        "path traversal",
        'its members may be named "../x": pass filter="data"',
        into="its members decide where they are written",
    )
