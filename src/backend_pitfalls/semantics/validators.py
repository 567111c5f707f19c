"""What the validators of a schema let through of the data that it is made of.

https://docs.pydantic.dev/latest/concepts/validators/#field-validators
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from backend_pitfalls.semantics.values import CLEAN, Function, Labels, Unknown, deep_labels, options

if TYPE_CHECKING:
    from backend_pitfalls.semantics.interpreter import Interpreter

_DECORATORS = frozenset({"field_validator", "validator"})


def passed(interpreter: Interpreter, class_name: str, field: str, labels: Labels) -> Labels:
    """The labels of data in a field after its validators: of what each of them gives when it does not raise.

    Parameters:
        interpreter: to evaluate them.
        class_name: of the schema.
        field: its name.
        labels: of the data that the schema is made of.
    """
    for function in _validators(interpreter, class_name, field):
        taken = function.signature.named[0 if "staticmethod" in function.decorators else 1 :]
        if taken:
            given = interpreter.summarize(function, {taken[0]: Unknown(labels)}).result
            labels = CLEAN.union(*(deep_labels(option) for option in options(given)))
    return labels


def _validators(interpreter: Interpreter, class_name: str, field: str) -> Iterator[Function]:
    world = interpreter.world
    for base in world.lineage(class_name):
        cls, module = world.class_facts(base), world.module_of(base)
        facts = world.facts(module)
        if cls is None or facts is None:
            continue
        for name in (f"{cls.name}.{method}" for method in cls.methods):
            declared = facts.functions.get(name)
            if declared is None or _DECORATORS.isdisjoint(d.rpartition(".")[2] for d in declared.decorators):
                continue
            function = interpreter.function(module, name)
            if function is not None and field in _named(function.node):
                yield function


def _named(function: ast.AST) -> set[object]:
    """The fields that the decorators of a validator name."""
    calls = [d for d in getattr(function, "decorator_list", ()) if isinstance(d, ast.Call)]
    return {a.value for call in calls for a in call.args if isinstance(a, ast.Constant)}
