"""Attribute loads on every kind of value."""

from __future__ import annotations

from backend_pitfalls.model.finding import Site, Span
from backend_pitfalls.model.knowledge import Knowledge, SourceFacts
from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics import forms, orm, validators
from backend_pitfalls.semantics.annotations import has_safe_pattern
from backend_pitfalls.semantics.interpreter import Interpreter
from backend_pitfalls.semantics.values import (
    KEY,
    NARROWED,
    UNKNOWN,
    BoundMethod,
    ClassRef,
    Const,
    Container,
    Field,
    Function,
    Instance,
    Label,
    ModuleRef,
    Row,
    RowSet,
    Symbol,
    Text,
    Unknown,
    Value,
)
from backend_pitfalls.semantics.world import Relation

# https://docs.djangoproject.com/en/stable/topics/db/managers/
_MANAGERS = frozenset({"_base_manager", "_default_manager", "objects"})
NOWHERE = Site("", Span(0, 0, 0, 0))


def load_attribute(interpreter: Interpreter, value: Value, name: str) -> Value:
    """The value of `value.name`. A source's label has the site NOWHERE until the frame gives it its place."""
    if isinstance(value, Symbol):
        if name in _MANAGERS and _is_django_model(interpreter, value.name):
            return RowSet(value.name, "django", "manager", whole=value.name in interpreter.knowledge.models)
        return interpreter.symbol(f"{value.name}.{name}" if name != "[]" else f"{value.name}[]")
    if isinstance(value, ModuleRef):
        return interpreter.value_of(f"{value.name}.{name}")
    if isinstance(value, ClassRef):
        return _class_attribute(interpreter, value, name)
    if isinstance(value, Instance):
        return _instance_attribute(interpreter, value, name)
    if isinstance(value, RowSet):
        return _row_set_attribute(interpreter, value, name)
    if isinstance(value, Row):
        return _row_attribute(interpreter, value, name)
    if isinstance(value, (Const, Text, Container)):
        return BoundMethod(value, name)
    if isinstance(value, Unknown):
        return BoundMethod(value, name)
    if isinstance(value, BoundMethod) and value.function is None:
        return BoundMethod(Unknown(value.labels), name)  # an attribute of what is not known was no method
    return UNKNOWN


def _is_django_model(interpreter: Interpreter, name: str) -> bool:
    """Whether a class of a library is a model of Django: the tables say so, or it lies where an app keeps its models.

    https://docs.djangoproject.com/en/stable/topics/db/models/#organizing-models-in-a-package
    """
    dialect = interpreter.knowledge.models.get(name)
    return dialect == "django" if dialect is not None else _KEPT_IN_MODELS.search(name) is not None


_KEPT_IN_MODELS = regex(r"\.models\.(?:\w+\.)?[A-Z]\w*$")


def source_value(source: SourceFacts) -> Value:
    """A value that an outsider controls, its place still to be told."""
    return Unknown(frozenset({Label(source.description, NOWHERE, cleaned=frozenset(source.cleaned), kind=source.kind)}))


def library_method(interpreter: Interpreter, cls: str, name: str) -> str:
    """The qualified name under which the tables know a library class's member (else its own name)."""
    key = (cls, name)
    found = interpreter.members.get(key)
    if found is None:
        found = interpreter.members[key] = _library_method(interpreter.knowledge, cls, name)
    return found


def _library_method(knowledge: Knowledge, cls: str, name: str) -> str:
    cls = knowledge.canonical(cls)
    for base in knowledge.lineage(cls):
        qualified = f"{base}.{name}"
        if f"{base}.<any>" in knowledge.clients:
            return f"{base}.<any>"
        if (
            qualified in knowledge.notable
            or qualified in knowledge.sources
            or qualified in knowledge.types
            or qualified in knowledge.routes
            or qualified in knowledge.setters
        ):
            return qualified
    return f"{cls}.{name}"


