"""What a function knows of its parameters on its own: by annotation, by being a method, by what a framework gives it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.semantics import conventions, form_rows, handlers, hooks
from backend_pitfalls.semantics.annotations import annotated
from backend_pitfalls.semantics.values import UNKNOWN, ClassRef, Container, Function, Instance, Row, RowSet, Value

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame


def bind_own(frame: Frame, function: Function) -> dict[str, Value]:
    """The parameters of a function evaluated on its own."""
    if isinstance(function.node, ast.Lambda):
        return {a.arg: UNKNOWN for a in (*function.node.args.posonlyargs, *function.node.args.args)}
    parameters = function.node.args
    everything = [*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs]
    bound = {p.arg: annotated(frame, p.annotation) for p in everything}
    named = [*parameters.posonlyargs, *parameters.args]
    if function.owner and named and "staticmethod" not in function.decorators:
        bound[named[0].arg] = _receiver(frame, function)
        named = named[1:]
    if parameters.vararg is not None:
        bound[parameters.vararg.arg] = Container("tuple", rest=UNKNOWN)
    if parameters.kwarg is not None:
        bound[parameters.kwarg.arg] = Container("dict", rest=UNKNOWN)
    handlers.fill(frame, function, bound, named)
    hooks.fill(frame, function, bound, named)
    form_rows.fill(frame, function, bound, named)
    for parameter in everything:
        if parameter.annotation is None and bound[parameter.arg] is UNKNOWN:
            bound[parameter.arg] = conventions.row_of_name(frame, parameter.arg, UNKNOWN)
    return bound


def _receiver(frame: Frame, function: Function) -> Value:
    if "classmethod" in function.decorators:
        return ClassRef(function.owner)
    world = frame.world
    if world.dialect(function.owner):
        return Row(function.owner)
    dialect = world.manager_dialect(function.owner)
    if dialect:
        return RowSet("", dialect, "manager")
    return Instance(function.owner)
