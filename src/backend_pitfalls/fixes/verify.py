"""Whether a rewritten file is what its repairs said: valid Python, changed nowhere else, with every name that it uses."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterable

from backend_pitfalls.fixes.edits import Edit
from backend_pitfalls.fixes.piece import first_line
from backend_pitfalls.syntax.newer import rewritten
from backend_pitfalls.syntax.source import tree_of

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_IMPORTS = (ast.Import, ast.ImportFrom)


def fault(old: ast.Module, after: str, edits: Iterable[Edit]) -> str:
    """What is wrong with the result of some edits; the empty string when nothing is.

    Parameters:
        old: the file that the edits were planned for.
        after: the text with the edits.
        edits: all of them.
    """
    try:
        new = tree_of(after)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "the result would not be valid Python"
    if not _same_elsewhere(old.body, new.body, [*edits]):
        return "the result would differ in another statement too"
    unbound = _unbound(old, new, after)
    return f"the result would use '{unbound}', which is not defined there" if unbound else ""


def _lines(edit: Edit) -> tuple[int, int]:
    """The first and last line that an edit changes, or puts something before."""
    return edit.line, max(edit.line, edit.end_line - (edit.end_col == 0 and edit.end_line > edit.line))


def _same_elsewhere(old: list[ast.stmt], new: list[ast.stmt], edits: list[Edit]) -> bool:
    """Whether two blocks differ only in imports that were added, in lines that were put between statements by an edit, in the statements that an edit
    replaces, and inside those that one touches."""
    if len(new) == len(old) and not any(_touches(statement, edits) for statement in old):
        return all(_equal(a, b) for a, b in zip(old, new))
    position = 0
    for statement in new:
        while (
            position < len(old) and _is_replaced(old[position], edits) and not _matches(old[position], statement, edits)
        ):
            position += 1
        if position < len(old) and _matches(old[position], statement, edits):
            position += 1
        elif not isinstance(statement, _IMPORTS) and not _is_added(statement, edits):
            return False
    return all(_is_replaced(statement, edits) for statement in old[position:])


def _is_replaced(statement: ast.stmt, edits: list[Edit]) -> bool:
    """Whether an edit writes something else in the place of a whole statement."""
    start, end = (statement.lineno, statement.col_offset), (statement.end_lineno or 0, statement.end_col_offset or 0)
    return any((e.line, e.col) <= start and end <= (e.end_line, e.end_col) for e in edits)


def _matches(old: ast.stmt, new: ast.stmt, edits: list[Edit]) -> bool:
    if type(old) is not type(new):
        return False
    if not _touches(old, edits):
        return _equal(old, new)
    blocks = [name for name in _BLOCKS if isinstance(getattr(old, name, None), list)]
    if not blocks:
        return True
    if not _header_touched(old, edits) and _header(old) != _header(new):
        return False
    for name in blocks:
        inner, changed = getattr(old, name), getattr(new, name)
        if name in ("handlers", "cases"):
            if len(inner) != len(changed):
                return False
            if not all(_same_elsewhere(a.body, b.body, edits) for a, b in zip(inner, changed)):
                return False
        elif not _same_elsewhere(inner, changed, edits):
            return False
    return True


def _touches(statement: ast.stmt, edits: list[Edit]) -> bool:
    # An edit may add a line of its own right behind a statement, inside the block that the statement ends.
    first, last = first_line(statement), (statement.end_lineno or statement.lineno) + 1
    return any(first <= end and start <= last for start, end in map(_lines, edits))


def _header_touched(statement: ast.stmt, edits: list[Edit]) -> bool:
    first_inner = min(
        (s.lineno for name in _BLOCKS for s in _statements(getattr(statement, name, []))), default=statement.lineno
    )
    return any(
        first_line(statement) <= end and start < max(first_inner, statement.lineno + 1)
        for start, end in map(_lines, edits)
    )


def _statements(block: object) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for item in block if isinstance(block, list) else []:
        found.extend(item.body if isinstance(item, (ast.ExceptHandler, ast.match_case)) else [item])
    return found


def _header(statement: ast.stmt) -> str:
    """A compound statement without its blocks."""
    return "".join(
        ast.dump(value)
        if isinstance(value, ast.AST)
        else repr([ast.dump(v) if isinstance(v, ast.AST) else v for v in value])
        if isinstance(value, list)
        else repr(value)
        for name, value in ast.iter_fields(statement)
        if name not in _BLOCKS
    )


def _equal(old: ast.AST, new: ast.AST) -> bool:
    return ast.dump(old) == ast.dump(new)


def _is_added(statement: ast.stmt, edits: list[Edit]) -> bool:
    """Whether a simple statement, a function or a class stands where an edit put something; lines before it may have moved it down."""
    return isinstance(
        statement, (ast.Assign, ast.AnnAssign, ast.AsyncFunctionDef, ast.ClassDef, ast.Expr, ast.FunctionDef)
    ) and any(start <= statement.lineno for start, _ in map(_lines, edits))


def _unbound(old: ast.Module, new: ast.Module, after: str) -> str:
    """A name that only the result uses and that is bound nowhere it can see; the empty string when there is none."""
    known = {n.id for n in ast.walk(old) if isinstance(n, ast.Name)}
    used = {n.id for n in ast.walk(new) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} - known
    if not used:
        return ""
    try:
        module = symtable.symtable(after, "", "exec")
    except SyntaxError:
        module = symtable.symtable(rewritten(after) or after, "", "exec")
    bound = {s.get_name() for s in module.get_symbols() if s.is_assigned() or s.is_imported()}
    missing = used & _globals(module) - bound
    return next((name for name in sorted(missing) if not hasattr(builtins, name)), "")


def _globals(table: symtable.SymbolTable) -> set[str]:
    """The names that a block and those inside it look up in the module."""
    is_module = table.get_type() == "module"
    found = {s.get_name() for s in table.get_symbols() if s.is_referenced() and (is_module or s.is_global())}
    return found.union(*map(_globals, table.get_children()))
