"""A guessable random number becomes a secret.

## What it does
Follows numbers of the `random` module and of `numpy.random`, and `uuid1()`, into what must not be guessed: cookies, session entries, and names that say so (token, password, key, nonce, csrf …): of variables, attributes, keys and arguments, and
of functions that make them (`make_token`, `generate_password`). Each place where such a number is made is told once. One of the secrets that there are, picked by `random.choice()`, is not made by it.

## Why it hurts in production
The generator of `random` is predictable from its output: a few tokens are enough to compute the next ones, and with them other users' sessions and reset links.

## Example
```python
import random

def reset_token():
    token = str(random.getrandbits(128))
    return token
```

## Use instead
```python
import secrets

def reset_token():
    token = secrets.token_urlsafe(16)
    return token
```

## Fix safety
Unsafe: a seed has no effect any more. The generator of `random` becomes `secrets.SystemRandom()`, which has the same methods; for the others there is no repair.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-338](https://cwe.mitre.org/data/definitions/338.html)
- [secrets](https://docs.python.org/3/library/secrets.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity, Step
from backend_pitfalls.model.fix import CallOther, Fix, Safety
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import report_flow
from backend_pitfalls.semantics.events import Call, Named
from backend_pitfalls.semantics.values import Label

META = RuleMeta(
    code="BPF320",
    name="guessable-secret",
    summary="A guessable random number becomes a secret",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(
        330,
        338,
    ),
    security_severity=7.5,
    fix=Safety.UNSAFE,
)

_SECRET = regex(
    r"(^|_)(token|password|passwd|secret|nonce|otp|csrf|api_?key|session_?(id|key)|salt|reset_?code|remember_?me\w*)(_|$)"
    r"|(Token|Password|Secret|Key|Nonce)$",
)
_CHOICE = "a guessable choice"
_OF_RANDOM = frozenset({_CHOICE, "a guessable random number"})
_MEND = "make it with the secrets module"


def _unguessable(labels: list[Label]) -> Fix | None:
    """The same methods of the generator that the operating system feeds; other libraries have other ones."""
    if any(label.description not in _OF_RANDOM for label in labels):
        return None
    path = labels[0].site.path
    places = [label.site.span for label in labels if label.site.path == path]
    intents = tuple(CallOther(*p.corners, "secrets.SystemRandom().{}", ("secrets",)) for p in places)
    caution = "a seed has no effect any more"
    return Fix("take it from secrets.SystemRandom()", Safety.UNSAFE, intents, caution, path)


@listens(Named)
def secret_name(event: Named, report: Report) -> None:
    """A random number gets a name that means a secret."""
    labels = sorted((x for x in event.value.labels if x.kind == "random"), key=Label.order)
    if event.as_made and any(label.description == _CHOICE for label in labels):
        return  # one of the secrets that there are
    # A look-up asks for rows by what is drawn: `session_id__in=`.
    if labels and _SECRET.search(event.target) and "__" not in event.target.strip("_"):
        trace = (Step(labels[0].site, f"{labels[0].description} is made"), *labels[0].steps)
        report(
            event.site,
            f"guessable secret: '{event.target}' is made from {labels[0].description} of line {labels[0].site.span.line}; {_MEND}",
            trace=trace,
            fix=_unguessable(labels),
            symbol=event.symbol,
            group=f"{labels[0].site.path}:{labels[0].site.span.line}",
        )


@listens(Call, at_sinks=True)
def kept(event: Call, report: Report) -> None:
    """A random number goes into a cookie or the session."""
    for harm in ("cookie", "session"):
        report_flow(event, report, harm, "guessable secret", _MEND, into="it is handed out as a secret", kind="random")
