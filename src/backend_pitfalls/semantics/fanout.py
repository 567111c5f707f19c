"""Coroutines that are started all at once: `asyncio.gather(*[fetch(url) for url in urls])`."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from backend_pitfalls.semantics.events import FanOut
from backend_pitfalls.semantics.values import few_rounds

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

_COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.SetComp)
# A module that has one of these has thought of how many run at once.
_BOUNDED = re.compile(r"Semaphore|Limiter|_limit\b|throttle|chunk|batch", re.IGNORECASE)

# What ends something that is there already asks nobody for more.
_ENDS = frozenset({"aclose", "close", "wait_closed", "disconnect", "stop", "shutdown", "cancel"})


def started(frame: Frame, node: ast.Call, callee: str) -> None:
    """Tell rules of a call that starts a coroutine for each element of what the data, not the code, makes long.

    Parameters:
        frame: where it is called.
        node: the call.
        callee: its qualified name.
    """
    for argument in node.args:
        if not isinstance(argument, ast.Starred):
            continue
        made = _comprehension(frame, argument.value)
        if made is None or len(made.generators) != 1 or _BOUNDED.search(frame.source.text):
            continue
        if isinstance(made.elt, ast.Call) and isinstance(made.elt.func, ast.Attribute) and made.elt.func.attr in _ENDS:
            continue
        source = made.generators[0].iter
        if not few_rounds(frame.evaluate(source)) and not isinstance(source, (ast.List, ast.Tuple, ast.Set)):
            subject = frame.source.snippet(source, 40)
            frame.events.append(FanOut(frame.site(node), frame.scope, frame.loops, frame.is_async, callee, subject))


def _comprehension(frame: Frame, node: ast.expr) -> ast.ListComp | ast.GeneratorExp | ast.SetComp | None:
    """The comprehension that a starred argument is, or was made by."""
    if isinstance(node, _COMPREHENSIONS):
        return node
    if not isinstance(node, ast.Name) or frame.function is None:
        return None
    made = [
        statement.value
        for statement in ast.walk(frame.function.node)
        if isinstance(statement, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == node.id for t in statement.targets)
    ]
    found = made[0] if len(made) == 1 else None
    return found if isinstance(found, _COMPREHENSIONS) else None
