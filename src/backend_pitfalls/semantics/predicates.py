"""What a function of the project that tells yes or no has found out about its argument."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.semantics import narrowing
from backend_pitfalls.semantics.values import Function, Value, join
from backend_pitfalls.syntax.names import nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

MAX_STATEMENTS = 12
"""A longer function does more than to look at its argument."""

Variables = dict[str, Value]


def told(frame: Frame, variables: Variables, call: ast.Call, function: Function, holds: bool, is_method: bool) -> None:
    """Narrow the arguments of a call by what the called function looks at on the paths on which it gives this answer.

    Parameters:
        frame: where the condition stands.
        variables: of the path that the condition guards; changed in place.
        call: the condition.
        function: that is called.
        holds: whether the condition is true on the path.
        is_method: whether its first parameter is the object.
    """
    node = function.node
    if isinstance(node, (ast.Lambda, ast.AsyncFunctionDef)) or len(node.body) > MAX_STATEMENTS:
        return
    names = [p.arg for p in node.args.args][int(is_method) :]
    given = {n: a.id for n, a in zip(names, call.args) if isinstance(a, ast.Name) and a.id in variables}
    tainted = {name: argument for name, argument in given.items() if variables[argument].labels}
    inner = frame.of_function(function) if tainted else None
    if inner is None or frame.asking >= 2:
        return
    inner.tainted, inner.asking = True, frame.asking + 1
    found = _answers(inner, node.body, {n: variables[a] for n, a in tainted.items()}, holds)
    for name, argument in tainted.items() if found else ():
        value = found[0][name]
        for other in found[1:]:
            value = join(value, other[name])
        variables[argument] = value


def is_plain(node: ast.AST) -> bool:
    """Whether a function looks at its argument with nothing but what Python itself has, so that what it finds out is known; else its name tells."""
    calls = [n.func for n in nodes_in(node) if isinstance(n, ast.Call)]
    return all(
        (isinstance(f, ast.Name) and f.id in _BUILT_IN) or (isinstance(f, ast.Attribute) and f.attr in _OF_TEXTS)
        for f in calls
    )


_BUILT_IN = frozenset({"bool", "len", "str", "int", "isinstance", "any", "all", "min", "max"})
_OF_TEXTS = frozenset({"strip", "lower", "upper", "split", "isspace", "get", "keys", "values"})


def _answers(frame: Frame, body: list[ast.stmt], start: Variables, holds: bool) -> list[Variables]:
    """The variables at each `return` that may give the answer; none where a statement is of a kind that is not followed."""
    found: list[Variables] = []
    pending: Variables | None = start
    for statement in body:
        if pending is None:
            break
        if isinstance(statement, ast.Return):
            if _may_be(statement.value, holds):
                found.append(narrowing.narrowed(frame, pending, statement.value or ast.Constant(None), holds))
            pending = None
        elif isinstance(statement, ast.If) and not statement.orelse and isinstance(statement.body[-1], ast.Return):
            yes = narrowing.narrowed(frame, dict(pending), statement.test, True)
            found.extend(_answers(frame, statement.body, yes, holds))
            pending = narrowing.narrowed(frame, dict(pending), statement.test, False)
        elif isinstance(statement, (ast.Expr, ast.Assign)):
            frame.variables = pending
            frame.run([statement])
            pending = frame.variables
        else:
            return []
    if pending is not None and not holds:
        found.append(pending)  # without a `return` it gives None
    return found


def _may_be(value: ast.expr | None, holds: bool) -> bool:
    """Whether a result can be true, or can be false."""
    if value is None:
        return not holds
    return bool(value.value) is holds if isinstance(value, ast.Constant) else True
