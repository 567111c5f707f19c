"""The repair of HTML that is put together and declared safe: `format_html()` escapes the values."""

from __future__ import annotations

import ast

import libcst as cst

from backend_pitfalls.fixes.edits import Edit, newline_of
from backend_pitfalls.fixes.imports import from_import
from backend_pitfalls.fixes.layout import split_call
from backend_pitfalls.fixes.piece import Piece, Place, last_name
from backend_pitfalls.fixes.statement import taken_apart
from backend_pitfalls.syntax.source import split_lines


def markup_edits(tree: ast.Module, text: str, piece: Piece, place: Place, limit: int) -> list[Edit] | None:
    """The edits that make `format_html("<b>{}</b>", name)` of `mark_safe(f"<b>{name}</b>")`; None where the form of the text is not known.

    https://docs.djangoproject.com/en/stable/ref/utils/#django.utils.html.format_html

    Parameters:
        tree: of the file.
        text: of the file.
        piece: that the call stands in.
        place: of the call.
        limit: the longest line that the project wants.
    """
    call = piece.at(place, cst.Call)
    if not isinstance(call, cst.Call) or last_name(call.func) != "mark_safe" or len(call.args) != 1:
        return None
    quote, parts = taken_apart(call.args[0].value)
    if not quote or not any(isinstance(p, cst.BaseExpression) for p in parts):
        return None
    shown = "".join(p.replace("{", "{{").replace("}", "}}") if isinstance(p, str) else "{}" for p in parts)
    values = [cst.Module([]).code_for_node(p) for p in parts if not isinstance(p, str)]
    added = from_import(tree, text, "django.utils.html", "format_html")
    if added is None:
        return None
    arguments = ", ".join([f"{quote}{shown}{quote}", *values])
    return [piece.replaced(call.func, "format_html"), _laid_out(text, piece, call, arguments, limit), *added]


def _laid_out(text: str, piece: Piece, call: cst.Call, arguments: str, limit: int) -> Edit:
    """The arguments in the call's parentheses, one a line where the line would be too long."""
    range_, given = piece.position(call), piece.position(call.args[0].value)
    if range_.start.line != range_.end.line:
        return piece.replaced(call.args[0].value, arguments)
    line, name = range_.start.line, piece.position(call.func)
    written = split_lines(text)[line - 1]
    longer = len("format_html") - (name.end.column - name.start.column)
    renamed = f"{written[: name.start.column]}format_html{written[name.end.column :]}"
    opening, close = written.rfind("(", 0, given.start.column), range_.end.column - 1
    laid_out = split_call(renamed, opening + longer, close + longer, arguments, limit)
    return Edit(line, opening + 1, line, close, laid_out.replace("\n", newline_of(text)))
