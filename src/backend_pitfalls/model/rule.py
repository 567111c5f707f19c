"""What a rule says of itself."""

from __future__ import annotations

import msgspec

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import Safety

FAMILIES = {
    0: "tool",
    1: "data_access",
    2: "secrets",
    3: "untrusted_input",
    4: "resilience",
    5: "deployment",
    6: "contracts",
    7: "concurrency",
    8: "configuration",
    9: "observability",
}


class RuleMeta(msgspec.Struct, frozen=True):
    """The facts of a rule.

    Parameters: `code` is `BPF` and three digits, never reused; `name` names the problem in kebab-case and reads after
    "allow"; `summary` is one sentence without a full stop; `tokens` are byte strings of which a file must hold at least
    one for the rule to be able to fire there (empty: any file); `silent_in` the file contexts where the rule makes no
    sense; `fix` the safety of its repair; `category` the letter of its pylint message; `security_severity` a CVSS-like
    number from 0.0 to 10.0 for security rules; `preview` a rule that runs only where it is selected by its whole code or its name.
    """

    code: str
    name: str
    summary: str
    severity: Severity
    confidence: Confidence
    since: str
    tokens: tuple[bytes, ...] = ()
    silent_in: frozenset[FileContext] = frozenset()
    cwe: tuple[int, ...] = ()
    security_severity: float | None = None
    fix: Safety | None = None
    preview: bool = False
    category: str = "W"

    @property
    def family(self) -> str:
        return FAMILIES[int(self.code[3])]

    @property
    def pylint_id(self) -> str:
        """Message id in block 64 + family digit: BPF101 is W6501."""
        return f"{self.category}{64 + int(self.code[3])}{self.code[4:]}"
