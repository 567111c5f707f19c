"""Names in syntax trees: dotted names, parameters with their defaults."""

from __future__ import annotations

import ast


def dotted(node: ast.AST) -> str:
    """`a.b.c` for a chain of names and attributes, else the empty string."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    parts.append(node.id)
    return ".".join(reversed(parts))


def parameter_defaults(arguments: ast.arguments) -> list[tuple[ast.arg, ast.expr]]:
    """The parameters that have a default, each with it, in the order of the signature."""
    named = [*arguments.posonlyargs, *arguments.args]
    keyword_only = [(p, d) for p, d in zip(arguments.kwonlyargs, arguments.kw_defaults) if d is not None]
    return [*zip(named[len(named) - len(arguments.defaults) :], arguments.defaults), *keyword_only]


def loaded_names(node: ast.AST) -> frozenset[str]:
    """The names that are read anywhere inside a node."""
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
