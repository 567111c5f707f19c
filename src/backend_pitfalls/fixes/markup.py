"""The repair of HTML that is put together and declared safe: `format_html()` escapes the values."""

from __future__ import annotations

import ast

import libcst as cst

from backend_pitfalls.fixes.edits import Edit
from backend_pitfalls.fixes.imports import from_import
from backend_pitfalls.fixes.piece import Piece, Place, last_name
from backend_pitfalls.fixes.statement import taken_apart


def markup_edits(tree: ast.Module, text: str, piece: Piece, place: Place) -> list[Edit] | None:
    """The edits that make `format_html("<b>{}</b>", name)` of `mark_safe(f"<b>{name}</b>")`; None where the form of the text is not known.

    https://docs.djangoproject.com/en/stable/ref/utils/#django.utils.html.format_html

    Parameters:
        tree: of the file.
        text: of the file.
        piece: that the call stands in.
        place: of the call.
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
    return [piece.replaced(call.func, "format_html"), piece.replaced(call.args[0].value, arguments), *added]
