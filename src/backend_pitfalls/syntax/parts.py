"""The parts of a Python file that can change each for itself: what results rest on is told by these.

A file has its body (what runs when it is imported: statements of the module and of classes, heads of functions, but no
comments between them) and up to FUNCTIONS parts with neighbouring functions and methods. Beside these stands its content as a
whole, which only results rest on that name places in it.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Sequence

from backend_pitfalls.syntax.source import Source

CONTENT = 0
BODY = 1
FIRST = 2
FUNCTIONS = 8
COUNT = FIRST + FUNCTIONS
"""How many parts a file has, at most."""
_SIZE = 8
"""Bytes of the digest of a part."""


def parts_of(functions: Iterable[str]) -> dict[str, int]:
    """The part that each function of a file is in.

    Parameters:
        functions: their dotted names (`Class.method`), in the order of the file.
    """
    names = list(functions)
    count = min(FUNCTIONS, len(names))
    return {name: FIRST + place * count // len(names) for place, name in enumerate(names)}


def digests(source: Source, functions: Iterable[str]) -> bytes:
    """The digests of a file's body and of its parts with functions, one after the other.

    Parameters:
        source: the file.
        functions: as for `parts_of`.
    """
    parts = parts_of(functions)
    collector = _Collector(source.lines, parts)
    collector.statements(source.tree.body, "")
    return b"".join(_digest(collector.texts[part]) for part in range(BODY, FIRST + len(set(parts.values()))))


def changed(before: bytes, after: bytes) -> int:
    """The bit set of the parts that differ, by their digests; that of a file whose content differs has CONTENT in any case."""
    if not before or len(before) != len(after):
        return -1
    places = range(len(before) // _SIZE)
    differ = [p for p in places if before[p * _SIZE : (p + 1) * _SIZE] != after[p * _SIZE : (p + 1) * _SIZE]]
    return sum(1 << BODY + place for place in differ) | 1 << CONTENT


class _Collector:
    def __init__(self, lines: Sequence[str], parts: dict[str, int]) -> None:
        self.lines = lines
        self.parts = parts
        self.texts: list[list[str]] = [[] for _ in range(COUNT)]

    def statements(self, body: Iterable[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self.function(node, prefix)
            elif isinstance(node, ast.ClassDef):
                self.add(BODY, _first(node), self.head(node))
                self.statements(node.body, f"{prefix}{node.name}.")
            else:
                self.add(BODY, node.lineno, _last(node))
                if isinstance(node, _COMPOUND):
                    self.inner_functions(node, prefix)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, prefix: str) -> None:
        part = self.parts.get(prefix + node.name, BODY)
        self.add(part, _first(node), _last(node))
        if part != BODY:
            self.add(BODY, _first(node), self.head(node))

    def inner_functions(self, node: ast.stmt, prefix: str) -> None:
        """Those that a statement defines under a condition, whose text is in the body as well."""
        for inner in ast.iter_child_nodes(node):
            children = inner.body if isinstance(inner, (ast.ExceptHandler, ast.match_case)) else [inner]
            self.statements((s for s in children if isinstance(s, _DEFINING)), prefix)

    def head(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
        """The last line of what stands before the body."""
        first = node.body[0]
        line = _first(first)
        return line - 1 if not self.lines[line - 1][: first.col_offset].strip() else line

    def add(self, part: int, first: int, last: int) -> None:
        self.texts[part].extend(self.lines[first - 1 : last])


def _digest(lines: list[str]) -> bytes:
    return hashlib.blake2b("\n".join(lines).encode("utf-8", "surrogatepass"), digest_size=_SIZE).digest()


def _first(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", None)
    return min(decorators[0].lineno, node.lineno) if decorators else node.lineno


def _last(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


_COMPOUND = (
    *(ast.If, ast.Try, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While, ast.Match),
    getattr(ast, "TryStar", ast.Try),
)
_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, *_COMPOUND)
