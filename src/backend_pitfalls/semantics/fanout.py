"""Coroutines that are started all at once: `asyncio.gather(*[fetch(url) for url in urls])`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.arguments import written_name
from backend_pitfalls.semantics.events import FanOut
from backend_pitfalls.semantics.values import BoundMethod, Function, few_rounds
from backend_pitfalls.syntax.names import nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

_COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.SetComp)
# A module that has one of these has thought of how many run at once.
_BOUNDED = regex(r"Semaphore|Limiter|_limit\b|throttle|chunk|batch", re.IGNORECASE)

# What is called like this asks another program, which is asked by all of them at once.
_ASKS = regex(
    r"(^|_)(get|fetch|post|patch|delete|requests?|download|upload|send|call|query|execute|crawl|scrape|search|lookup|ask|notify|publish)(_|$)"
)
_STARTS = frozenset({"create_task", "ensure_future", "wait_for", "shield"})


def _asks(frame: Frame, element: ast.expr) -> bool:
    """Whether a coroutine asks another program, by its own name or by what its function awaits."""
    if isinstance(element, ast.Await):
        element = element.value
    if not isinstance(element, ast.Call):
        return False
    if written_name(element) in _STARTS and element.args:
        return _asks(frame, element.args[0])
    if _ASKS.search(written_name(element)):
        return True
    callee = frame.evaluate(element.func)
    function = callee.function if isinstance(callee, BoundMethod) else callee
    if not isinstance(function, Function):
        return False
    frame.world.look_into(function.module, function.qualname)
    return any(_ASKS.search(name) for name in _awaited(function.node))


def _awaited(node: ast.AST) -> Iterator[str]:
    """The names of what a function awaits, or enters as an asynchronous context."""
    for part in nodes_in(node):
        if isinstance(part, ast.Await) and isinstance(part.value, ast.Call):
            yield written_name(part.value)
        elif isinstance(part, ast.AsyncWith):
            yield from (written_name(i.context_expr) for i in part.items if isinstance(i.context_expr, ast.Call))


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
        if made is None or len(made.generators) != 1 or _BOUNDED.search(frame.world.text(frame.module)):
            continue
        if not _asks(frame, made.elt):
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
        for statement in nodes_in(frame.function.node)
        if isinstance(statement, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == node.id for t in statement.targets)
    ]
    found = made[0] if len(made) == 1 else None
    return found if isinstance(found, _COMPREHENSIONS) else None
