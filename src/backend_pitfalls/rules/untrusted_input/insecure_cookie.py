"""A cookie is sent over connections that anybody can read.

## What it does
Finds `set_cookie` without `secure=True`, in Flask, Django, Starlette and FastAPI; where the cookie stands for a login by its name (`session`, `access_token`, `remember_me` …) also without `httponly=True`, and
without `samesite` (a note, where nothing else is missing) or with `samesite="None"`. A `Set-Cookie` header that is written by hand is read for the same words.

## Why it hurts in production
The cookie goes over plain HTTP too: whoever shares the network takes the session with it. One that scripts can read is taken by the first script that somebody brings into a page. One that goes with the requests of other sites lets them act in the user's name.

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
A value of `secure` that is not known (a setting) is silent. Cookies that scripts must read (those against forged requests, settings of the page) are right without `httponly`, so that is asked for by the name only. Starlette sets `samesite="lax"` by itself. There is no repair of a header.

## References
- [CWE-614](https://cwe.mitre.org/data/definitions/614.html), [CWE-1004](https://cwe.mitre.org/data/definitions/1004.html), [CWE-1275](https://cwe.mitre.org/data/definitions/1275.html)
- [Flask: Set-Cookie options](https://flask.palletsprojects.com/en/stable/security/#set-cookie-options)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import AddKeyword, Fix, Safety
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import UNKNOWN, Const, beginning, constant_text, known_text

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
        1275,
    ),
    security_severity=4.3,
    fix=Safety.UNSAFE,
)


_SESSION = regex(
    r"(?i)sess(ion)?[-_]?(id|key|token)?$|(^|[-_])(auth|jwt|sid|token)$|access_?token|refresh_?token|remember"
)
_FOR_SCRIPTS = regex(r"(?i)csrf|xsrf")
_SAID = {
    "secure": "is also sent over plain HTTP",
    "httponly": "can be read by every script of the page",
    "samesite": "goes with the requests of other sites",
}
_CAUTION = {
    "secure": "the cookie is not sent over plain HTTP any more, as on a development server",
    "httponly": "scripts of the page cannot read the cookie any more",
    "samesite": "the cookie does not go with requests that other sites make any more",
}


@listens(Call)
def unprotected(event: Call, report: Report) -> None:
    """A cookie that is not restricted to TLS, or one that stands for a login and that scripts can read."""
    if event.callee == "response.<set-cookie>":
        _written_as_header(event, report)
    if not event.callee.endswith(".set_cookie") or event.spread:
        return
    name = constant_text(event.args[0] if event.args else event.keywords.get("key", UNKNOWN)) or ""
    missing = [option for option in _wanted(name) if _is_off(event, option)]
    if not missing:
        return
    values = {option: '"Lax"' if option == "samesite" else "True" for option in missing}
    passed = _listed([f"{option}={value}" for option, value in values.items()])
    intents = tuple(AddKeyword(*event.site.span.corners, option, value) for option, value in values.items())
    fix = Fix(f"pass {passed}", Safety.UNSAFE, intents, _CAUTION[missing[0]])
    _tell(event, report, missing, f"pass {passed}", fix)


def _written_as_header(event: Call, report: Report) -> None:
    text = known_text(event.args[0]).lower() if event.args and beginning(event.args[0]) else ""
    name, equals, _ = text.partition("=")
    if not equals:
        return
    given = {part.strip().partition("=")[0]: part.strip().partition("=")[2] for part in text.split(";")[1:]}
    missing = [option for option in _wanted(name.strip()) if option not in given or given[option] == "none"]
    if missing:
        words = {"secure": "Secure", "httponly": "HttpOnly", "samesite": "SameSite=Lax"}
        _tell(event, report, missing, f"add {_listed([words[option] for option in missing])}", None)


def _tell(event: Call, report: Report, missing: list[str], mend: str, fix: Fix | None) -> None:
    why = _listed([_SAID[option] for option in missing])
    severity = Severity.NOTE if missing == ["samesite"] else None
    report(event.site, f"this cookie {why}; {mend}", fix=fix, symbol=event.symbol, severity=severity)


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _is_off(event: Call, option: str) -> bool:
    value = event.keywords.get(option)
    if option == "samesite" and value is None:
        return not event.callee.startswith(_LAX_BY_ITSELF)
    if option == "samesite" and isinstance(value, Const):
        return str(value.value).lower() in ("none", "false", "")
    return value is None or (isinstance(value, Const) and not value.value)


# https://www.starlette.io/responses/#set-cookie
_LAX_BY_ITSELF = ("starlette.", "fastapi.", "litestar.")


def _wanted(name: str) -> tuple[str, ...]:
    """What a cookie of this name needs: more where it is one of a session, and none that scripts are to read."""
    stands_for_login = bool(_SESSION.search(name)) and not _FOR_SCRIPTS.search(name)
    return ("secure", "httponly", "samesite") if stands_for_login else ("secure",)
