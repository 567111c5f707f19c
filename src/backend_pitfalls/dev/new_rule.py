"""`backend-pitfalls dev new-rule`: a rule, its fixture with a failing case, its news fragment."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from backend_pitfalls.model.errors import UserError
from backend_pitfalls.model.rule import FAMILIES
from backend_pitfalls.rules import all_rules

_RULE = '''"""{title}.

## What it does
…

## Why it hurts in production
…

## Example
```python
```

## Use instead
```python
```

## Fix safety
There is no automatic repair yet.

## Options
None.

## Known limits
…

## References
- …
"""

from __future__ import annotations

from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="{code}",
    name="{name}",
    summary="{title}",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    since="{version}",
    preview=True,
)


@listens(Call)
def check(event: Call, report: Report) -> None:
    """Report what this rule is about."""
'''

_FIXTURE = """# {name} ({code})

## Flags the plain case

```python title="app.py"
pass  # expect: {code}
```

## Is silent on its right way

```python title="app.py"
pass
```
"""


def new_rule(family: str, name: str, root: Path | None = None) -> int:
    """Make the files of a new rule under the checkout `root` (default: here).

    Raises:
        UserError: for an unknown family, a bad or taken name, or outside a checkout.
    """
    from backend_pitfalls._version import __version__

    root = root or Path()
    digits = {folder: digit for digit, folder in FAMILIES.items()}
    if family not in digits:
        raise UserError(f"there is no family '{family}'; choose one of {', '.join(digits)}")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name):
        raise UserError(f"'{name}' is no rule name; write the problem in kebab-case, such as request-without-timeout")
    if any(rule.meta.name == name for rule in all_rules()):
        raise UserError(f"there is a rule '{name}' already; choose another name")
    package = root / "src" / "backend_pitfalls" / "rules"
    if not package.is_dir():
        raise UserError(f"{package}: no such folder; run this at the top of a checkout")
    taken = {int(r.meta.code[4:]) for r in all_rules() if r.meta.code[3] == str(digits[family])}
    code = f"BPF{digits[family]}{next(n for n in range(1, 100) if n not in taken):02d}"
    title = name.replace("-", " ").capitalize()
    folder = package / family
    folder.mkdir(exist_ok=True)
    if not (folder / "__init__.py").exists():
        (folder / "__init__.py").write_text(f'"""{family.replace("_", " ").capitalize()} rules."""\n')
    files = {
        folder / f"{name.replace('-', '_')}.py": _RULE.format(title=title, code=code, name=name, version=__version__),
        root / "tests" / "fixtures" / family / f"{name}.md": _FIXTURE.format(name=name, code=code),
        root / "newsfragments" / f"{code}.rule.md": f"{code} `{name}`: {title.lower()}.\n",
    }
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        sys.stdout.write(f"made {path}\n")
    return 0
