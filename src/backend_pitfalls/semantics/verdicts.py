"""What conditions have told of expressions that are written out again, and conditions that have a name.

`if is_safe(request.args["next"]): return redirect(request.args["next"])` and `safe = is_safe(target); if safe: …` are the same guard as one of a variable in an `if`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from backend_pitfalls.semantics import checks
from backend_pitfalls.semantics.values import Value
from backend_pitfalls.syntax.names import names_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

Verdict = tuple[ast.expr, dict[str, Value | None]]
"""A condition, and what the variables in it were when it was asked."""

_CONDITIONS = (ast.Call, ast.Compare, ast.BoolOp, ast.UnaryOp)


def kept(frame: Frame, node: ast.Assign) -> None:
    """A variable keeps the answer of a condition."""
    target = node.targets[0]
    if len(node.targets) == 1 and isinstance(target, ast.Name):
        frame.verdicts.pop(target.id, None)
        if isinstance(node.value, _CONDITIONS):
            names = frame.interpreter.read(names_in, node.value)
            if target.id not in names:
                frame.verdicts[target.id] = (node.value, {name: frame.variables.get(name) for name in names})


def of_variable(frame: Frame, variables: dict[str, Value], name: str) -> ast.expr | None:
    """The condition whose answer a variable keeps, where what it asked about is still the same."""
    verdict = frame.verdicts.get(name)
    if verdict is None:
        return None
    test, asked = verdict
    return test if all(variables.get(n) is value for n, value in asked.items()) else None


def told(frame: Frame, test: ast.expr, holds: bool) -> dict[str, frozenset[str]]:
    """What expressions that are no variables cannot do on the path where a condition holds (or does not), by their source."""
    if not frame.tainted:
        return {}
    mark = len(frame.events)
    found = {ast.unparse(subject): harms for subject, harms in _told(frame, test, holds)}
    del frame.events[mark:]
    return found


def _told(frame: Frame, test: ast.expr, holds: bool) -> Iterator[tuple[ast.expr, frozenset[str]]]:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _told(frame, test.operand, not holds)
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is holds:
        for operand in test.values:
            yield from _told(frame, operand, holds)
    elif isinstance(test, ast.Call) and holds:
        from backend_pitfalls.semantics.narrowing import judged_harms

        harms = judged_harms(frame, test)
        for argument in (*test.args, *(k.value for k in test.keywords)) if harms else ():
            if isinstance(argument, (ast.Call, ast.Subscript)):
                yield argument, harms


def applied(frame: Frame, node: ast.expr, value: Value) -> Value:
    """The value of an expression, without the harms that a condition around ruled out."""
    harms = frame.told.get(ast.unparse(node)) if isinstance(node, (ast.Call, ast.Subscript)) else None
    return checks.cleaned(value, harms) if harms else value
