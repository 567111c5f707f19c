"""The rows that forms and serializers of models give: what they make, what they change, and those that their fields choose.

https://docs.djangoproject.com/en/stable/topics/forms/modelforms/
https://www.django-rest-framework.org/api-guide/serializers/#modelserializer
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.semantics import forms, orm, serializers
from backend_pitfalls.semantics.hooks import give
from backend_pitfalls.semantics.values import (
    ClassRef,
    Container,
    Function,
    Instance,
    Row,
    RowSet,
    Value,
    options,
)
from backend_pitfalls.syntax.names import dotted

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame
    from backend_pitfalls.semantics.interpreter import Interpreter

_FORM = "django.forms.ModelForm"
_SERIALIZER = "rest_framework.serializers.ModelSerializer"
_OF_MODELS = frozenset({_FORM, "django.forms.models.ModelForm", _SERIALIZER})
_MAKES = frozenset({"save", "create", "update"})
# Fields that choose rows, and whether they choose many.
_CHOOSES_MANY = frozenset({"ModelMultipleChoiceField", "ManyRelatedField"})
_CHOOSES = frozenset(
    {
        "ModelChoiceField",
        "PrimaryKeyRelatedField",
        "SlugRelatedField",
        "HyperlinkedRelatedField",
        *_CHOOSES_MANY,
    }
)
_VIEWS = "rest_framework.generics.GenericAPIView"


def model_of(interpreter: Interpreter, cls: str) -> str:
    """The model of a form or serializer of models; empty for another class."""
    world = interpreter.world
    lineage = world.lineage(cls)
    if _OF_MODELS.isdisjoint(lineage):
        return ""
    for base in lineage:
        body = interpreter.class_body(f"{base}.Meta") if world.class_facts(f"{base}.Meta") is not None else {}
        model = body.get("model")
        if isinstance(model, ClassRef):
            return model.name if world.dialect(model.name) else ""
    return ""


def instance_of(interpreter: Interpreter, cls: str) -> Row | None:
    """`form.instance`, the row that a form or serializer of a model makes or changes; None for other classes."""
    model = model_of(interpreter, cls)
    loaded = orm.ANY_LOADED if _SERIALIZER in interpreter.world.lineage(cls) else frozenset[str]()
    return Row(model, loaded) if model else None


def made(frame: Frame, receiver: Instance, name: str) -> Value | None:
    """The row that `form.save()` or `serializer.create(data)` of the library gives, what `super().clean()` gives; None for other methods."""
    if name == "clean" and frame.function is not None and receiver.cls in frame.world.lineage(frame.function.owner):
        return forms.cleaned_data(frame.world, frame.function.owner, "cleaned_data")
    if name not in _MAKES:
        return None
    model = model_of(frame.interpreter, receiver.cls)
    if not model and frame.function is not None and receiver.cls in frame.world.lineage(frame.function.owner):
        model = model_of(frame.interpreter, frame.function.owner)  # of `super()`
    return Row(model) if model else None


def chosen(frame: Frame, cls: str, field: str) -> Value | None:
    """The rows that a field of a form or serializer chose; None where it chooses none."""
    world = frame.world
    for base in world.lineage(cls):
        written = world.class_assignments(base).get(field) if world.class_facts(base) is not None else None
        if written is not None:
            return _declared(frame, base, written)
    model = model_of(frame.interpreter, cls)
    relation = world.relation(model, field) if model else None
    if relation is None or not relation.target:
        return None
    is_form = _SERIALIZER not in world.lineage(cls)
    return _rows(RowSet(relation.target, "django", "query"), relation.many, is_form)


def _declared(frame: Frame, base: str, written: ast.AST) -> Value | None:
    name = dotted(written.func).rpartition(".")[2] if isinstance(written, ast.Call) else ""
    if not isinstance(written, ast.Call) or name not in _CHOOSES:
        return None
    given = {k.arg: k.value for k in written.keywords}
    asked = given.get("queryset", written.args[0] if written.args else None)
    inside = frame.of_class(base) if asked is not None else None
    if inside is None or asked is None:
        return None
    rows = next((o for o in options(inside.evaluate(asked)) if isinstance(o, RowSet) and o.model), None)
    many = given.get("many")
    is_many = name in _CHOOSES_MANY or (isinstance(many, ast.Constant) and many.value is True)
    return _rows(rows.evolve(whole=False), is_many, name.startswith("Model")) if rows is not None else None


def _rows(rows: RowSet, many: bool, is_form: bool) -> Value:
    """A query set of those that were chosen, of a form; of a serializer the rows one by one."""
    row = orm.row_of(rows)
    if not many:
        return row
    return rows.evolve(shape="query", whole=False) if is_form else Container("list", rest=row)


def fill(frame: Frame, function: Function, bound: dict[str, Value], named: list[ast.arg]) -> None:
    """Give the parameters of the methods of serializers and of views what the framework gives them.

    Parameters:
        frame: in which the function is evaluated on its own.
        function: any of the project, but for a lambda.
        bound: its parameters as far as they are known; changed.
        named: those that are given by their place, without the receiver.
    """
    owner, names = function.owner, [p.arg for p in named]
    if not owner or not names:
        return
    lineage = frame.world.lineage(owner)
    if serializers.SERIALIZER in lineage:
        data = forms.cleaned_data(frame.world, owner, "validated_data")
        if function.name in ("create", "update", "validate") and data is not None:
            give(bound, names[-1], data)
        model = model_of(frame.interpreter, owner)
        if function.name in ("update", "to_representation") and model:
            give(bound, names[0], Row(model, orm.ANY_LOADED))  # the view knows what it loads
        if function.name.startswith("validate_"):
            give(bound, names[-1], chosen(frame, owner, function.name.removeprefix("validate_")))
    elif _VIEWS in lineage and function.name in ("perform_destroy", "filter_queryset"):
        _of_view(frame, owner, function.name, bound, names[0])


def _of_view(frame: Frame, view: str, method: str, bound: dict[str, Value], name: str) -> None:
    mark = len(frame.events)
    asked = serializers.query_set_of(frame, Instance(view))
    del frame.events[mark:]  # What `get_queryset` does is told where it stands.
    rows = next((o for o in options(asked) if isinstance(o, RowSet) and o.model), None)
    if rows is not None:
        give(bound, name, orm.row_of(rows) if method == "perform_destroy" else rows)
