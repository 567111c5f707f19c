"""Request data is a format string.

## What it does
Finds `str.format` and `format_map` on text that request data is part of.

## Why it hurts in production
`{user.__init__.__globals__}` in it reads what the arguments lead to: settings, keys, other people's data.

## Example
```python
from flask import Flask, request

app = Flask(__name__)

class User:
    name = "Ann"

@app.get("/greet")
def greet():
    text = request.args["text"].format(user=User())
    return {"text": text}
```

## Use instead
```python
from string import Template

from flask import Flask, request

app = Flask(__name__)

class User:
    name = "Ann"

@app.get("/greet")
def greet():
    text = Template(request.args["text"]).safe_substitute(name=User.name)
    return {"text": text}
```

## Fix safety
There is no automatic repair: which names a text may use is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-134](https://cwe.mitre.org/data/definitions/134.html)
- [Format string syntax](https://docs.python.org/3/library/string.html#format-string-syntax)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import report_flow
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF324",
    name="format-string-injection",
    summary="Request data is a format string",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(134,),
    security_severity=6.5,
)


@listens(Call, at_sinks=True)
def tainted_format(event: Call, report: Report) -> None:
    """A text that carries request data and is formatted with arguments."""
    if event.args or event.keywords or event.spread:
        mend = "use string.Template, or put the data in as an argument"
        report_flow(event, report, "format", "format string injection", mend, into="it is the format here")