def _class_attribute(interpreter: Interpreter, value: ClassRef, name: str) -> Value:
    world = interpreter.world
    dialect = world.dialect(value.name)
    if dialect == "django":
        manager = world.manager_class(value.name, name)
        if manager is not None:
            rows = RowSet(value.name, dialect, "manager", manager=manager)
            return rows.evolve(loaded=_always_loaded(interpreter, rows))
        if name in _MANAGERS:
            return RowSet(value.name, dialect, "manager")
    if dialect == "sqlalchemy":
        if name == "query":
            return RowSet(value.name, dialect, "query")
        if world.relation(value.name, name) is not None:
            return Instance(RELATION_ATTRIBUTE, {"relation": Const(name)})
    if dialect in ("peewee", "tortoise") and name in interpreter.knowledge.queries[dialect].all:
        return BoundMethod(RowSet(value.name, dialect, "manager"), name)
    function = interpreter.method(value.name, name)
    if function is not None:
        return BoundMethod(value, name, function) if "classmethod" in function.decorators else function
    if name in ("model_validate", "from_orm", "parse_obj") and not dialect:
        return BoundMethod(value, name)
    found = interpreter.instance_attribute(value.name, name)
    return found if found is not None else UNKNOWN


def property_function(interpreter: Interpreter, receiver: Row | Instance, name: str) -> Function | None:
    """The function behind a property of a project class; None when the attribute is something else."""
    if isinstance(receiver, Instance) and name in receiver.attributes:
        return None
    function = interpreter.method(receiver.model if isinstance(receiver, Row) else receiver.cls, name)
    return function if function is not None and is_property(function) else None


def fields_by_name(value: Instance) -> Container:
    """The fields of an object, as `vars()` gives them."""
    named = {name: held for name, held in value.attributes.items() if name.isidentifier()}
    return Container("dict", named, Unknown(value.labels), value.labels)


def _instance_attribute(interpreter: Interpreter, value: Instance, name: str) -> Value:
    known = value.attributes.get(name)
    if known is not None:
        return known
    if name == "__dict__":
        return fields_by_name(value)
    if value.cls == SUPER:
        return _inherited(interpreter, value, name)
    world, knowledge = interpreter.world, interpreter.knowledge
    if world.class_facts(value.cls) is None:
        behind = value.attributes.get(BEHIND)
        if isinstance(behind, ClassRef) and world.method(behind.name, name) is not None:
            return _instance_attribute(interpreter, Instance(behind.name, value.attributes, value.labels), name)
        return _library_attribute(interpreter, value, value.cls, name)
    cleaned = forms.cleaned_data(world, value.cls, name)
    if cleaned is not None:
        return cleaned
    if name == "instance":
        from backend_pitfalls.semantics import form_rows

        row = form_rows.instance_of(interpreter, value.cls)
        if row is not None:
            return row
    function = interpreter.method(value.cls, name)
    if function is not None:
        if is_property(function):
            return interpreter.summarize(function, {function.signature.first: value}).result
        return function if "staticmethod" in function.decorators else BoundMethod(value, name, function)
    if value.labels and name in _FIELDS_OF_SCHEMA and "pydantic.BaseModel" in world.lineage(value.cls):
        return UNKNOWN
    if value.labels and _checked_field(interpreter, value.cls, name):
        return Instance("builtins.int")
    if value.labels:
        value = Instance(value.cls, value.attributes, validators.passed(interpreter, value.cls, name, value.labels))
    found = interpreter.instance_attribute(value.cls, name)
    if found is not None:
        if isinstance(found, Instance) and found.cls in knowledge.sources:
            return source_value(knowledge.sources[found.cls])
        return found.with_labels(found.labels | value.labels) if value.labels else found
    for base in world.lineage(value.cls):
        if world.class_facts(base) is None:
            return _library_attribute(interpreter, value, base, name)
    return Unknown(value.labels) if value.labels else BoundMethod(UNKNOWN, name)


BEHIND = "<behind>"
"""The attribute under which what `super()` gives knows the next class of the project in its lineage."""

SUPER = "builtins.super"
"""The class of what `super()` gives in a method of a model; of other classes it is an object of the next class in the lineage."""

REQUEST_USER = "django.contrib.auth.<user>"
"""How the tables write the type of `request.user`: a row of the project's user model, with no relation loaded."""

RELATION_ATTRIBUTE = "sqlalchemy.orm.QueryableAttribute"
"""`Book.author` on the class: what loader options take."""


def _always_loaded(interpreter: Interpreter, rows: RowSet) -> frozenset[str]:
    """What a manager's own `get_queryset` loads with every row; "*" when that is not known."""
    function = interpreter.method(rows.manager, "get_queryset") if rows.manager else None
    if function is None:
        return frozenset()
    result = interpreter.summarize(function, {function.signature.first: rows}).result
    return result.loaded if isinstance(result, RowSet) else frozenset({"*"})


