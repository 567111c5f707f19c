"""Request data is read as Python objects.

## What it does
Follows request data into readers that make any object: `pickle`, `yaml.load`, `marshal`, `shelve`, `dill`, `jsonpickle`, `joblib`, `torch.load`.

## Why it hurts in production
A pickle is a program. Reading one that a client sent runs what the client wants, before any check of yours.

## Example
```python
from flask import Flask, request
import pickle

app = Flask(__name__)

@app.route("/x")
def view():
    state = pickle.loads(request.data)
    return {"state": len(state)}
```

## Use instead
```python
from flask import Flask, request
import json

app = Flask(__name__)

@app.route("/x")
def view():
    state = json.loads(request.data)
    return {"state": len(state)}
```

## Fix safety
Unsafe: tags of Python objects are refused then. `yaml.load()` and its kin become `yaml.safe_load()`; for pickle and the like what is allowed is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-502](https://cwe.mitre.org/data/definitions/502.html)
- [pickle: warning](https://docs.python.org/3/library/pickle.html)
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
    code="BPF307",
    name="unsafe-deserialization",
    summary="Request data is read as Python objects",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(502,),
    security_severity=9.8,
    fix=Safety.UNSAFE,
)


@listens(Call, at_sinks=True)
def untrusted(event: Call, report: Report) -> None:
    """A sink that request data reaches."""
    report_flow(
        event,
        report,
        "deserialisation",
        "unsafe deserialisation",
        "read it as JSON, or with yaml.safe_load()",
        into="it is read as objects",
        fix=_safe(event),
    )


def _safe(event: Call) -> Fix | None:
    """`yaml.safe_load`, which reads the same but for objects of Python."""
    if event.callee not in ("yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.unsafe_load_all", "yaml.full_load"):
        return None
    place = event.site.span
    name = "yaml.safe_load_all" if event.callee.endswith("_all") else "yaml.safe_load"
    intent = CallOther(*place.corners, name, ("yaml",), ("Loader",), 1)
    return Fix(f"read it with {name}()", Safety.UNSAFE, (intent,), "tags of Python objects are refused")
