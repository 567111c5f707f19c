"""The names under which a file has, or gets, the modules that a repair needs."""

from __future__ import annotations

import ast
import sys

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor

from backend_pitfalls.fixes.edits import Edit, newline_of
from backend_pitfalls.fixes.piece import first_line
from backend_pitfalls.syntax.source import split_lines


def name_of(tree: ast.Module, module: str) -> tuple[str, bool]:
    """The name for a module in a file, and whether it still has to be imported under it.

    An import at the top level is used under the name that it has there. Where the module's own name means something else anywhere in the file, the
    import that is added has an alias.

    Parameters:
        tree: the file.
        module: a module without a package.
    """
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name == module:
                    return alias.asname or module, False
    return (f"{module}_" if module in _bound(tree) else module), True


def _bound(tree: ast.Module) -> set[str]:
    """The names that something in a file binds, but for plain imports of modules."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            found.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            found.update(alias.asname for alias in node.names if alias.asname)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
    return found


def insertion(tree: ast.Module, module: str, name: str, newline: str) -> Edit | None:
    """The edit that imports a module under a name, where isort and ruff would put it: in its section (the standard library, others, the
    project's own by relative imports), plain imports before those of names, in the order of the alphabet. None when the file has no imports to
    stand among.

    https://pycqa.github.io/isort/docs/configuration/options.html
    """
    line = f"import {module}{f' as {name}' if name != module else ''}{newline}"
    block = _first_block(tree)
    if not block:
        return None
    own = _of_library(module)
    same = [s for s in block if _section(s) == own]
    smaller = [s for s in same if isinstance(s, ast.Import) and s.names[0].name.lower() < module.lower()]
    if smaller:
        return _at(_after(smaller[-1]), line)
    if same:
        return _at(same[0].lineno, line)
    before = [s for s in block if _section(s) < own]
    if before:
        return _at(_after(before[-1]), newline + line)
    return _at(block[0].lineno, line + newline)


def from_import(tree: ast.Module, text: str, module: str, name: str, is_library: bool = True) -> list[Edit] | None:
    """The edits that import a name from a module where isort and ruff would put it; none when it is imported already, and None where
    the name means something else in the file.

    Parameters:
        tree: the file.
        text: of the file.
        module: of a library, or of the project.
        name: what is to be imported.
        is_library: which of both.
    """
    block = [s for s in tree.body if isinstance(s, (ast.Import, ast.ImportFrom))]
    of_module = [s for s in block if isinstance(s, ast.ImportFrom) and s.module == module and not s.level]
    if any(a.name == name and a.asname is None for s in of_module for a in s.names):
        return []
    if name in _bound(tree):
        return None
    newline = newline_of(text)
    plain = [s for s in of_module if not any(a.name == "*" for a in s.names)]
    if plain:
        return [_one_name_more(plain[0], text, name)]
    line = f"from {module} import {name}{newline}"
    first, own = _first_block(tree), "" if is_library else module.partition(".")[0]
    wanted = _of_library(module.partition(".")[0]) if is_library else _OWN
    smaller = [
        s for s in first if _section(s, own) < wanted or (_section(s, own) == wanted and _stands_before(s, module))
    ]
    if not smaller:
        if not first:
            at = _first_code(tree, text)
            return [_at(at, line + newline)] if at else None
        gap = newline if _section(first[0], own) > wanted else ""
        return [_at(first[0].lineno, line + gap)]
    gap = newline if _section(smaller[-1], own) < wanted else ""
    return [_at(_after(smaller[-1]), gap + line)]


def _stands_before(statement: ast.Import | ast.ImportFrom, module: str) -> bool:
    return isinstance(statement, ast.Import) or (statement.module or "").lower() < module.lower()


def _one_name_more(statement: ast.ImportFrom, text: str, name: str) -> Edit:
    """The name among those that a statement imports: classes stand before functions, both in the order of the alphabet."""
    is_class = name[:1].isupper()
    before = [
        a
        for a in statement.names
        if (a.name[:1].isupper() and (not is_class or a.name.lower() < name.lower()))
        or (not is_class and not a.name[:1].isupper() and a.name.lower() < name.lower())
    ]
    lines = split_lines(text)
    if not before:
        first = statement.names[0]
        return Edit(first.lineno, first.col_offset, first.lineno, first.col_offset, f"{name}, ")
    last = before[-1]
    line, column = last.end_lineno or last.lineno, last.end_col_offset or 0
    alone = len(statement.names) > 1 and len({a.lineno for a in statement.names}) == len(statement.names)
    rest = lines[line - 1][column:]
    if alone and rest.startswith(","):
        return Edit(line, column + 1, line, column + 1, f"{newline_of(text)}{' ' * last.col_offset}{name},")
    return Edit(line, column, line, column, f", {name}")


_FUTURE, _STANDARD, _OTHER, _OWN, _RELATIVE = range(5)


def _section(statement: ast.Import | ast.ImportFrom, own: str = "") -> int:
    if isinstance(statement, ast.ImportFrom):
        if statement.level:
            return _RELATIVE
        if statement.module == "__future__":
            return _FUTURE
        root = (statement.module or "").split(".")[0]
    else:
        root = statement.names[0].name.split(".")[0]
    if root == own:
        return _OWN
    return _of_library(root)


def _of_library(root: str) -> int:
    return _STANDARD if root in sys.stdlib_module_names else _OTHER


def _first_block(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """The imports that a file starts with, behind its docstring."""
    found: list[ast.Import | ast.ImportFrom] = []
    for statement in tree.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            found.append(statement)
        elif found or not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            break
    return found


def _first_code(tree: ast.Module, text: str) -> int:
    """The line of the first statement behind the docstring, with the comments that stand right above it and below another line; nought for none."""
    body = tree.body[1:] if ast.get_docstring(tree, clean=False) is not None else tree.body
    if not body:
        return 0
    lines, line = split_lines(text), first_line(body[0])
    while line > 1 and lines[line - 2].startswith("#"):
        line -= 1
    return line if line > 1 else first_line(body[0])


def _after(statement: ast.stmt) -> int:
    return (statement.end_lineno or statement.lineno) + 1


def _at(line: int, text: str) -> Edit:
    return Edit(line, 0, line, 0, text)


def with_imports(text: str, modules: dict[str, str]) -> str:
    """The file's code with these modules imported under these names, where LibCST's import visitor places them."""
    module = cst.parse_module(text)
    context = CodemodContext()
    for name, alias in modules.items():
        AddImportsVisitor.add_needed_import(context, name, asname=alias if alias != name else None)
    return AddImportsVisitor(context).transform_module(module).code
