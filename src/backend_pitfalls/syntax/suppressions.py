"""Inline suppressions: `# noqa: BPF401` and `# backend-pitfalls: ignore[BPF401] reason`."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator

import msgspec

from backend_pitfalls.model.finding import Span
from backend_pitfalls.model.regex import regex

# As flake8 reads it (flake8.defaults.NOQA_INLINE_REGEXP): codes may follow a colon, case does not matter.
_NOQA = regex(r"# noqa(?::\s?(?P<codes>(?:[A-Z]+[0-9]+(?:[,\s]+)?)+))?", re.IGNORECASE)
_OWN = regex(r"#\s*backend-pitfalls:\s*ignore(?:\[(?P<codes>[^\]]*)\])?(?P<reason>.*)", re.IGNORECASE)
_HINTS = (b"noqa", b"backend-pitfalls")


class Suppression(msgspec.Struct, frozen=True):
    """One suppressing comment: where it stands, the lines it covers, its codes (empty: all) and its form."""

    span: Span
    lines: tuple[int, int]
    codes: tuple[str, ...]
    noqa: bool

    def covers(self, code: str, name: str, first: int, last: int) -> bool:
        """Whether a finding of this rule on lines `first` to `last` is meant."""
        if not (self.lines[0] <= last and first <= self.lines[1]):
            return False
        return not self.codes or any(code.upper().startswith(c) or c.lower() == name for c in self.codes)


def suppressions(data: bytes, text: str, python: bool) -> list[Suppression]:
    """Find the suppressing comments of a file; text that only looks like one (in a string) does not count."""
    lowered = data.lower()
    if not any(hint in lowered for hint in _HINTS):
        return []
    found = []
    for line, col, comment, alone, covered in _comments(text) if python else _hash_comments(text):
        for pattern, noqa in ((_OWN, False), (_NOQA, True)):
            match = pattern.search(comment)
            if match is None:
                continue
            codes = tuple(c for c in re.split(r"[\s,]+", (match["codes"] or "").upper()) if c)
            start = col + match.start()
            end = col + (match.end() if noqa else match.start("reason"))
            lines = (covered[0], covered[1] + 1) if alone and not noqa else covered
            found.append(Suppression(Span(line, start, line, end), lines, codes, noqa))
            break
    return found


def _comments(text: str) -> Iterator[tuple[int, int, str, bool, tuple[int, int]]]:
    """Yield (line, col, text, stands alone?, first and last line of its logical line) of each Python comment."""
    pending: list[tuple[int, int, str, bool]] = []
    first = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                alone = not token.line[: token.start[1]].strip()
                if alone and not first:
                    yield (*token.start, token.string, True, (token.start[0], token.start[0]))
                else:
                    pending.append((*token.start, token.string, alone))
            elif token.type == tokenize.NEWLINE:
                last = token.start[0]
                for line, col, comment, alone in pending:
                    yield line, col, comment, alone, (line, line) if alone else (first or line, last)
                pending, first = [], 0
            elif token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER) and not first:
                first = token.start[0]
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return


def _hash_comments(text: str) -> Iterator[tuple[int, int, str, bool, tuple[int, int]]]:
    for number, line in enumerate(text.splitlines(), 1):
        at = line.find("#")
        if at >= 0:
            yield number, at, line[at:], not line[:at].strip(), (number, number)
