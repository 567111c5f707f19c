"""A file that cannot be analysed.

## What it does
Reports a file that the tool was asked to read and cannot: a syntax error, bytes that are not in the declared encoding, a
binary file with a source file's name, nesting too deep for the parser, a manifest that is no valid YAML.

## Why it hurts in production
Nothing in that file is checked, so every other rule is silent there; the silence must not be taken for a clean bill.

## Example
A file saved as Latin-1 without a coding comment.

## Use instead
Save it as UTF-8, or exclude it with `exclude` in `[tool.backend-pitfalls]`.

## Fix safety
There is no automatic repair.

## Options
`exclude`, `target-version`.

## Known limits
A Python file above 4 MB is taken for data and reported here. Tests and migrations into which no rule would look are read only where other code imports them, so that a broken one is told only then.

## References
- [PEP 263: source code encodings](https://peps.python.org/pep-0263/)
"""

from __future__ import annotations

from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta

META = RuleMeta(
    code="BPF000",
    name="unreadable-file",
    summary="A file cannot be analysed",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    category="E",
)
