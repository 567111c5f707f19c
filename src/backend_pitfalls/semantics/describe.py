"""Abstract values in words, for people who extend the tool."""

from __future__ import annotations

from backend_pitfalls.semantics.values import (
    BoundMethod,
    ClassRef,
    Const,
    Container,
    Function,
    Instance,
    ModuleRef,
    OneOf,
    Partial,
    Row,
    RowSet,
    Symbol,
    Text,
    Value,
)

MAX_SHOWN = 8


def describe(value: Value) -> str:
    """One line about a value, such as `rows(shop.models.Book, query, loaded: author)` or `"SELECT …" + untrusted ?`."""
    text = _plain(value)
    if isinstance(value, (Container, OneOf, Text)):
        return text
    names = sorted({label.description for label in value.labels})
    return f"{text} from {', '.join(names)}" if names else text


def _plain(value: Value) -> str:
    if isinstance(value, Const):
        return repr(value.value)
    if isinstance(value, Text):
        return "text(" + " + ".join(repr(p) if isinstance(p, str) else describe(p) for p in value.parts) + ")"
    if isinstance(value, Symbol):
        return f"symbol {value.name}"
    if isinstance(value, ClassRef):
        return f"class {value.name}"
    if isinstance(value, ModuleRef):
        return f"module {value.name}"
    if isinstance(value, Function):
        return f"function {value.module}.{value.qualname}"
    if isinstance(value, BoundMethod):
        return f"method {value.name} of {describe(value.receiver)}"
    if isinstance(value, Partial):
        return f"partial of {describe(value.function)}"
    if isinstance(value, Instance):
        return f"object of {value.cls}"
    if isinstance(value, Row):
        return f"row({value.model}{_loaded(value.loaded)})"
    if isinstance(value, RowSet):
        return f"rows({value.model or '?'}, {value.shape}{_loaded(value.loaded)})"
    if isinstance(value, Container):
        return _container(value)
    if isinstance(value, OneOf):
        return " | ".join(sorted(describe(o) for o in value.options))
    return "?"


def _loaded(loaded: frozenset[str]) -> str:
    return f", loaded: {' '.join(sorted(loaded))}" if loaded else ""


def _container(value: Container) -> str:
    shown = [
        f"{key!r}: {describe(v)}" if value.kind == "dict" else describe(v)
        for key, v in list(value.items.items())[:MAX_SHOWN]
    ]
    if len(value.items) > MAX_SHOWN:
        shown.append(f"… {len(value.items) - MAX_SHOWN} more")
    if value.rest is not None:
        shown.append(f"any: {describe(value.rest)}")
    return f"{value.kind}({', '.join(shown)})"
