"""What a query set leaves out of its rows, and asks for in a way that does not work.

https://docs.djangoproject.com/en/stable/ref/models/querysets/#defer
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.semantics.events import FieldLoad, Misloaded
from backend_pitfalls.semantics.values import Row, RowSet, constant_text
from backend_pitfalls.syntax.names import dotted

if TYPE_CHECKING:
    from backend_pitfalls.semantics.arguments import Arguments
    from backend_pitfalls.semantics.frame import Frame

_ONLY, _DEFER, _HAS, _ANY = "<only>", "<defer>", "<has>", "*"


def markers(name: str, arguments: Arguments) -> frozenset[str]:
    """What stands among the loaded paths for the fields that `only()` keeps, that `defer()` leaves out, and for what `annotate()` adds."""
    if name == "annotate":
        return frozenset(f"{_HAS}{key}" for key in arguments.keywords)
    mark = {"only": _ONLY, "defer": _DEFER}.get(name)
    if mark is None:
        return frozenset()
    names = [constant_text(value) for value in arguments.positional]
    if arguments.spread or None in names:
        return frozenset({f"{_ONLY}{_ANY}", f"{_DEFER}{_ANY}"})
    return frozenset(f"{mark}{str(n).partition('__')[0]}" for n in names)


def has(row: Row, name: str) -> bool:
    """Whether a row certainly has an attribute that its query set added."""
    return f"{_HAS}{name}" in row.loaded


def read_field(frame: Frame, node: ast.Attribute, row: Row, name: str) -> None:
    """A field of one of many rows is read: a query when its query set left it out."""
    if not row.loops or isinstance(node.ctx, ast.Store) or not _is_left_out(row.loaded, name):
        return
    if frame.world.dialect(row.model) != "django" or not _is_column(frame, row.model, name):
        return
    event = FieldLoad(
        frame.site(node),
        frame.scope,
        frame.loops,
        frame.is_async,
        row.model,
        name,
        name,
        False,
        "django",
        row.origin,
        row.loops,
    )
    frame.events.append(event)
    if isinstance(node.value, ast.Name) and frame.variables.get(node.value.id) is row:
        # It is kept with the row from now on.
        kept = row.loaded - {f"{_DEFER}{name}"}
        frame.variables[node.value.id] = row.evolve(loaded=kept | ({f"{_ONLY}{name}"} if _only(row.loaded) else set()))


def _only(loaded: frozenset[str]) -> bool:
    return any(path.startswith(_ONLY) for path in loaded)


def _is_left_out(loaded: frozenset[str], name: str) -> bool:
    if f"{_ONLY}{_ANY}" in loaded or f"{_DEFER}{_ANY}" in loaded:
        return False
    return f"{_DEFER}{name}" in loaded or (_only(loaded) and f"{_ONLY}{name}" not in loaded)


def _is_column(frame: Frame, model: str, name: str) -> bool:
    """Whether a model declares a field of this name that is no key and no relation."""
    if name in ("id", "pk") or frame.world.relation(model, name) is not None:
        return False
    for base in frame.world.lineage(model):
        facts = frame.world.class_facts(base)
        field = next((f for f in facts.fields if f.name == name), None) if facts is not None else None
        if field is not None:
            is_field = field.call is not None and field.call.callee.endswith("Field")
            return is_field and field.call is not None and field.call.keywords.get("primary_key") is not True
    return False


def is_ordered(frame: Frame, model: str) -> bool:
    """Whether a model's rows have an order of their own (`Meta.ordering`)."""
    node = frame.world.class_node(model)
    metas = [m for m in node.body if isinstance(m, ast.ClassDef) and m.name == "Meta"] if node is not None else []
    names = [dotted(t) for m in metas for s in m.body if isinstance(s, ast.Assign) for t in s.targets]
    return "ordering" in names


def asked(frame: Frame, node: ast.Call, rows: RowSet, name: str, arguments: Arguments) -> None:
    """A building method that asks for relations in a way that does not load them."""
    if rows.dialect != "django" or not rows.model:
        return
    if name == "select_related":
        for value in arguments.positional:
            path = constant_text(value)
            relation = frame.world.relation(rows.model, path) if path is not None else None
            if relation is not None and relation.many:
                _tell(frame, node, "joined", rows.model, path or "")
    elif (
        name in ("iterator", "aiterator")
        and not arguments.positional
        and not arguments.keywords
        and not arguments.spread
    ):
        held = next(
            (p for p in sorted(rows.loaded) if (r := frame.world.relation(rows.model, p)) is not None and r.many), ""
        )
        if held:
            _tell(frame, node, "iterated", rows.model, held)


def _tell(frame: Frame, node: ast.Call, what: str, model: str, name: str) -> None:
    frame.events.append(Misloaded(frame.site(node), frame.scope, frame.loops, frame.is_async, what, model, name))
