"""Text edits: the one currency of repairs, for files, diffs, SARIF, JSON and editors."""

from __future__ import annotations

import difflib

import msgspec

from backend_pitfalls.syntax.source import split_lines


class Edit(msgspec.Struct, frozen=True, order=True):
    """Replace a range by a text: lines count from 1, columns from 0 in characters, the end is exclusive."""

    line: int
    col: int
    end_line: int
    end_col: int
    text: str


class FileEdits(msgspec.Struct, frozen=True):
    """The edits of one file, whose path is relative to the project root."""

    path: str
    edits: list[Edit]


def apply_edits(text: str, edits: list[Edit]) -> str:
    """Apply edits that do not overlap; line ends elsewhere stay as they are.

    Parameters:
        text: the file's text with its own line ends.
        edits: in any order.
    """
    starts = line_starts(text)

    def at(line: int, col: int) -> int:
        return (starts[line - 1] if line <= len(starts) else len(text)) + col

    for edit in sorted(set(edits), reverse=True):
        text = text[: at(edit.line, edit.col)] + edit.text + text[at(edit.end_line, edit.end_col) :]
    return text


def newline_of(text: str) -> str:
    """The line end that a file uses."""
    return "\r\n" if "\r\n" in text else "\n"


def line_starts(text: str) -> list[int]:
    """The offset of each line's first character."""
    starts, offset = [0], 0
    plain = split_lines(text)
    for line in plain[:-1]:
        offset += len(line)
        offset += 2 if text.startswith("\r\n", offset) else 1
        starts.append(offset)
    return starts


def overlap(left: Edit, right: Edit) -> bool:
    """Whether two different edits touch the same text."""
    if left == right or (_is_chained(left) and _is_chained(right)):
        return False
    first, second = sorted((left, right))
    return (second.line, second.col) < (first.end_line, first.end_col) or (
        (first.line, first.col, first.end_line, first.end_col)
        == (second.line, second.col, second.end_line, second.end_col)
    )


def _is_chained(edit: Edit) -> bool:
    """Whether only another call is chained to an expression; several can be, in any order."""
    return (edit.line, edit.col) == (edit.end_line, edit.end_col) and edit.text.lstrip().startswith(".")


def line_edits(old: str, new: str) -> list[Edit]:
    """Edits, by whole lines, that turn one text into another."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            found.append(Edit(i1 + 1, 0, i2 + 1, 0, "".join(after[j1:j2])))
    return found
