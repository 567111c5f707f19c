"""What functions hang on the object of a request for others to read: Flask's `g`, attributes of the request itself, Starlette's `request.state`.

https://flask.palletsprojects.com/en/stable/appcontext/#storing-data
https://www.starlette.io/requests/#other-state
https://docs.djangoproject.com/en/stable/topics/http/middleware/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.module_state import functions_in
from backend_pitfalls.semantics.values import BoundMethod, Symbol, Unknown, Value, join
from backend_pitfalls.syntax.names import nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

MAX_WRITERS = 8
"""Functions that set one attribute; of one that more functions set nothing is said."""

# The attribute of a request that frameworks leave to applications: Starlette's, Sanic's, Falcon's.
_STATES = frozenset({"state", "ctx", "context"})
HOLDERS = frozenset({"g", "request", *_STATES})
"""The names of what may hold something for a request."""

_REQUESTS = frozenset({"request", "req"})
_HELD_BY = ("request.", ".state.", ".ctx.", ".context.", " g.", "\tg.")
_IS_SET = regex(r"\w+[ \t]*(?::[^=\n]*)?=(?!=)")


def place(node: ast.Attribute) -> str:
    """Under which name an attribute is kept for all functions: "g.user", "request.user", "state.user"; empty for any other.

    Parameters:
        node: the attribute as it is written.
    """
    held = node.value
    if isinstance(held, ast.Name):
        return f"{held.id}.{node.attr}" if held.id in ("g", "request") else ""
    if not isinstance(held, ast.Attribute):
        return ""
    if held.attr == "request":
        return f"request.{node.attr}"
    if held.attr not in _STATES:
        return ""
    of = held.value
    name = of.id if isinstance(of, ast.Name) else of.attr if isinstance(of, ast.Attribute) else ""
    return f"state.{node.attr}" if name in _REQUESTS else ""


def hung(tree: ast.Module, text: str) -> dict[str, tuple[str, ...]]:
    """The functions of a module that set each attribute of a request, by their dotted names in it.

    Parameters:
        tree: of the module.
        text: its source.
    """
    lines = [text.count("\n", 0, at) + 1 for at in _assignments(text)]
    if not lines:
        return {}
    kept: dict[str, list[str]] = {}
    for name, function in functions_in(tree.body, ""):
        if any(function.lineno <= line <= (function.end_lineno or line) for line in lines):
            for node in nodes_in(function):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and (where := place(node)):
                    kept.setdefault(where, []).append(name)
    return {where: tuple(dict.fromkeys(names)) for where, names in sorted(kept.items())}


def _assignments(text: str) -> Iterator[int]:
    """Where something that a request is held by, or that hangs on one, is given an attribute, as far as the text tells."""
    for held in _HELD_BY:
        at = text.find(held)
        while at >= 0:
            if _IS_SET.match(text, at + len(held)):
                yield at
            at = text.find(held, at + 1)


def keep(frame: Frame, target: ast.Attribute, value: Value) -> None:
    """An attribute of a request is set: this function, and those that run after it, read it."""
    where = place(target)
    if where and frame.function is not None:
        kept = frame.variables[where] = frame.stepped(value, target, where)
        old = frame.hung.get(where)
        frame.hung[where] = kept if old is None else join(old, kept)


def read(frame: Frame, node: ast.Attribute, found: Value) -> Value:
    """What an attribute of a request is, where the object itself does not tell.

    Parameters:
        frame: in which it is read.
        node: the attribute as it is written.
        found: what is known without asking who set it; returned where that is something.
    """
    if not isinstance(found, (BoundMethod, Symbol, Unknown)) or found.labels:
        return found
    where = place(node)
    if not where:
        return found
    kept = frame.variables.get(where)
    if kept is None:
        kept = frame.interpreter.hung(where)
    return found if kept is None else kept
