"""How much of its parameters a function can see: all of one, some keys of one, nothing of one."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Mapping

from backend_pitfalls.syntax.names import nodes_in
from backend_pitfalls.syntax.signature import Signature

# Functions that see the variables around them without naming them.
_SEES_ALL = frozenset({"locals", "vars", "eval", "exec", "dir"})

Keys = frozenset[Hashable]


def keys_seen(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Mapping[str, Keys]:
    """The parameters of which a function sees no more than some keys, `p["key"]` or `p.get("key")`, with these keys: none for one that it does not name.

    Parameters:
        function: whose default values and decorators count as well, as they are in its node.
    """
    signature = Signature(function)
    parameters = {*signature.accepted, signature.variadic, signature.keyed} - {""}
    loads: dict[str, int] = {}
    keyed: dict[str, list[Hashable]] = {}
    for node in nodes_in(function):
        if isinstance(node, ast.Name):
            if node.id in _SEES_ALL:
                return {}
            seen = signature.first if node.id == "super" else node.id
            if seen in parameters and not isinstance(node.ctx, ast.Store):
                loads[seen] = loads.get(seen, 0) + 1
        elif (found := _looked_up(node)) is not None and found[0] in parameters:
            keyed.setdefault(found[0], []).append(found[1])
    return {p: frozenset(keyed.get(p, ())) for p in parameters if loads.get(p, 0) == len(keyed.get(p, ()))}


def _looked_up(node: ast.AST) -> tuple[str, Hashable] | None:
    """The name and the key of `name["key"]` and `name.get("key")`."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        owner, key = node.value, node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        owner, key = node.func.value, node.args[0]
    else:
        return None
    if isinstance(owner, ast.Name) and isinstance(key, ast.Constant):
        return owner.id, key.value
    return None
