"""A stretch of a file as LibCST sees it: its nodes by their places in the file."""

from __future__ import annotations

import ast
from typing import Any, TypeVar

import libcst as cst
from libcst.metadata import CodePosition, CodeRange, MetadataWrapper, PositionProvider

from backend_pitfalls.fixes.edits import Edit

Place = tuple[int, int, int, int]
_Node = TypeVar("_Node", bound=ast.stmt | ast.expr)
FUNCTIONS: tuple[type[ast.FunctionDef | ast.AsyncFunctionDef], ...] = (ast.FunctionDef, ast.AsyncFunctionDef)


class Piece:
    """Whole lines of a file that are a module by themselves, parsed; all lines count from the start of the file.

    Parsing what a repair touches instead of the file is what makes repairs fast: LibCST takes about a second for ten thousand lines.
    """

    def __init__(self, text: str, first: int) -> None:
        self._above = first - 1
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        self._ranges = wrapper.resolve(PositionProvider)
        self._places: dict[Place, list[cst.CSTNode]] = {}
        for node in self._ranges:
            range_ = self.position(node)
            place = (range_.start.line, range_.start.column, range_.end.line, range_.end.column)
            self._places.setdefault(place, []).append(node)

    def position(self, node: cst.CSTNode) -> CodeRange:
        """The range of a node in the file."""
        range_ = self._ranges[node]
        assert isinstance(range_, CodeRange)
        return CodeRange(
            CodePosition(range_.start.line + self._above, range_.start.column),
            CodePosition(range_.end.line + self._above, range_.end.column),
        )

    def at(self, place: Place, kind: Any) -> cst.CSTNode | None:
        """The node of a kind at exactly this place; None when there is none."""
        return next((n for n in self._places.get(place, ()) if isinstance(n, kind)), None)

    def replaced(self, node: cst.CSTNode, text: str) -> Edit:
        """The edit that writes a text in a node's place."""
        range_ = self.position(node)
        return Edit(range_.start.line, range_.start.column, range_.end.line, range_.end.column, text)

    def around(self, place: Place, kind: Any) -> cst.CSTNode | None:
        """The innermost node of a kind that a place lies in; None when there is none."""
        start, end = place[:2], place[2:]
        found = [(p, n) for p, nodes in self._places.items() if p[:2] <= start and end <= p[2:] for n in nodes]
        return max(
            ((p, n) for p, n in found if isinstance(n, kind)), key=lambda pair: pair[0][:2], default=(place, None)
        )[1]

    def parent_call(self, node: cst.CSTNode) -> cst.Call | None:
        """The call that a node is an argument of."""
        calls = (n for nodes in self._places.values() for n in nodes if isinstance(n, cst.Call))
        return next((call for call in calls if any(argument.value is node for argument in call.args)), None)

    def tuple_in(self, place: Place) -> cst.CSTNode | None:
        """The outermost tuple at a place that counts its parentheses, which LibCST leaves out."""
        start, end = place[:2], place[2:]
        inside = (p for p, nodes in self._places.items() if start <= p[:2] and p[2:] <= end and _has_tuple(nodes))
        outermost = min(inside, key=lambda p: (p[0], p[1], -p[2], -p[3]), default=None)
        return self.at(outermost, cst.Tuple) if outermost is not None else None


def _has_tuple(nodes: list[cst.CSTNode]) -> bool:
    return any(isinstance(node, cst.Tuple) for node in nodes)


def enclosing(tree: ast.Module, place: Place, kinds: tuple[type[_Node], ...]) -> list[_Node]:
    """The nodes of some kinds that a place lies in, the outermost first.

    Parameters:
        tree: of the whole file, which a piece of it need not hold.
        place: of a node.
        kinds: that count.
    """
    return [
        node
        for node in ast.walk(tree)  # parents come before their children
        if isinstance(node, kinds)
        and (node.lineno, node.col_offset) <= place[:2]
        and place[2:] <= (node.end_lineno or node.lineno, node.end_col_offset or 0)
    ]


def first_line(statement: ast.stmt) -> int:
    """The line on which a statement begins, its decorators counted."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])


def lines_around(tree: ast.Module, line: int) -> tuple[int, int]:
    """The first and last line of the statement of a file's top level that a line is in, with those that share a line with it; (0, 0) when
    there is none."""
    spans = sorted((first_line(s), s.end_lineno or s.lineno) for s in tree.body)
    merged: list[tuple[int, int]] = []
    for first, last in spans:
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return next(((first, last) for first, last in merged if first <= line <= last), (0, 0))


def last_name(node: cst.BaseExpression) -> str:
    """`execute` of `session.execute` and of `execute`; the empty string for anything else."""
    name = node.attr if isinstance(node, cst.Attribute) else node
    return name.value if isinstance(name, cst.Name) else ""
