"""What Flask-RESTful and Flask-RESTX read of rows that they marshal by a dictionary of fields.

https://flask-restful.readthedocs.io/en/latest/fields.html, https://flask-restx.readthedocs.io/en/latest/marshalling.html
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from backend_pitfalls.semantics import calls, orm, serializers
from backend_pitfalls.semantics.arguments import Arguments
from backend_pitfalls.semantics.values import (
    UNKNOWN,
    Container,
    Instance,
    Row,
    RowSet,
    Value,
    constant_text,
    options,
)
from backend_pitfalls.syntax.names import dotted

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

_FIELD = "flask_restx.fields.Raw"
_DECORATORS = frozenset({"marshal_with", "marshal_list_with"})
_OF = "<of>"
_MAX_NESTED = 4


def _field(frame: Frame, arguments: Arguments) -> Value:
    """`fields.String(attribute="author.name")`, `fields.Nested(author)`, `fields.List(fields.Nested(book))`."""
    first = arguments.positional[0] if arguments.positional else arguments.keywords.get("model", UNKNOWN)
    return Instance(_FIELD, {**arguments.keywords, _OF: first})


def _model(frame: Frame, arguments: Arguments) -> Value:
    """`api.model("Book", {…})`, `api.inherit("Book", parent, {…})`: the fields by their names."""
    given = [v for v in arguments.positional[1:] if isinstance(v, Container) and v.kind == "dict"]
    items = {name: held for value in given for name, held in value.items.items()}
    return Container("dict", items, UNKNOWN if any(v.rest is not None for v in given) else None)


def _marshalled(frame: Frame, arguments: Arguments) -> Value:
    """`marshal(books, book_fields)`."""
    if len(arguments.positional) > 1:
        _show(frame, arguments.node, arguments.positional[0], arguments.positional[1])
    return UNKNOWN


def decorated(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """See what is read of the rows that a function returns under `@marshal_with(book_fields)`."""
    if not any(isinstance(option, (Row, RowSet)) for value in frame.returns for option in options(value)):
        return
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) and decorator.args else None
        if call is not None and dotted(call.func).rpartition(".")[2] in _DECORATORS:
            fields = frame.evaluate(call.args[0])
            for value in frame.returns:
                _show(frame, call, value, fields)


def _show(frame: Frame, node: ast.AST, value: Value, fields: Value) -> None:
    if not isinstance(fields, Container) or fields.kind != "dict":
        return
    for option in options(value):
        if isinstance(option, RowSet) and option.model and option.shape == "query":
            orm.iterate(frame, node, option)
    for row in serializers.each_shown(frame, value, frame.site(node), "the rows that are marshalled"):
        _read(frame, node, row, fields.items, 0)


def _read(frame: Frame, node: ast.AST, row: Row, fields: Mapping[object, Value], depth: int) -> None:
    """Read of a row what each field shows."""
    for name, held in fields.items() if depth < _MAX_NESTED else ():
        if not isinstance(held, Instance) or held.cls != _FIELD:
            continue
        path = constant_text(held.attributes.get("attribute", UNKNOWN)) or str(name)
        *way, last = path.split(".")
        owner: Value = row
        for step in way:
            owner = calls.shown(frame, node, owner, step) if isinstance(owner, Row) else UNKNOWN
        shown = calls.shown(frame, node, owner, last) if isinstance(owner, Row) else UNKNOWN
        inner = held.attributes[_OF]
        inner = inner.attributes[_OF] if isinstance(inner, Instance) and inner.cls == _FIELD else inner
        if isinstance(shown, RowSet):
            shown = orm.iterate_relation(frame, node, shown, last)
        if isinstance(shown, Row) and isinstance(inner, Container):
            outer = frame.loops
            frame.loops = (*outer, *(loop for loop in shown.loops if loop not in outer))
            _read(frame, node, shown, inner.items, depth + 1)
            frame.loops = outer


_LIBRARIES = ("flask_restful", "flask_restx", "flask_restplus")
_KINDS = ("Raw", "String", "Integer", "Float", "Boolean", "DateTime", "Date", "Fixed", "Nested", "List", "Url")
SPECIAL: dict[str, Callable[[Frame, Arguments], Value]] = {
    **{f"{library}.fields.{kind}": _field for library in _LIBRARIES for kind in _KINDS},
    **{f"{library}.marshal": _marshalled for library in _LIBRARIES},
    "flask_restx.Namespace.model": _model,
    "flask_restx.Namespace.inherit": _model,
    "flask_restx.Namespace.clone": _model,
    "flask_restx.Namespace.marshal": _marshalled,
}
