"""Objects of libraries that give back what was put into them: queues, heaps, configuration parsers, sessions, namespaces."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from backend_pitfalls.semantics import containers
from backend_pitfalls.semantics.arguments import Arguments
from backend_pitfalls.semantics.values import (
    UNKNOWN,
    Const,
    Container,
    Instance,
    Value,
    constant_text,
    deep_labels,
    join,
    join_all,
)

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

_PARSER = "configparser.RawConfigParser"
_SESSIONS = frozenset({"flask.sessions.SessionMixin", "django.contrib.sessions.backends.base.SessionBase"})
# https://docs.python.org/3/library/queue.html, https://docs.python.org/3/library/asyncio-queue.html
_QUEUES = frozenset(
    {
        "queue.Queue",
        "queue.LifoQueue",
        "queue.PriorityQueue",
        "queue.SimpleQueue",
        "asyncio.Queue",
        "asyncio.LifoQueue",
        "asyncio.PriorityQueue",
        "multiprocessing.Queue",
    }
)
_PUTS, _GETS = frozenset({"put", "put_nowait"}), frozenset({"get", "get_nowait"})
_HELD = "<held>"


def method(frame: Frame, receiver: Instance, name: str, arguments: Arguments) -> Value | None:
    """What a method of such an object gives; None for other methods and other objects.

    Parameters:
        frame: of the call.
        receiver: the object, which the variable that holds it is bound to anew where it changes.
        name: of the method.
        arguments: of the call.
    """
    if receiver.cls in _QUEUES:
        return _queued(frame, receiver, name, arguments)
    if receiver.cls == _PARSER:
        return _configured(frame, receiver, name, arguments)
    if receiver.cls in _SESSIONS and name in ("get", "pop", "setdefault"):
        kept = frame.variables.get(_entry_of(arguments.first))
        return join_all([kept, *arguments.positional[1:2]]) if kept is not None else None
    return None


def item(frame: Frame, receiver: Instance, index: Value) -> Value | None:
    """What such an object holds under a key; None where that is not known."""
    if receiver.cls == _PARSER:
        section = receiver.attributes.get(f"<{constant_text(index)}>")
        return section if section is not None else Container("dict", {})
    return frame.variables.get(_entry_of(index)) if receiver.cls in _SESSIONS else None


def put(frame: Frame, target: ast.Subscript, receiver: Instance, index: Value, value: Value) -> None:
    """`parser["section"] = {…}`, `session["key"] = value`: the object gives it back from here on."""
    if receiver.cls == _PARSER and isinstance(target.value, ast.Name):
        frame.variables[target.value.id] = receiver.set(f"<{constant_text(index)}>", value)
    elif receiver.cls in _SESSIONS and isinstance(index, Const):
        frame.variables[_entry_of(index)] = value


def _entry_of(key: Value) -> str:
    """The name of no variable under which a function knows what it put into the session."""
    return f"<session {key.value!r}>" if isinstance(key, Const) else "<session>"


def _queued(frame: Frame, receiver: Instance, name: str, arguments: Arguments) -> Value | None:
    held = receiver.attributes.get(_HELD)
    if name in _PUTS and arguments.positional:
        added = arguments.first if held is None else join(held, arguments.first)
        containers.rebind(frame, arguments, receiver.set(_HELD, added))
        return None
    return held if name in _GETS else None


def _configured(frame: Frame, receiver: Instance, name: str, arguments: Arguments) -> Value | None:
    """`config.set(section, key, value)` and `config.get(section, key)`: kept by section and key."""
    texts = [constant_text(v) for v in arguments.positional[:2]]
    if name not in ("get", "set") or len(texts) != 2 or None in texts:
        return None
    section = receiver.attributes.get(f"<{texts[0]}>")
    if name == "get":
        return section.items.get(texts[1]) if isinstance(section, Container) else None
    if len(arguments.positional) != 3:
        return None
    before = section if isinstance(section, Container) else Container("dict", {})
    changed = containers.with_item(before, Const(texts[1]), arguments.positional[2])
    return Const(None) if containers.rebind(frame, arguments, receiver.set(f"<{texts[0]}>", changed)) else None


def _pushed(frame: Frame, arguments: Arguments) -> Value:
    """`heappush(heap, value)`."""
    heap, node = arguments.first, arguments.node
    if len(arguments.positional) == 2 and isinstance(heap, Container) and isinstance(node.args[0], ast.Name):
        added = arguments.positional[1]
        rest = added if heap.rest is None else join(heap.rest, added)
        frame.variables[node.args[0].id] = Container("list", heap.items, rest, heap.labels)
    return Const(None)


def _popped(frame: Frame, arguments: Arguments) -> Value:
    """`heappop(heap)`: any of what it holds, or what is pushed at the same time."""
    heap = arguments.first
    held = [heap.elements()] if isinstance(heap, Container) else []
    return join_all([*held, *arguments.positional[1:2]]) if held else UNKNOWN


def _namespace(frame: Frame, arguments: Arguments) -> Value:
    """`SimpleNamespace(name=value)`."""
    rest = arguments.rest
    given = {k: v for k, v in rest.items.items() if isinstance(k, str)} if isinstance(rest, Container) else {}
    return Instance("types.SimpleNamespace", {**given, **arguments.keywords}, deep_labels(rest))


def _layered(frame: Frame, arguments: Arguments) -> Value:
    """`ChainMap(own, general)`: what the first has that has it."""
    layers = [v for v in arguments.positional if isinstance(v, Container) and v.kind == "dict"]
    items = {key: value for layer in reversed(layers) for key, value in layer.items.items()}
    rests = [layer.rest for layer in layers if layer.rest is not None]
    rests.extend(v for v in arguments.positional if v not in layers)
    return Container("dict", items, join_all(rests) if rests else None)


def _queue(name: str) -> Callable[[Frame, Arguments], Value]:
    return lambda frame, arguments: Instance(name)


FUNCTIONS: dict[str, Callable[[Frame, Arguments], Value]] = {
    "collections.ChainMap": _layered,
    "heapq.heappop": _popped,
    "heapq.heappush": _pushed,
    "heapq.heappushpop": _popped,
    "heapq.heapreplace": _popped,
    "types.SimpleNamespace": _namespace,
    "argparse.Namespace": _namespace,
    **{name: _queue(name) for name in _QUEUES},
}
