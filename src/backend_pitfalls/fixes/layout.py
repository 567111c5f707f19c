"""Edits whose lines would become too long, laid out as a formatter would."""

from __future__ import annotations

import ast
from itertools import groupby

from backend_pitfalls.fixes.edits import Edit, apply_edits, newline_of
from backend_pitfalls.fixes.piece import first_line
from backend_pitfalls.fixes.splitting import split_line
from backend_pitfalls.syntax.source import split_lines


def laid_out(text: str, tree: ast.Module, edits: list[Edit], limit: int) -> list[Edit]:
    """The same edits, with the lines split that they would make longer than they may be. A line that was too long before, and could have been
    split, stays one line.

    Parameters:
        text: of the file.
        tree: of the file.
        edits: of one repair or of several, none of which overlap.
        limit: the longest line that the project wants.
    """
    lines = split_lines(text)
    found: list[Edit] = []
    for (line, is_within), group in groupby(sorted(set(edits)), key=lambda e: (e.line, _is_within_line(e))):
        on_line = [*group]
        if on_line[0].end_line > line and not on_line[0].text.endswith("\n"):
            found.extend(_in_one_line(text, lines, edit, limit) for edit in on_line)
            continue
        before = lines[line - 1] if line <= len(lines) else ""
        after = _applied(before, on_line).splitlines() if is_within else []
        if all(len(part) <= limit for part in after):
            found.extend(on_line)
            continue
        is_statement = len(after) == 1 and _is_statement(tree, line)
        if len(before) > limit >= max(map(len, split_line(before, limit, is_statement))):
            found.extend(on_line)
            continue
        made = [split for part in after for split in split_line(part, limit, is_statement)]
        found.append(_smallest(line, before, newline_of(text).join(made)))
    return found


def _in_one_line(text: str, lines: list[str], edit: Edit, limit: int) -> Edit:
    """An edit that writes one line in the place of several, split where that is too long."""
    before, after = lines[edit.line - 1][: edit.col], lines[edit.end_line - 1][edit.end_col :]
    whole = f"{before}{edit.text}{after}"
    made = split_line(whole, limit, is_statement=not before.strip()) if "\n" not in whole else [whole]
    if len(made) == 1:
        return edit
    return Edit(edit.line, 0, edit.end_line, edit.end_col + len(after), newline_of(text).join(made))


def _is_within_line(edit: Edit) -> bool:
    """Whether an edit changes a line, and does not put one before it."""
    return edit.line == edit.end_line and not edit.text.endswith("\n")


def _applied(line: str, edits: list[Edit]) -> str:
    return apply_edits(line, [Edit(1, e.col, 1, e.end_col, e.text) for e in edits])


def _is_statement(tree: ast.Module, line: int) -> bool:
    """Whether a statement or the head of one stands on a line alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno == line:
            body = getattr(node, "body", None)
            inner = first_line(body[0]) if isinstance(body, list) and body else 0
            if inner > line or (not inner and node.end_lineno == line):
                return True
    return False


def _smallest(line: int, before: str, after: str) -> Edit:
    """The edit that makes one text of another, without what is the same at both ends."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return Edit(line, start, line, len(before) - end, after[start : len(after) - end])
