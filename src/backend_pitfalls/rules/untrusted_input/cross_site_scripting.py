"""Request data becomes part of a page without escaping.

## What it does
Follows request data into HTML that is built by hand: text that a Flask handler returns, `HttpResponse`, `HTMLResponse`, `make_response`, `mark_safe`, `Markup`.

## Why it hurts in production
A link to your site then runs a script in your users' sessions: it reads what they read and does what they may do.

## Example
```python
from flask import Flask, request

app = Flask(__name__)

@app.route("/x")
def view():
    return "<h1>Hello " + request.args["name"] + "</h1>"
```

## Use instead
```python
from flask import Flask, request
from markupsafe import escape

app = Flask(__name__)

@app.route("/x")
def view():
    return "<h1>Hello " + escape(request.args["name"]) + "</h1>"
```

## Fix safety
Unsafe: Django's `mark_safe()` of a text that is put together becomes `format_html()`, which escapes the values. Elsewhere there is no repair: what is allowed is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep. Templates that switch escaping off are not read.

## References
- [CWE-79](https://cwe.mitre.org/data/definitions/79.html)
- [Flask: HTML escaping](https://flask.palletsprojects.com/en/stable/quickstart/#html-escaping)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.advice import formatted
from backend_pitfalls.rules.flow import report_flow
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Container, Text, Unknown, Value, options

META = RuleMeta(
    code="BPF309",
    name="cross-site-scripting",
    summary="Request data becomes part of a page without escaping",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(79,),
    security_severity=6.1,
    fix=Safety.UNSAFE,
)


@listens(Call, at_sinks=True)
def untrusted(event: Call, report: Report) -> None:
    """Text that goes to the browser as HTML."""
    report_flow(
        event,
        report,
        "html",
        "cross-site scripting",
        "render a template, or escape it with markupsafe.escape() or html.escape()",
        into="it becomes part of the page",
        is_harmful=_is_text,
        fix=formatted(event),
    )


def _is_text(value: Value) -> bool:
    """Whether a value is sent as it is, at once or piece by piece; other collections are sent as JSON."""
    if isinstance(value, Container):
        return value.kind == "generator" and any(map(_is_text, options(value.elements())))
    return isinstance(value, (Text, Unknown))
