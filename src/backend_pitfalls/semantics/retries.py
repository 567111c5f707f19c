"""What makes a failed call again: loops and decorators."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.semantics import dropped
from backend_pitfalls.semantics.events import Call, Event, Retry
from backend_pitfalls.semantics.values import Symbol
from backend_pitfalls.syntax.names import dotted, nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

_NESTED = (ast.For, ast.AsyncFor, ast.While, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_PAUSES = ("sleep", "wait", "backoff", "delay")


def looped(frame: Frame, node: ast.While | ast.For | ast.AsyncFor, events: list[Event], how: str) -> None:
    """Tell rules of the retries of a loop.

    A round that succeeds leaves the loop, one that fails goes on: a loop that takes the next piece of work instead is none of these.

    Parameters:
        frame: where the loop stands.
        node: the loop.
        events: what happens in its body.
        how: as `Retry.how` tells.
    """
    for attempt in (s for s in node.body if isinstance(s, ast.Try)):
        handlers = [h for h in attempt.handlers if not _leaves(h.body)]
        after = node.body[node.body.index(attempt) + 1 :]
        if not handlers or not _succeeds([*attempt.body, *attempt.orelse, *after]):
            continue
        first, last = attempt.body[0].lineno, attempt.body[-1].end_lineno or 0
        called = next((e for e in events if _is_outbound(frame, e) and first <= e.site.span.line <= last), None)
        if isinstance(called, Call):
            pauses = any(_pauses(statement) for statement in node.body)
            kind = "counted" if how == "endless" and _has_limit(handlers, after) else how
            # What is tried again is not passed over.
            frame.events[:] = [e for e in frame.events if not _is_hidden_in(e, attempt)]
            frame.events.append(Retry(frame.site(node), frame.scope, frame.loops, frame.is_async, called, kind, pauses))


def _is_hidden_in(event: Event, attempt: ast.Try) -> bool:
    return dropped.is_failure(event) and attempt.lineno <= event.site.span.line <= (attempt.end_lineno or 0)


def _has_limit(handlers: list[ast.ExceptHandler], after: list[ast.stmt]) -> bool:
    """Whether the loop goes on behind a failed attempt to a condition that may end it: the time that went by, how many there were."""
    goes_on = not all(isinstance(handler.body[-1], ast.Continue) for handler in handlers)
    return goes_on and any(isinstance(statement, ast.If) and _leaves([statement]) for statement in after)


def decorated(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Tell rules of the outbound calls in the function of this frame, when a decorator makes it try again."""
    outbound = [e for e in frame.events if isinstance(e, Call) and _is_outbound(frame, e)]
    for decorator in node.decorator_list if outbound else ():
        callee = frame.evaluate(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if isinstance(callee, Symbol) and frame.knowledge.canonical(callee.name) in frame.knowledge.retries:
            for event in outbound:
                frame.events.append(
                    Retry(event.site, frame.scope, frame.loops, frame.is_async, event, "decorated", pauses=True)
                )


def _is_outbound(frame: Frame, event: Event) -> bool:
    return isinstance(event, Call) and not event.chain and event.callee in frame.knowledge.outbound


def _own(statements: list[ast.stmt]) -> list[ast.AST]:
    """The nodes of a block that are not in a loop or function of their own."""
    found: list[ast.AST] = []
    pending: list[ast.AST] = list(statements)
    while pending:
        node = pending.pop()
        found.append(node)
        if not isinstance(node, _NESTED):
            pending.extend(ast.iter_child_nodes(node))
    return found


def _succeeds(statements: list[ast.stmt]) -> bool:
    return any(isinstance(n, (ast.Break, ast.Return)) for n in _own(statements))


def _leaves(body: list[ast.stmt]) -> bool:
    """Whether a handler may end the loop, or the program."""
    return any(
        isinstance(n, (ast.Break, ast.Return, ast.Raise))
        or (isinstance(n, ast.Call) and dotted(n.func) in ("exit", "quit", "sys.exit", "os._exit"))
        for n in _own(body)
    )


def _pauses(statement: ast.stmt) -> bool:
    return any(
        isinstance(n, ast.Call) and any(word in dotted(n.func).lower() for word in _PAUSES) for n in nodes_in(statement)
    )
