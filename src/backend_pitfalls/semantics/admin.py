"""What Django's admin does with the rows of a model: show the columns of `list_display` for each of them, and those of inlines, and offer rows as choices.
https://docs.djangoproject.com/en/stable/ref/contrib/admin/#modeladmin-objects"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from backend_pitfalls.model.finding import Site
from backend_pitfalls.semantics import calls, orm, serializers
from backend_pitfalls.semantics.events import Loop
from backend_pitfalls.semantics.values import (
    ClassRef,
    Const,
    Container,
    Function,
    Instance,
    Row,
    RowSet,
    Value,
    constant_text,
    each_round,
    options,
)
from backend_pitfalls.semantics.world import Relation
from backend_pitfalls.syntax.names import dotted

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

_MODEL_ADMIN = "django.contrib.admin.ModelAdmin"


def admin_events(frame: Frame, cls: str) -> None:
    """See the events of showing the list, and the form, of the models that a class is registered for, and those of an inline."""
    lineage = frame.world.lineage(cls)
    if not _INLINES.isdisjoint(lineage):
        _inline(frame, cls)
    if _MODEL_ADMIN not in lineage:
        return
    for model in models_of(frame, cls):
        for relation in _chosen(frame, cls, model):
            _choices(frame, cls, model, relation)
    columns = _listed(frame, cls, "list_display")
    if not columns:
        return
    for rows in listed(frame, cls):
        _show(frame, Instance(cls, {"model": ClassRef(rows.model)}), rows, columns)


def listed(frame: Frame, cls: str) -> list[RowSet]:
    """The rows that the list of an admin shows, of each of its models, with what it loads with them."""
    columns = _listed(frame, cls, "list_display")
    views = [Instance(cls, {"model": ClassRef(model)}) for model in models_of(frame, cls)]
    return [
        rows.evolve(loaded=rows.loaded | _joined(frame, cls, rows.model, columns))
        for view in views
        for rows in options(serializers.query_set_of(frame, view))
        if isinstance(rows, RowSet) and rows.model and rows.shape != "values"
    ]


def _show(frame: Frame, view: Instance, rows: RowSet, columns: list[Value]) -> None:
    short = rows.model.rsplit(".", 1)[-1]
    site = _join_site(frame, view.cls)
    rows = rows.evolve(origin=rows.origin or site)
    loop = Loop(site, f"the admin's list of {short}", frozenset(), few=False, batched=False, kind="admin")
    outer, frame.loops = frame.loops, (loop,)
    row = each_round(orm.row_of(rows), loop)
    for column in columns:
        if isinstance(row, Row):
            _column(frame, view, row, column)
    frame.loops = outer


def _inline(frame: Frame, cls: str) -> None:
    """The rows of an inline: each is shown as its text, and has a form whose choices are read anew.

    https://docs.djangoproject.com/en/stable/ref/contrib/admin/#inlinemodeladmin-objects
    """
    model = frame.interpreter.instance_attribute(cls, "model")
    parents = _parents(frame, cls)
    if not isinstance(model, ClassRef) or frame.world.dialect(model.name) != "django" or not parents:
        return
    short = model.name.rsplit(".", 1)[-1]
    site, node = frame.class_site(cls), frame.world.class_node(cls)
    loop = Loop(site, f"the admin's inline of {short}", frozenset(), few=False, batched=False, kind="inline")
    outer, frame.loops = frame.loops, (loop,)
    known = {r.name for r in frame.world.relations_of(model.name) if r.target in parents}
    for rows in options(serializers.query_set_of(frame, Instance(cls, {"model": model}))):
        if isinstance(rows, RowSet) and rows.model and rows.shape != "values":
            row = each_round(orm.row_of(rows.evolve(origin=rows.origin or site, loaded=rows.loaded | known)), loop)
            if isinstance(row, Row) and node is not None:
                calls.shown(frame, node, row, "__str__")
    subject = f"the rows of the admin's inline of {short}"
    frame.loops = (Loop(site, subject, frozenset(), few=False, batched=False, kind="choices"),)
    for relation in _chosen(frame, cls, model.name):
        if relation.name not in known:
            orm.emit(frame, node or frame.source.tree, f"choices of {relation.name}", relation.target, "django", "read")
    frame.loops = outer


def _choices(frame: Frame, cls: str, model: str, relation: Relation) -> None:
    """The rows among which a form lets choose: each is shown as its text."""
    site, node = frame.class_site(cls), frame.world.class_node(cls)
    subject = f"the choices of '{relation.name}' in the admin's form of {model.rsplit('.', 1)[-1]}"
    loop = Loop(site, subject, frozenset(), few=False, batched=False, kind="choices")
    outer, frame.loops = frame.loops, (loop,)
    row = each_round(orm.row_of(RowSet(relation.target, "django", "manager", origin=site)), loop)
    if isinstance(row, Row) and node is not None:
        calls.shown(frame, node, row, "__str__")
    frame.loops = outer


_INLINES = frozenset({"django.contrib.admin.TabularInline", "django.contrib.admin.StackedInline"})
# What makes another form than Django's own.
_OWN_FORMS = ("formfield_for_foreignkey", "formfield_for_dbfield", "get_form", "get_formset")
_NOT_CHOSEN = ("raw_id_fields", "autocomplete_fields", "readonly_fields", "exclude")


def _chosen(frame: Frame, cls: str, model: str) -> list[Relation]:
    """The relations of a model whose rows its form in the admin offers, all of them, to choose from; none where a project makes the form itself."""
    if any(frame.world.method(cls, name) is not None for name in _OWN_FORMS):
        return []
    if any(frame.interpreter.instance_attribute(cls, name) is not None for name in ("form", "formset")):
        return []
    left_out = {constant_text(v) for name in _NOT_CHOSEN for v in _listed(frame, cls, name)}
    shown = frame.interpreter.instance_attribute(cls, "fields")
    only = {constant_text(v) for v in shown.items.values()} if isinstance(shown, Container) else None
    return [
        relation
        for relation in frame.world.relations_of(model)
        if not relation.reverse
        and not relation.many
        and relation.target
        and frame.world.dialect(relation.target) == "django"
        and relation.name not in left_out
        and (only is None or relation.name in only)
    ]


def _parents(frame: Frame, cls: str) -> set[str]:
    """The models in whose forms an inline stands, as the admins of its module say."""
    found: set[str] = set()
    for statement in frame.source.tree.body:
        admin = f"{frame.module}.{statement.name}" if isinstance(statement, ast.ClassDef) else ""
        if _MODEL_ADMIN in frame.world.lineage(admin):
            inlines = {o.name for v in _listed(frame, admin, "inlines") for o in options(v) if isinstance(o, ClassRef)}
            if cls in inlines:
                found.update(models_of(frame, admin))
    return found


def _join_site(frame: Frame, cls: str) -> Site:
    """Where a class says, or can say, what its list joins: `list_select_related`, else `list_display`, else the class."""
    for base in frame.world.lineage(cls):
        if frame.world.class_facts(base) is None or frame.world.module_of(base) != frame.module:
            continue
        written = frame.world.class_assignments(base)
        node = written.get("list_select_related") or written.get("list_display")
        if node is not None:
            return frame.site(node)
    return frame.class_site(cls)


def _column(frame: Frame, view: Instance, row: Row, column: Value) -> None:
    """One column: a function, a method of the admin, an attribute or method of the model."""
    if isinstance(column, Function):
        _run(frame, column, [row])
        return
    name = constant_text(column)
    if not name:
        return
    function = frame.interpreter.method(view.cls, name)
    if function is not None:
        _run(frame, function, [view, row])
        return
    node = frame.world.class_node(view.cls)
    relation = frame.world.relation(row.model, name)
    if node is None or relation is not None:
        return  # Django joins the relations to one row that are columns themselves, and refuses those to many
    calls.shown(frame, node, row, name)


def _run(frame: Frame, function: Function, given: list[Value]) -> None:
    named = [*function.node.args.posonlyargs, *function.node.args.args]
    if len(named) >= len(given):
        calls.run(frame, function.node, function, {p.arg: value for p, value in zip(named, given)})


def _joined(frame: Frame, cls: str, model: str, columns: list[Value]) -> frozenset[str]:
    """The relations that the list joins by itself."""
    written = frame.interpreter.instance_attribute(cls, "list_select_related")
    if isinstance(written, Container):
        paths = filter(None, (constant_text(v) for v in written.items.values()))
        return frozenset().union(*(orm.with_prefixes(path) for path in paths))
    forward = {r.name for r in frame.world.relations_of(model) if not r.reverse and not r.many}
    is_joined = isinstance(written, Const) and written.value is True
    if is_joined or any(constant_text(column) in forward for column in columns):
        # `select_related()` without names follows what cannot be null, five relations far.
        return frozenset(forward | {f"{name}__*" for name in forward})
    return frozenset()


def _listed(frame: Frame, cls: str, name: str) -> list[Value]:
    value = frame.interpreter.instance_attribute(cls, name)
    return list(value.items.values()) if isinstance(value, Container) else []


def models_of(frame: Frame, cls: str) -> list[str]:
    """The models that a class is registered for: by its decorator, or by a call in its module."""
    node = frame.world.class_node(cls)
    written: list[ast.expr] = []
    for decorator in node.decorator_list if node is not None else ():
        if isinstance(decorator, ast.Call) and dotted(decorator.func).rsplit(".", 1)[-1] == "register":
            written.extend(decorator.args)
    written.extend(_registered(frame.source.tree, cls.rsplit(".", 1)[-1]))
    found = {o.name: None for w in written for o in options(frame.evaluate(w)) if isinstance(o, ClassRef)}
    return [name for name in found if frame.world.dialect(name) == "django"]


def _registered(tree: ast.Module, short: str) -> Iterator[ast.expr]:
    """The models in `admin.site.register(Model, Admin)` at the top of a module."""
    for statement in tree.body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if (
            isinstance(call, ast.Call)
            and dotted(call.func).rsplit(".", 1)[-1] == "register"
            and len(call.args) >= 2
            and dotted(call.args[1]) == short
        ):
            models = call.args[0]
            yield from models.elts if isinstance(models, (ast.List, ast.Tuple)) else [models]
