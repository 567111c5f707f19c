"""Rows that are fetched for what the database could have answered: how many there are, whether there are any, the first, some of them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.events import Misread
from backend_pitfalls.semantics.orm import COUNT_OF
from backend_pitfalls.semantics.values import Const, Instance, RowSet, Value
from backend_pitfalls.syntax.names import nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame


def sized(frame: Frame, node: ast.Call, rows: RowSet) -> None:
    """`len(books.filter(…))`, `bool(books.filter(…))` of rows that nothing else uses."""
    if node.args and _is_fresh(node.args[0], rows):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        _emit(frame, node, node.args[0], rows, "count" if name == "len" else "exists")


def tested(frame: Frame, node: ast.expr, value: Value) -> None:
    """`if books.filter(…):`"""
    if isinstance(value, RowSet) and _is_fresh(node, value):
        _emit(frame, node, node, value, "exists")


# What a comparison with nought or one asks: whether there are rows, or none.
_ANY = ((ast.Gt, 0), (ast.NotEq, 0), (ast.GtE, 1))
_NONE = ((ast.Eq, 0), (ast.Lt, 1), (ast.LtE, 0))


def compared(frame: Frame, node: ast.Compare, left: Value) -> None:
    """`books.filter(…).count() > 0`"""
    counted = left.attributes.get(COUNT_OF) if isinstance(left, Instance) else None
    right = node.comparators[0]
    if not isinstance(counted, Const) or len(node.ops) != 1 or not isinstance(right, ast.Constant):
        return
    asked = next((i for i, pairs in enumerate((_ANY, _NONE)) if (type(node.ops[0]), right.value) in pairs), None)
    function = node.left.func if isinstance(node.left, ast.Call) else None
    if asked is None or not isinstance(function, ast.Attribute) or right.value is True or right.value is False:
        return
    model = str(counted.value)
    rows = RowSet(model, frame.world.dialect(model))
    if rows.dialect == "django":
        _emit(frame, node, function.value, rows, "any", negated=asked == 1)


def indexed(frame: Frame, node: ast.Subscript, rows: RowSet, index: Value) -> None:
    """`list(books)[0]`, `query.all()[0]`"""
    if isinstance(index, Const) and index.value == 0 and rows.shape == "rows" and isinstance(node.value, ast.Call):
        called = node.value.func
        if isinstance(called, ast.Name) and called.id == "list" and node.value.args:
            _emit(frame, node, node.value.args[0], rows, "first")
        elif isinstance(called, ast.Attribute) and called.attr == "all":
            _emit(frame, node, called.value, rows, "first")


def filtered(frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, rows: Value) -> None:
    """`[book for book in Book.objects.all() if book.price > 5]`: one column of every row compared with something else."""
    if len(node.generators) != 1 or not isinstance(node.generators[0].target, ast.Name) or not node.generators[0].ifs:
        return
    generator = node.generators[0]
    target = node.generators[0].target.id
    if not isinstance(rows, RowSet) or not rows.whole or not rows.model or not isinstance(generator.iter, ast.Call):
        return
    if all(_compares_column(frame, condition, target, rows.model) for condition in generator.ifs):
        _emit(frame, node, generator.iter, rows, "filter")


def _compares_column(frame: Frame, condition: ast.expr, target: str, model: str) -> bool:
    if not isinstance(condition, ast.Compare) or len(condition.ops) != 1:
        return False
    left, right = condition.left, condition.comparators[0]
    if not isinstance(left, ast.Attribute) or not isinstance(left.value, ast.Name) or left.value.id != target:
        return False
    uses_target = any(isinstance(n, ast.Name) and n.id == target for n in nodes_in(right))
    world = frame.world
    return not uses_target and world.method(model, left.attr) is None and world.relation(model, left.attr) is None


# Fields whose values are the same when they are asked for alone; a file, say, is an object of its own in a row.
_PLAIN_FIELDS = regex(
    r"\b(Auto|BigAuto|SmallAuto|BigInteger|Boolean|Char|Date|DateTime|Decimal|Duration|Email|Float|GenericIPAddress|Integer|NullBoolean|"
    r"PositiveBigInteger|PositiveInteger|PositiveSmallInteger|Slug|SmallInteger|Text|Time|URL|UUID)Field$"
)


_KINDS: dict[type, str] = {ast.ListComp: "list", ast.SetComp: "set", ast.GeneratorExp: "generator"}


def column(frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, rows: Value) -> None:
    """`[book.title for book in Book.objects.filter(…)]`: whole rows, for one of their columns."""
    generator = node.generators[0]
    if isinstance(node, ast.DictComp) or len(node.generators) != 1 or generator.ifs or generator.is_async:
        return
    read, target = node.elt, generator.target
    if not isinstance(read, ast.Attribute) or not isinstance(read.value, ast.Name) or not isinstance(target, ast.Name):
        return
    if not isinstance(rows, RowSet) or read.value.id != target.id or rows.path or not _is_fresh(generator.iter, rows):
        return
    base = frame.evaluate(_base(generator.iter))
    if isinstance(base, RowSet) and base.path:
        return  # the rows of a relation, which a prefetch may hold
    if rows.dialect == "django" and not rows.loaded and _is_plain_column(frame, rows.model, read.attr):
        _emit(frame, node, _without_all(generator.iter), rows, "column", column=read.attr, kind=_KINDS[type(node)])


def _base(node: ast.expr) -> ast.expr:
    """What a chain of calls begins with: `Book.objects` of `Book.objects.filter(…).order_by(…)`."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    return node


def _without_all(node: ast.expr) -> ast.expr:
    """A query set without the `.all()` behind it, which a manager needs to be iterated and nothing else."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "all":
        return node.func.value
    return node


def _is_plain_column(frame: Frame, model: str, name: str) -> bool:
    """Whether a model has a column of this name, which holds what a row shows for it."""
    if name in ("id", "pk"):
        return True
    relation = frame.world.relation(model, name.removesuffix("_id"))
    if relation is not None:
        return name.endswith("_id") and not relation.many
    for base in frame.world.lineage(model):
        facts = frame.world.class_facts(base)
        field = next((f for f in facts.fields if f.name == name), None) if facts is not None else None
        if field is not None:
            return field.call is not None and _PLAIN_FIELDS.search(field.call.callee) is not None
    return False


def _is_fresh(node: ast.expr, rows: RowSet) -> bool:
    """Whether an expression makes a query set of its own, which only what stands around it can use."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not rows.model:
        return False
    if rows.shape == "rows":
        return node.func.attr == "all" and rows.dialect == "sqlalchemy"
    return rows.shape == "query" and rows.dialect == "django"


def _emit(
    frame: Frame,
    node: ast.AST,
    inner: ast.AST,
    rows: RowSet,
    what: str,
    negated: bool = False,
    column: str = "",
    kind: str = "",
) -> None:
    frame.events.append(
        Misread(
            frame.site(node),
            frame.scope,
            frame.loops,
            frame.is_async,
            what,
            rows.model,
            rows.dialect,
            frame.site(inner),
            negated,
            column,
            kind,
        )
    )
