"""Functions and classes that are added to an application, behind the statement that makes it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from backend_pitfalls.fixes.edits import Edit, apply_edits, line_edits, newline_of
from backend_pitfalls.fixes.imports import from_import
from backend_pitfalls.fixes.piece import FUNCTIONS
from backend_pitfalls.model.fix import AddHandler, AddUrls, ImportedName
from backend_pitfalls.syntax.source import split_lines, tree_of


def handler_edits(tree: ast.Module, text: str, intent: AddHandler) -> list[Edit] | None:
    """The edits that add functions to the application which the call at a place makes; None when that has no name there, or the name of a
    function is taken.

    Parameters:
        tree: of the file.
        text: of the file.
        intent: what is to be added.
    """
    imported = name_edits(text, intent.names) if not _is_taken(tree, *(code for _, code in intent.handlers)) else None
    if imported is None:
        return None
    for block in _blocks(tree):
        for number, statement in enumerate(block):
            if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or not _is_at(statement.value, intent):
                continue
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            line, lines = statement.end_lineno or statement.lineno, split_lines(text)
            is_alone = not lines[line - 1].encode()[statement.end_col_offset :].split(b"#")[0].strip()
            if not isinstance(target, ast.Name) or not is_alone:
                return None
            return [*imported, _added(intent, target.id, statement, block[number + 1 :], text)]
    return None


def url_edits(tree: ast.Module, text: str, intent: AddUrls) -> list[Edit] | None:
    """The edits that put views before the URL configuration on a line, and entries into it; None when that is not there, or a name is taken.

    Parameters:
        tree: of the file.
        text: of the file.
        intent: what is to be added.
    """
    found = next((s for s in tree.body if s.lineno == intent.line and isinstance(s, ast.Assign)), None)
    entries = found.value if found is not None and isinstance(found.value, ast.List) else None
    imported = name_edits(text, intent.names) if not _is_taken(tree, intent.code) else None
    if found is None or entries is None or imported is None:
        return None
    newline, lines = newline_of(text), split_lines(text)
    code = newline.join(intent.code.rstrip().split("\n"))
    blank = next((n for n in range(found.lineno - 1) if lines[found.lineno - 2 - n].strip()), 0)
    before = newline * max(0, 2 - blank)
    views = Edit(found.lineno, 0, found.lineno, 0, f"{before}{code}{newline}{newline}{newline}")
    if not entries.elts:
        at = (entries.lineno, entries.col_offset + 1)
        return [*imported, views, Edit(*at, *at, ", ".join(intent.entries))]
    first = entries.elts[0]
    indent = f"{newline}{' ' * first.col_offset}" if first.lineno > entries.lineno else " "
    at = (first.lineno, first.col_offset)
    return [*imported, views, Edit(*at, *at, "".join(f"{entry},{indent}" for entry in intent.entries))]


def name_edits(text: str, names: Iterable[ImportedName]) -> list[Edit] | None:
    """The edits that import names from modules; None where one of them means something else in the file."""
    after = text
    for wanted in sorted(names, key=lambda name: not name.is_library):
        edits = from_import(tree_of(after), after, wanted.module, wanted.name, wanted.is_library)
        if edits is None:
            return None
        after = apply_edits(after, edits)
    return line_edits(text, after)


def _is_taken(tree: ast.Module, *sources: str) -> bool:
    """Whether a file has a function or a class of the name of one of these."""
    named = (*FUNCTIONS, ast.ClassDef)
    names = {n.name for s in sources for n in ast.parse(s.replace("{app}", "app")).body if isinstance(n, named)}
    return any(isinstance(n, named) and n.name in names for n in ast.walk(tree))


def _decorated(app: str, decorator: str, source: str) -> str:
    code = source.replace("{app}", app).rstrip()
    return f"@{app}.{decorator}\n{code}" if decorator else code


def _blocks(tree: ast.Module) -> list[list[ast.stmt]]:
    """The module's statements and those of its functions."""
    functions = [n.body for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return [tree.body, *functions]


def _is_at(node: ast.expr | None, intent: AddHandler) -> bool:
    return node is not None and (node.lineno, node.end_lineno, node.end_col_offset) == (
        intent.line,
        intent.end_line,
        intent.end_col,
    )


def _added(intent: AddHandler, app: str, statement: ast.stmt, rest: list[ast.stmt], text: str) -> Edit:
    newline, lines = newline_of(text), split_lines(text)
    line = statement.end_lineno or statement.lineno
    indent = " " * statement.col_offset
    between = 1 if indent else 2
    blank_lines = "\n" * (between + 1)
    code = blank_lines.join(_decorated(app, decorator, source) for decorator, source in intent.handlers)
    code = code.replace("\n\n\n", "\n\n") if indent else code
    shown = newline.join(f"{indent}{part}" if part else "" for part in code.split("\n"))
    blank = 0
    while line + blank < len(lines) and not lines[line + blank].strip():
        blank += 1
    missing = max(0, between - blank) if rest else 0
    ends = "" if line < len(lines) else newline
    return Edit(line + 1, 0, line + 1, 0, f"{ends}{newline * between}{shown}{newline}{newline * missing}")