_FIELDS_OF_SCHEMA = frozenset({"model_fields", "model_fields_set", "__fields__", "__fields_set__"})
"""Which fields a pydantic model has, or which of them were given: https://docs.pydantic.dev/latest/api/base_model/"""

_CHECKED_TYPES = frozenset(
    {
        "int",
        "float",
        "bool",
        "UUID",
        "UUID4",
        "date",
        "datetime",
        "Decimal",
        "EmailStr",
        "uuid.UUID",
        "datetime.date",
        "datetime.datetime",
    }
)


def _checked_field(interpreter: Interpreter, class_name: str, name: str) -> bool:
    """Whether a schema class checks this field to be a number, date, choice or the like, or a text of known characters."""
    world = interpreter.world
    for base in world.lineage(class_name):
        facts = world.class_facts(base)
        for field in facts.fields if facts is not None else ():
            if field.name == name:
                text = field.annotation.replace("Optional[", "").replace("| None", "").strip(" ]")
                if text in _CHECKED_TYPES or text.startswith("Literal[") or has_safe_pattern(field.annotation):
                    return True
                pattern = (
                    (field.call.keywords.get("pattern") or field.call.keywords.get("regex")) if field.call else None
                )
                cls = world.class_by_name(world.module_of(base), text, base) if text.isidentifier() else ""
                return has_safe_pattern(f"pattern={pattern!r}") or any(
                    b.startswith("enum.") for b in (world.lineage(cls) if cls else ())
                )
    return False


def _library_attribute(interpreter: Interpreter, value: Instance, cls: str, name: str) -> Value:
    knowledge = interpreter.knowledge
    qualified = library_method(interpreter, cls, name)
    source = knowledge.sources.get(qualified)
    if source is not None and not source.unless:
        return source_value(source)
    type_ = next(
        (t for c in knowledge.lineage(knowledge.canonical(cls)) if (t := knowledge.attributes.get(c, {}).get(name))),
        None,
    )
    if type_ is not None:
        if type_ == REQUEST_USER:
            return Row(interpreter.world.user_model())
        if type_ in knowledge.sources:
            return source_value(knowledge.sources[type_])
        return Instance(type_, {}, value.labels)
    if knowledge.types.get(qualified) and not cls.endswith(("Connection", "Cursor", "Engine")) and name == "session":
        return Instance(knowledge.types[qualified])
    if qualified == "flask_sqlalchemy.SQLAlchemy.engine":
        return Instance(knowledge.types[qualified])
    harms = knowledge.harmless.get(qualified) if value.labels else None
    return BoundMethod(value, name) if harms is None else Unknown(frozenset(x.clean(harms) for x in value.labels))


def _row_set_attribute(interpreter: Interpreter, value: RowSet, name: str) -> Value:
    queries = interpreter.knowledge.queries[value.dialect]
    if value.dialect == "django" and value.shape in ("manager", "query") and value.model:
        custom = _custom_query_method(interpreter, value, name)
        if custom is not None:
            return BoundMethod(value, name, custom)
    # Pages: Django's `Paginator` and Flask-SQLAlchemy's `Pagination`.
    if name == "object_list" or (name == "items" and value.shape == "rows" and value.dialect == "sqlalchemy"):
        return value
    return (
        BoundMethod(value, name)
        if name in queries.all
        or value.shape in ("statement", "change", "rows", "prefetched")
        or value.dialect == "sqlalchemy"
        else BoundMethod(UNKNOWN, name)
    )


def _custom_query_method(interpreter: Interpreter, rows: RowSet, name: str) -> Function | None:
    """A method of the project's manager or query set class; reverse relations have those of the default manager."""
    manager = rows.manager or interpreter.world.manager_class(rows.model, "")
    return interpreter.method(manager, name) if manager else None


