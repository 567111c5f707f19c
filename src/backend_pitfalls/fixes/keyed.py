"""The repair of rows that are fetched one by one by their keys: `in_bulk()` of Django, before the loop.

https://docs.djangoproject.com/en/stable/ref/models/querysets/#in-bulk
"""

from __future__ import annotations

import ast
import re

from backend_pitfalls.fixes.edits import Edit, newline_of
from backend_pitfalls.fixes.piece import Place
from backend_pitfalls.syntax.source import split_lines

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def keyed_edits(tree: ast.Module, text: str, place: Place) -> list[Edit] | None:
    """The edits that fetch the rows of all keys before the loop, and take each from there; None where the loop is not over something with a name, takes care of rows that are missing, or
    the name for the rows is taken.

    Parameters:
        tree: of the file.
        text: of the file.
        place: of the call that fetches one row, `Book.objects.get(pk=key)` or `Book.objects.filter(pk=key).first()`.
    """
    way = _way_to(tree, place)
    call = way[-1] if way else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    asked = call if call.func.attr == "get" else call.func.value
    if not isinstance(asked, ast.Call) or not isinstance(asked.func, ast.Attribute) or len(asked.keywords) != 1:
        return None
    manager, key = ast.unparse(asked.func.value), asked.keywords[0].value
    target = next((n.id for n in ast.walk(key) if isinstance(n, ast.Name)), "")
    found = _loop(way, target)
    name = _name(manager)
    if found is None or any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(tree)):
        return None
    statement, rows = found
    if isinstance(rows, ast.Name) and _is_gone_through_once(way, rows.id):
        return None
    line = split_lines(text)[statement.lineno - 1]
    indent = line[: statement.col_offset]
    if indent.strip():
        return None
    keys = (
        ast.unparse(rows) if isinstance(key, ast.Name) else f"[{ast.unparse(key)} for {target} in {ast.unparse(rows)}]"
    )
    taken = f"{name}[{ast.unparse(key)}]" if asked is call else f"{name}.get({ast.unparse(key)})"
    return [
        Edit(statement.lineno, 0, statement.lineno, 0, f"{indent}{name} = {manager}.in_bulk({keys}){newline_of(text)}"),
        Edit(*place, taken),
    ]


def _way_to(tree: ast.Module, place: Place) -> list[ast.AST]:
    """The nodes from the module down to the call at a place."""
    way: list[ast.AST] = []
    node: ast.AST | None = tree
    while node is not None:
        way.append(node)
        if isinstance(node, ast.Call) and _range(node) == place:
            return way
        node = next((c for c in ast.iter_child_nodes(node) if _holds(c, place)), None)
    return []


def _holds(node: ast.AST, place: Place) -> bool:
    if isinstance(node, ast.comprehension):
        return any(_holds(c, place) for c in ast.iter_child_nodes(node))
    range_ = _range(node)
    return range_[:2] <= place[:2] and place[2:] <= range_[2:]


def _range(node: ast.AST) -> Place:
    return (
        getattr(node, "lineno", 0),
        getattr(node, "col_offset", 0),
        getattr(node, "end_lineno", None) or 0,
        getattr(node, "end_col_offset", None) or 0,
    )


def _loop(way: list[ast.AST], target: str) -> tuple[ast.stmt, ast.expr] | None:
    """The statement before which rows can be fetched, and what gives the keys, for the innermost loop that binds a name; None for one that is not over something with a name."""
    for index in range(len(way) - 1, 0, -1):
        node = way[index]
        if isinstance(node, (ast.Try, *_SCOPES)):
            return None
        if isinstance(node, ast.For) and _binds(node.target, target):
            return (node, node.iter) if _is_named(node.iter) else None
        if isinstance(node, _COMPREHENSIONS) and any(_binds(g.target, target) for g in node.generators):
            statement = way[index - 1]
            while index and not isinstance(statement, ast.stmt):
                index -= 1
                if isinstance(statement, (ast.Lambda, *_COMPREHENSIONS)):
                    return None
                statement = way[index - 1]
            rows = node.generators[0].iter
            is_plain = len(node.generators) == 1 and _is_named(rows) and isinstance(statement, _SIMPLE)
            return (statement, rows) if is_plain and isinstance(statement, ast.stmt) else None
    return None


def _binds(target: ast.expr, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(target))


def _is_named(rows: ast.expr) -> bool:
    """Whether what is iterated can be gone through once more: a variable, or an attribute of one."""
    return isinstance(rows, ast.Name) or (isinstance(rows, ast.Attribute) and _is_named(rows.value))


def _is_gone_through_once(way: list[ast.AST], name: str) -> bool:
    """Whether a parameter's annotation lets it be something that is empty after the first time: an iterator."""
    functions = [n for n in way if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    given = [p for f in functions for p in (*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs) if p.arg == name]
    return any(p.annotation is not None and re.search(r"Itera|Generator", ast.unparse(p.annotation)) for p in given)


def _name(manager: str) -> str:
    """`books_by_key` for `Book.objects`."""
    model = manager.removesuffix(".objects").rsplit(".", 1)[-1]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model).lower() + "_by_key"
