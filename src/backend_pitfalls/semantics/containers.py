"""Methods of lists and dictionaries, and what they change."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.semantics import checks
from backend_pitfalls.semantics.arguments import Arguments
from backend_pitfalls.semantics.values import (
    PLACE,
    UNKNOWN,
    Const,
    Container,
    Instance,
    Row,
    RowSet,
    Unknown,
    Value,
    deep_labels,
    join,
    join_all,
)

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame


def rebind(frame: Frame, arguments: Arguments, changed: Value) -> bool:
    """The variable, or attribute of a variable, whose method is called holds the changed object from here on; False when it is neither."""
    function = arguments.node.func
    held = function.value if isinstance(function, ast.Attribute) else None
    if isinstance(held, ast.Name):
        frame.variables[held.id] = changed
        return True
    if not isinstance(held, ast.Attribute) or not isinstance(held.value, ast.Name):
        return False
    owner = frame.variables.get(held.value.id)
    if isinstance(owner, Instance):
        frame.variables[held.value.id] = owner.set(held.attr, changed)
    if held.value.id == frame.self_name:
        frame.stores[held.attr] = changed
    return isinstance(owner, Instance)


def rebind_others(frame: Frame, before: Instance, changed: Instance) -> None:
    """The other names of an object that was changed, of which it is known where it was made: `self.session = session = Session()`."""
    place = before.attributes.get(PLACE)
    if place is None:
        return

    def is_same(value: Value | None) -> bool:
        made = value.attributes.get(PLACE) if isinstance(value, Instance) else None
        return made is not None and made.key() == place.key()

    for names in (frame.variables, frame.stores):
        names.update({name: changed for name, value in names.items() if is_same(value)})
    own = frame.variables.get(frame.self_name)
    if isinstance(own, Instance):
        for name, value in own.attributes.items():
            if is_same(value):
                frame.variables[frame.self_name] = own = own.set(name, changed)


def _list_method(frame: Frame, receiver: Container, name: str, arguments: Arguments) -> Value | None:
    """Methods that move the elements of a list whose elements are all known; None when where they move is not."""
    function = arguments.node.func
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name) or frame.loops:
        return None
    elements = list(receiver.items.values())
    first = arguments.positional[0] if arguments.positional else None
    at = first.value if isinstance(first, Const) and isinstance(first.value, int) else None
    result: Value = Const(None)
    if name == "popleft" and elements:
        result = elements.pop(0)
    elif name == "appendleft" and first is not None:
        elements.insert(0, first)
    elif (
        name == "pop" and (first is None or at is not None) and elements and -len(elements) <= (at or 0) < len(elements)
    ):
        result = elements.pop(-1 if at is None else at)
    elif name == "insert" and at is not None and len(arguments.positional) == 2:
        elements.insert(at, arguments.positional[1])
    elif name == "remove" and isinstance(first, Const):
        same = [i for i, e in enumerate(elements) if isinstance(e, Const) and e.value == first.value]
        if not same:
            return None
        del elements[same[0]]
    elif name == "clear":
        elements = []
    elif name == "reverse":
        elements.reverse()
    else:
        return None
    frame.variables[function.value.id] = Container("list", dict(enumerate(elements)), None, receiver.labels)
    return result


_MOVES = frozenset({"pop", "popleft", "appendleft", "insert", "remove", "clear", "reverse"})


def with_item(container: Container, index: Value, value: Value) -> Container:
    """A list or dictionary with an element put at a place."""
    if isinstance(index, Const):
        items = {**container.items, index.value: value}
        return Container(container.kind, items, container.rest, container.labels, container.keyed)
    value = under(index, value)
    rest = value if container.rest is None else join(container.rest, value)
    return Container(container.kind, container.items, rest, container.labels, with_key(container.keyed, index))


def with_key(keyed: Value | None, key: Value) -> Value | None:
    """The rows by which a dictionary has elements, with one more key; other keys are not worth following."""
    if not isinstance(key, Row):
        return keyed
    return key if keyed is None else join(keyed, key)


def under(key: Value, value: Value) -> Value:
    """A value that a dictionary has under a key which is not known: where the data does not tell the key, it chooses no names."""
    return value if key.labels else checks.cleaned_within(value, checks.NAMES)


def filled_elsewhere(container: Container) -> Container:
    """A collection into which a function that may run at any time puts elements."""
    items = {key: join(value, UNKNOWN) for key, value in container.items.items()}
    return Container(container.kind, items, UNKNOWN, container.labels)


def delete_item(container: Container, index: Value) -> Container:
    """A list or dictionary without an element."""
    if not isinstance(index, Const) or container.rest is not None or index.value not in container.items:
        return container
    items = {k: v for k, v in container.items.items() if k != index.value}
    if container.kind != "dict":
        items = dict(enumerate(items.values()))
    return Container(container.kind, items, None, container.labels)


def _under(receiver: Container, key: Value, default: Value) -> Value:
    """What a container may hold under a key that is none of those it is known to have."""
    if not isinstance(key, Const) or (receiver.kind != "dict" and receiver.rest is not None):
        return receiver.elements()
    return receiver.rest.with_labels(receiver.rest.labels | receiver.labels) if receiver.rest is not None else default


def _put_back(frame: Frame, arguments: Arguments, updated: Container, added: Value) -> None:
    """A collection that was added to: a variable has it from here on; where it is an attribute, or an element of another collection, only untrusted
    data and rows make it worth following."""
    function = arguments.node.func
    held = function.value if isinstance(function, ast.Attribute) else None
    given = (added, *arguments.keywords.values())
    if isinstance(held, ast.Name):
        frame.variables[held.id] = updated
    elif held is not None and any(deep_labels(value) or isinstance(value, (Row, RowSet)) for value in given):
        frame.assign(_entry(held), updated, None)


def _entry(held: ast.expr) -> ast.expr:
    """`groups.setdefault(key, [])` as the entry that it gives, `groups[key]`; anything else as it is."""
    if not isinstance(held, ast.Call) or not isinstance(held.func, ast.Attribute) or not held.args:
        return held
    if held.func.attr != "setdefault":
        return held
    return ast.copy_location(ast.Subscript(held.func.value, held.args[0], ast.Store()), held)


def container_method(frame: Frame, receiver: Container, name: str, arguments: Arguments) -> Value:
    if receiver.kind == "list" and receiver.rest is None and name in _MOVES:
        found = _list_method(frame, receiver, name, arguments)
        if found is not None:
            return found
    if name in ("get", "pop", "setdefault") and arguments.positional:
        key = arguments.positional[0]
        default = arguments.positional[1] if len(arguments.positional) > 1 else Const(None)
        found = (
            receiver.items[key.value]
            if isinstance(key, Const) and key.value in receiver.items
            else join_all([_under(receiver, key, default), default])
        )
        if receiver.kind == "dict" and isinstance(key, Const) and name != "get":
            others = {k: v for k, v in receiver.items.items() if k != key.value}
            kept = {**others, key.value: found} if name == "setdefault" else others
            rebind(frame, arguments, Container("dict", kept, receiver.rest, receiver.labels))
        return found
    if name in ("append", "add", "extend", "insert", "update", "appendleft") and isinstance(
        arguments.node.func, ast.Attribute
    ):
        added = arguments.positional[-1] if arguments.positional else UNKNOWN
        if name == "update" and not arguments.positional and not arguments.spread:
            added = Container("dict", {})
        if name in ("extend", "update") and isinstance(added, RowSet):  # it goes through them
            added = Container("list", rest=frame.iterate(arguments.node.args[-1], added))
        if name in ("extend", "update") and isinstance(added, Container):
            items = (
                {**receiver.items, **added.items, **arguments.keywords} if receiver.kind == "dict" else receiver.items
            )
            rest = added.elements() if receiver.kind != "dict" else added.rest or receiver.rest
            updated = Container(
                receiver.kind,
                items,
                join_all([v for v in (receiver.rest, rest) if v is not None]) if rest or receiver.rest else None,
            )
        elif name == "update" and arguments.positional and receiver.kind == "dict":  # any of the keys may be among them
            items = {key: join(value, Unknown(added.labels)) for key, value in receiver.items.items()}
            updated = Container("dict", {**items, **arguments.keywords}, Unknown(added.labels))
        elif name in ("insert", "appendleft") and receiver.items:  # where the others are is not known any more
            updated = Container(receiver.kind, rest=join_all([receiver.elements(), added]))
        elif name == "append" and not frame.loops and receiver.rest is None:
            updated = Container(receiver.kind, {**receiver.items, len(receiver.items): added})
        else:
            updated = Container(
                receiver.kind, receiver.items, added if receiver.rest is None else join_all([receiver.rest, added])
            )
        grown = Container(updated.kind, updated.items, updated.rest, receiver.labels, receiver.keyed)
        _put_back(frame, arguments, grown, added)
        return Const(None)
    if name in ("pop", "popleft") and receiver.kind in ("list", "set"):
        return receiver.elements()
    if name == "items":
        if receiver.rest is None:
            pairs = {
                i: Container("tuple", {0: Const(k) if isinstance(k, (str, int)) else UNKNOWN, 1: v})
                for i, (k, v) in enumerate(receiver.items.items())
            }
            return Container("list", pairs)
        key = receiver.keyed if receiver.keyed is not None else Unknown(receiver.labels)
        return Container("list", rest=Container("tuple", {0: key, 1: receiver.elements()}))
    if name == "values":
        return Container("list", dict(enumerate(receiver.items.values())), receiver.rest)
    if name == "keys":
        return Container("list", receiver.known_keys(), (receiver.keyed or UNKNOWN) if receiver.rest else None)
    if name == "copy":
        return receiver
    return Unknown(receiver.all_labels())
