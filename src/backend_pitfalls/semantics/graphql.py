"""What GraphQL servers do with the objects of a list: call the resolvers of the fields that the client asks for, for each of them.
https://docs.graphene-python.org/en/latest/types/objecttypes/#resolvers, https://strawberry.rocks/docs/types/resolvers"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.semantics import calls
from backend_pitfalls.semantics.annotations import annotated
from backend_pitfalls.semantics.events import Loop
from backend_pitfalls.semantics.facts import ClassFacts
from backend_pitfalls.semantics.values import ClassRef, Function, Row, options
from backend_pitfalls.syntax.names import loaded_names

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

_GRAPHENE = frozenset(
    {"graphene.ObjectType", "graphene_django.DjangoObjectType", "graphene_sqlalchemy.SQLAlchemyObjectType"}
)
_STRAWBERRY = (
    "strawberry.type",
    "strawberry_django.type",
    "strawberry.django.type",
    "strawberry.experimental.pydantic.type",
)
_FIELDS = frozenset({"field", "connection"})
# Objects of these types are made once a request.
_ROOTS = ("query", "queries", "mutation", "mutations", "subscription", "subscriptions")


def type_events(frame: Frame, cls: str) -> None:
    """See the events of resolving the fields of each object of a GraphQL type."""
    facts = frame.world.class_facts(cls)
    if facts is None or facts.name.lower().endswith(_ROOTS):
        return
    is_graphene = not _GRAPHENE.isdisjoint(frame.world.lineage(cls))
    if not is_graphene and not _is_strawberry(frame, cls, facts):
        return
    model = _model(frame, cls)
    for name in sorted(facts.methods):
        function = frame.interpreter.function(frame.module, f"{facts.name}.{name}")
        if function is not None and (name.startswith("resolve_") if is_graphene else _is_field(function.node)):
            _resolve(frame, function, model, f"the objects of '{facts.name}'")


def _resolve(frame: Frame, function: Function, model: str, subject: str) -> None:
    named = [*function.node.args.posonlyargs, *function.node.args.args]
    if not named or named[0].arg not in loaded_names(function.node):
        return  # what does not depend on the object is the same for all of them
    model = _annotated_model(frame, named[0]) or model
    loop = Loop(frame.site(function.node), subject, frozenset(), few=False, batched=False, kind="graphql")
    outer, frame.loops = frame.loops, (loop,)
    bound = {named[0].arg: Row(model, loops=(loop,))} if model else {}
    calls.run(frame, function.node, function, dict(bound))
    frame.loops = outer


def _is_strawberry(frame: Frame, cls: str, facts: ClassFacts) -> bool:
    module = frame.world.module_of(cls)
    written = (frame.world.resolve_in(module, decorator) for decorator in facts.decorators)
    return any(name in _STRAWBERRY for name in written)


def _is_field(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> bool:
    """Whether a method is a field that loads nothing ahead by its own hints (`select_related=…` of strawberry-django)."""
    for decorator in getattr(node, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        hints = {k.arg for k in decorator.keywords} if isinstance(decorator, ast.Call) else set()
        if isinstance(target, ast.Attribute) and target.attr in _FIELDS:
            return hints.isdisjoint({"select_related", "prefetch_related", "annotate", "only"})
    return False


def _model(frame: Frame, cls: str) -> str:
    """The model of `Meta.model`, or that a strawberry-django type is made for; the empty string for none."""
    for base in frame.world.lineage(cls):
        if frame.world.class_facts(f"{base}.Meta") is not None:
            for option in options(frame.interpreter.class_body(f"{base}.Meta").get("model", ClassRef(""))):
                if isinstance(option, ClassRef) and frame.world.dialect(option.name):
                    return option.name
    node = frame.world.class_node(cls)
    for decorator in node.decorator_list if node is not None else ():
        for argument in decorator.args[:1] if isinstance(decorator, ast.Call) else ():
            value = frame.evaluate(argument)
            if isinstance(value, ClassRef) and frame.world.dialect(value.name):
                return value.name
    return ""


def _annotated_model(frame: Frame, parameter: ast.arg) -> str:
    value = annotated(frame, parameter.annotation)
    return value.model if isinstance(value, Row) else ""
