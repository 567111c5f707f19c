"""What code looked at of the data that it was given: what no condition, type or schema judged is unchecked.

It is a harm of its own among those that a label can be cleaned of, so that a rule can tell stored request data that was looked at from
what was not. Whether the look was a good one is not for this module to say.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.values import CLEAN, Const, Container, Label, OneOf, Unknown, Value, join_all
from backend_pitfalls.syntax.names import dotted, names_in, nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.model.knowledge import GuardFacts
    from backend_pitfalls.semantics.frame import Frame

UNCHECKED = frozenset({"unchecked"})
PART = frozenset({"<part>"})
"""Marks a value that was taken out of request data, as `request.json["name"]` is out of `request.json`: that the whole is there tells
nothing of what is in it."""

NAMES = frozenset({"mass-assignment"})
"""What request data cannot do under keys that the program chooses: decide which there are."""

UPLOAD = "an uploaded file"
"""How the tables describe the sources that are uploaded files."""

_VALIDATES = regex(
    r"validat|verif|check|ensure|assert|sanitiz|sanitis|clean|(^|_)(is|has|load|parse)(_|$)", re.IGNORECASE
)


_DECORATES = regex(r"(?<!in)validat|schema|expects|(^|_)use_(args|kwargs|form|json)$", re.IGNORECASE)


def by_decorator(frame: Frame) -> frozenset[str]:
    """What request data cannot do in a function that a decorator calls only with data that it has judged: `@validate_json_request("NewBook")`, `@expects_json(SCHEMA)`."""
    node = frame.function.node if frame.function is not None else None
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or not node.decorator_list:
        return frozenset()
    names = (dotted(d.func if isinstance(d, ast.Call) else d).rsplit(".", 1)[-1] for d in node.decorator_list)
    return UNCHECKED if any(_DECORATES.search(name) for name in names) else frozenset()


def cleaned(value: Value, harms: frozenset[str]) -> Value:
    """A value whose labels are clean of some harms more."""
    return value.with_labels(frozenset(label.clean(harms) for label in value.labels)) if value.labels else value


def cleaned_within(value: Value, harms: frozenset[str]) -> Value:
    """A value of which also what it holds is clean of some harms more."""
    if isinstance(value, OneOf):
        return join_all(cleaned_within(option, harms) for option in value.options)
    if not isinstance(value, Container):
        return cleaned(value, harms)
    labels = frozenset(label.clean(harms) for label in value.labels)
    return value.with_each(lambda held: cleaned_within(held, harms), labels)


def part(frame: Frame, container: ast.expr, key: Value | None, value: Value) -> Value:
    """A value that was taken out of request data under a key."""
    if not value.labels:
        return value
    if isinstance(key, Const) and str(key.value).lower() in _WHERE_FROM:
        value = cleaned(value, frozenset({"redirect"}))
    looked = isinstance(key, Const) and _mark(container, key.value) in frame.variables
    return cleaned(value, PART | UNCHECKED if looked else PART)


# The header that browsers fill with the page that a request comes from: who can decide it has the user on a page of his already. The path that is asked for is the application's own.
_WHERE_FROM = frozenset({"referer", "http_referer", "path_info"})


def looked_at(variables: dict[str, Value], test: ast.expr) -> None:
    """A condition was evaluated: what it mentions was looked at, whichever way it went."""
    uploads = {label.site for value in variables.values() for label in value.labels if label.description == UPLOAD}
    for node in nodes_in(test):
        if uploads and _judges(node):
            _judged(variables, node)
        if isinstance(node, ast.Name):
            _look(variables, node.id, whole=False)
        elif isinstance(node, ast.Subscript):
            _searched(variables, node.slice, node.value)
        elif isinstance(node, ast.Call):
            _called(variables, node)
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            _searched(variables, node.left, node.comparators[0])


def validated(frame: Frame, node: ast.Call, name: str, result: Value) -> Value:
    """A call that says by its name that it judges its arguments: they and its result were looked at."""
    if not _VALIDATES.search(name):
        return result
    for argument in (*node.args, *(k.value for k in node.keywords)):
        if isinstance(argument, ast.Name):
            _look(frame.variables, argument.id, whole=True)
    return cleaned(result, UNCHECKED)


def raised(frame: Frame, node: ast.Call, facts: GuardFacts) -> None:
    """A call returned that raises where its first argument can do some harms: what goes on has it harmless.

    Parameters:
        frame: in which the call stands.
        node: the call.
        facts: which harms, and whether the data that the argument was taken from cannot do them either.
    """
    first = node.args[0] if node.args else None
    judged = frame.variables.get(first.id) if isinstance(first, ast.Name) else None
    if judged is None or not judged.labels:
        return
    harms = frozenset(facts.harms)
    for name, value in frame.variables.items():
        if value is judged or (facts.whole and _is_origin(value, judged)):
            frame.variables[name] = Unknown(CLEAN) if "*" in harms else cleaned(value, harms)


def _is_origin(value: Value, taken: Value) -> bool:
    """Whether one value was made of another that had a name before: an address, and its path."""

    def begins(label: Label, other: Label) -> bool:
        same = label.site == other.site and (label.cleaned >= PART) == (other.cleaned >= PART)
        return same and bool(label.steps) and other.steps[: len(label.steps)] == label.steps

    return bool(value.labels) and all(any(begins(x, y) for y in taken.labels) for x in value.labels)


def _called(variables: dict[str, Value], node: ast.Call) -> None:
    function = node.func
    if isinstance(function, ast.Attribute) and function.attr in ("get", "pop") and node.args:
        _searched(variables, node.args[0], function.value)
        return
    for argument in node.args:
        if isinstance(argument, ast.Name):
            _look(variables, argument.id, whole=True)


def _searched(variables: dict[str, Value], key: ast.expr, container: ast.expr) -> None:
    """`"name" in data`, `data["name"]`; with another key than a constant each of them may have been asked for."""
    if isinstance(key, ast.Constant):
        variables[_mark(container, key.value)] = Const(True)
    elif isinstance(container, ast.Name):
        _look(variables, container.id, whole=True)


def _judges(node: ast.AST) -> bool:
    """Whether a part of a condition asks for more than that something is there."""
    if isinstance(node, ast.Compare):
        right = node.comparators[0]
        return not (
            isinstance(node.ops[0], (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)) and not getattr(right, "value", True)
        )
    return isinstance(node, ast.Call)


def _judged(variables: dict[str, Value], node: ast.AST) -> None:
    """A type or size was asked for: of the uploaded file, by whichever of its names and parts."""
    names = names_in(node)
    sites = {
        label.site
        for name in names
        if name in variables
        for label in variables[name].labels
        if label.description == UPLOAD
    }
    for name, value in variables.items():
        if any(label.site in sites for label in value.labels):
            variables[name] = cleaned(value, frozenset({"upload"}))


def _look(variables: dict[str, Value], name: str, whole: bool) -> None:
    value = variables.get(name)
    if value is not None and value.labels and (whole or all(label.cleaned >= PART for label in value.labels)):
        variables[name] = cleaned(value, UNCHECKED)


def _mark(container: ast.expr, key: object) -> str:
    """The variable that remembers that a key was looked at; no name in source text looks like it."""
    called = isinstance(container, ast.Call)
    return f"<{dotted(container.func if isinstance(container, ast.Call) else container)}{'()' * called}[{key!r}]>"
