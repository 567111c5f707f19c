"""Exceptions that quote what a request sent: `int(request.GET["page"])` raises one whose message holds the text."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from backend_pitfalls.model.finding import Step
from backend_pitfalls.semantics.values import UNKNOWN, Label, Unknown, Value, deep_labels
from backend_pitfalls.syntax.names import nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

# What is quoted in a message harms who reads it as a page; elsewhere it would have done its harm before.
_KEPT = frozenset({"html"})


def exception(frame: Frame, node: ast.Try, handler: ast.ExceptHandler, variables: Mapping[str, Value]) -> Value:
    """What a handler catches: its message may quote what the calls of the block were given.

    Parameters:
        frame: where the statement stands.
        node: the statement.
        handler: one of its handlers.
        variables: those of the block.
    """
    if not frame.tainted:
        return UNKNOWN
    labels: set[Label] = set()
    for argument in _given([*node.body]):
        value = variables.get(argument.id)
        for label in deep_labels(value) if value is not None else ():
            if label.kind == "input" and _KEPT.isdisjoint(label.cleaned):
                step = Step(frame.site(handler), "an exception quotes it")
                labels.add(label.clean(frame.knowledge.harms - _KEPT).step(step))
    return Unknown(frozenset(labels)) if labels else UNKNOWN


def _given(body: list[ast.stmt]) -> list[ast.Name]:
    """The variables that calls in a block are given as they are: the functions that read a text name it when they cannot."""
    return [
        argument
        for statement in body
        for call in nodes_in(statement)
        if isinstance(call, ast.Call) and _reads(call)
        for argument in (*call.args, *(k.value for k in call.keywords))
        if isinstance(argument, ast.Name)
    ]


def _reads(call: ast.Call) -> bool:
    """Whether a call turns a text into something else, or looks something up by it: `int(page)`, `json.loads(body)`, `Book.objects.get(pk=pk)`."""
    name = (
        call.func.id
        if isinstance(call.func, ast.Name)
        else call.func.attr
        if isinstance(call.func, ast.Attribute)
        else ""
    )
    return name in _READERS or name.startswith(("parse", "load", "decode", "from", "str"))


_READERS = frozenset(
    {
        "int",
        "float",
        "Decimal",
        "UUID",
        "Fraction",
        "complex",
        "get",
        "index",
        "getattr",
        "ip_address",
        "ip_network",
        "literal_eval",
        "compile",
        "import_module",
    }
)
