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
    subprocess.run(["ls", "--", name], check=True)
    return "done"
```

## Fix safety
There is no automatic repair: what is allowed is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep. An element of an argument list without a shell is silent unless it is the program.

## References
- [CWE-78](https://cwe.mitre.org/data/definitions/78.html)
- [subprocess: security considerations](https://docs.python.org/3/library/subprocess.html#security-considerations)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import report_flow
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Const, Container, Value

META = RuleMeta(
    code="BPF302",
    name="command-injection",
    summary="Request data becomes part of a command",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST, FileContext.MIGRATION, FileContext.GENERATED}),
    cwe=(
        78,
        88,
    ),
    security_severity=9.8,
)

_SHELLS = frozenset({"sh", "bash", "/bin/sh", "/bin/bash", "zsh", "cmd", "cmd.exe", "powershell"})
_MEND = "pass a list of arguments without a shell, or quote it with shlex.quote()"


@listens(Call)
def shell(event: Call, report: Report) -> None:
    """A command line for a shell."""
    report_flow(event, report, "command", "command injection", _MEND, into="it becomes part of the command")
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
        )


def _starts_what_it_says(value: Value) -> bool:
    """Without a shell: text is the program, a list's first element is, and a list may start a shell."""
    if not isinstance(value, Container):
        return True
    first = value.items.get(0)
    if first is None:
        return False
    name = first.value if isinstance(first, Const) else ""
    return bool(first.labels) or name in _SHELLS
