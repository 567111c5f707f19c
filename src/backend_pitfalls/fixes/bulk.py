"""The repair of rows that are written one by one: `bulk_create` and `bulk_update` of Django.

https://docs.djangoproject.com/en/stable/ref/models/querysets/#bulk-create, https://docs.djangoproject.com/en/stable/ref/models/querysets/#bulk-update
"""

from __future__ import annotations

import ast

import libcst as cst

from backend_pitfalls.fixes.edits import Edit
from backend_pitfalls.fixes.piece import FUNCTIONS, Piece, Place, enclosing
from backend_pitfalls.syntax.source import split_lines

_MODULE = cst.Module([])


def bulk_edits(tree: ast.Module, text: str, piece: Piece, place: Place) -> list[Edit] | None:
    """The edits that write all rows of a loop behind it, or instead of it; None where the loop does more than to make, or to change and save, its rows.

    Parameters:
        tree: of the file.
        text: of the file.
        piece: that the call stands in.
        place: of the call that writes one row.
    """
    loop, call = piece.around(place, cst.For), piece.at(place, cst.Call)
    if not isinstance(loop, cst.For) or loop.asynchronous is not None or loop.orelse is not None:
        return None
    body = _statements(loop.body)
    last = body[-1] if body else None
    if not isinstance(call, cst.Call) or not isinstance(last, cst.Expr) or last.value is not call:
        return None
    made = _created(call) if len(body) == 1 else None
    if made is None:
        return _updated(tree, text, piece, loop, body, call)
    model, row = made
    target, rows = _MODULE.code_for_node(loop.target), _MODULE.code_for_node(loop.iter)
    return (
        [piece.replaced(loop, f"{model}.objects.bulk_create([{row} for {target} in {rows}])")]
        if "\n" not in rows
        else None
    )


def _statements(body: cst.BaseSuite) -> list[cst.BaseSmallStatement]:
    """The statements of a block, one a line; none where there are others, or comments that would be lost."""
    found: list[cst.BaseSmallStatement] = []
    for line in body.body:
        is_last = line is body.body[-1]
        if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
            return []
        if line.trailing_whitespace.comment and not is_last:
            return []
        found.append(line.body[0])
    return found if not any(line.comment for s in body.body for line in getattr(s, "leading_lines", ())) else []


def _created(call: cst.Call) -> tuple[str, str] | None:
    """The model and the row of `Book.objects.create(title=title)` and of `Book(title=title).save()`."""
    function = call.func
    if not isinstance(function, cst.Attribute):
        return None
    owner, name = function.value, function.attr.value
    if name == "create" and isinstance(owner, cst.Attribute) and owner.attr.value == "objects":
        model, given = owner.value, call.args
    elif name == "save" and not call.args and isinstance(owner, cst.Call):
        model, given = owner.func, owner.args
    else:
        return None
    if not _is_model(model) or any(a.keyword is None or a.star for a in given):
        return None
    named = _MODULE.code_for_node(model)
    arguments = ", ".join(f"{a.keyword.value}={_MODULE.code_for_node(a.value)}" for a in given if a.keyword is not None)
    return (named, f"{named}({arguments})") if "#" not in arguments and "\n" not in arguments else None


def _is_model(node: cst.BaseExpression) -> bool:
    """`Book`, `models.Book`."""
    name = node.attr if isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name) else node
    return isinstance(name, cst.Name) and name.value[:1].isupper()


def _updated(
    tree: ast.Module, text: str, piece: Piece, loop: cst.For, body: list[cst.BaseSmallStatement], call: cst.Call
) -> list[Edit] | None:
    """`book.price = …` and `book.save()` for the rows of a query set that a variable holds."""
    rows, target = loop.iter, loop.target
    saved = call.func.value if isinstance(call.func, cst.Attribute) and call.func.attr.value == "save" else None
    if not isinstance(rows, cst.Name) or not isinstance(target, cst.Name) or not _is_name(saved, target.value):
        return None
    fields = [_set_field(statement, target.value) for statement in body[:-1]]
    place = piece.position(loop)
    begin = (place.start.line, place.start.column)
    model = _model_of(tree, rows.value, (*begin, *begin))
    if call.args or not fields or not all(fields) or not model:
        return None
    names = ", ".join(f'"{name}"' for name in dict.fromkeys(fields))
    indent = split_lines(text)[place.start.line - 1][: place.start.column]
    at = piece.position(call)
    return [
        Edit(
            at.start.line,
            0,
            at.end.line,
            at.end.column,
            f"{indent}{model}.objects.bulk_update({rows.value}, [{names}])",
        )
    ]


def _is_name(node: cst.CSTNode | None, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name


def _set_field(statement: cst.BaseSmallStatement, target: str) -> str:
    """The field that `book.field = …` or `book.field += …` sets; the empty string for anything else."""
    if isinstance(statement, cst.Assign) and len(statement.targets) == 1:
        to: cst.BaseExpression = statement.targets[0].target
    elif isinstance(statement, cst.AugAssign):
        to = statement.target
    else:
        return ""
    return to.attr.value if isinstance(to, cst.Attribute) and _is_name(to.value, target) else ""


def _model_of(tree: ast.Module, name: str, place: Place) -> str:
    """The model whose query set a variable is given, once, in the function around a place; the empty string when that is not certain, or its rows
    are not kept (`iterator()`, slices)."""
    functions = enclosing(tree, place, FUNCTIONS)
    scope = functions[-1] if functions else tree
    stored = [n for n in ast.walk(scope) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)]
    values = [n.value for n in ast.walk(scope) if isinstance(n, ast.Assign) and n.targets == stored]
    return _of_query_set(values[0]) if values else ""


def _of_query_set(value: ast.expr) -> str:
    """`Book` of `Book.objects.filter(…)` and of `list(Book.objects.all())`."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "list" and value.args:
        value = value.args[0]
    while isinstance(value, (ast.Call, ast.Attribute)):
        if isinstance(value, ast.Attribute) and value.attr == "objects":
            return ast.unparse(value.value)
        if isinstance(value, ast.Attribute) and value.attr in _NOT_ROWS:
            return ""
        value = value.func if isinstance(value, ast.Call) else value.value
    return ""


_NOT_ROWS = frozenset({"iterator", "values", "values_list", "get", "first", "last", "raw", "create", "in_bulk"})
