"""Request data decides where a redirect leads.

## What it does
Follows request data into the target of redirects, unless a path of the site stands before it.

## Why it hurts in production
A link that starts with your domain ends at a copy of your login page. It is the first half of most phishing that works.

## Example
```python
from flask import Flask, request, redirect

app = Flask(__name__)

@app.route("/x")
def view():
    return redirect(request.args["next"])
```

## Use instead
```python
from flask import Flask, request, redirect

app = Flask(__name__)

@app.route("/x")
def view():
    if request.args["next"] == "home":
        return redirect("/home")
    return redirect("/")
```

## Fix safety
Unsafe: in a view of Django that is given a request, the target is checked with `url_has_allowed_host_and_scheme()`, and the redirect leads to `/` where that refuses it. Elsewhere there is no repair:
which hosts are allowed is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-601](https://cwe.mitre.org/data/definitions/601.html)
- [Django: url_has_allowed_host_and_scheme](https://docs.djangoproject.com/en/stable/ref/utils/#module-django.utils.http)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import Fix, GuardRedirect, Safety
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import decides_host, report_flow
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF306",
    name="open-redirect",
    summary="Request data decides where a redirect leads",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(601,),
    security_severity=6.1,
    fix=Safety.UNSAFE,
)

_OWN_SITE = regex(r"^/[^/\\\\]|^/$|^\w+://[^/?#]+[/?#]|^[?#]")


@listens(Call, at_sinks=True)
def untrusted(event: Call, report: Report) -> None:
    """A redirect whose target request data decides."""
    report_flow(
        event,
        report,
        "redirect",
        "open redirect",
        "redirect to a path of your own, or check it with url_has_allowed_host_and_scheme()",
        into="it decides where the redirect leads",
        is_harmful=lambda value: decides_host(value, _OWN_SITE, "redirect"),
        fix=_guarded(event),
    )


def _guarded(event: Call) -> Fix | None:
    """Django's own check of the host, where its redirect is given a target."""
    if event.callee not in _OF_DJANGO or len(event.args) != 1 or event.spread:
        return None
    place = event.site.span
    intent = GuardRedirect(*place.corners)
    caution = "a redirect to a host that is not allowed leads to / then, and the name of a view that is given as data is no longer looked up"
    return Fix(
        "let it lead to / unless url_has_allowed_host_and_scheme() allows the host", Safety.UNSAFE, (intent,), caution
    )


_OF_DJANGO = frozenset(
    {"django.shortcuts.redirect", "django.http.HttpResponseRedirect", "django.http.HttpResponsePermanentRedirect"}
)
