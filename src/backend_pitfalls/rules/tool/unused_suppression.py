"""A comment that suppresses a finding which is not there.

## What it does
Reports `# backend-pitfalls: ignore[…]` and `# noqa: BPF…` comments whose codes match no finding of the rules that ran.

## Why it hurts in production
A suppression that has outlived its finding hides the next one on that line.

## Example
```python
import requests

requests.get("https://example.org", timeout=5)  # backend-pitfalls: ignore[BPF401] the peer is slow
```

## Use instead
```python
import requests

requests.get("https://example.org", timeout=5)
```

## Fix safety
There is no automatic repair; delete the comment.

## Options
Turn it off with `ignore = ["BPF001"]`.

## Known limits
A blanket `# noqa` is never reported: other tools use it too. Codes of rules that did not run are left alone.

## References
- [flake8: in-line ignoring errors](https://flake8.pycqa.org/en/latest/user/violations.html#in-line-ignoring-errors)
"""

from __future__ import annotations

from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta

META = RuleMeta(
    code="BPF001",
    name="unused-suppression",
    summary="A suppressing comment suppresses nothing",
    severity=Severity.NOTE,
    confidence=Confidence.HIGH,
    since="0.1.0",
    category="R",
)
