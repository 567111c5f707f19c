"""Parts of syntax trees: all that is inside a node, dotted names, parameters with their defaults."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# Fields that hold no part of the code: texts, numbers, flags, and what tells only how a name is used.
_BARE = frozenset(
    {
        "arg",
        "asname",
        "attr",
        "conversion",
        "ctx",
        "id",
        "is_async",
        "kind",
        "kwd_attrs",
        "level",
        "module",
        "name",
        "op",
        "ops",
        "rest",
        "simple",
        "type_comment",
        "type_ignores",
    }
)
_BARE_OF: dict[type[ast.AST], set[str]] = {
    ast.Constant: {"value"},
    ast.MatchSingleton: {"value"},
    ast.Global: {"names"},
    ast.Nonlocal: {"names"},
}
_INSIDE: dict[type[ast.AST], tuple[str, ...]] = {}


def nodes_in(node: ast.AST) -> list[ast.AST]:
    """A node and all nodes in it, breadth first, as `ast.walk` gives them but for operators and contexts (`ast.Load`).

    Parameters:
        node: of a syntax tree (read only).
    """
    found = [node]
    for outer in found:
        kind = type(outer)
        fields = _INSIDE.get(kind)
        if fields is None:
            fields = _INSIDE[kind] = _fields_inside(kind)
        for field in fields:
            child = getattr(outer, field, None)
            if child is None:
                continue
            if type(child) is list:
                found.extend(child if None not in child else [c for c in child if c is not None])
            else:
                found.append(child)
    return found


def _fields_inside(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a kind of node that hold nodes."""
    bare = _BARE_OF.get(kind, set())
    names = {"name"} if kind is getattr(ast, "TypeAlias", None) else frozenset()
    return tuple(f for f in kind._fields if f in names or (f not in _BARE and f not in bare))


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


def names_in(node: ast.AST) -> frozenset[str]:
    """The names that are read or bound anywhere inside a node."""
    return frozenset([n.id for n in nodes_in(node) if isinstance(n, ast.Name)])


def loaded_names(node: ast.AST) -> frozenset[str]:
    """The names that are read anywhere inside a node."""
    return frozenset(n.id for n in nodes_in(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))


def bound_names(node: ast.AST) -> frozenset[str]:
    """The names that are bound anywhere inside a node."""
    return frozenset(n.id for n in nodes_in(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def rebound_names(function: ast.AST) -> frozenset[str]:
    """The variables of its surroundings that a nested function, or one in it, binds anew, or puts elements into."""
    inside = nodes_in(function)
    rebound = {name for n in inside if isinstance(n, ast.Nonlocal) for name in n.names}
    filled = {
        n.value.id
        for n in inside
        if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store) and isinstance(n.value, ast.Name)
    }
    own = bound_names(function) | {n.arg for n in inside if isinstance(n, ast.arg)} if filled else frozenset()
    return frozenset(rebound | (filled - own))


def own_name(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The name of a function; that of the setter of a property is `timeout.setter`, as its decorator says, since the property is `timeout`."""
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Attribute) and getattr(decorator.value, "id", "") == function.name:
            return f"{function.name}.{decorator.attr}"
    return function.name


def is_overload(function: ast.AST | None) -> bool:
    """Whether a function only declares a signature (`typing.overload`): its body, which follows, is another's of the same name."""
    return isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and "overload" in decorators(function)


def nonlocal_names(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> tuple[str, ...]:
    """The variables of the function around it that a function binds."""
    return tuple(name for node in nodes_in(function) if isinstance(node, ast.Nonlocal) for name in node.names)


def of_encloser(name: str) -> str:
    """Under what name a summary tells what a function leaves in a variable of the function around it."""
    return f"nonlocal {name}"


def yields_for_ever(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> bool:
    """Whether a generator goes on until its reader has enough: what it yields in `while True` neither `break`, `return` nor `raise` ends."""
    return any(any(isinstance(n, ast.Yield) for n in inside) for _, inside in endless_loops(function))


def endless_loops(tree: ast.AST) -> Iterator[tuple[ast.While, list[ast.AST]]]:
    """Each `while True` below a node that neither `break`, `return` nor `raise` ends, with what is in it."""
    for node in nodes_in(tree):
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value:
            inside = [n for statement in node.body for n in nodes_in(statement)]
            if not any(isinstance(n, (ast.Break, ast.Return, ast.Raise)) for n in inside):
                yield node, inside


def is_left_to_others(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> bool:
    """Whether a function has no body of its own: a method of a protocol or an abstract one, one that only raises, or nothing but `...`."""
    if isinstance(function, ast.Lambda):
        return False
    return all(
        isinstance(statement, (ast.Pass, ast.Raise))
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for statement in function.body
    )


def decorators(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> frozenset[str]:
    """The names of a function's decorators, without their modules."""
    if isinstance(function, ast.Lambda) or not function.decorator_list:
        return _UNDECORATED
    targets = [d.func if isinstance(d, ast.Call) else d for d in function.decorator_list]
    return frozenset([getattr(target, "id", getattr(target, "attr", "")) for target in targets])


_UNDECORATED: frozenset[str] = frozenset()
