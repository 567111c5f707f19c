"""What a schema reads of rows that it shows: pydantic models filled from attributes (FastAPI's response models among them) and marshmallow's
nested fields.

https://docs.pydantic.dev/latest/concepts/models/#arbitrary-class-instances, https://marshmallow.readthedocs.io/en/stable/nesting.html
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.model.finding import Step
from backend_pitfalls.semantics import calls, orm, serializers
from backend_pitfalls.semantics.annotations import annotated
from backend_pitfalls.semantics.values import (
    ClassRef,
    Const,
    Container,
    Instance,
    Row,
    RowSet,
    Value,
    constant_text,
    options,
)
from backend_pitfalls.syntax.names import nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

_PYDANTIC = frozenset({"pydantic.BaseModel", "sqlmodel.SQLModel"})
MARSHMALLOW = "marshmallow.Schema"
NESTED = "marshmallow.fields.Nested"
FROM_ATTRIBUTES = frozenset({"model_validate", "from_orm", "parse_obj", "validate"})
_MODEL_SCHEMA = "ninja.ModelSchema"
DUMPS = frozenset({"model_dump", "dict"})
MAX_NESTED = 4


def is_schema(frame: Frame, cls: str) -> bool:
    """Whether a class of the project is a schema that reads attributes."""
    lineage = frame.world.lineage(cls)
    return not frame.world.dialect(cls) and (not _PYDANTIC.isdisjoint(lineage) or MARSHMALLOW in lineage)


def show(frame: Frame, node: ast.AST, schema: Value, value: Value) -> None:
    """See the events of showing rows by a schema.

    Parameters:
        frame: where that happens.
        node: the expression that is shown.
        schema: an object of a schema class, or a list of such.
        value: what is shown: rows, one row, or something else.
    """
    shown = schema.elements() if isinstance(schema, Container) else schema
    if not isinstance(shown, Instance) or not is_schema(frame, shown.cls):
        return
    is_paged = frame.function is not None and any("paginat" in name for name in frame.function.decorators)
    for option in options(value):
        if isinstance(option, RowSet) and option.model and option.shape == "query":
            orm.iterate(frame, node, option.evolve(whole=option.whole and not is_paged))
    subject = f"the rows shown as {shown.cls.rsplit('.', 1)[-1]}"
    for row in serializers.each_shown(frame, value, frame.site(node), subject):
        _read(frame, node, shown.cls, row, 0)


def dumped(frame: Frame, node: ast.AST, schema: Instance) -> Container | None:
    """The fields of a pydantic model by their names, as `model_dump()` gives them; None where others may be among them, or none is known.

    https://docs.pydantic.dev/latest/concepts/serialization/#modelmodel_dump
    """
    names: list[str] = []
    for cls in frame.world.lineage(schema.cls):
        facts = frame.world.class_facts(cls)
        if facts is None:
            continue
        if _takes_more(frame, cls):
            return None
        names.extend(field.name for field in facts.fields if field.annotation)
    fields = {name: calls.attribute_at(frame, node, schema, name) for name in names}
    return Container("dict", fields) if fields else None


def _takes_more(frame: Frame, cls: str) -> bool:
    """Whether a pydantic model keeps what it has no field for: https://docs.pydantic.dev/latest/api/config/#pydantic.config.ConfigDict.extra"""
    settings = frame.world.class_assignments(cls).get("model_config")
    inner = f"{cls}.Config"
    old = frame.world.class_assignments(inner).get("extra") if frame.world.class_facts(inner) is not None else None
    nodes = [node for outer in (settings, old) if outer is not None for node in nodes_in(outer)]
    return any(getattr(node, "value", None) == "allow" or getattr(node, "attr", "") == "allow" for node in nodes)


def _read(user: Frame, node: ast.AST, schema: str, row: Row, depth: int) -> None:
    """Read what the fields of a schema read of a row; events go to the frame of the use."""
    frame = user.of_class(schema)
    if frame is None or depth > MAX_NESTED:
        return
    frame.loops = user.loops
    for base in frame.world.lineage(schema):
        if frame.world.class_facts(base) is None:
            continue
        nodes = frame.world.class_assignments(base)
        definition = frame.world.class_node(base)
        annotations = frame.interpreter.read(_annotations, definition) if definition is not None else {}
        for name, declared in frame.interpreter.class_body(base).items():
            if frame.world.relation(row.model, name) is None:
                continue
            nested = _nested_schema(frame, annotated(frame, annotations[name]) if name in annotations else declared)
            if nested is None:
                continue
            field = nodes.get(name, frame.world.class_node(schema) or node)
            value = calls.shown(frame, field, row, name)
            if isinstance(value, RowSet):
                value = orm.iterate_relation(frame, field, value, name)
            if isinstance(value, Row):
                outer = frame.loops
                frame.loops = (*outer, *(loop for loop in value.loops if loop not in outer))
                _read(frame, field, nested, value, depth + 1)
                frame.loops = outer
    _read_keys(frame, node, schema, row)
    step = Step(user.site(node), f"shows it as '{schema.rsplit('.', 1)[-1]}'")
    symbol = user.scope
    user.events.extend(event.shown_by(step, symbol, user.loops, user.is_async) for event in frame.events)


def _read_keys(frame: Frame, node: ast.AST, schema: str, row: Row) -> None:
    """The relations to many that a schema of Django Ninja names in its `Meta`: it shows the keys of their rows.

    https://django-ninja.dev/guides/response/django-pydantic/
    """
    if _MODEL_SCHEMA not in frame.world.lineage(schema):
        return
    body = frame.interpreter.class_body(f"{schema}.Meta") if frame.world.class_facts(f"{schema}.Meta") else {}
    names = body.get("fields")
    for name in map(constant_text, names.items.values()) if isinstance(names, Container) else ():
        relation = frame.world.relation(row.model, name) if name else None
        if relation is not None and relation.many and name:
            place = frame.world.class_node(f"{schema}.Meta") or node
            keys = calls.shown(frame, place, row, name)
            if isinstance(keys, RowSet):
                orm.iterate_relation(frame, place, keys, name)


def _annotations(node: ast.ClassDef) -> dict[str, ast.expr]:
    """The annotations of a class's fields that have a default, which is all that the class body knows of them."""
    return {
        s.target.id: s.annotation
        for s in node.body
        if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name) and s.value is not None
    }


def _nested_schema(frame: Frame, declared: Value) -> str | None:
    """The schema that a field shows a relation by; None for a field of another kind."""
    for option in options(declared.elements() if isinstance(declared, Container) else declared):
        if isinstance(option, Instance) and option.cls == NESTED:
            return _by_name(frame, option.attributes.get("schema", Const(None)))
        if isinstance(option, Instance) and is_schema(frame, option.cls):
            return option.cls
    return None


def _by_name(frame: Frame, schema: Value) -> str | None:
    """`Nested(AuthorSchema)`, `Nested(AuthorSchema())`, `Nested("AuthorSchema")`."""
    if isinstance(schema, ClassRef):
        return schema.name
    if isinstance(schema, Instance):
        return schema.cls
    text = constant_text(schema)
    return frame.world.class_by_name("", text.rsplit(".", 1)[-1], frame.module) or None if text else None
