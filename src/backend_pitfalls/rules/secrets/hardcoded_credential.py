"""A password, key or token written into Python source.

## What it does
Finds a text that is given to a name which means a credential: an assignment, an argument (by name, or at a place that takes one, as in `login(user, password)`), a dictionary
key, a parameter's default, the fallback of an environment look-up or of a field of the settings, a comparison, the result of a function of that name. And whatever it is called: a URL with a
password in it, a password in an SQL grant, and tokens in a provider's known format (a note when they are of a test account, or meant for clients).

## Why it hurts in production
Everyone who can read the repository, a backup, an image layer or a stack trace has the credential; it cannot be changed
without a deployment, and the same value ends up in every environment.

## Example
```python
import psycopg2

connection = psycopg2.connect(host="db", connect_timeout=5, user="shop", password="w9#Kq2vT")
```

## Use instead
```python
import os

import psycopg2

connection = psycopg2.connect(host="db", connect_timeout=5, user="shop", password=os.environ["SHOP_DB_PASSWORD"])
```

## Fix safety
Unsafe: the value moves to `os.environ["NAME"]`, or to what the file or the project reads its settings from (`env` of django-environ, `config` of decouple,
pydantic's settings class, which gets a field), and the program fails at start-up until the variable is set. The old value stays in the history of the repository: rotate it. In tests there is no repair: what a test needs it must bring.

## Options
Names that mean a credential, calls that take one and token formats are rows of the tables, and of `[tool.backend-pitfalls.knowledge]`
(`credential_name`, `credential_call`, `token`, and `sample` for texts that open nothing).

## Known limits
Placeholders, names of fields and headers, sentences, paths and empty strings are no findings. In test files only what looks made by a machine is told, as a note. The code of notebooks is read, but not repaired. A text
that reaches a function of another file by its position is not seen there.

## References
- [CWE-798: use of hard-coded credentials](https://cwe.mitre.org/data/definitions/798.html)
- [The Twelve-Factor App: config](https://12factor.net/config)
"""

from __future__ import annotations

import re

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import Fix, ReplaceWithEnvironment, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, credentials, listens
from backend_pitfalls.rules.credentials import Judgement
from backend_pitfalls.semantics.records import Binding

META = RuleMeta(
    code="BPF201",
    name="hardcoded-credential",
    summary="A credential is written into the source",
    severity=Severity.ERROR,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=frozenset({FileContext.MIGRATION, FileContext.GENERATED}),
    cwe=(798, 259),
    security_severity=7.5,
    fix=Safety.UNSAFE,
)


@listens(Binding)
def credential(event: Binding, report: Report) -> None:
    """A text bound to a credential's name, or that is a credential by its form."""
    judged = _judged(event, report)
    in_test = event.context is FileContext.TEST
    if judged is None or judged.score < (credentials.CERTAIN if in_test else credentials.THRESHOLD):
        return
    place = event.site.span
    report(
        event.site,
        f"{judged.what} is written into the source ({credentials.shown(event.text)}): {credentials.because(judged)}; "
        f"read it from the environment or a vault, and {credentials.rotation(judged, report.knowledge)}",
        fix=None if in_test else _fix(event),
        confidence=judged.confidence,
        severity=Severity.NOTE if in_test or judged.is_weak else None,
        symbol=event.scope,
        redact=(place,),
        group=f"{event.site.path}:{place.line}:{place.col}",
    )


def _judged(event: Binding, report: Report) -> Judgement | None:
    text = event.text
    formed = credentials.by_form(text, report.knowledge)
    judged = (
        formed
        or (credentials.judge(event.target, text, event.how, report.knowledge) if event.target else None)
        or (credentials.within(text, report.knowledge) if event.literal else None)
    )
    # Most texts are none, and so need not be asked whether they stand for one.
    if judged is None or credentials.is_template(text):
        return None
    if credentials.is_placeholder(text) and not _stands_in(event):
        # In a longer text a placeholder may stand beside the token that it does not replace.
        return formed if event.how == "text" and len(text) > 60 else None
    return judged


def _stands_in(event: Binding) -> bool:
    """Whether the text is what the program runs with when nothing else is set: a placeholder then is a key that everyone knows."""
    is_default = event.how == "fallback" or (event.how == "assignment" and event.scope.endswith(("Settings", "Config")))
    return is_default and event.target.upper().endswith("SECRET_KEY")


def _fix(event: Binding) -> Fix | None:
    variable = re.sub(r"\W+", "_", credentials.snake_case(event.target)).upper().strip("_")
    if not event.literal or event.how not in ("assignment", "argument", "key", "given") or not variable.isidentifier():
        return None
    place = event.site.span
    return Fix(
        f'read it from os.environ["{variable}"]',
        Safety.UNSAFE,
        (ReplaceWithEnvironment(*place.corners, variable),),
        f"the program fails to start until {variable} is set; the old value stays in the history, so rotate it",
    )
