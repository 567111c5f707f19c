"""An adapter that gives all calls of a `requests` session a time limit, mounted where the session is made.

https://requests.readthedocs.io/en/latest/user/advanced/#transport-adapters
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from backend_pitfalls.fixes.edits import Edit, newline_of
from backend_pitfalls.fixes.imports import from_import
from backend_pitfalls.fixes.piece import Place, first_line
from backend_pitfalls.syntax.source import split_lines

NAME = "TimeoutAdapter"
_ADAPTER = """class {name}(HTTPAdapter):
    \"\"\"Gives up on a server that does not answer, where a call sets no timeout of its own.\"\"\"

    def send(self, request, *args, **kwargs):
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = {seconds}
        return super().send(request, *args, **kwargs)


"""


def adapter_edits(tree: ast.Module, text: str, place: Place, seconds: str) -> list[Edit] | None:
    """The edits that mount such an adapter on a session; None when the session has no plain name where it is made, or the names needed mean something else.

    Parameters:
        tree: of the file.
        text: of the file.
        place: of the call that makes the session.
        seconds: the limit, as Python source.
    """
    newline, lines = newline_of(text), split_lines(text)
    made = next(_makers(tree, place), None)
    if made is None:
        return None
    top, after, name, column = made
    imported = from_import(tree, text, "requests.adapters", "HTTPAdapter")
    if imported is None:
        return None
    indent = " " * column
    if lines[after - 1].rstrip().endswith("\\") or not text.endswith(newline):
        return None
    mounts = "".join(f'{indent}{name}.mount("{scheme}://", {NAME}()){newline}' for scheme in ("https", "http"))
    edits = [*imported, Edit(after + 1, 0, after + 1, 0, mounts)]
    own = [s for s in tree.body if isinstance(s, ast.ClassDef) and s.name == NAME]
    if own:
        return edits if own[0].lineno < top.lineno else None
    if any(isinstance(n, ast.Name) and n.id == NAME for n in ast.walk(tree)):
        return None
    line = _above_comments(lines, first_line(next(s for s in tree.body if s is top or _runs(s))))
    code = _ADAPTER.format(name=NAME, seconds=seconds).replace("\n", newline)
    blank = newline * max(0, 2 - _blank_above(lines, line)) if line > 1 else ""
    return [*edits, Edit(line, 0, line, 0, blank + code)]


def _makers(tree: ast.Module, place: Place) -> Iterator[tuple[ast.stmt, int, str, int]]:
    """The statement of the module in which the session is made, the line after which it is there, its name, and the column of the statements that follow."""
    for top in tree.body:
        if not first_line(top) <= place[0] <= (top.end_lineno or top.lineno):
            continue
        for node in ast.walk(top):
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and _is_at(node.value, place):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if _is_plain(target) and not (isinstance(node, ast.Assign) and len(node.targets) > 1):
                    yield top, node.end_lineno or node.lineno, ast.unparse(target), node.col_offset
            elif isinstance(node, (ast.With, ast.AsyncWith)):
                for item in node.items:
                    if item.optional_vars is not None and _is_at(item.context_expr, place):
                        body = node.body[0]
                        if _is_plain(item.optional_vars) and body.lineno > node.lineno:
                            yield top, first_line(body) - 1, ast.unparse(item.optional_vars), body.col_offset


def _runs(statement: ast.stmt) -> bool:
    """Whether a statement of the module defines something or calls something: the adapter, of which a file needs one, stands before the first that does."""
    if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.With, ast.For)):
        return any(isinstance(n, ast.Call) for n in ast.walk(statement))
    return isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))


def _is_at(node: ast.expr | None, place: Place) -> bool:
    return node is not None and (node.lineno, node.end_lineno) == (place[0], place[2])


def _is_plain(target: ast.expr) -> bool:
    """Whether a target is a variable, or an attribute of one."""
    return isinstance(target, ast.Name) or (isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name))


def _above_comments(lines: list[str], line: int) -> int:
    """The first line of the comments that stand right above a line."""
    while line > 1 and lines[line - 2].startswith("#"):
        line -= 1
    return line


def _blank_above(lines: list[str], line: int) -> int:
    return next((n for n in range(line - 1) if lines[line - 2 - n].strip()), line - 1)
