"""Calls that hold the event loop, written so that it goes on meanwhile."""

from __future__ import annotations

import ast

import libcst as cst

from backend_pitfalls.fixes.edits import Edit, line_starts
from backend_pitfalls.fixes.piece import Piece, Place, enclosing


def awaited_edits(
    tree: ast.Module, piece: Piece, text: str, place: Place, callee: str, in_thread: bool
) -> list[Edit] | None:
    """The edits that await a call; None where it stands in no coroutine itself.

    Parameters:
        tree: of the file.
        piece: that the call stands in.
        text: of the file.
        place: of the call.
        callee: what is awaited, as the file names it.
        in_thread: whether the present callee becomes the first argument of that, or is replaced by it.
    """
    call = piece.at(place, cst.Call)
    if not isinstance(call, cst.Call) or not _is_in_coroutine(tree, place):
        return None
    function, end = piece.position(call.func), piece.position(call).end
    start = line_starts(text)[end.line - 1] + end.column
    # `await f()[0]` would await the element.
    opens = "(" if text[start : start + 1] in (".", "[", "(") else ""
    edits = []
    written = f"{opens}await {callee}"
    if in_thread:
        rest = ", " if call.args else ""
        first = piece.position(call.args[0]).start if call.args else None
        source = cst.Module([]).code_for_node(call.func)
        if first is not None and first.line != function.end.line:
            return None  # one argument a line: where the new one goes is a question of style
        close = first if first is not None else end
        column = close.column if first is not None else close.column - 1
        edits.append(Edit(function.start.line, function.start.column, close.line, column, f"{written}({source}{rest}"))
    else:
        edits.append(piece.replaced(call.func, written))
    if opens:
        edits.append(Edit(end.line, end.column, end.line, end.column, ")"))
    return edits


def _is_in_coroutine(tree: ast.Module, place: Place) -> bool:
    """Whether `await` may be written at a place: the nearest function around it is a coroutine."""
    scopes = enclosing(tree, place, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp, ast.ClassDef))
    return bool(scopes) and isinstance(scopes[-1], ast.AsyncFunctionDef)
