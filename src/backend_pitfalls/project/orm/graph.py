"""The relations of models: Django's fields with their reverse names, SQLAlchemy's `relationship`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from backend_pitfalls.semantics.facts import ClassFacts, FieldFacts
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
_KINDS = frozenset({*_DJANGO, "relationship", "Relationship"})
_MAPPED_MANY = re.compile(r"(list|List|set|Set|Sequence)\[\s*[\"']?([\w.]+)")
_MAPPED_ONE = re.compile(r"Mapped\[\s*(?:Optional\[)?[\"']?([\w.]+)")


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
        if dialect == "django" and kind in _DJANGO:
            target = _target(project, name, field, by_name)
            if target:
                found[field.name] = Relation(field.name, target, _DJANGO[kind], False)
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
            reverse = _reverse_name(field, name, one_to_one)
            if reverse:
                yield relation.target, Relation(reverse, name, not one_to_one, True)


def _reverse_name(field: FieldFacts, model: str, one_to_one: bool) -> str:
    short = model.rsplit(".", 1)[-1].lower()
    assert field.call is not None
    related = field.call.keywords.get("related_name")
    if isinstance(related, str):
        return "" if related.endswith("+") else related.replace("%(class)s", short)
    if "related_name" in field.call.names:
        return ""
    return short if one_to_one else f"{short}_set"


def _target(project: Project, name: str, field: FieldFacts, by_name: dict[str, list[str]]) -> str:
    assert field.call is not None
    written = field.call.args[0] if field.call.args else field.call.keywords.get("to") or field.call.names.get("to")
    return _resolve(project, name, str(written), by_name) if written else ""


def _resolve(project: Project, name: str, written: str, by_name: dict[str, list[str]]) -> str:
    """A model by reference: `self`, a name in scope, `app.Model`, `settings.AUTH_USER_MODEL`."""
    if written == "self":
        return name
    if written.endswith("AUTH_USER_MODEL"):
        users = [n for n in by_name.get("User", ()) if project.dialect(n)]
        return users[0] if len(users) == 1 else "django.contrib.auth.models.User"
    resolved = project.resolve_in(project.module_of(name), written)
    if project.class_facts(resolved) is not None or resolved in project.knowledge.models:
        return resolved
    app, _, short = written.rpartition(".")
    candidates = [n for n in by_name.get(short, ()) if project.dialect(n)]
    exact = [n for n in candidates if app and f".{app}." in f".{n}"]
    return (exact or candidates)[0] if len(exact or candidates) == 1 else ""


def _relationship(project: Project, name: str, field: FieldFacts, by_name: dict[str, list[str]]) -> Relation | None:
    assert field.call is not None
    many = _MAPPED_MANY.search(field.annotation)
    one = _MAPPED_ONE.search(field.annotation)
    written = (field.call.args[0] if field.call.args else None) or (many[2] if many else one[1] if one else None)
    if not written:
        return None
    target = _resolve(project, name, written, by_name)
    if not target:
        return None
    is_many = bool(many) or (not field.annotation and field.call.keywords.get("uselist") is not False)
    return Relation(field.name, target, is_many, False)
