"""What Django's forms give of a request: fields of numbers, dates and choices are what they say, text is as it was sent.

https://docs.djangoproject.com/en/stable/ref/forms/fields/
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.semantics.values import UNKNOWN, Const, Instance, Label, Unknown, Value

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame
    from backend_pitfalls.semantics.world import World

CLEANED = "django.forms.<cleaned data>"
_FORMS = frozenset({"django.forms.Form", "django.forms.ModelForm", "django.forms.BaseForm"})
_OF_TEXT = frozenset({"CharField", "EmailField", "URLField", "JSONField", "ComboField"})
# What has gone through a form was checked, and is no object of a query language.
_HARMLESS = frozenset(
    {"unchecked", "unchecked-parameters", "mass-assignment", "nosql", "session", "upload", "weak-hash"}
)


def cleaned_data(world: World, cls: str) -> Instance | None:
    """`cleaned_data` of a form class of the project: an object that knows which fields hold text; None for other classes."""
    lineage = world.lineage(cls)
    if _FORMS.isdisjoint(world.knowledge.canonical(base) for base in lineage):
        return None
    fields: dict[str, Value] = {}
    for base in reversed(lineage):
        facts = world.class_facts(base)
        for field in facts.fields if facts is not None else ():
            is_text = field.call is not None and field.call.callee.rsplit(".", 1)[-1] in _OF_TEXT
            # What `clean_name()` lets through is for its author to say.
            if is_text and world.method(cls, f"clean_{field.name}") is None:
                fields[field.name] = Const(field.name)
            else:
                fields.pop(field.name, None)
    return Instance(CLEANED, fields)


def value_of(frame: Frame, node: ast.AST, data: Instance, key: Value) -> Value:
    """One entry of the cleaned data."""
    if not isinstance(key, Const) or not isinstance(key.value, str) or key.value not in data.attributes:
        return UNKNOWN
    frame.tainted = True
    return Unknown(frozenset({Label(f"the field '{key.value}' of the form", frame.site(node), (), _HARMLESS)}))
