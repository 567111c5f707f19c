"""What the forms of Django and the serializers of its REST framework give of a request: fields of numbers, dates and choices are what they say,
text is as it was sent.

https://docs.djangoproject.com/en/stable/ref/forms/fields/
https://www.django-rest-framework.org/api-guide/serializers/#validation
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.semantics.values import UNKNOWN, ClassRef, Const, Function, Instance, Label, Unknown, Value

if TYPE_CHECKING:
    from backend_pitfalls.semantics.arguments import Arguments
    from backend_pitfalls.semantics.frame import Frame
    from backend_pitfalls.semantics.world import World

CLEANED = {
    "django.forms.<cleaned data>": "the form",
    "rest_framework.serializers.<validated data>": "the serializer",
}
"""What went through a form, by the class of the object that holds it."""
OF = "<of>"
"""The attribute under which that object knows the class of the form."""
_FORMS = frozenset({"django.forms.Form", "django.forms.ModelForm", "django.forms.BaseForm"})
_SERIALIZERS = frozenset({"rest_framework.serializers.BaseSerializer", "rest_framework.serializers.Serializer"})
_HOLDS = {
    "cleaned_data": ("django.forms.<cleaned data>", _FORMS, "clean_"),
    "validated_data": ("rest_framework.serializers.<validated data>", _SERIALIZERS, "validate_"),
}
_MADE_OF = {"form_valid": "form_class", "perform_create": "serializer_class", "perform_update": "serializer_class"}
_OF_TEXT = frozenset({"CharField", "EmailField", "URLField", "JSONField", "ComboField"})
# What has gone through a form was checked, and is no object of a query language.
_HARMLESS = frozenset(
    {"unchecked", "unchecked-parameters", "mass-assignment", "nosql", "session", "upload", "weak-hash"}
)


def cleaned_data(world: World, cls: str, name: str) -> Instance | None:
    """`cleaned_data` of a form class of the project, `validated_data` of a serializer: an object that knows which fields hold text; None for other
    attributes and classes."""
    holds = _HOLDS.get(name)
    lineage = world.lineage(cls) if holds is not None else ()
    if holds is None or holds[1].isdisjoint(world.knowledge.canonical(base) for base in lineage):
        return None
    held_in, _, checks = holds
    fields: dict[str, Value] = {}
    for base in reversed(lineage):
        facts = world.class_facts(base)
        for field in facts.fields if facts is not None else ():
            is_text = field.call is not None and field.call.callee.rsplit(".", 1)[-1] in _OF_TEXT
            # What `clean_name()` lets through is for its author to say.
            if is_text and world.method(cls, f"{checks}{field.name}") is None:
                fields[field.name] = Const(field.name)
            else:
                fields.pop(field.name, None)
    return Instance(held_in, {**fields, OF: ClassRef(cls)})


def raw(world: World, cls: str, arguments: Arguments) -> dict[str, Value]:
    """What a form is filled with, which `form.data` gives as it came; nothing for another class.

    https://docs.djangoproject.com/en/stable/ref/forms/api/#django.forms.Form.data
    """
    lineage = world.lineage(cls)
    data = arguments.positional[0] if arguments.positional else arguments.keywords.get("data")
    if data is None or _FORMS.isdisjoint(world.knowledge.canonical(base) for base in lineage):
        return {}
    # A template takes the field of a name for its attribute.
    has_field = any(facts.declares("data") for base in lineage if (facts := world.class_facts(base)) is not None)
    return {} if has_field else {"data": data}


def given(frame: Frame, function: Function) -> Value:
    """What a view of Django hands its own method: the form of its `form_class`, the serializer of its `serializer_class`."""
    attribute = _MADE_OF.get(function.name) if function.owner else None
    made = frame.interpreter.instance_attribute(function.owner, attribute) if attribute is not None else None
    return Instance(made.name) if isinstance(made, ClassRef) else UNKNOWN


def value_of(frame: Frame, node: ast.AST, data: Instance, key: Value) -> Value:
    """One entry of the cleaned data."""
    if not isinstance(key, Const) or not isinstance(key.value, str):
        return UNKNOWN
    if key.value not in data.attributes:
        from backend_pitfalls.semantics import form_rows

        of = data.attributes.get(OF)
        rows = form_rows.chosen(frame, of.name, key.value) if isinstance(of, ClassRef) else None
        return UNKNOWN if rows is None else rows
    frame.tainted = True
    return Unknown(
        frozenset({Label(f"the field '{key.value}' of {CLEANED[data.cls]}", frame.site(node), (), _HARMLESS)})
    )
