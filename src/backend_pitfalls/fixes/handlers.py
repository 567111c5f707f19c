"""Functions that are added to an application, behind the statement that makes it."""

from __future__ import annotations

import ast

from backend_pitfalls.fixes.edits import Edit, newline_of
from backend_pitfalls.model.fix import AddHandler
from backend_pitfalls.syntax.source import split_lines


def handler_edits(tree: ast.Module, text: str, intent: AddHandler) -> list[Edit] | None:
    """The edit that adds a function to the application which the call at a place makes; None when that has no name there, or the name of the
    function is taken.

    Parameters:
        tree: of the file.
        text: of the file.
        intent: what is to be added.
    """
    name = intent.code.split("def ", 1)[1].split("(")[0]
    if any(isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)) and n.name == name for n in ast.walk(tree)):
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
            return [_added(intent, target.id, statement, block[number + 1 :], text)]
    return None


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
    code = f"@{app}.{intent.decorator}\n{intent.code}".rstrip()
    shown = newline.join(f"{indent}{part}" if part else "" for part in code.split("\n"))
    blank = 0
    while line + blank < len(lines) and not lines[line + blank].strip():
        blank += 1
    missing = max(0, between - blank) if rest else 0
    ends = "" if line < len(lines) else newline
    return Edit(line + 1, 0, line + 1, 0, f"{ends}{newline * between}{shown}{newline}{newline * missing}")
