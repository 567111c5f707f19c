"""Rows that are known by their names: what is called `game`, and is asked for what a `Game` has, is one.

Nothing is believed by its name alone: every attribute that the function asks it for must be one of the model's, and they must tell the
model from others.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.events import Loop
from backend_pitfalls.semantics.orm import ANY_LOADED
from backend_pitfalls.semantics.values import Row, Value, each_round, tells_nothing
from backend_pitfalls.syntax.names import nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

# What every row has: https://docs.djangoproject.com/en/stable/ref/models/instances/
_OF_ANY_ROW = regex(
    r"pk|id|a?save|a?delete|a?refresh_from_db|full_clean|clean|clean_fields|validate_unique|_meta|_state|__\w+__|serializable_value"
    r"|get_\w+_display|get_(?:next|previous)_by_\w+"
)
# What is read of things of many kinds.
_OF_MANY_KINDS = frozenset(
    {
        "created",
        "data",
        "date",
        "description",
        "key",
        "name",
        "slug",
        "status",
        "text",
        "title",
        "type",
        "url",
        "user",
        "value",
    }
)


# Methods that collections, texts, files and workers have as well.
_OF_MANY_OBJECTS = frozenset({*dir(dict), *dir(list), *dir(set), *dir(str)}) | {
    *(
        "cancel",
        "close",
        "commit",
        "connect",
        "execute",
        "fetch",
        "flush",
        "load",
        "open",
        "read",
        "run",
        "send",
        "start",
        "stop",
        "submit",
        "write",
    ),
}


def row_of_name(frame: Frame, name: str, value: Value) -> Value:
    """A row, with whatever relations loaded, for a variable of which nothing is known but its name and what it is asked for.

    Parameters:
        frame: of the function whose variable it is.
        name: of the variable.
        value: what is known of it; returned where that is something, or where the name tells nothing.
    """
    if not tells_nothing(value) or value.labels:
        return value
    function = frame.function
    asked = frame.interpreter.read(_asked_for, function.node).get(name) if function is not None else None
    if asked is None:
        return value
    model = frame.world.model_called(name, frame.module)
    return Row(model, ANY_LOADED) if model and _is_telling(frame, model, asked) else value


def element(frame: Frame, target: ast.expr, value: Value, loop: Loop) -> Value:
    """What a loop binds to its target, another row in each round where its name tells that it is one."""
    return each_round(row_of_name(frame, target.id, value), loop) if isinstance(target, ast.Name) else value


def _asked_for(function: ast.AST) -> dict[str, frozenset[str]]:
    """The attributes that each name in a function is asked for."""
    found: dict[str, set[str]] = {}
    for node in nodes_in(function):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.setdefault(node.value.id, set()).add(node.attr)
    return {name: frozenset(attributes) for name, attributes in found.items()}


def _is_telling(frame: Frame, model: str, asked: frozenset[str]) -> bool:
    """Whether a model has all that is asked for, and few other things would."""
    own = [name for name in asked if not _OF_ANY_ROW.fullmatch(name)]
    kinds = [_kind(frame, model, name) for name in own]
    if "" in kinds:
        return False
    fields = [name for name, kind in zip(own, kinds) if kind == "field" and name not in _OF_MANY_KINDS]
    methods = [name for name, kind in zip(own, kinds) if kind == "method" and name not in _OF_MANY_OBJECTS]
    return "relation" in kinds or bool(methods) or len(fields) > 1


def _kind(frame: Frame, model: str, name: str) -> str:
    """What a model has under a name: a relation, a method (or property), a field; the empty string for nothing."""
    world = frame.world
    if world.relation(model, name) is not None or (
        name.endswith("_id") and world.relation(model, name[:-3]) is not None
    ):
        return "relation"
    for base in world.lineage(model):
        facts = world.class_facts(base)
        if facts is not None and facts.declares(name):
            return "method" if name in facts.methods else "field"
    return ""
