"""What query sets, sessions and rows do: build queries, run them, give rows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.semantics.events import Loop, Query
from backend_pitfalls.semantics.values import (
    UNKNOWN,
    ClassRef,
    Container,
    Instance,
    Row,
    RowSet,
    Symbol,
    Unknown,
    Value,
    constant_text,
    deep_labels,
)

if TYPE_CHECKING:
    from backend_pitfalls.semantics.calls import Arguments
    from backend_pitfalls.semantics.frame import Frame

_SESSION_WORDS = frozenset({"session", "db_session", "_session", "async_session", "dbsession"})


def emit(
    frame: Frame,
    node: ast.AST,
    operation: str,
    model: str,
    dialect: str,
    effect: str,
    batched: bool = False,
    made_in: tuple[Loop, ...] | None = None,
) -> None:
    """Tell rules that a query runs here. `made_in`: the loops in which a cached query set was made."""
    loops = frame.loops if made_in is None else tuple(loop for loop in frame.loops if loop in made_in)
    frame.events.append(
        Query(
            frame.site(node),
            frame.symbol or frame.class_name,
            loops,
            frame.is_async,
            operation,
            model,
            dialect,
            effect,
            batched,
        )
    )


def iterate(frame: Frame, node: ast.AST, rows: RowSet) -> Value:
    """Iterate a row set: a lazy one runs its query, once a query set object."""
    is_lazy = rows.shape in ("query", "values") and rows.origin is not None
    if is_lazy or (rows.shape == "manager" and rows.dialect == "peewee"):
        emit(frame, node, _short(frame, node), rows.model, rows.dialect, "read", rows.batched, made_in=rows.loops)
    if rows.shape == "values":
        return UNKNOWN
    return Row(rows.model, rows.loaded, rows.origin, frame.loops) if rows.model else UNKNOWN


def collected(frame: Frame, node: ast.Call, value: Value, name: str) -> Value:
    """`list(x)`, `sorted(x)` …: the same elements."""
    if isinstance(value, RowSet):
        element = iterate(frame, node, value)
        if value.shape == "values":
            return Container("list", rest=element)
        return value.evolve(shape="rows", loops=frame.loops)
    if isinstance(value, Container):
        return (
            value
            if name not in ("builtins.set", "builtins.frozenset")
            else Container("set", value.items, value.rest, value.labels)
        )
    return Unknown(deep_labels(value)) if not isinstance(value, (ClassRef, Symbol)) else value


def item(frame: Frame, node: ast.Subscript, rows: RowSet) -> Value:
    """`rows[0]` runs a query on a lazy query set; one that is kept is taken to be filled by then."""
    if rows.shape == "query":
        emit(frame, node, _short(frame, node), rows.model, rows.dialect, "read", made_in=rows.loops)
    return Row(rows.model, rows.loaded, rows.origin) if rows.model and rows.shape != "values" else UNKNOWN


def method(frame: Frame, node: ast.Call, rows: RowSet, name: str, arguments: Arguments) -> Value:
    """A method of a manager, query set, query, statement or result."""
    queries = frame.knowledge.queries[rows.dialect]
    operation = _short(frame, node.func)
    if rows.shape in ("rows", "statement", "change"):
        return _of_rows(rows, name)
    if name in queries.values:
        return rows.evolve(shape="values", origin=rows.origin or frame.site(node), loops=frame.loops)
    if name in queries.builds:
        if name == "raw":
            _raw(frame, node, rows, arguments)
        loaded = rows.loaded | _loaded(name, arguments)
        return rows.evolve(
            shape=rows.shape if rows.shape == "values" else "query",
            loaded=loaded,
            origin=frame.site(node),
            loops=frame.loops,
            batched=rows.batched or _asks_for_many(arguments),
        )
    if name in queries.row or name in queries.scalar or name in queries.rows:
        batched = rows.batched or _asks_for_many(arguments) or name in ("in_bulk", "ain_bulk")
        emit(frame, node, operation, rows.model, rows.dialect, "read", batched)
        if name in ("get_or_create", "update_or_create", "aget_or_create", "aupdate_or_create"):
            return Container("tuple", {0: Row(rows.model, origin=frame.site(node)), 1: Instance("builtins.bool")})
        if name in queries.row:
            return Row(rows.model, rows.loaded, frame.site(node)) if rows.model else UNKNOWN
        if name in queries.rows:
            return rows.evolve(shape="rows", origin=frame.site(node), loops=frame.loops)
        return Instance("builtins.int")
    if name in queries.writes:
        emit(frame, node, operation, rows.model, rows.dialect, "write", rows.batched)
        return Row(rows.model, origin=frame.site(node)) if name in ("create", "acreate") else UNKNOWN
    return UNKNOWN


def _asks_for_many(arguments: Arguments) -> bool:
    return any(k.endswith("__in") for k in arguments.keywords)


def _loaded(name: str, arguments: Arguments) -> frozenset[str]:
    if name not in ("select_related", "prefetch_related"):
        return frozenset()
    # "*": something is loaded that the code here does not tell, such as Prefetch(…) or *paths; so anything may be.
    found: set[str] = {"*"} if arguments.spread else set()
    for value in arguments.positional:
        if constant_text(value) is None:
            found.add("*")
        path = constant_text(value)
        if path:
            parts = path.split("__")
            found.update("__".join(parts[: i + 1]) for i in range(len(parts)))
    return frozenset(found)


def _raw(frame: Frame, node: ast.Call, rows: RowSet, arguments: Arguments) -> None:
    from backend_pitfalls.semantics.calls import emit_call

    emit_call(frame, "django.db.models.Manager.raw", arguments, rows)


def _of_rows(rows: RowSet, name: str) -> Value:
    if rows.shape in ("statement", "change"):
        return rows
    if name in ("scalars", "unique", "mappings", "partitions", "all", "fetchall", "tuples", "copy"):
        return rows
    if name in ("first", "one", "one_or_none", "scalar", "scalar_one", "scalar_one_or_none", "pop", "get"):
        return Row(rows.model, rows.loaded, rows.origin) if rows.model else UNKNOWN
    return UNKNOWN


def row_method(frame: Frame, node: ast.Call, row: Row, name: str) -> Value:
    """`row.refresh_from_db()`, `row.save()` …"""
    if name in ("refresh_from_db", "arefresh_from_db"):
        emit(frame, node, _short(frame, node.func), row.model, "django", "read")
    elif name in ("save", "delete", "asave", "adelete"):
        emit(frame, node, _short(frame, node.func), row.model, "django", "write")
    return UNKNOWN


def session_method(frame: Frame, node: ast.Call, name: str, arguments: Arguments) -> Value | None:
    """A method of a SQLAlchemy session; None when it is not about queries."""
    queries = frame.knowledge.queries["sqlalchemy"]
    first = arguments.positional[0] if arguments.positional else UNKNOWN
    model = _model_of(frame, first)
    if name in queries.session_starts:
        return RowSet(model, "sqlalchemy", "query", origin=frame.site(node), loops=frame.loops)
    if name in queries.session_reads:
        effect = _effect(name, first)
        if effect:
            emit(frame, node, _short(frame, node.func), model, "sqlalchemy", effect)
        if name in ("get", "get_one", "scalar"):
            return Row(model, origin=frame.site(node)) if model else UNKNOWN
        return RowSet(model, "sqlalchemy", "rows", origin=frame.site(node), loops=frame.loops)
    if name in queries.session_writes:
        emit(frame, node, _short(frame, node.func), model, "sqlalchemy", "write")
        return UNKNOWN
    return None


def _effect(name: str, statement: Value) -> str:
    """What `session.execute(statement)` does; the empty string for a statement that is not known."""
    if name not in ("execute", "exec", "stream"):
        return "read"
    if isinstance(statement, RowSet):
        return {"statement": "read", "query": "read", "change": "write"}.get(statement.shape, "")
    return ""


def _model_of(frame: Frame, value: Value) -> str:
    if isinstance(value, ClassRef):
        return value.name
    return value.model if isinstance(value, (RowSet, Row)) else ""


def by_convention(frame: Frame, arguments: Arguments, name: str) -> Value:
    """`db.session.query(Book)` on an object of unknown class: believed when it is called a session and given a model."""
    node = arguments.node
    if not isinstance(node.func, ast.Attribute) or not arguments.positional:
        return UNKNOWN
    receiver = node.func.value
    word = (
        receiver.attr if isinstance(receiver, ast.Attribute) else receiver.id if isinstance(receiver, ast.Name) else ""
    )
    first = arguments.positional[0]
    is_model = isinstance(first, ClassRef) and frame.world.dialect(first.name) == "sqlalchemy"
    is_statement = isinstance(first, RowSet) and first.dialect == "sqlalchemy" and first.shape == "statement"
    if (word.lower() in _SESSION_WORDS and (is_model or is_statement)) or (
        is_statement or (is_model and name in ("query", "get"))
    ):
        found = session_method(frame, node, name, arguments)
        return found if found is not None else UNKNOWN
    return UNKNOWN


def _short(frame: Frame, node: ast.AST) -> str:
    return frame.source.snippet(node, 50)
