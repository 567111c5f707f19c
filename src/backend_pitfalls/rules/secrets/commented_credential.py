"""A password, key or token in a comment.

## What it does
Finds, in the comments of Python files, what reads as a setting whose value is a credential (where it looks made by a machine), addresses with a password and tokens in a
provider's format.

## Why it hurts in production
A line that was commented out is as public as any other, and nobody thinks of rotating what is in it.

## Example
```python
# DATABASE_URL = "mysql://shop:qe7Zr1pT@106.54.39.146:3306/app"
DATABASE_URL = None
```

## Use instead
```python
# DATABASE_URL is read from the environment.
DATABASE_URL = None
```

## Fix safety
There is no repair: remove the line, and rotate the secret.

## Options
See BPF201.

## Known limits
Passwords made of words are not told from explanations. Comments of other files than Python are passed over.

## References
- [CWE-615: inclusion of sensitive information in source code comments](https://cwe.mitre.org/data/definitions/615.html)
"""

from __future__ import annotations

from backend_pitfalls.model.finding import Confidence, Severity, Site
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import CommentFound
from backend_pitfalls.rules import Report, credentials, listens

META = RuleMeta(
    code="BPF203",
    name="commented-credential",
    summary="A credential is written into a comment",
    severity=Severity.ERROR,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    cwe=(615, 798),
    security_severity=7.5,
)

# A server that only this machine, or this network, knows by its name: an address to show how one is written.
_NEAR = regex(r"@(localhost|127\.|[\w-]+(:\d+)?(/|$))")


@listens(CommentFound)
def commented(event: CommentFound, report: Report) -> None:
    """A credential in a line that was commented out."""
    setting = event.setting
    text = setting.value
    if (
        credentials.is_template(text)
        or credentials.is_placeholder(text)
        or credentials.is_reference(text)
        or _NEAR.search(text)
    ):
        return
    judged = credentials.by_form(text, report.knowledge)
    if judged is None and setting.name and credentials.looks_made(text):
        judged = credentials.judge(setting.name, text, "setting", report.knowledge)
    if judged is None or judged.score < credentials.THRESHOLD:
        return
    report(
        Site(event.path, setting.span),
        f"{judged.what} is written into a comment ({credentials.shown(text)}); remove it, and {credentials.rotation(judged, report.knowledge)}",
        confidence=judged.confidence,
        severity=Severity.NOTE if judged.is_weak else None,
        redact=(setting.span,),
    )
