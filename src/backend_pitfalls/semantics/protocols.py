"""What Python asks of an object of the project behind its syntax: its text, an item, its elements, what it gives to `with`.

https://docs.python.org/3/reference/datamodel.html#special-method-names
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.semantics import calls
from backend_pitfalls.semantics.values import Const, Container, Instance, Row, Unknown, Value, options

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

NAMED_TUPLE = "collections.<named tuple>"
"""The class of the objects that `collections.namedtuple()` makes classes of."""


def special(frame: Frame, node: ast.AST, value: Value, name: str, *given: Value) -> Value | None:
    """What a special method of a project's class gives; None where the class has none of its own.

    Parameters:
        frame: where it is asked for.
        node: at which it is.
        value: the object.
        name: of the method.
        given: its arguments.
    """
    if not isinstance(value, Instance):
        return None
    function = frame.interpreter.method(value.cls, name)
    if function is None:
        return None
    named = [p.arg for p in function.node.args.args]
    bound = {function.signature.first: value, **dict(zip(named[1:], given))}
    return calls.run(frame, node, function, bound)


def text(frame: Frame, node: ast.AST, value: Value) -> Value:
    """A value as `str()` and an f-string show it. The text of a row is not looked at, but what its `__str__` reads is read here."""
    for row in options(value):
        if isinstance(row, Row):
            calls.shown(frame, node, row, "__str__")
    shown = special(frame, node, value, "__str__")
    return shown if shown is not None else value


_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Mod: "mod",
    ast.Div: "truediv",
    ast.BitOr: "or",
    ast.BitAnd: "and",
    ast.RShift: "rshift",
    ast.LShift: "lshift",
}


def operated(frame: Frame, node: ast.BinOp, left: Value, right: Value) -> Value | None:
    """What the operator of a project's class gives; None where neither operand has one of its own."""
    if not isinstance(left, Instance) and not isinstance(right, Instance):
        return None
    name = _OPERATORS.get(type(node.op))
    if name is None:
        return None
    found = special(frame, node, left, f"__{name}__", right)
    return found if found is not None else special(frame, node, right, f"__r{name}__", left)


def element(frame: Frame, node: ast.AST, value: Value) -> Value | None:
    """An element of an object that can be iterated; None where its class does not say how."""
    given = special(frame, node, value, "__iter__")
    if given is None:
        return None
    return given.elements() if isinstance(given, Container) else Unknown(given.labels)


def named_tuple(name: Value, fields: Value) -> Value:
    """The class that `namedtuple("Pair", "first second")` makes; unknown when its fields are.

    https://docs.python.org/3/library/collections.html#collections.namedtuple
    """
    if isinstance(fields, Const) and isinstance(fields.value, str):
        names = fields.value.replace(",", " ").split()
    elif isinstance(fields, Container) and fields.rest is None:
        names = [str(v.value) for v in fields.items.values() if isinstance(v, Const)]
    else:
        return Unknown()
    return Instance(NAMED_TUPLE, {"<fields>": Const(" ".join(names))})


def of_named_tuple(made: Instance, positional: tuple[Value, ...], keywords: dict[str, Value]) -> Instance:
    """An object of a class that `namedtuple()` made."""
    return Instance(NAMED_TUPLE, {**made.attributes, **dict(zip(fields_of(made), positional)), **keywords})


def fields_of(value: Value) -> list[str]:
    """The fields of a named tuple in their order; none of anything else."""
    names = value.attributes.get("<fields>") if isinstance(value, Instance) and value.cls == NAMED_TUPLE else None
    return str(names.value).split() if isinstance(names, Const) else []
