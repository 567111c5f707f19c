"""What ORMs and Django's admin give the functions that they call: the row of a signal, the rows of an action, the object of an admin's method."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.semantics import admin
from backend_pitfalls.semantics.values import (
    UNKNOWN,
    ClassRef,
    Container,
    Function,
    Instance,
    Row,
    Symbol,
    Unknown,
    Value,
    constant_text,
)
from backend_pitfalls.syntax.names import dotted, nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

_ADMINS = frozenset({"django.contrib.admin.ModelAdmin", "django.contrib.admin.options.ModelAdmin"})
# https://docs.sqlalchemy.org/en/20/orm/events.html#sqlalchemy.orm.MapperEvents
_LISTENS = frozenset({"sqlalchemy.event.listens_for", "sqlalchemy.event.api.listens_for"})
_TARGET = 2
_CONTEXT = "context_processors"


def fill(frame: Frame, function: Function, bound: dict[str, Value], named: list[ast.arg]) -> None:
    """Give the parameters of a function what an ORM or the admin gives them that calls it.

    Parameters:
        frame: in which the function is evaluated on its own.
        function: any of the project, but for a lambda.
        bound: its parameters as far as they are known; changed.
        named: those that are given by their place, without the receiver of a method.
    """
    node = function.node
    assert not isinstance(node, ast.Lambda)
    kwarg = node.args.kwarg.arg if node.args.kwarg is not None else ""
    if "instance" in bound or kwarg:
        _signalled(frame, node, bound, kwarg)
    if len(named) > _TARGET and node.decorator_list:
        _mapped(frame, node, bound, named[_TARGET].arg)
    if "queryset" in bound or "obj" in bound:
        _administered(frame, function, bound)
    if [p.arg for p in named] == ["request"] and frame.module.rpartition(".")[2] == _CONTEXT:
        give(bound, "request", Instance("django.http.HttpRequest"))


def give(bound: dict[str, Value], name: str, value: Value | None) -> None:
    """A parameter of which nothing is known, or a row of which only the annotation tells, gets a value.

    Parameters:
        bound: the parameters as far as they are known; changed.
        name: of the parameter.
        value: None for none.
    """
    held = bound.get(name)
    if value is not None and (isinstance(held, Row) or (type(held) is Unknown and not held.labels)):
        bound[name] = value


def _signalled(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef, bound: dict[str, Value], kwarg: str) -> None:
    """A receiver of a signal is given the row that is saved or deleted: https://docs.djangoproject.com/en/stable/ref/signals/"""
    sender = _sender(frame, node)
    model = _model_of(frame, sender) if sender is not None else ""
    if not model:
        return
    give(bound, "instance", Row(model))
    give(bound, "sender", ClassRef(model))
    if kwarg and "instance" not in bound:
        bound[kwarg] = Container("dict", {"instance": Row(model)}, UNKNOWN)


def _sender(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.expr | None:
    """The sender for which a function is registered: by its decorator, or by a call in its module."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and dotted(decorator.func).rpartition(".")[2] == "receiver":
            return next((k.value for k in decorator.keywords if k.arg == "sender"), None)
    if ".connect(" not in frame.source.text:
        return None
    return frame.interpreter.read(_connected, frame.source.tree).get(node.name)


def _connected(tree: ast.AST) -> dict[str, ast.expr]:
    """The senders of `post_save.connect(function, sender=Model)`, by the names of the functions."""
    return {
        dotted(node.args[0]): keyword.value
        for node in nodes_in(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "connect"
        for keyword in node.keywords
        if node.args and keyword.arg == "sender"
    }


def _model_of(frame: Frame, sender: ast.expr) -> str:
    """The model of `Model`, `"app.Model"`, or of `Model.relation.through`."""
    if isinstance(sender, ast.Attribute) and sender.attr == "through" and isinstance(sender.value, ast.Attribute):
        sender = sender.value.value
    value = frame.evaluate(sender)
    label = constant_text(value)
    if label is not None:
        return frame.world.model_by_label(label, frame.module) or ""
    return value.name if isinstance(value, ClassRef) and frame.world.dialect(value.name) else ""


def _mapped(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef, bound: dict[str, Value], target: str) -> None:
    """`@event.listens_for(Model, "after_insert") def f(mapper, connection, target)`."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and decorator.args and dotted(decorator.func).endswith("listens_for"):
            callee = frame.evaluate(decorator.func)
            model = _model_of(frame, decorator.args[0])
            if isinstance(callee, Symbol) and callee.name in _LISTENS and model:
                give(bound, target, Row(model))


def _administered(frame: Frame, function: Function, bound: dict[str, Value]) -> None:
    """The methods and actions of an admin are given its objects: https://docs.djangoproject.com/en/stable/ref/contrib/admin/actions/"""
    owner = function.owner or _with_action(frame, function)
    if not owner or _ADMINS.isdisjoint(frame.world.lineage(owner)):
        return
    mark = len(frame.events)
    shown = admin.listed(frame, owner)
    del frame.events[mark:]  # What the list asks for is the list's own.
    if len(shown) == 1:
        give(bound, "obj", Row(shown[0].model, shown[0].loaded))
        give(bound, "queryset", shown[0].evolve(shape="query", whole=False))


def _with_action(frame: Frame, function: Function) -> str:
    """The admin of the module that has a function among its actions."""
    facts = frame.world.facts(function.module)
    for name in facts.classes if facts is not None and "modeladmin" in function.signature.accepted else ():
        cls = f"{function.module}.{name}"
        actions = frame.interpreter.instance_attribute(cls, "actions")
        held = actions.items.values() if isinstance(actions, Container) else ()
        if any(isinstance(a, Function) and a.node is function.node for a in held):
            return cls
    return ""
