"""An uploaded file is kept without a look at its type or size.

## What it does
Finds uploaded files that are saved when nothing before looked at their name, type or size. That a name was made safe for the file system, or is not empty, is no such look.

## Why it hurts in production
The upload folder takes a page with scripts that the site then serves, a program, or files until the disk is full.

## Example
```python
from flask import Flask, request
from werkzeug.utils import secure_filename

app = Flask(__name__)

@app.post("/picture")
def picture():
    file = request.files["picture"]
    file.save("/srv/pictures/" + secure_filename(file.filename))
    return "kept"
```

## Use instead
```python
from flask import Flask, request
from werkzeug.utils import secure_filename

app = Flask(__name__)

@app.post("/picture")
def picture():
    file = request.files["picture"]
    if not file.filename.endswith((".png", ".jpg")):
        return "not a picture", 400
    file.save("/srv/pictures/" + secure_filename(file.filename))
    return "kept"
```

## Fix safety
There is no automatic repair: which types and sizes are allowed is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Limits of the web server or framework (`MAX_CONTENT_LENGTH`) bound the size only and are not looked for. Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-434](https://cwe.mitre.org/data/definitions/434.html)
- [OWASP: file upload](https://cheatsheetseries.owasp.org/cheatsheets/File_Upload_Cheat_Sheet.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import of_data, report_label, sink_value
from backend_pitfalls.semantics.checks import UPLOAD
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF319",
    name="unrestricted-upload",
    summary="An uploaded file is kept without a look at its type or size",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(434,),
    security_severity=7.5,
)

_MEND = "check its type and size first"


@listens(Call, at_sinks=True)
def kept_unseen(event: Call, report: Report) -> None:
    """An uploaded file that is saved unseen."""
    for sink in report.knowledge.sinks.get(event.callee, ()):
        value = sink_value(event, sink)
        if sink.harm != "upload" or value is None:
            continue
        # What is saved under no name is no file but a row with something of the request in it.
        if event.callee == "?.save" and event.argument(0, "dst") is None:
            continue
        labels = [label for label in of_data(value, "upload") if label.description == UPLOAD]
        if labels:
            report_label(event, report, labels[0], "unrestricted upload", _MEND, into="it is kept here")
