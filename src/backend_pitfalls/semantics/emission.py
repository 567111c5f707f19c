"""Calls as events: what rules are told of a call of a library, and what is told as if it were one."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.semantics import (
    schemas,
)
from backend_pitfalls.semantics.arguments import Arguments
from backend_pitfalls.semantics.events import Application, Call
from backend_pitfalls.semantics.values import (
    UNKNOWN,
    Const,
    Container,
    Instance,
    Row,
    Symbol,
    Unknown,
    Value,
    constant_text,
    options,
)

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame


def set_item(frame: Frame, node: ast.AST, container: Value, index: Value, value: Value) -> None:
    """`session[key] = value` on a library object, told as a call of its `__setitem__`."""
    name = container.cls if isinstance(container, Instance) else container.name if isinstance(container, Symbol) else ""
    name = frame.knowledge.canonical(name)
    name = frame.knowledge.types.get(name, name)
    _emit(frame, node, f"{name}.__setitem__", (index, value), {}, False, container)
    if (constant_text(index) or "").lower() == "location":
        _emit(frame, node, f"{name}.<location>", (value,), {}, False, container)


def updated(frame: Frame, arguments: Arguments, receiver: Instance) -> None:
    """`session.update(key=value)`, told as an assignment of each item."""
    given = [a.items for a in arguments.positional if isinstance(a, Container)]
    for items in (*given, arguments.keywords):
        for key, value in items.items():
            set_item(frame, arguments.node, receiver, Const(key), value)


def set_field(frame: Frame, node: ast.AST, row: Row, value: Value) -> None:
    """`row.field = value`, told as a call of `<dialect>.<field>`."""
    _emit(frame, node, f"{frame.world.dialect(row.model)}.<field>", (value,), {}, False, row)


def unescaped(frame: Frame, node: ast.AST, value: Value) -> None:
    """What a template shows as it is, told as a call of `template.<unescaped>`."""
    _emit(frame, node, "template.<unescaped>", (value,), {}, False, None)


def decorate(frame: Frame, node: ast.expr, decorator: Value) -> None:
    """`@retry` without parentheses, told as a call without arguments."""
    if isinstance(decorator, Symbol) and not isinstance(node, ast.Call):
        _emit(frame, node, frame.knowledge.canonical(decorator.name), (), {}, False, None)


def answer(frame: Frame, node: ast.AST, value: Value) -> None:
    """What a request handler returns, told as a call of `<style>.<answer>`."""
    if not isinstance(frame.answers, Unknown):
        schemas.show(frame, node, frame.answers, value)
    for option in options(value):
        body = option.items.get(0, UNKNOWN) if isinstance(option, Container) and option.kind == "tuple" else option
        _emit(frame, node, f"{frame.handles}.<answer>", (body,), {}, False, None)


def emit_call(frame: Frame, name: str, arguments: Arguments, receiver: Value | None) -> None:
    """Tell rules that a library function or method is called that the tables know."""
    _emit(
        frame,
        arguments.node,
        name,
        arguments.positional,
        arguments.keywords,
        arguments.spread,
        receiver,
        arguments.rest,
    )


def _emit(
    frame: Frame,
    node: ast.AST,
    name: str,
    positional: tuple[Value, ...],
    keywords: dict[str, Value],
    spread: bool,
    receiver: Value | None,
    rest: Value = UNKNOWN,
) -> None:
    if name in frame.knowledge.applications:
        _application(frame, node, name)
    if name not in frame.knowledge.notable:
        return
    client = frame.knowledge.clients.get(name)
    is_limited = client is not None and bool(client.project_limit) and frame.world.limits(client.project_limit)
    frame.events.append(
        Call(
            frame.site(node),
            frame.scope,
            frame.loops,
            frame.is_async,
            name,
            positional,
            keywords,
            spread,
            receiver,
            frame.guards > 0 or is_limited,
            frame.source.snippet(node, 80),
            rest,
            forwarded=isinstance(node, ast.Call) and any(k.arg is None for k in node.keywords),
        )
    )


def _application(frame: Frame, node: ast.AST, name: str) -> None:
    symbol = frame.scope
    group = frame.knowledge.applications[name]
    unprobed = frame.world.unprobed()
    frame.events.append(Application(frame.site(node), symbol, frame.loops, frame.is_async, name, group, unprobed))
