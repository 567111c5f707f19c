"""From annotations to abstract values."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics import orm
from backend_pitfalls.semantics.values import (
    UNKNOWN,
    ClassRef,
    Const,
    Container,
    Instance,
    Row,
    RowSet,
    Symbol,
    Text,
    TypeForm,
    Value,
)
from backend_pitfalls.syntax.names import dotted

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

_SEQUENCES = frozenset(
    {
        "builtins.list",
        "typing.List",
        "typing.Sequence",
        "typing.Iterable",
        "collections.abc.Sequence",
        "collections.abc.Iterable",
        "builtins.set",
        "typing.Set",
    }
)
_WRAPPERS = frozenset(
    {
        "typing.Optional",
        "typing.Annotated",
        "typing.Final",
        "typing.ClassVar",
        "typing_extensions.Annotated",
        "typing.Awaitable",
        "typing.Iterator",
        "typing.Generator",
        "typing.AsyncGenerator",
        "typing.AsyncIterator",
        "collections.abc.Iterator",
        "collections.abc.Generator",
        "collections.abc.AsyncGenerator",
        "collections.abc.AsyncIterator",
    }
)
_QUERYSETS = frozenset({"django.db.models.QuerySet", "django.db.models.Manager"})
FORMS = _WRAPPERS | _SEQUENCES | _QUERYSETS | {"typing.Union", "typing.Literal", "typing_extensions.Literal"}
"""What makes a type of others."""


def annotated(frame: Frame, node: ast.expr | None) -> Value:
    """An object of the annotated type; Unknown where the annotation tells nothing that matters."""
    if node is None:
        return UNKNOWN
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return annotated(frame, ast.parse(node.value, mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return UNKNOWN
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = [
            annotated(frame, s)
            for s in (node.left, node.right)
            if not (isinstance(s, ast.Constant) and s.value is None)
        ]
        return sides[0] if len(sides) == 1 else UNKNOWN
    if isinstance(node, ast.Subscript):
        return _subscripted(frame, node)
    if isinstance(node, (ast.Name, ast.Attribute)):
        value = frame.evaluate(node)
        if isinstance(value, TypeForm):
            return _subscripted(*spelled(frame, node)) if isinstance(value.node, ast.Subscript) else UNKNOWN
        return object_of(frame, value)
    return UNKNOWN


# What makes a class of its annotated fields, each a parameter of the constructor: https://docs.python.org/3/library/dataclasses.html,
# https://www.attrs.org/en/stable/api.html#attrs.define, https://docs.pydantic.dev/latest/concepts/dataclasses/
_MAKES_FIELDS = frozenset({"attributes", "attrs", "dataclass", "define", "frozen", "mutable", "s"})
_HAS_FIELDS = frozenset(
    {
        "msgspec.Struct",
        "ninja.Schema",
        "pydantic.BaseModel",
        "sqlmodel.SQLModel",
        "typing.NamedTuple",
    }
)
_OF_THE_CLASS = frozenset({"ClassVar", "Final"})


def is_default(frame: Frame, node: ast.AnnAssign, value: Value) -> bool:
    """Whether what an annotated attribute is given in a class body is only what it is when nobody gives it anything else: a field of a
    dataclass or schema, and None in any class. The texts and numbers of settings mostly are what they are by default.

    Parameters:
        frame: of the class body.
        node: the assignment.
        value: what is assigned.
    """
    if not isinstance(value, (Const, Container, Text)) or _is_of_the_class(node.annotation):
        return False
    if isinstance(value, Const) and value.value is None:
        return True
    name = f"{frame.module}.{frame.class_name}"
    facts = frame.world.class_facts(name)
    lineage = frame.world.lineage(name)
    if any(base.endswith(".BaseSettings") for base in lineage):
        return isinstance(value, Const) and isinstance(value.value, bool)
    decorators = {d.rpartition(".")[2] for d in facts.decorators} if facts is not None else set()
    return not _MAKES_FIELDS.isdisjoint(decorators) or not _HAS_FIELDS.isdisjoint(lineage)


def _is_of_the_class(annotation: ast.expr) -> bool:
    outer = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return dotted(outer).rpartition(".")[2] in _OF_THE_CLASS


def spelled(frame: Frame, node: Any) -> tuple[Frame, Any]:
    """An annotation that is a name for another one, as that is written, with a frame in its module; any other as it is.

    https://typing.python.org/en/latest/spec/aliases.html
    """
    for _ in range(_MAX_NAMES):
        value = frame.evaluate(node) if isinstance(node, (ast.Name, ast.Attribute)) else None
        other = frame.of_module(value.module) if isinstance(value, TypeForm) else None
        if other is None or not isinstance(value, TypeForm):
            break
        frame, node = other, value.node
    return frame, node


_MAX_NAMES = 4


def _subscripted(frame: Frame, node: ast.Subscript) -> Value:
    outer = frame.evaluate(node.value)
    name = outer.name if isinstance(outer, (Symbol, ClassRef)) else ""
    first = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
    if name in _WRAPPERS:
        if "Annotated" in name and isinstance(node.slice, ast.Tuple) and len(node.slice.elts) > 1:
            for extra in node.slice.elts[1:]:
                value = frame.evaluate(extra)
                if isinstance(value, (Instance, RowSet, Row)):
                    return value
        return annotated(frame, first)
    if name in _QUERYSETS:
        inner = frame.evaluate(first)
        return RowSet(inner.name if isinstance(inner, ClassRef) else "", "django", "query", orm.ANY_LOADED)
    if name in _SEQUENCES:
        return Container("list", rest=annotated(frame, first))
    return object_of(frame, outer)


def object_of(frame: Frame, type_: Value) -> Value:
    """An object of a class, of which nothing else is known."""
    if isinstance(type_, ClassRef):
        if frame.world.dialect(type_.name):
            return Row(type_.name, orm.ANY_LOADED)
        return Instance(type_.name)
    if isinstance(type_, Symbol):
        if type_.name in _QUERYSETS:
            return RowSet("", "django", "query", orm.ANY_LOADED)
        if type_.name.startswith("typing.") or type_.name in ("builtins.object", "builtins.dict"):
            return UNKNOWN
        return Instance(frame.knowledge.canonical(frame.knowledge.types.get(type_.name, type_.name)))
    return UNKNOWN


_PATTERN = regex(r"(?:pattern|regex)=r?(['\"])\^(.*?)(?:\$|\\\\?Z)\1")
# What lets any text through: a dot that repeats, a negated set.
_ANYTHING = regex(r"(?<!\\)\.[*+{?]|\[\^|\\+[SWD]")


def has_safe_pattern(written: str) -> bool:
    """Whether a declaration, `Query(pattern="^[a-z]+$")`, holds its text to a pattern that is anchored at both ends and names its characters."""
    found = _PATTERN.search(written)
    return found is not None and not _ANYTHING.search(found[2])
