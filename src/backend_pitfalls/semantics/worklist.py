"""Loops that take one element after the other out of a collection, until it is empty: `while pending: book = pending.pop()`."""

from __future__ import annotations

import ast
from typing import NamedTuple

from backend_pitfalls.syntax.names import dotted, nodes_in

_TAKES = frozenset({"pop", "popleft", "popitem", "get", "get_nowait"})
_FILLS = frozenset(
    {"append", "appendleft", "add", "extend", "extendleft", "insert", "update", "put", "put_nowait", "push"}
)


class Worklist(NamedTuple):
    """A collection as it is written, the call that takes an element out of it, what gets that, and whether the loop puts others in."""

    collection: ast.expr
    take: ast.Call
    target: ast.expr
    grows: bool


def worklist(loop: ast.While) -> Worklist | None:
    """What a loop works off; None where it does not.

    Parameters:
        loop: any `while`.
    """
    collection = _tested(loop.test)
    name = dotted(collection) if collection is not None else ""
    if collection is None or not name:
        return None
    for statement in loop.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.value, ast.Call):
            function = statement.value.func
            if isinstance(function, ast.Attribute) and function.attr in _TAKES and dotted(function.value) == name:
                return Worklist(collection, statement.value, statement.targets[0], _is_filled(loop, name))
    return None


def _tested(test: ast.expr) -> ast.expr | None:
    """The collection that is asked whether it is empty: `pending`, `len(pending) > 0`, `pending != []`, `not pending.empty()`."""
    if isinstance(test, ast.Compare):
        test = test.left
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and isinstance(test.operand, ast.Call):
        asked = test.operand.func
        return asked.value if isinstance(asked, ast.Attribute) and asked.attr == "empty" else None
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "len" and test.args:
        return test.args[0]
    return test if isinstance(test, (ast.Name, ast.Attribute)) else None


def _is_filled(loop: ast.While, name: str) -> bool:
    return any(
        (isinstance(n, ast.AugAssign) and dotted(n.target) == name)
        or (
            isinstance(n, ast.Call)
            and isinstance(n.func, ast.Attribute)
            and n.func.attr in _FILLS
            and dotted(n.func.value) == name
        )
        for n in nodes_in(loop)
    )
