"""What a serializer of the Django REST framework reads of every row: declared fields, `Meta.fields`, sources, methods, nested
serializers. https://www.django-rest-framework.org/api-guide/relations/"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from backend_pitfalls.model.finding import Site, Step
from backend_pitfalls.semantics import calls, orm
from backend_pitfalls.semantics.attributes import load_attribute
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
from backend_pitfalls.syntax.names import nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame
    from backend_pitfalls.semantics.interpreter import Interpreter

SERIALIZER = "rest_framework.serializers.BaseSerializer"
_METHOD = "rest_framework.serializers.SerializerMethodField"
_PRIMARY_KEY = frozenset(
    {"rest_framework.serializers.PrimaryKeyRelatedField", "rest_framework.serializers.HyperlinkedRelatedField"}
)
_RELATED = frozenset({"rest_framework.serializers.StringRelatedField", "rest_framework.serializers.SlugRelatedField"})
_LIST_VIEWS = frozenset({"rest_framework.mixins.ListModelMixin"})
MAX_NESTED = 4


def is_serializer(frame: Frame, cls: str) -> bool:
    """Whether a class of the project is a serializer."""
    return SERIALIZER in frame.world.lineage(cls)


def serialize(frame: Frame, serializer: str, rows: Value, origin: Site, subject: str) -> None:
    """See the events of serialising each of these rows.

    Parameters:
        frame: where the serializer is used.
        serializer: the class.
        rows: a row set (each of its rows is serialised) or one row.
        origin: the place of the use.
        subject: what is serialised, in words.
    """
    for row in each_shown(frame, rows, origin, subject):
        _Walk(frame, origin).serializer(serializer, row, 0)


def each_shown(frame: Frame, rows: Value, origin: Site, subject: str) -> Iterator[Row]:
    """A row of each alternative of what is shown, within the loop of the framework that goes through all of them.

    Parameters:
        frame: where they are shown; its loops are the inner ones while a row is looked at.
        rows: a row set (each of its rows is shown) or one row.
        origin: the place of the use.
        subject: what is shown, in words.
    """
    for option in options(rows):
        outer = frame.loops
        element: Value = option
        if isinstance(option, RowSet) and option.model and option.shape != "values":
            loop = Loop(option.origin or origin, subject, frozenset(), few=False, batched=False, kind="serializer")
            frame.loops = (*outer, loop)
            element = each_round(orm.row_of(option.evolve(origin=option.origin or origin)), loop)
        if isinstance(element, Row):
            yield element
        frame.loops = outer


def view_events(frame: Frame, view: str) -> None:
    """See the events of a class-based view that lists rows through its serializer."""
    lineage = frame.world.lineage(view)
    if not _LIST_VIEWS.intersection(lineage) or frame.world.method(view, "list") is not None:
        return  # a list action of its own is code like any other
    routed = frame.world.actions_of(view)
    if routed is not None and "list" not in routed:
        return
    instance = Instance(view, {"action": Const("list")})
    rows = query_set_of(frame, instance)
    short = view.rsplit(".", 1)[-1]
    for rows_option in options(rows):
        if not isinstance(rows_option, RowSet) or not rows_option.model:
            continue
        origin = rows_option.origin or frame.class_site(view)
        rows_option = rows_option.evolve(origin=origin)
        if rows_option.whole and not rows_option.path and not _is_paginated(frame, view):
            node = frame.world.class_node(view)
            if node is not None:
                orm.emit(frame, node, short, rows_option.model, rows_option.dialect, "read", whole=True)
                frame.events[-1].handled = True
        for serializer in serializers_of(frame.interpreter, instance):
            serialize(frame, serializer, rows_option, origin, f"the rows of {short}")


def _is_paginated(frame: Frame, view: str) -> bool:
    """Whether a list view answers with a page: by its own attribute or methods, or by the setting; and when the settings are not here to say.

    https://www.django-rest-framework.org/api-guide/pagination/
    """
    world, interpreter = frame.world, frame.interpreter
    for base in world.lineage(view):
        if world.class_facts(base) is not None and "pagination_class" in interpreter.class_body(base):
            value = interpreter.class_body(base)["pagination_class"]
            return not (isinstance(value, Const) and value.value is None)
    if world.method(view, "paginate_queryset") is not None:
        return True
    settings = [
        interpreter.global_name(module, "REST_FRAMEWORK", {}) for module in world.modules_with("REST_FRAMEWORK")
    ]
    known = [o for value in settings for o in options(value) if isinstance(o, Container) and o.rest is None]
    return not known or any("DEFAULT_PAGINATION_CLASS" in o.items for o in known)


def query_set_of(frame: Frame, view: Instance, above: str = "") -> Value:
    """What `get_queryset()` of a view gives, else its `queryset`, else all rows of its `model`.

    Parameters:
        frame: where it is asked for.
        view: the view.
        above: a class of its lineage from which to start, as `super()` does.
    """
    interpreter = frame.interpreter
    lineage = interpreter.world.lineage(view.cls)
    methods = lineage[lineage.index(above) :] if above in lineage else lineage
    for base in methods:
        facts = interpreter.world.class_facts(base)
        if facts is not None and "get_queryset" in facts.methods:
            function = interpreter.function(interpreter.world.module_of(base), f"{facts.name}.get_queryset")
            if function is not None:
                return interpreter.summarize(function, {function.signature.first: view}).result
    for base in lineage:
        body = interpreter.class_body(base) if interpreter.world.class_facts(base) is not None else {}
        for option in options(body.get("queryset", Const(None))):
            if isinstance(option, RowSet):
                return option
        for option in options(body.get("model", Const(None))):
            if isinstance(option, ClassRef) and interpreter.world.dialect(option.name) == "django":
                return load_attribute(interpreter, option, "objects")
    shown = view.attributes.get("model")
    if isinstance(shown, ClassRef):
        return load_attribute(interpreter, shown, "objects")
    return Const(None)


def serializers_of(interpreter: Interpreter, view: Instance) -> list[str]:
    """The serializer classes of a view, for the action that it has."""
    for base in interpreter.world.lineage(view.cls):
        facts = interpreter.world.class_facts(base)
        if facts is None:
            continue
        found: Value | None = None
        if "get_serializer_class" in facts.methods:
            function = interpreter.function(interpreter.world.module_of(base), f"{facts.name}.get_serializer_class")
            if function is not None:
                found = interpreter.summarize(function, {"self": view}).result
        elif "serializer_class" in facts.methods or "serializer_class" in interpreter.class_body(base):
            found = interpreter.class_body(base).get("serializer_class")
        if found is not None:
            return [o.name for o in options(found) if isinstance(o, ClassRef)]
    return []


class _Walk:
    """Reads what the fields of one use of a serializer read; events go to the frame of the use."""

    def __init__(self, frame: Frame, use: Site) -> None:
        self._use = frame
        self._site = use

    def serializer(self, cls: str, row: Row, depth: int) -> None:
        """Read the fields of a serializer of one row."""
        frame = self._use.of_class(cls)
        if frame is None or depth > MAX_NESTED:
            return
        short = cls.rsplit(".", 1)[-1]
        frame.loops = self._use.loops
        own = self._own_representation(frame, cls)
        if own is not None:
            self._call(frame, cls, own, row)
        if own is None or _asks_library(own):
            for name, field, node in self._fields(frame, cls, row):
                self._field(frame, cls, name, field, node, row, depth)
        step = Step(self._site, f"uses '{short}'")
        for event in frame.events:
            seen = event.shown_by(step, self._use.scope, self._use.loops, self._use.is_async)
            self._use.events.append(seen)

    def _own_representation(self, frame: Frame, cls: str) -> Function | None:
        """`to_representation` where a class of the project writes it."""
        return frame.interpreter.method(cls, "to_representation")

    def _fields(self, frame: Frame, cls: str, row: Row) -> Iterator[tuple[str, Value | None, ast.AST]]:
        """(name, declared field or None, where) of each field that is written out."""
        declared: dict[str, tuple[Value, ast.AST | None]] = {}
        for base in reversed(frame.world.lineage(cls)):
            if frame.world.class_facts(base) is not None:
                nodes = frame.world.class_assignments(base)
                for name, value in frame.interpreter.class_body(base).items():
                    if isinstance(value, Instance):
                        declared[name] = (value, nodes.get(name, frame.world.class_node(cls)))
        meta = self._meta(frame, cls)
        class_node = frame.world.class_node(cls)
        names = _names(meta.get("fields"))
        excluded = _names(meta.get("exclude")) or ()
        if names is None or "__all__" in names:
            relations = frame.world.relations_of(row.model)
            forward = [r.name for r in relations if not r.reverse and r.name not in excluded]
            names = (*declared, *(n for n in forward if n not in declared)) if meta else tuple(declared)
        for name in names:
            field, node = declared.get(name, (None, class_node))
            if node is not None and not _write_only(field):
                yield name, field, node

    def _meta(self, frame: Frame, cls: str) -> Mapping[str, Value]:
        for base in frame.world.lineage(cls):
            body = frame.interpreter.class_body(f"{base}.Meta") if frame.world.class_facts(f"{base}.Meta") else {}
            if body:
                return body
        return {}

    def _has_depth(self, frame: Frame, cls: str) -> bool:
        """Whether relations are written out with their fields: https://www.django-rest-framework.org/api-guide/serializers/#specifying-nested-serialization"""
        depth = self._meta(frame, cls).get("depth")
        return isinstance(depth, Const) and bool(depth.value)

    def _field(
        self, frame: Frame, cls: str, name: str, field: Value | None, node: ast.AST, row: Row, depth: int
    ) -> None:
        settings = field.attributes if isinstance(field, Instance) else {}
        kind = field.cls if isinstance(field, Instance) else ""
        if kind == _METHOD:
            method = constant_text(settings.get("method_name", Const(f"get_{name}"))) or f"get_{name}"
            function = frame.interpreter.method(cls, method)
            if function is not None:
                self._call(frame, cls, function, row)
            return
        source = constant_text(settings.get("source", Const(name))) or name
        if source == "*":
            nested: Value = row
        else:
            *path, last = source.split(".")
            holder = self._follow(frame, node, row, path)
            if holder is None:
                return
            relation = frame.world.relation(holder.model, last)
            is_nested = kind and is_serializer(frame, kind) and frame.world.class_facts(kind) is not None
            many = _is_true(settings.get("many"))
            is_shown = is_nested or kind in _RELATED or (not kind and self._has_depth(frame, cls))
            if relation is not None and not relation.many and not is_shown:
                return  # the key of a relation to one row is in the row itself
            nested = calls.shown(frame, node, holder, last)
            if isinstance(nested, RowSet):
                if not (many or is_nested or not kind or kind in _PRIMARY_KEY | _RELATED):
                    return
                nested = orm.iterate_relation(frame, node, nested, last)
            elif kind in _RELATED and isinstance(nested, Row):
                self._text(frame, node, nested, kind, settings)
        if kind and is_serializer(frame, kind):
            self._nested(frame, kind, nested, node, depth)

    def _follow(self, frame: Frame, node: ast.AST, row: Row, path: list[str]) -> Row | None:
        value: Value = row
        for name in path:
            if not isinstance(value, Row):
                return None
            value = calls.shown(frame, node, value, name)
        return value if isinstance(value, Row) else None

    def _text(self, frame: Frame, node: ast.AST, row: Row, kind: str, settings: Mapping[str, Value]) -> None:
        """What a related field shows of the row it stands for."""
        slug = constant_text(settings.get("slug_field", Const("__str__"))) or "__str__"
        calls.shown(frame, node, row, slug)

    def _nested(self, frame: Frame, kind: str, value: Value, node: ast.AST, depth: int) -> None:
        outer = self._use.loops
        if isinstance(value, Row):
            added = tuple(loop for loop in value.loops if loop not in outer)
            nested = _Walk(frame, frame.site(node))
            frame.loops = (*frame.loops, *added)
            nested.serializer(kind, value, depth + 1)
            frame.loops = outer

    def _call(self, frame: Frame, cls: str, function: Function, row: Row) -> None:
        named = [*function.node.args.posonlyargs, *function.node.args.args]
        if len(named) >= 2:
            calls.run(frame, function.node, function, {named[0].arg: Instance(cls), named[1].arg: row})


def _asks_library(function: Function) -> bool:
    """Whether a method builds on what the library's own does."""
    return any(isinstance(n, ast.Name) and n.id == "super" for n in nodes_in(function.node))


def _names(value: Value | None) -> tuple[str, ...] | None:
    """The names in `Meta.fields`; None when they are not spelled out."""
    if isinstance(value, Container) and value.rest is None:
        return tuple(filter(None, (constant_text(v) for v in value.items.values())))
    text = constant_text(value) if value is not None else None
    return (text,) if text else None


def _is_true(value: Value | None) -> bool:
    return isinstance(value, Const) and value.value is True


def _write_only(field: Value | None) -> bool:
    return isinstance(field, Instance) and _is_true(field.attributes.get("write_only"))
