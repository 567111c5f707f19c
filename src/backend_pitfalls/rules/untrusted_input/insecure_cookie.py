"""A cookie is sent over connections that anybody can read.

## What it does
Finds `set_cookie` without `secure=True`, in Flask, Django, Starlette and FastAPI.

## Why it hurts in production
The cookie goes over plain HTTP too: whoever shares the network takes the session with it.

## Example
```python
from flask import Flask, make_response

app = Flask(__name__)

@app.route("/x")
def view():
    response = make_response("ok")
    response.set_cookie("theme", "dark", httponly=True)
    return response
```

## Use instead
```python
from flask import Flask, make_response

app = Flask(__name__)

@app.route("/x")
def view():
    response = make_response("ok")
    response.set_cookie("theme", "dark", secure=True, httponly=True, samesite="Lax")
    return response
```

## Fix safety
Unsafe: on a development server without TLS such a cookie is not sent.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
A value of `secure` that is not known (a setting) is silent. Cookies that scripts must read are right without `httponly`, so that is not asked for.

## References
- [CWE-614](https://cwe.mitre.org/data/definitions/614.html)
- [Flask: Set-Cookie options](https://flask.palletsprojects.com/en/stable/security/#set-cookie-options)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import AddKeyword, Fix, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Const

META = RuleMeta(
    code="BPF322",
    name="insecure-cookie",
    summary="A cookie is sent over connections that anybody can read",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST, FileContext.MIGRATION, FileContext.GENERATED}),
    cwe=(
        614,
        1004,
    ),
    security_severity=4.3,
    fix=Safety.UNSAFE,
)


@listens(Call)
def without_secure(event: Call, report: Report) -> None:
    """A cookie that is not restricted to TLS."""
    if not event.callee.endswith(".set_cookie") or event.spread:
        return
    secure = event.keywords.get("secure")
    if secure is None or (isinstance(secure, Const) and not secure.value):
        place = event.site.span
        intent = AddKeyword(*place.corners, "secure", "True")
        caution = "the cookie is not sent over plain HTTP any more, as on a development server"
        fix = Fix("pass secure=True", Safety.UNSAFE, (intent,), caution)
        report(event.site, "this cookie is also sent over plain HTTP; pass secure=True", fix=fix, symbol=event.symbol)
