"""Request data is run as Python code.

## What it does
Follows request data into `eval`, `exec`, `compile`, `__import__` and `importlib.import_module`.

## Why it hurts in production
Whoever sends the text owns the process: its secrets, its database connection, its cloud role.

## Example
```python
from flask import Flask, request

app = Flask(__name__)

@app.route("/x")
def view():
    text = request.args["sum"]
    return str(eval(text))
```

## Use instead
```python
from flask import Flask, request
import ast

app = Flask(__name__)

@app.route("/x")
def view():
    text = request.args["sum"]
    return str(int(ast.literal_eval(text)))
```

## Fix safety
Unsafe: `eval(text)` becomes `ast.literal_eval(text)`, which gives the same for numbers, texts, lists and dictionaries, and refuses all else. For `exec` and imports there is no repair:
what is allowed is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-95](https://cwe.mitre.org/data/definitions/95.html)
- [ast.literal_eval](https://docs.python.org/3/library/ast.html#ast.literal_eval)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import CallOther, Fix, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import report_flow
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF303",
    name="code-injection",
    summary="Request data is run as Python code",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(
        94,
        95,
    ),
    security_severity=9.8,
    fix=Safety.UNSAFE,
)


@listens(Call, at_sinks=True)
def untrusted(event: Call, report: Report) -> None:
    """A sink that request data reaches."""
    report_flow(
        event,
        report,
        "code",
        "code injection",
        "parse it with ast.literal_eval() or look it up in a mapping of what is allowed",
        into="it is run as code",
        fix=_literal(event),
    )


def _literal(event: Call) -> Fix | None:
    """`ast.literal_eval`, which reads numbers, texts, lists and dictionaries as `eval` does."""
    if event.callee != "builtins.eval" or len(event.args) != 1 or event.keywords or event.spread:
        return None
    place = event.site.span
    intent = CallOther(*place.corners, "ast.literal_eval", ("ast",))
    return Fix("read it with ast.literal_eval()", Safety.UNSAFE, (intent,), "expressions and names are refused")
