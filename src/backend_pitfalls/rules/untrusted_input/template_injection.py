"""Request data becomes part of a template.

## What it does
Follows request data into the text of templates: `render_template_string`, `jinja2.Template`, `Environment.from_string`, Django's `Template`, Mako.

## Why it hurts in production
A template is code: `{{ config }}` shows the secret key, and a few attributes further Jinja runs commands.

## Example
```python
from flask import Flask, request, render_template_string

app = Flask(__name__)

@app.route("/x")
def view():
    return render_template_string("<p>" + request.args["name"] + "</p>")
```

## Use instead
```python
from flask import Flask, request, render_template_string

app = Flask(__name__)

@app.route("/x")
def view():
    return render_template_string("<p>{{ name }}</p>", name=request.args["name"])
```

## Fix safety
There is no automatic repair: what is allowed is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-1336](https://cwe.mitre.org/data/definitions/1336.html)
- [Flask: render_template_string](https://flask.palletsprojects.com/en/stable/api/#flask.render_template_string)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import report_flow
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF308",
    name="template-injection",
    summary="Request data becomes part of a template",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(1336,),
    security_severity=9.0,
)


@listens(Call, at_sinks=True)
def untrusted(event: Call, report: Report) -> None:
    """A sink that request data reaches."""
    report_flow(
        event,
        report,
        "template",
        "template injection",
        "keep the template constant and pass the data as a variable",
        into="it becomes part of the template",
    )
