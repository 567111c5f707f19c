"""Functions that give the elements of what they are given, or run another function once for each of them.

https://docs.python.org/3/library/functions.html, https://docs.python.org/3/library/itertools.html, https://docs.python.org/3/library/operator.html
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from backend_pitfalls.semantics import orm
from backend_pitfalls.semantics.arguments import Arguments
from backend_pitfalls.semantics.values import (
    UNKNOWN,
    Const,
    Container,
    Instance,
    Row,
    RowSet,
    Value,
    constant_text,
    each_round,
    is_endless,
    join_all,
    options,
)
from backend_pitfalls.syntax.names import names_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

GETTERS = frozenset({"operator.attrgetter", "operator.itemgetter", "operator.methodcaller"})
_NAMES = "<names>"


def looked_up(frame: Frame, key: ast.expr, held: Value) -> Value:
    """What a collection holds under a key: rows are other ones in each round of a loop whose variable the key is made of.

    Parameters:
        frame: in which the collection is asked.
        key: as it is written.
        held: what may be found under it.
    """
    if not frame.loops or not any(isinstance(option, (Row, Container)) for option in options(held)):
        return held
    names = frame.interpreter.read(names_in, key)
    for loop in frame.loops:
        if not names.isdisjoint(loop.targets):
            held = each_round(held, loop)
    return held


def _enumerate(frame: Frame, arguments: Arguments) -> Value:
    inner = arguments.first
    element = frame.iterate(arguments.node.args[0], inner) if arguments.node.args else UNKNOWN
    pair = Container("tuple", {0: Instance("builtins.int"), 1: element})
    if isinstance(inner, Container) and inner.rest is None:
        return Container(
            "list", {i: Container("tuple", {0: Const(i), 1: v}) for i, v in enumerate(inner.items.values())}
        )
    return Container("endless" if is_endless(inner) else "list", rest=pair)


def _zip(frame: Frame, arguments: Arguments) -> Value:
    elements = [frame.iterate(n, v) for n, v in zip(arguments.node.args, arguments.positional)]
    few = any(isinstance(v, Container) and v.rest is None and v.items for v in arguments.positional)
    row = Container("tuple", dict(enumerate(elements)))
    return Container("list", {0: row}) if few else Container("list", rest=row)


def _chain(frame: Frame, arguments: Arguments) -> Value:
    """`chain(shelved, lent)`: the elements of one after those of the other."""
    parts = zip(arguments.node.args, arguments.positional)
    return Container("list", rest=join_all([frame.iterate(node, value) for node, value in parts] or [UNKNOWN]))


def _flattened(frame: Frame, arguments: Arguments) -> Value:
    """`chain.from_iterable(shelf.books.all() for shelf in shelves)`."""
    if not arguments.node.args:
        return UNKNOWN
    inner = frame.iterate(arguments.node.args[0], arguments.first)
    return Container("list", rest=frame.iterate(arguments.node.args[0], inner))


def _sliced(frame: Frame, arguments: Arguments) -> Value:
    """`islice(rows, 100)`: some of the elements."""
    found = orm.collected(frame, arguments.node, arguments.first, "itertools.islice")
    return found.evolve(whole=False) if isinstance(found, RowSet) else found


def _for_ever(frame: Frame, arguments: Arguments) -> Value:
    """`count()`, `cycle(rows)`, `repeat(value)`: what never ends on its own."""
    inner = arguments.node.args[0] if arguments.node.args else arguments.node
    return Container("endless", rest=frame.iterate(inner, arguments.first))


def _batched(frame: Frame, arguments: Arguments) -> Value:
    """`batched(rows, 100)`: collections of the same elements."""
    return Container("list", rest=orm.collected(frame, arguments.node, arguments.first, "itertools.batched"))


def _next(frame: Frame, arguments: Arguments) -> Value:
    """`next(iterator, default)`."""
    found = [frame.iterate(n, v) for n, v in zip(arguments.node.args[:1], arguments.positional)]
    return join_all([*found, *arguments.positional[1:2]] or [UNKNOWN])


def _map(frame: Frame, arguments: Arguments) -> Value:
    """`map(function, rows)`: the function runs once a row."""
    if len(arguments.node.args) < 2:
        return UNKNOWN
    result = _each(frame, arguments, arguments.node.args[1], arguments.positional[1], arguments.positional[0])
    return Container("list", rest=result)


def _each(
    frame: Frame, arguments: Arguments, node: ast.expr, iterable: Value, function: Value, *before: Value
) -> Value:
    """What a function gives that is called once for each element of what is written at a node, which it is given behind what is `before`."""
    loop = frame.make_loop(node, iterable, ast.Tuple([], ast.Store()))
    element = frame.iterate(node, iterable, loop)
    outer = frame.loops
    frame.loops = (*outer, loop)
    try:
        return frame.apply(function, Arguments(arguments.node, (*before, element), {}, False))
    finally:
        frame.loops = outer


KEYED = frozenset({"builtins.sorted", "builtins.min", "builtins.max"})


def keyed(frame: Frame, arguments: Arguments) -> None:
    """`sorted(rows, key=function)`, `min`, `max`: the function runs once a row."""
    if arguments.positional and arguments.node.args:
        ordered(frame, arguments, arguments.node.args[0], arguments.positional[0])


def ordered(frame: Frame, arguments: Arguments, node: ast.expr, elements: Value) -> None:
    """What is written at a node is put in order by the `key` of a call.

    Parameters:
        frame: of the call.
        arguments: of the call.
        node: the collection as it is written.
        elements: the collection.
    """
    key = arguments.keywords.get("key")
    if key is None or not isinstance(elements, (RowSet, Container)):
        return
    # What asks the database is the call itself.
    if isinstance(elements, RowSet) and elements.shape == "query":
        elements = elements.evolve(shape="rows")
    _each(frame, arguments, node, elements, key)


def _filter(frame: Frame, arguments: Arguments) -> Value:
    """`filter(function, rows)`: the function runs once a row."""
    if len(arguments.node.args) < 2:
        return UNKNOWN
    rows = orm.collected(frame, arguments.node, arguments.positional[1], "builtins.filter")
    _each(frame, arguments, arguments.node.args[1], rows, arguments.positional[0])
    return rows


def _reduce(frame: Frame, arguments: Arguments) -> Value:
    """`reduce(function, rows, start)`: the function is given what came of the rows before, and one more."""
    if len(arguments.node.args) < 2:
        return UNKNOWN
    before = arguments.positional[2] if len(arguments.positional) > 2 else UNKNOWN
    return _each(frame, arguments, arguments.node.args[1], arguments.positional[1], arguments.first, before)


def _of_most(frame: Frame, arguments: Arguments) -> Value:
    """`heapq.nlargest(3, rows, key=function)`."""
    if len(arguments.node.args) < 2:
        return UNKNOWN
    rows = orm.collected(frame, arguments.node, arguments.positional[1], "heapq.nlargest")
    ordered(frame, arguments, arguments.node.args[1], rows)
    return rows


def _grouped(frame: Frame, arguments: Arguments) -> Value:
    """`groupby(rows, key)`: pairs of what the key gives and some of the elements."""
    if not arguments.node.args:
        return UNKNOWN
    rows = orm.collected(frame, arguments.node, arguments.positional[0], "itertools.groupby")
    key = arguments.positional[1] if len(arguments.positional) > 1 else arguments.keywords.get("key")
    given = _each(frame, arguments, arguments.node.args[0], rows, key) if key is not None else UNKNOWN
    return Container("list", rest=Container("tuple", {0: given, 1: rows}))


def _getter(kind: str) -> Callable[[Frame, Arguments], Value]:
    def make(frame: Frame, arguments: Arguments) -> Value:
        return Instance(kind, {_NAMES: Container("tuple", dict(enumerate(arguments.positional))), **arguments.keywords})

    return make


def got(frame: Frame, getter: Instance, arguments: Arguments) -> Value:
    """What `attrgetter("author.name")`, `itemgetter("id")` and `methodcaller("strip")` give of an object.

    Parameters:
        frame: in which the function is called.
        getter: the function.
        arguments: what it is called with.
    """
    names = getter.attributes[_NAMES]
    given = list(names.items.values()) if isinstance(names, Container) else []
    if not arguments.positional or not given:
        return UNKNOWN
    subject = arguments.positional[0]
    if getter.cls == "operator.methodcaller":
        method = frame.read_path(arguments.node, subject, constant_text(given[0]) or "")
        rest = {name: value for name, value in getter.attributes.items() if name != _NAMES}
        return frame.apply(method, Arguments(arguments.node, tuple(given[1:]), rest, False))
    if getter.cls == "operator.attrgetter":
        found = [frame.read_path(arguments.node, subject, constant_text(name) or "") for name in given]
    else:
        found = [frame.item_of(subject, key) for key in given]
    return found[0] if len(found) == 1 else Container("tuple", dict(enumerate(found)))


SPECIAL: dict[str, Callable[[Frame, Arguments], Value]] = {
    "builtins.enumerate": _enumerate,
    "builtins.filter": _filter,
    "builtins.map": _map,
    "builtins.next": _next,
    "builtins.zip": _zip,
    "functools.reduce": _reduce,
    "itertools.count": _for_ever,
    "itertools.cycle": _for_ever,
    "itertools.repeat": _for_ever,
    "heapq.nlargest": _of_most,
    "heapq.nsmallest": _of_most,
    "itertools.batched": _batched,
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _flattened,
    "itertools.groupby": _grouped,
    "itertools.islice": _sliced,
    **{kind: _getter(kind) for kind in GETTERS},
}
