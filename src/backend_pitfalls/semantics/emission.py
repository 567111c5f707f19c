"""Calls as events: what rules are told of a call of a library, and what is told as if it were one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics import (
    schemas,
)
from backend_pitfalls.semantics.arguments import Arguments
from backend_pitfalls.semantics.events import Application, Call, Event, Named, RoundTrip
from backend_pitfalls.semantics.values import (
    UNKNOWN,
    Const,
    Container,
    Instance,
    Row,
    Symbol,
    Unknown,
    Value,
    beginning,
    constant_text,
    deep_labels,
    options,
)
from backend_pitfalls.syntax.names import nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.model.knowledge import RoundTripFacts
    from backend_pitfalls.semantics.frame import Frame


def set_item(frame: Frame, node: ast.AST, container: Value, index: Value, value: Value) -> None:
    """`session[key] = value` on a library object, told as a call of its `__setitem__`."""
    name = container.cls if isinstance(container, Instance) else container.name if isinstance(container, Symbol) else ""
    name = frame.knowledge.canonical(name)
    name = frame.knowledge.types.get(name, name)
    _emit(frame, node, f"{name}.__setitem__", (index, value), {}, False, container)
    header = (constant_text(index) or "").lower()
    if header == "location":
        _emit(frame, node, f"{name}.<location>", (value,), {}, False, container)
    elif header == _SET_COOKIE:
        _emit(frame, node, "response.<set-cookie>", (value,), {}, False, container)


_SET_COOKIE = "set-cookie"
# The methods with which frameworks set a header.
_SETS_HEADER = frozenset(
    {"add", "set", "append", "setdefault", "set_header", "add_header", "append_header", "send_header"}
)


def _cookie_header(frame: Frame, name: str, arguments: Arguments) -> None:
    """`headers.add("Set-Cookie", …)`, `Response(headers={"Set-Cookie": …})`, told as a call of `response.<set-cookie>`."""
    if len(arguments.positional) != 2 and "headers" not in arguments.keywords:
        return
    given = arguments.keywords.get("headers")
    found = given.items if isinstance(given, Container) and given.kind == "dict" else {}
    if name.rpartition(".")[2] in _SETS_HEADER and len(arguments.positional) == 2:
        found = {constant_text(arguments.positional[0]): arguments.positional[1]}
    for header, value in found.items():
        if isinstance(header, str) and header.lower() == _SET_COOKIE:
            _emit(frame, arguments.node, "response.<set-cookie>", (value,), {}, False, None)


def updated(frame: Frame, arguments: Arguments, receiver: Instance) -> None:
    """`session.update(key=value)`, told as an assignment of each item."""
    given = [a.items for a in arguments.positional if isinstance(a, Container)]
    for items in (*given, arguments.keywords):
        for key, value in items.items():
            set_item(frame, arguments.node, receiver, Const(key), value)


def set_field(frame: Frame, node: ast.AST, row: Row, value: Value) -> None:
    """`row.field = value`, told as a call of `<dialect>.<field>`."""
    _emit(frame, node, f"{frame.world.dialect(row.model)}.<field>", (value,), {}, False, row)


def set_attribute(frame: Frame, node: ast.Attribute, receiver: Instance, value: Value) -> None:
    """`response.data = page` on a library object, told as a call of `<class>.data=`."""
    _emit(frame, node, f"{frame.knowledge.canonical(receiver.cls)}.{node.attr}=", (value,), {}, False, receiver)


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
        parts = option.items if isinstance(option, Container) and option.kind == "tuple" else {0: option}
        headers = next((v for v in parts.values() if isinstance(v, Container) and v.kind == "dict"), None)
        given: dict[str, Value] = {"headers": headers} if headers is not None and parts.get(0) is not headers else {}
        _emit(frame, node, f"{frame.handles}.<answer>", (parts.get(0, UNKNOWN),), given, False, None)


def emit_call(frame: Frame, name: str, arguments: Arguments, receiver: Value | None) -> None:
    """Tell rules that a library function or method is called that the tables know."""
    _cookie_header(frame, name, arguments)
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


def named(frame: Frame, node: ast.expr, name: object, value: Value, written: ast.expr | None) -> None:
    """A guessable value that gets a name: a variable's, a key, that of an argument.

    Parameters:
        frame: where it does.
        node: where the event stands.
        name: what it gets.
        value: as evaluated.
        written: the expression that gave it, where one did.
    """
    if isinstance(name, str) and any(label.kind == "random" for label in value.labels):
        frame.events.append(Named(frame.site(node), frame.scope, name, value, _is_as_made(frame, written, value)))


def _is_as_made(frame: Frame, written: ast.expr | None, value: Value) -> bool:
    """Whether a labelled value is what one call gave, here or in the function that is called here."""
    if not isinstance(written, ast.Call) or not isinstance(value, Unknown) or len(value.labels) > 1:
        return False
    if all(label.site == frame.site(written) for label in value.labels):
        return True
    inside = [node for child in ast.iter_child_nodes(written) for node in ast.walk(child)]
    return not any(
        isinstance(node, ast.Call) or (isinstance(node, ast.Name) and frame.name(node.id).labels) for node in inside
    )


def given_by(frame: Frame, node: ast.expr, value: Value) -> None:
    """What a function gives is named after the last word of its own name, where that says that it makes something."""
    function = frame.function.node if frame.function is not None else None
    if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        verb, _, rest = function.name.strip("_").partition("_")
        if rest and verb in _MAKING:
            named(frame, node, rest.rpartition("_")[2], value, node)


_MAKING = frozenset({"make", "create", "generate", "gen", "new", "get", "build", "random", "issue"})


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
    if name in frame.knowledge.only_sinks and not is_labelled(positional, keywords.values(), receiver, rest):
        return
    if (
        name in frame.knowledge.sinks
        and isinstance(node, (ast.Call, ast.Attribute))
        and any(map(deep_labels, positional))
    ):
        later = _type_told_later(frame, node)
        keywords = {**keywords, "content_type": later} if later is not None else keywords
    trip = frame.knowledge.round_trips.get(name)
    if trip is not None:
        _round_trip(frame, node, trip, positional)
    client = frame.knowledge.clients.get(name)
    hands = isinstance(node, ast.Call) and hands_on(frame, node)
    is_limited = client is not None and bool(client.project_limit) and frame.world.settles(client.project_limit)
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
            forwarded=hands,
            spreads=isinstance(node, ast.Call) and not hands and any(k.arg is None for k in node.keywords),
        )
    )


def is_labelled(positional: Iterable[Value], keywords: Iterable[Value], *others: Value | None) -> bool:
    """Whether untrusted data is in one of the arguments of a call, or in its object."""
    values = (*positional, *keywords, *others)
    return any(deep_labels(o) for value in values if value is not None for o in options(value))


def becomes(events: Iterable[Event], target: ast.expr) -> None:
    """Note what is assigned in the statement of some calls."""
    name = target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""
    for event in events if name else ():
        if type(event) is Call and not event.chain:
            event.becomes = name


def _type_told_later(frame: Frame, node: ast.Call | ast.Attribute) -> Value | None:
    """What the function says of the type of the answer that a call makes or fills: `answer.mimetype = "text/plain"`, `answer["Content-Type"] = …`;
    None for nothing."""
    function = frame.function.node if frame.function is not None else None
    assigned = frame.interpreter.read(_assignments, function) if function is not None else []
    names = {t.id for n in assigned if n.value is node for t in n.targets if isinstance(t, ast.Name)}
    filled = node.func if isinstance(node, ast.Call) else node
    if isinstance(filled, ast.Attribute) and isinstance(filled.value, ast.Name):
        names.add(filled.value.id)
    for statement in assigned if names else ():
        for target in statement.targets:
            if _is_type_of(target, names):
                return frame.evaluate(statement.value)
    return None


def _assignments(function: ast.AST) -> list[ast.Assign]:
    return [n for n in nodes_in(function) if isinstance(n, ast.Assign)]


def _is_type_of(target: ast.expr, names: set[str]) -> bool:
    """Whether a target is the content type of one of these answers."""
    if isinstance(target, ast.Attribute):
        is_named = isinstance(target.value, ast.Name) and target.value.id in names
        return is_named and target.attr in ("mimetype", "content_type")
    if not isinstance(target, ast.Subscript) or not isinstance(target.slice, ast.Constant):
        return False
    held = (
        target.value.value
        if isinstance(target.value, ast.Attribute) and target.value.attr == "headers"
        else target.value
    )
    return isinstance(held, ast.Name) and held.id in names and str(target.slice.value).lower() == "content-type"


def _round_trip(frame: Frame, node: ast.AST, facts: RoundTripFacts, positional: tuple[Value, ...]) -> None:
    """Tell rules that a server is asked for one thing, whatever it is called: what is the same in every round is not asked for in this way."""
    first = positional[0] if positional else UNKNOWN
    effect = facts.effect
    if facts.document and not (isinstance(first, Container) and first.kind == "dict"):
        return
    if effect == "sql":
        effect = _effect_of(beginning(first))
    elif constant_text(first) is not None:
        return
    if effect:
        written = frame.source.snippet(node.func if isinstance(node, ast.Call) else node, 40)
        frame.events.append(
            RoundTrip(
                frame.site(node), frame.scope, frame.loops, frame.is_async, written, facts.store, effect, facts.instead
            )
        )


def _effect_of(statement: str) -> str:
    """Whether a statement of SQL asks or writes, by how it begins; the empty string where that does not tell, and for one about many rows, or that takes a lock or sets
    something of the session."""
    words = statement.split(None, 1)
    if not words or _OF_MANY.search(statement) or _OF_THE_SESSION.match(statement):
        return ""
    return {"SELECT": "read", "INSERT": "write", "UPDATE": "write", "DELETE": "write"}.get(words[0].upper(), "")


# https://www.postgresql.org/docs/current/functions-admin.html
_OF_THE_SESSION = regex(r"\s*SELECT\s+(set_config|setval|pg_notify|pg_(try_)?advisory\w*)\s*\(", re.IGNORECASE)
_OF_MANY = regex(r"\bFOR\s+UPDATE\b|\bIN\s*\(|\bANY\s*\(|\bunnest\b|\bVALUES\s+%s", re.IGNORECASE)


def hands_on(frame: Frame, node: ast.Call) -> bool:
    """Whether a call is given the `**options` that the function around it takes."""
    own = frame.function.signature.keyed if frame.function is not None else ""
    return any(k.arg is None and isinstance(k.value, ast.Name) and k.value.id == own for k in node.keywords)


def passes_on(frame: Frame, node: ast.AST) -> bool:
    """Whether a call is given what its function was given: its `**options`, or one of its parameters as it is."""
    if frame.function is None or not isinstance(node, ast.Call):
        return False
    own = frame.function.signature.accepted
    given = (*node.args, *(k.value for k in node.keywords))
    return hands_on(frame, node) or any(
        isinstance(a, ast.Name) and a.id in own and _is_optional(frame, a) for a in given
    )


def _is_optional(frame: Frame, node: ast.Name) -> bool:
    return any(isinstance(o, Const) and o.origin == "default" for o in options(frame.name(node.id)))


def _application(frame: Frame, node: ast.AST, name: str) -> None:
    symbol = frame.scope
    group = frame.knowledge.applications[name]
    unprobed = frame.world.unprobed()
    stores = frame.world.stores(frame.module) if unprobed else ()
    urls = frame.world.urls_beside(frame.source.path) if unprobed and group == "Django" else None
    event = Application(frame.site(node), symbol, frame.loops, frame.is_async, name, group, unprobed, stores, urls)
    frame.events.append(event)
