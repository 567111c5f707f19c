"""The repair of a statement that request data is part of: its values become parameters, in the style of the driver that the file uses."""

from __future__ import annotations

import ast
import itertools
import re

import libcst as cst

from backend_pitfalls.fixes.edits import Edit
from backend_pitfalls.fixes.piece import Piece, Place, last_name
from backend_pitfalls.fixes.statement import Bound, bound

# How drivers write a placeholder. https://peps.python.org/pep-0249/#paramstyle and the drivers' own pages
_STYLES = {
    "sqlite3": "?",
    "aiosqlite": "?",
    "psycopg2": "%s",
    "psycopg": "%s",
    "aiopg": "%s",
    "MySQLdb": "%s",
    "pymysql": "%s",
    "aiomysql": "%s",
    "mysql": "%s",
    "django": "%s",
    "flask_mysqldb": "%s",
    "flaskext": "%s",
}


def parameter_edits(tree: ast.Module, piece: Piece, place: Place) -> list[Edit] | None:
    """The edits that give the values of a statement to the driver as parameters; None where that is not certain to be the same for ordinary values.

    Parameters:
        tree: of the file.
        piece: that the call stands in.
        place: of the call that runs the statement, or of `text()` of SQLAlchemy that makes it.
    """
    call = piece.at(place, cst.Call)
    if not isinstance(call, cst.Call) or len(call.args) != 1 or call.args[0].star:
        return None
    if last_name(call.func) == "text":
        return _named(piece, call)
    style = _style(tree)
    if not style:
        return None
    statement = call.args[0].value
    if isinstance(statement, cst.Name):
        assigned = _assigned(tree, piece, place, statement.value)
        if assigned is None:
            return None
        statement = assigned
    found = bound(statement, lambda *_: style)
    if found is None or (style == "?" and found.literal.count("?") != len(found.values)):
        return None
    literal = found.literal
    if style == "%s":
        literal = re.sub(r"%(?!s)", "%%", literal)
        if literal.count("%s") != len(found.values):
            return None
    end = piece.position(call.args[0]).end
    return [
        piece.replaced(statement, literal),
        Edit(end.line, end.column, end.line, end.column, f", {_tuple(found)}"),
    ]


def _named(piece: Piece, call: cst.Call) -> list[Edit] | None:
    """`execute(text(f"… {x}"))`: the values go to `execute`, by name."""
    outer = piece.parent_call(call)
    if outer is None or len(outer.args) != 1 or outer.args[0].value is not call or last_name(outer.func) not in _RUNS:
        return None
    names: list[str] = []

    def placeholder(number: int, source: str) -> str:
        words = re.findall(r"[a-z_]\w*", source.lower())
        wanted = words[-1] if words else "value"
        names.append(wanted if wanted not in names else f"{wanted}_{number}")
        return f":{names[-1]}"

    found = bound(call.args[0].value, placeholder)
    if found is None or re.search(r"(?<!:):[a-zA-Z]", re.sub("|".join(f":{n}\\b" for n in names), "", found.literal)):
        return None
    given = ", ".join(f'"{name}": {value}' for name, value in zip(names, found.values))
    end = piece.position(outer.args[0]).end
    return [
        piece.replaced(call.args[0].value, found.literal),
        Edit(end.line, end.column, end.line, end.column, f", {{{given}}}"),
    ]


_RUNS = frozenset({"execute", "scalars", "scalar"})


def _style(tree: ast.Module) -> str:
    """The placeholder of the one driver that a file imports; the empty string when it is not known, or there are several."""
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules.update(a.name.split(".")[0] for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module.split(".")[0])
    styles = {_STYLES[m] for m in modules if m in _STYLES}
    return styles.pop() if len(styles) == 1 else ""


def _assigned(tree: ast.Module, piece: Piece, place: Place, name: str) -> cst.BaseExpression | None:
    """What a variable is given just before its only use, in the same block of statements."""
    for block in _blocks(tree):
        for before, statement in itertools.pairwise(block):
            if not (statement.lineno <= place[0] <= (statement.end_lineno or 0)) or not isinstance(before, ast.Assign):
                continue
            targets = [t.id for t in before.targets if isinstance(t, ast.Name)]
            uses = [n for s in block for n in ast.walk(s) if isinstance(n, ast.Name) and n.id == name]
            value = before.value
            if targets == [name] and len(before.targets) == 1 and len(uses) == 2:
                at = (value.lineno, value.col_offset, value.end_lineno or 0, value.end_col_offset or 0)
                node = piece.at(at, cst.BaseExpression)
                return node if isinstance(node, cst.BaseExpression) else None
    return None


def _blocks(tree: ast.Module) -> list[list[ast.stmt]]:
    blocks = [getattr(node, field, None) for node in ast.walk(tree) for field in ("body", "orelse", "finalbody")]
    return [block for block in blocks if isinstance(block, list) and block and isinstance(block[0], ast.stmt)]


def _tuple(found: Bound) -> str:
    return f"({', '.join(found.values)}{',' if len(found.values) == 1 else ''})"
