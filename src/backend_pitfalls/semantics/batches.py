"""Writes that belong together, and what holds them together: the transactions around them.

https://docs.djangoproject.com/en/stable/topics/db/transactions/#controlling-transactions-explicitly
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from backend_pitfalls.model.finding import Step
from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.events import Batch, Call, Event, Loop, Query
from backend_pitfalls.semantics.values import GENERATED, Container, RowSet, Value, options
from backend_pitfalls.syntax.names import dotted

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

# `transaction.atomic()`, `db.atomic()`, and what projects call their own.
_HOLDS = regex(r"atomic|transaction|savepoint", re.IGNORECASE)


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


def looped(frame: Frame, node: ast.For | ast.AsyncFor, loop: Loop, over: Value, events: Sequence[Event]) -> None:
    """Tell rules of a loop that writes rows of several models in each round without a transaction. A loop over rows of the database (or what may be such), which the next run goes on with, is none, nor one that takes care of what
    fails in a round or asks other services in it: each round is for itself.

    Parameters:
        frame: where the loop stands.
        node: the loop.
        loop: the same as events know it.
        over: what it goes through.
        events: what happens in it.
    """
    if frame.transactions or not loop.counts or frame.loops or any(isinstance(s, ast.Try) for s in node.body):
        return
    if not _is_given(node.iter, over) or any(_asks_others(frame, event) for event in events):
        return
    written = {event.site: event for event in events if isinstance(event, Query) and _stands_alone(event)}
    if len({event.model for event in written.values()}) > 1 and not around(frame):
        steps = tuple(Step(site, f"'{event.operation}' writes") for site, event in sorted(written.items()))
        requested = frame.world.settles("transaction")
        frame.events.append(
            Batch(frame.site(node.iter), frame.scope, (), frame.is_async, loop.subject, steps, requested)
        )


# What gives lines or records of something that was sent or read.
_READERS = regex(
    r"(^|\.)(open|reader|DictReader|loads?|splitlines|split|getlist|iter_rows|itertuples|items|range|enumerate|zip)$"
)


def _is_given(node: ast.expr, over: Value) -> bool:
    """Whether a loop certainly goes through something else than rows: untrusted data, what a reader gives, a part of a document, a collection that is written out."""
    if any(isinstance(option, RowSet) for option in options(over)):
        return False
    if over.labels or (isinstance(over, Container) and over.kind not in GENERATED and bool(over.items)):
        return True
    if isinstance(node, ast.Call):
        return _READERS.search(dotted(node.func) or getattr(node.func, "attr", "")) is not None
    return (
        isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
    )


def _stands_alone(event: Query) -> bool:
    """Whether one row of Django is written outside of a transaction."""
    is_write = event.effect == "write" and event.dialect == "django" and bool(event.model)
    return is_write and not event.atomic and not event.batched and "bulk" not in event.operation


def _asks_others(frame: Frame, event: Event) -> bool:
    return isinstance(event, Call) and event.callee in frame.knowledge.outbound
