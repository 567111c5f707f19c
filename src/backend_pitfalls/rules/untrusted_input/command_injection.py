"""Request data becomes part of a command.

## What it does
Follows request data into commands that a shell runs (`os.system`, `shell=True`, `create_subprocess_shell`) and into the program to start, through functions, files and data structures.

## Why it hurts in production
The shell does what the text says: `; rm -rf /` after a file name deletes, `$(curl …)` takes over the machine. Bots try it on every parameter of every public address.

## Example
```python
from flask import Flask, request
import os

app = Flask(__name__)

@app.route("/x")
def view():
    name = request.args["name"]
    os.system("ls " + name)
    return "done"
```

## Use instead
```python
from flask import Flask, request
import subprocess

app = Flask(__name__)

@app.route("/x")
def view():
    name = request.args["name"]
    subprocess.run(["ls", "--", name], check=True, timeout=5)
    return "done"
```

## Fix safety
Unsafe: where a text is put together for a shell that only takes it apart, without a pipe, variable or pattern, the command becomes a list of arguments. A value with
spaces is one argument then. An argument that begins with a dash can still be an option of the program: put `"--"` before it where the program knows that.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep. An element of an argument list without a shell is silent unless it is the program.

## References
- [CWE-78](https://cwe.mitre.org/data/definitions/78.html)
- [subprocess: security considerations](https://docs.python.org/3/library/subprocess.html#security-considerations)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import ArgumentList, Fix, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import report_flow
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Const, Container, Text, Value

META = RuleMeta(
    code="BPF302",
    name="command-injection",
    summary="Request data becomes part of a command",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(
        78,
        88,
    ),
    security_severity=9.8,
    fix=Safety.UNSAFE,
)

_SHELLS = frozenset({"sh", "bash", "/bin/sh", "/bin/bash", "zsh", "cmd", "cmd.exe", "powershell"})
_MEND = "pass a list of arguments without a shell, or quote it with shlex.quote()"


@listens(Call, at_sinks=True)
def shell(event: Call, report: Report) -> None:
    """A command line for a shell."""
    fix = _listed(event)
    report_flow(event, report, "command", "command injection", _MEND, into="it becomes part of the command", fix=fix)
    if event.callee.startswith("subprocess."):
        is_shell = event.keywords.get("shell")
        harmful = None if isinstance(is_shell, Const) and is_shell.value is True else _starts_what_it_says
        report_flow(
            event,
            report,
            "command-list",
            "command injection",
            _MEND,
            into="it becomes part of the command",
            is_harmful=harmful,
            fix=fix,
        )


def _listed(event: Call) -> Fix | None:
    """A list of arguments, where a text is put together for a shell."""
    command, is_shell = event.argument(0, "args"), event.keywords.get("shell")
    through_shell = event.callee == "os.system" or (isinstance(is_shell, Const) and is_shell.value is True)
    if not through_shell or not isinstance(command, Text) or event.spread:
        return None
    values = [part for part in command.parts if not isinstance(part, str)]
    are_texts = all(part.labels and all(label.cleaned >= _TEXT for label in part.labels) for part in values)
    place = event.site.span
    intent = ArgumentList(*place.corners, are_texts)
    caution = "a value with spaces is one argument then, and no shell looks for the program or expands anything"
    return Fix("pass a list of arguments without a shell", Safety.UNSAFE, (intent,), caution, uncovers=("BPF404",))


# Data that cannot be an object of a query language is a text.
_TEXT = frozenset({"nosql"})


def _starts_what_it_says(value: Value) -> bool:
    """Without a shell: text is the program, a list's first element is, and a list may start a shell."""
    if not isinstance(value, Container):
        return True
    first = value.items.get(0)
    if first is None:
        return False
    name = first.value if isinstance(first, Const) else ""
    return bool(first.labels) or name in _SHELLS
