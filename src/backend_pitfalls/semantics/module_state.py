"""Which functions of a module write into its variables: by `global`, or into a list or dictionary that the module makes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from backend_pitfalls.syntax.names import dotted, names_in, nodes_in

MAX_WRITERS = 12
"""Of one variable, with those that call them; of one that more functions are concerned with only the writers count."""
_MAKERS = frozenset({"dict", "list", "set", "defaultdict", "OrderedDict", "deque"})
_FILLS = ("append", "appendleft", "add", "update", "setdefault", "extend", "insert")
_FILLED = rf"(?:\[|\.(?:{'|'.join(_FILLS)})\()"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def writers(tree: ast.Module, text: str) -> dict[str, tuple[str, ...]]:
    """The functions that write into each variable of a module, by their dotted names in it; functions that name a writer count as well, for what they hand to it.

    Parameters:
        tree: of the module.
        text: its source.
    """
    containers = _containers(tree, text)
    if not containers and "global " not in text:
        return {}
    functions = dict(functions_in(tree.body, ""))
    found: dict[str, set[str]] = {}
    for name, function in functions.items():
        for variable in _written(function, containers):
            found.setdefault(variable, set()).add(name)
    if not found:
        return {}
    named = {name: names_in(f) for name, f in functions.items()}
    return {variable: tuple(sorted(_with_callers(names, named))) for variable, names in sorted(found.items())}


def _containers(tree: ast.Module, text: str) -> frozenset[str]:
    """The variables of the module that hold a list or dictionary at first, and that something below the top level fills."""
    made = [
        target.id
        for statement in tree.body
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and _makes(statement.value)
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(target, ast.Name)
    ]
    if not made:
        return frozenset()
    filled = re.finditer(rf"\b({'|'.join(map(re.escape, made))}){_FILLED}", text)
    return frozenset(
        found[1] for found in filled if text.startswith((" ", "\t"), text.rfind("\n", 0, found.start()) + 1)
    )


def _makes(node: ast.expr | None) -> bool:
    return isinstance(node, (ast.Dict, ast.List, ast.Set)) or (
        isinstance(node, ast.Call) and dotted(node.func).rsplit(".", 1)[-1] in _MAKERS
    )


def functions_in(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, _Function]]:
    """The functions and methods of a body, by their dotted names behind a prefix."""
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix + statement.name, statement
        elif isinstance(statement, ast.ClassDef):
            yield from functions_in(statement.body, f"{prefix}{statement.name}.")


def _written(function: _Function, containers: frozenset[str]) -> set[str]:
    """The variables of the module that a function writes."""
    declared: set[str] = set()
    bound = {a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)}
    filled: set[str] = set()
    for node in nodes_in(function):
        if isinstance(node, ast.Global):
            declared.update(node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif (
            isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name)
        ) or (isinstance(node, ast.Attribute) and node.attr in _FILLS and isinstance(node.value, ast.Name)):
            filled.add(node.value.id)
    return (declared & (bound | filled)) | (filled & containers - bound)


def _with_callers(names: set[str], named: Mapping[str, frozenset[str]]) -> set[str]:
    """These functions and those that name one of them, however far away; these alone where many do."""
    found, pending = set(names), list(names)
    while pending:
        last = pending.pop().rsplit(".", 1)[-1]
        callers = {name for name, words in named.items() if last in words} - found
        found |= callers
        pending.extend(callers)
        if len(found) > MAX_WRITERS:
            return names
    return found