def _inherited(interpreter: Interpreter, seen: Instance, name: str) -> Value:
    """A method of a row as the classes behind the one that asks by `super()` have it, with the row as its object."""
    row, after, world = seen.attributes["<self>"], seen.attributes["<after>"], interpreter.world
    if not isinstance(row, Row) or not isinstance(after, ClassRef):
        return UNKNOWN
    lineage = world.lineage(row.model)
    if after.name not in lineage:
        lineage = world.lineage(after.name)
    for cls in lineage[lineage.index(after.name) + 1 :]:
        facts = world.class_facts(cls)
        function = interpreter.method(cls, name) if facts is not None and name in facts.methods else None
        if function is not None:
            return BoundMethod(row, name, function)
    return BoundMethod(row, name) if name in _ROW_METHODS else UNKNOWN


_ROW_METHODS = frozenset(
    {"refresh_from_db", "save", "delete", "delete_instance", "asave", "adelete", "arefresh_from_db", "fetch_related"}
)


def _row_attribute(interpreter: Interpreter, value: Row, name: str) -> Value:
    world = interpreter.world
    relation = world.relation(value.model, name)
    if relation is not None:
        path = f"{value.path}__{name}" if value.path else name
        dialect = world.dialect(value.model)
        loaded = loaded_below(value.loaded, name) | _known_back(interpreter, relation, dialect)
        if relation.many:
            prefetched = name in value.loaded or "*" in value.loaded
            shape = "prefetched" if prefetched else _many_shape(dialect, relation.lazy)
            # What gives a query each time cannot be loaded with the rows, so no path leads there.
            path = "" if shape == "query" else path
            rows = RowSet(relation.target, dialect, shape, loaded, value.origin, value.loops, path=path, whole=False)
            return rows.evolve(held=name) if name in value.loaded else rows
        if not relation.target:
            return UNKNOWN
        return Row(relation.target, loaded, value.origin, value.loops, path, value.many)
    function = interpreter.method(value.model, name)
    if function is not None:
        if is_property(function):
            return interpreter.summarize(function, {function.signature.first: value}).result
        return BoundMethod(value, name, function)
    if name in _ROW_METHODS or orm.tree_method(interpreter, value, name):
        return BoundMethod(value, name)
    if name == value.model.rpartition(".")[2] and world.dialect(value.model) == "sqlalchemy":
        return value  # the entity of a row of `session.execute(select(Book))`
    if name in ("pk", "id") and value.origin is not None and name not in value.loaded:
        return Instance(KEY)  # one that was fetched, or made and written, has a key
    found = interpreter.instance_attribute(value.model, name)
    if found is not None and isinstance(found, (Const, Container)):
        return found
    kept = Field(value.model, name, value.labels) if world.is_free_text(value.model, name) else Unknown(value.labels)
    return BoundMethod(kept, name)


def _many_shape(dialect: str, lazy: str) -> str:
    """A relation to many that is not loaded: a list in SQLAlchemy unless it is made a query, elsewhere a manager."""
    if dialect == "sqlalchemy":
        return "query" if lazy in ("dynamic", "write_only") else "rows"
    return "manager"


def _known_back(interpreter: Interpreter, relation: Relation, dialect: str) -> frozenset[str]:
    """What a relation gives knows the row that it was asked of without a query: Django sets it on the rows of a reverse relation,
    SQLAlchemy finds it in the session.

    https://docs.djangoproject.com/en/stable/topics/db/queries/#backwards-related-objects,
    https://docs.sqlalchemy.org/en/20/orm/session_basics.html#is-the-session-a-cache
    """
    if not relation.back or dialect not in ("django", "sqlalchemy"):
        return frozenset()
    back = interpreter.world.relation(relation.target, relation.back)
    if back is None or back.many:
        return frozenset()
    return frozenset((relation.back, f"{relation.back}__*"))


def loaded_below(loaded: frozenset[str], name: str) -> frozenset[str]:
    """What of the loaded paths goes on from a relation."""
    below = frozenset(path[len(name) + 2 :] for path in loaded if path.startswith(f"{name}__"))
    return below | (loaded & {"*", NARROWED})


def is_property(function: Function) -> bool:
    return not _PROPERTIES.isdisjoint(function.decorators)


def is_kept_property(function: Function) -> bool:
    """Whether an object keeps what a property gives when it is read for the first time."""
    return not _KEPT.isdisjoint(function.decorators)


_KEPT = frozenset({"cached_property", "reify"})
# https://docs.sqlalchemy.org/en/20/orm/extensions/hybrid.html
_PROPERTIES = _KEPT | {"property", "hybrid_property"}
