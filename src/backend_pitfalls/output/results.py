"""What every format gets: findings with the project they are in, and the text around them."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from backend_pitfalls.fixes.edits import FileEdits
from backend_pitfalls.model.finding import Finding, Span
from backend_pitfalls.syntax.source import Unreadable, decode, split_lines
from backend_pitfalls.syntax.surrogates import legible


class Located(msgspec.Struct, frozen=True):
    """A finding and the root of its project."""

    root: Path
    finding: Finding
    fingerprint: str = ""

    def shown_path(self, path: str | None = None) -> str:
        """A path of the project as the user would type it from here."""
        here = os.getcwd()  # noqa: PTH109 - a Path object a finding costs more than the rest
        written = self.finding.path if path is None else path
        below = _below(here, self.root)
        return legible(_shown(here, self.root, written) if below is None else f"{below}{written}")


@functools.lru_cache(maxsize=64)
def _below(here: str, root: Path) -> str | None:
    """What leads from here to a root; None when that lies elsewhere."""
    relative = os.path.relpath(root, here)
    if relative.startswith(".."):
        return None
    return "" if relative == "." else f"{Path(relative).as_posix()}/"


@functools.lru_cache(maxsize=10_000)
def _shown(here: str, root: Path, path: str) -> str:
    full = root / path
    relative = os.path.relpath(full, here)
    return Path(relative if not relative.startswith("..") else full).as_posix()


@functools.lru_cache(maxsize=256)
def lines_of(path: Path) -> tuple[str, ...]:
    """The lines of a file; none when it cannot be read as text."""
    try:
        data = path.read_bytes()
        text = decode(data) if path.suffix in (".py", ".pyw") else data.decode("utf-8", "replace")
    except (OSError, UnicodeError, Unreadable):
        return ()
    return tuple(split_lines(text))


def redacted(line: str, number: int, spans: Iterable[Span]) -> str:
    """A line of source with what must not be shown replaced by asterisks."""
    for span in spans:
        if span.line <= number <= span.end_line:
            start = span.col if number == span.line else 0
            end = span.end_col if number == span.end_line else len(line)
            line = f"{line[:start]}{'*' * (end - start)}{line[end:]}"
    return line


def with_fingerprints(found: Sequence[tuple[Path, Finding]]) -> list[Located]:
    """Findings with their content fingerprint: path, rule, normalised line, enclosing symbol and occurrence; no line numbers
    and nothing of a secret."""
    counts: dict[tuple[str, ...], int] = {}
    located = []
    for root, finding in found:
        lines = lines_of(root / finding.path)
        line = lines[finding.span.line - 1] if finding.span.line <= len(lines) else ""
        content = " ".join(redacted(line, finding.span.line, finding.redact).replace("*", "").split())
        key = (finding.path, finding.code, content, finding.symbol)
        counts[key] = counts.get(key, 0) + 1
        digest = hashlib.sha256("\0".join((*key, str(counts[key]))).encode()).hexdigest()[:24]
        located.append(Located(root, finding, digest))
    return located


Edits = Callable[[Located], "list[FileEdits] | None"]
