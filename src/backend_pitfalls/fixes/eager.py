"""The repair of lazy loads: `select_related` and `prefetch_related` at the query set that the rows come from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import libcst as cst

from backend_pitfalls.fixes.edits import Edit, newline_of
from backend_pitfalls.fixes.piece import last_name
from backend_pitfalls.model.fix import EagerLoad

# A query set that these have been called on takes no more relations, or would mean something else with them:
# https://docs.djangoproject.com/en/stable/ref/models/querysets/
_FORBIDDEN = frozenset(
    [
        "values",
        "values_list",
        "only",
        "defer",
        "raw",
        "union",
        "intersection",
        "difference",
        "none",
        "dates",
        "datetimes",
        "aggregate",
        "in_bulk",
    ]
)
_JOIN_FORBIDDEN = frozenset({"select_for_update"})
_PREFETCH_FORBIDDEN = frozenset({"iterator", "aiterator"})
_BUILDS = frozenset(
    [
        "all",
        "filter",
        "exclude",
        "annotate",
        "alias",
        "order_by",
        "reverse",
        "distinct",
        "extra",
        "using",
        "select_related",
        "prefetch_related",
        "complex_filter",
        "get_queryset",
        "select_for_update",
    ]
)
_ONE_ROW = frozenset(["get", "first", "last", "earliest", "latest", "aget", "afirst", "alast", "aearliest", "alatest"])


def eager_load(node: cst.CSTNode, intent: EagerLoad, text: str, position: Callable[[cst.CSTNode], Any]) -> Edit | None:
    """The edit that makes a query set load relations with its rows; None where that would not be right.

    Parameters:
        node: the expression that makes the query set, or one row of it.
        intent: what to load and how.
        text: of the file.
        position: the range of a node.
    """
    calls = list(_chain(node))
    names = {name for name, _ in calls}
    if names & _FORBIDDEN or names & (_JOIN_FORBIDDEN if intent.method == "select_related" else _PREFETCH_FORBIDDEN):
        return None
    if isinstance(node, cst.Call) and calls and calls[0][0] in _ONE_ROW:
        function = node.func
        return eager_load(function.value, intent, text, position) if isinstance(function, cst.Attribute) else None
    if isinstance(node, cst.Call) and not (calls and calls[0][0] in _BUILDS):
        return None
    if not isinstance(node, (cst.Call, cst.Attribute)):
        return None
    quoted = ", ".join(_quoted(intent.names, text))
    for name, call in calls:
        if name == intent.method and call.args and all(_is_text(a) for a in call.args):
            return _extended(call, intent.names, text, position)
    end, line_break = position(node).end, _line_break(node, text, position)
    return Edit(end.line, end.column, end.line, end.column, f"{line_break}.{intent.method}({quoted})")


def loader_options(node: cst.CSTNode, names: tuple[str, ...], position: Callable[[cst.CSTNode], Any]) -> Edit | None:
    """The edit that gives a query of SQLAlchemy options to load relations of the one model that it asks for; None for another form.

    https://docs.sqlalchemy.org/en/20/orm/queryguide/relationships.html

    Parameters:
        node: the expression that makes the query, or goes on with it.
        names: of the relations.
        position: the range of a node.
    """
    while True:
        model = _asked_model(node)
        if model is not None:
            break
        if isinstance(node, cst.Call):
            node = node.func
        elif isinstance(node, cst.Attribute):
            node = node.value
        else:
            return None
    source = cst.Module([]).code_for_node(model)
    options = ", ".join(f"selectinload({source}.{name})" for name in names)
    end = position(node).end
    return Edit(end.line, end.column, end.line, end.column, f".options({options})")


def _asked_model(node: cst.CSTNode) -> cst.BaseExpression | None:
    """`Book` of `Book.query`, `session.query(Book)` and `select(Book)`."""
    if isinstance(node, cst.Attribute) and node.attr.value == "query":
        return node.value if last_name(node.value)[:1].isupper() else None
    if not isinstance(node, cst.Call) or len(node.args) != 1 or node.args[0].star or node.args[0].keyword is not None:
        return None
    asked, is_query = node.args[0].value, last_name(node.func) in ("query", "select")
    return asked if is_query and isinstance(asked, (cst.Name, cst.Attribute)) else None


def _quoted(names: tuple[str, ...], text: str) -> list[str]:
    """Names as texts, in the quotes that the file uses more."""
    single, double = (len(re.findall(rf"{q}[^{q}\n]*{q}", text)) for q in ("'", '"'))
    quote = "'" if single > double else '"'
    return [f"{quote}{name}{quote}" for name in names]


def list_select_related(
    node: cst.CSTNode, intent: EagerLoad, text: str, position: Callable[[cst.CSTNode], Any]
) -> Edit | None:
    """The edit that makes a list of the admin join relations: `node` is what `list_select_related` is bound to, and gets more elements, or
    what `list_display` is, and gets a line behind it; None for another form."""
    if not isinstance(node, (cst.List, cst.Tuple)):
        return None
    lines = text.split("\n")
    before = lines[intent.line - 1][: intent.col]
    if "list_select_related" in before:
        if not node.elements or not all(isinstance(e.value, cst.SimpleString) for e in node.elements):
            return None
        return _behind(position(node.elements[-1].value).end, _quoted(intent.names, text))
    rest = lines[intent.end_line - 1][intent.end_col :].strip()
    if rest and not rest.startswith("#"):
        return None
    indent = before[: len(before) - len(before.lstrip())]
    quoted = ", ".join(_quoted(intent.names, text))
    line = intent.end_line + 1
    return Edit(line, 0, line, 0, f"{indent}list_select_related = [{quoted}]{newline_of(text)}")


def _behind(end: Any, quoted: list[str]) -> Edit:
    """More texts behind one, on its line."""
    return Edit(end.line, end.column, end.line, end.column, "".join(f", {name}" for name in quoted))


def _extended(call: cst.Call, names: tuple[str, ...], text: str, position: Callable[[cst.CSTNode], Any]) -> Edit:
    """More arguments behind the last one; a line for each where every argument has one and a comma ends the last."""
    last, close = call.args[-1], position(call).end
    end, start = position(last.value).end, position(last).start
    comma = position(last.comma).end if isinstance(last.comma, cst.Comma) else close
    if comma.line < close.line and start.line != position(call).start.line:
        added = "".join(f"{' ' * start.column}{name},{newline_of(text)}" for name in _quoted(names, text))
        return Edit(comma.line + 1, 0, comma.line + 1, 0, added)
    return _behind(end, _quoted(names, text))


def _chain(node: cst.CSTNode) -> Iterator[tuple[str, cst.Call]]:
    """(method, call) of a chain of calls, the last one first."""
    while isinstance(node, (cst.Call, cst.Attribute)):
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
            yield node.func.attr.value, node
            node = node.func.value
        elif isinstance(node, cst.Attribute):
            node = node.value
        else:
            return


def _is_text(argument: cst.Arg) -> bool:
    return argument.keyword is None and not argument.star and isinstance(argument.value, cst.SimpleString)


def _line_break(node: cst.CSTNode, text: str, position: Callable[[cst.CSTNode], Any]) -> str:
    """A chain with one call a line goes on so."""
    function = node.func if isinstance(node, cst.Call) else node
    if not isinstance(function, cst.Attribute):
        return ""
    start = position(function.attr).start
    before = text.split("\n")[start.line - 1][: start.column]
    return f"\n{before[:-1]}" if before.endswith(".") and not before[:-1].strip() and before != "." else ""
