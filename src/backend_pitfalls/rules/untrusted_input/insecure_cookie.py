"""A cookie is sent over connections that anybody can read.

## What it does
Finds `set_cookie` without `secure=True`, in Flask, Django, Starlette and FastAPI; and without `httponly=True`, where the cookie stands for a login by its name (`session`, `access_token`, `remember_me` …).

## Why it hurts in production
The cookie goes over plain HTTP too: whoever shares the network takes the session with it. One that scripts can read is taken by the first script that somebody brings into a page.

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
Unsafe: on a development server without TLS such a cookie is not sent, and scripts that read it do not find it any more.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
A value of `secure` that is not known (a setting) is silent. Cookies that scripts must read (those against forged requests, settings of the page) are right without `httponly`, so that is asked for by the name only.

## References
- [CWE-614](https://cwe.mitre.org/data/definitions/614.html), [CWE-1004](https://cwe.mitre.org/data/definitions/1004.html)
- [Flask: Set-Cookie options](https://flask.palletsprojects.com/en/stable/security/#set-cookie-options)
"""

from __future__ import annotations

import re

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import AddKeyword, Fix, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import UNKNOWN, Const, constant_text

META = RuleMeta(
    code="BPF322",
    name="insecure-cookie",
    summary="A cookie is sent over connections that anybody can read",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(
        614,
        1004,
    ),
    security_severity=4.3,
    fix=Safety.UNSAFE,
)


_SESSION = re.compile(
    r"(?i)sess(ion)?[-_]?(id|key|token)?$|(^|[-_])(auth|jwt|sid|token)$|access_?token|refresh_?token|remember"
)
_FOR_SCRIPTS = re.compile(r"(?i)csrf|xsrf")
_SAID = {"secure": "is also sent over plain HTTP", "httponly": "can be read by every script of the page"}
_CAUTION = {
    "secure": "the cookie is not sent over plain HTTP any more, as on a development server",
    "httponly": "scripts of the page cannot read the cookie any more",
}


@listens(Call)
def unprotected(event: Call, report: Report) -> None:
    """A cookie that is not restricted to TLS, or one that stands for a login and that scripts can read."""
    if not event.callee.endswith(".set_cookie") or event.spread:
        return
    wanted = ("secure", "httponly") if _stands_for_login(event) else ("secure",)
    missing = [name for name in wanted if _is_off(event, name)]
    if not missing:
        return
    passed = " and ".join(f"{name}=True" for name in missing)
    intents = tuple(AddKeyword(*event.site.span.corners, name, "True") for name in missing)
    fix = Fix(f"pass {passed}", Safety.UNSAFE, intents, _CAUTION[missing[0]])
    why = " and ".join(_SAID[name] for name in missing)
    report(event.site, f"this cookie {why}; pass {passed}", fix=fix, symbol=event.symbol)


def _is_off(event: Call, name: str) -> bool:
    value = event.keywords.get(name)
    return value is None or (isinstance(value, Const) and not value.value)


def _stands_for_login(event: Call) -> bool:
    """Whether a cookie is one of a session by its name, and none that scripts are to read."""
    name = constant_text(event.args[0] if event.args else event.keywords.get("key", UNKNOWN)) or ""
    return bool(_SESSION.search(name)) and not _FOR_SCRIPTS.search(name)
