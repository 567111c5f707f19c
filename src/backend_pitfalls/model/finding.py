"""What a rule says: findings with a place, reasons and a way to mend it."""

from __future__ import annotations

import enum

import msgspec

from backend_pitfalls.model.fix import Fix


class Severity(str, enum.Enum):
    """How bad the pitfall is when it strikes."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Confidence(str, enum.Enum):
    """How sure the tool is that the pitfall is there."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        return ("low", "medium", "high").index(self.value)


class Span(msgspec.Struct, frozen=True, order=True):
    """A range of source text: lines count from 1, columns from 0 in characters, the end is exclusive."""

    line: int
    col: int
    end_line: int
    end_col: int

    @property
    def corners(self) -> tuple[int, int, int, int]:
        """Its four numbers, as fix intents take them."""
        return self.line, self.col, self.end_line, self.end_col


class Site(msgspec.Struct, frozen=True, order=True):
    """A place in a file of the project; `path` is relative to the project root, with forward slashes."""

    path: str
    span: Span


class Step(msgspec.Struct, frozen=True, order=True):
    """One step of a trace: a place and what happens there."""

    site: Site
    message: str


class Finding(msgspec.Struct, frozen=True):
    """A pitfall at a place, with the steps a person needs to believe it and, where there is one, its repair.

    Of several findings of a rule with the same `group` the first is shown. `symbol` is the enclosing function or class, `redact` the spans (in the finding's own file) that no output may show. `wider` is
    a repair that mends several findings at once, in place of their own, where unsafe ones are wanted. `at_cause` is what to say of the last step of the trace, once,
    where several findings lead to it ("{count}" stands for how many).
    """

    code: str
    name: str
    message: str
    site: Site
    severity: Severity
    confidence: Confidence
    trace: tuple[Step, ...] = ()
    fix: Fix | None = None
    symbol: str = ""
    redact: tuple[Span, ...] = ()
    group: str = ""
    wider: Fix | None = None
    at_cause: str = ""

    @property
    def path(self) -> str:
        return self.site.path

    @property
    def span(self) -> Span:
        return self.site.span

    @property
    def fixed_path(self) -> str:
        """The file that the repair changes."""
        return self.fix.path if self.fix is not None and self.fix.path else self.site.path

    def sort_key(self) -> tuple[str, Span, str, str, int, str, tuple[Step, ...]]:
        """Order of output: by file, place, code; of what is said twice of one place the shortest trace comes first."""
        return (
            self.site.path,
            self.site.span,
            self.code,
            self.message,
            len(self.trace),
            self.symbol,
            self.trace,
        )
