"""The relations of models: Django's fields with their reverse names, SQLAlchemy's `relationship`, Peewee's and Tortoise's fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.facts import BACKREF_LAZY, FOREIGN_KEY, USERS, CallFacts, ClassFacts, FieldFacts, Scalar
from backend_pitfalls.semantics.world import Relation

if TYPE_CHECKING:
    from backend_pitfalls.project.link import Project

# https://docs.djangoproject.com/en/stable/ref/models/fields/#module-django.db.models.fields.related
_DJANGO = {
    "ForeignKey": False,
    "OneToOneField": False,
    "ManyToManyField": True,
    "ParentalKey": False,
    "ParentalManyToManyField": True,
    "TreeForeignKey": False,
}
# Fields of libraries that are relations to models of theirs: https://django-taggit.readthedocs.io/en/latest/api.html
_OF_LIBRARIES = {"TaggableManager": "taggit.models.Tag", "ClusterTaggableManager": "taggit.models.Tag"}
_GENERIC = frozenset({"GenericForeignKey", "GenericRelation"})
# https://docs.peewee-orm.com/en/latest/peewee/models.html#fields; the reverse name is `backref`, else `<model>_set`.
_PEEWEE = {"ForeignKeyField": False, "DeferredForeignKey": False, "ManyToManyField": True}
# https://tortoise.github.io/fields.html#relational-fields; the reverse name is `related_name`, else `<model>s`.
_TORTOISE = {"ForeignKeyField": False, "OneToOneField": False, "ManyToManyField": True}
_FIELDS = {"django": _DJANGO, "peewee": _PEEWEE, "tortoise": _TORTOISE}
_KINDS = frozenset({*_DJANGO, *_GENERIC, *_OF_LIBRARIES, *_PEEWEE, *_TORTOISE, "relationship", "Relationship"})
_MAPPED_MANY = regex(r"(list|List|set|Set|Sequence)\[\s*[\"']?([\w.]+)")
# SQLModel has no `Mapped`: https://sqlmodel.tiangolo.com/tutorial/relationship-attributes/define-relationships-attributes/
_PLAIN_ONE = regex(r"(?:(?:typing\.)?Optional\[)?[\"']?([A-Z][\w.]*)(?!\[)")
_MAPPED_ONE = regex(r"Mapped\[\s*(?:Optional\[)?[\"']?([\w.]+)")


def declares_relations(cls: ClassFacts) -> bool:
    """Whether a class body has what may be a relation."""
    return any(f.call is not None and f.call.callee.rsplit(".", 1)[-1] in _KINDS for f in cls.fields)


def relations_of(
    project: Project, name: str, cls: ClassFacts, dialect: str, by_name: dict[str, list[str]]
) -> dict[str, Relation]:
    """The relations that a class declares itself."""
    found: dict[str, Relation] = {}
    for field in cls.fields:
        if field.call is None:
            continue
        kind = field.call.callee.rsplit(".", 1)[-1]
        kinds = _FIELDS.get(dialect, {})
        if kind in kinds:
            target = _target(project, name, field, by_name)
            # Of a model that is not known, the loading is a query all the same.
            if target or dialect == "django":
                found[field.name] = Relation(field.name, target, kinds[kind], False)
        elif dialect == "django" and kind in _OF_LIBRARIES:
            found[field.name] = Relation(field.name, _OF_LIBRARIES[kind], True, False)
        elif dialect == "django" and kind in _GENERIC:
            # What a generic key points to is a matter of data; its loading is a query all the same.
            target = _target(project, name, field, by_name) if kind == "GenericRelation" else ""
            found[field.name] = Relation(field.name, target, kind == "GenericRelation", False)
        elif dialect == "sqlalchemy" and kind in ("relationship", "Relationship"):
            relation = _relationship(project, name, field, by_name)
            if relation is not None:
                found[field.name] = relation
    return found


def reverse_relations(
    project: Project, name: str, graph: dict[str, dict[str, Relation]]
) -> Iterator[tuple[str, Relation]]:
    """(target model, reverse relation) of each relation that a concrete model has or inherits from abstract bases."""
    for base in project.lineage(name):
        facts = project.class_facts(base)
        if facts is None or (base != name and not facts.abstract):
            continue
        for field in facts.fields:
            relation = graph.get(base, {}).get(field.name)
            if relation is None or relation.reverse or field.call is None:
                continue
            one_to_one = field.call.callee.endswith("OneToOneField")
            reverse = _reverse_name(field, name, one_to_one, project.dialect(name))
            if reverse and relation.target:
                yield relation.target, Relation(reverse, name, not one_to_one, True, back=field.name)


def _reverse_name(field: FieldFacts, model: str, one_to_one: bool, dialect: str) -> str:
    """The name under which the target knows the relation; empty for none or one that the code does not spell out."""
    assert field.call is not None
    if field.call.callee.rsplit(".", 1)[-1] in _GENERIC:
        return ""
    module, _, name = model.rpartition(".")
    short = name.lower()
    key = "backref" if dialect == "peewee" else "related_name"
    related = field.call.keywords.get(key)
    if isinstance(related, str):
        app = module.removesuffix(".models").rsplit(".", 1)[-1]
        return "" if related.endswith("+") else related.replace("%(class)s", short).replace("%(app_label)s", app)
    if key in field.call.names:
        return ""
    if dialect == "tortoise":
        return f"{short}s"
    return short if one_to_one else f"{short}_set"


def _target(project: Project, name: str, field: FieldFacts, by_name: dict[str, list[str]]) -> str:
    assert field.call is not None
    call = field.call
    options = (call.keywords.get("to"), call.names.get("to"), call.names.get("model"), call.keywords.get("model_name"))
    written = call.args[0] if call.args else next(filter(None, options), None)
    return _resolve(project, name, str(written), by_name) if written else ""


def _resolve(project: Project, name: str, written: str, by_name: dict[str, list[str]]) -> str:
    """A model by reference: `self`, a name in scope, `app.Model`, `settings.AUTH_USER_MODEL`."""
    if written == "self":
        return name
    if written.endswith(USERS) or _is_of_users(project, name, written):
        return project.user_model()
    resolved = project.resolve_in(project.module_of(name), written)
    if project.class_facts(resolved) is not None or resolved in project.knowledge.models:
        return resolved
    app, _, short = written.rpartition(".")
    candidates = [n for n in by_name.get(short, ()) if project.dialect(n) == project.dialect(name)]
    library = [n for n in project.knowledge.models if app and n.endswith(f".{app}.models.{short}")]
    labelled = project.model_by_label(written, name) if project.dialect(name) == "django" else ""
    return certain(candidates, app, name) or labelled or certain(library, app, name)


def _is_of_users(project: Project, name: str, written: str) -> bool:
    """Whether a name is a variable that holds the model of users: `User = get_user_model()`."""
    found = project.define(f"{project.module_of(name)}.{written}")
    facts = project.facts(found.module) if found.kind == "variable" and not found.rest else None
    return facts is not None and facts.variables.get(found.name, "").rpartition(".")[2] == "get_user_model"


def certain(names: list[str], within: str, near: str) -> str:
    """The one of these qualified names that lies within a package or module, else the only one; the empty string when that is not certain.

    Parameters:
        names: the candidates.
        within: a package or module, perhaps only the end of its name.
        near: the qualified name of what asks: of several, one that shares more of its packages is meant (an example overrides what it is an example of).
    """
    inside = [name for name in names if within and f".{within}." in f".{name}"] or names
    if len(inside) > 1:
        shared = [_shared(name, near) for name in inside]
        inside = [name for name, count in zip(inside, shared) if count == max(shared)]
    return inside[0] if len(inside) == 1 else ""


def _shared(name: str, other: str) -> int:
    """How many packages two qualified names have in common, from the outside."""
    pairs = list(zip(name.split("."), other.split(".")))
    return next((i for i, (a, b) in enumerate(pairs) if a != b), len(pairs))


def _relationship(project: Project, name: str, field: FieldFacts, by_name: dict[str, list[str]]) -> Relation | None:
    assert field.call is not None
    many = _MAPPED_MANY.search(field.annotation)
    one = _MAPPED_ONE.search(field.annotation) or _PLAIN_ONE.match(field.annotation)
    written = (field.call.args[0] if field.call.args else None) or (many[2] if many else one[1] if one else None)
    if not written:
        return None
    target = _resolve(project, name, written, by_name)
    if not target:
        return None
    is_many = bool(many) or (not field.annotation and _gives_many(project, name, field.call, target))
    back = field.call.keywords.get("back_populates") or field.call.keywords.get("backref")
    return Relation(field.name, target, is_many, False, _lazy(field.call), back if isinstance(back, str) else "")


def _gives_many(project: Project, name: str, call: CallFacts, target: str) -> bool:
    """Whether a `relationship` without annotation gives many rows: the other side has the foreign key.

    https://docs.sqlalchemy.org/en/20/orm/basic_relationships.html
    """
    if call.keywords.get("uselist") is False or "remote_side" in {*call.keywords, *call.names}:
        return False
    if "secondary" in {*call.keywords, *call.names}:
        return True
    return target == name or _table_of(project, target) not in set(_pointed_at(project, name))


def _pointed_at(project: Project, name: str) -> Iterator[str]:
    """The tables that the foreign keys of a class point to, and those of its mixins."""
    for base in project.lineage(name):
        facts = project.class_facts(base)
        for field in facts.fields if facts is not None else ():
            key = field.call.keywords.get(FOREIGN_KEY) if field.call is not None else None
            if isinstance(key, str) and "." in key:
                yield _plain(key.split(".")[-2])


def _table_of(project: Project, name: str) -> str:
    """The table of a class, without what tells `OrderLine`, `orderline` and `order_line` apart, which are made by themselves."""
    facts = project.class_facts(name)
    declared = next((f.value for f in facts.fields if f.name == "__tablename__"), None) if facts is not None else None
    return _plain(declared if isinstance(declared, str) else name.rsplit(".", 1)[-1])


def _plain(table: str) -> str:
    return table.replace("_", "").lower()


def _lazy(call: CallFacts) -> str:
    """How SQLAlchemy loads a relation: https://docs.sqlalchemy.org/en/20/orm/queryguide/relationships.html"""
    options = {**call.keywords, **call.names}
    if "sa_relationship_kwargs" in options:
        return "unknown"
    lazy = options.get("lazy", "select")
    return _loading(lazy)


def _loading(lazy: Scalar) -> str:
    return {True: "select", False: "joined", None: "noload"}.get(lazy, str(lazy))  # type: ignore[arg-type]


def backrefs(name: str, cls: ClassFacts, relations: dict[str, Relation]) -> Iterator[tuple[str, Relation]]:
    """(target model, reverse relation) of each `relationship(…, backref=…)`; `back_populates` has a field of its own."""
    for field in cls.fields:
        relation = relations.get(field.name)
        reverse = field.call.keywords.get("backref") if field.call is not None else None
        if relation is not None and field.call is not None and isinstance(reverse, str):
            # The side with the foreign key is the one; a relation is to many unless one side says otherwise, and through a table of its own always.
            is_through = "secondary" in field.call.names or "secondary" in field.call.keywords
            lazy = _loading(field.call.keywords.get(BACKREF_LAZY, "select"))
            yield relation.target, Relation(reverse, name, is_through or not relation.many, True, lazy, field.name)
