"""Writes that belong together, and what holds them together: the transactions around them.

https://docs.djangoproject.com/en/stable/topics/db/transactions/#controlling-transactions-explicitly
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from backend_pitfalls.model.finding import Step
from backend_pitfalls.semantics.events import Batch, Event, Loop, Query

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

# `transaction.atomic()`, `db.atomic()`, and what projects call their own.
_HOLDS = re.compile(r"atomic|transaction|savepoint", re.IGNORECASE)


def holds(expressions: Iterable[ast.expr]) -> bool:
    """Whether one of these expressions (of a `with`, decorators) is a transaction, by what it is called."""
    return any(_HOLDS.search(ast.unparse(expression)) for expression in expressions)


def around(frame: Frame) -> bool:
    """Whether a decorator of a function, or of its class, puts a transaction around it."""
    function = frame.function
    if function is None or isinstance(function.node, ast.Lambda):
        return False
    owner = frame.world.class_node(function.owner) if function.owner else None
    return holds((*function.node.decorator_list, *(owner.decorator_list if owner is not None else ())))


def decorated(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """What a function under a decorator that is a transaction writes is held together by it."""
    writes = [event for event in frame.events if isinstance(event, Query) and event.effect == "write"]
    if writes and holds(node.decorator_list):
        for event in writes:
            event.atomic = True


def looped(frame: Frame, node: ast.For | ast.AsyncFor, loop: Loop, events: Sequence[Event]) -> None:
    """Tell rules of a loop that writes several rows a round without a transaction. One that takes care of what fails in a round does each round for itself.

    Parameters:
        frame: where the loop stands.
        node: the loop.
        loop: the same as events know it.
        events: what happens in it.
    """
    if frame.transactions or not loop.counts or frame.loops or any(isinstance(s, ast.Try) for s in node.body):
        return
    written = {
        event.site: event
        for event in events
        if isinstance(event, Query) and event.effect == "write" and event.dialect == "django" and not event.atomic
    }
    if len({event.operation for event in written.values()}) > 1 and not around(frame):
        steps = tuple(Step(site, f"'{event.operation}' writes") for site, event in sorted(written.items()))
        requested = frame.world.settles("transaction")
        frame.events.append(
            Batch(frame.site(node.iter), frame.scope, (), frame.is_async, loop.subject, steps, requested)
        )
