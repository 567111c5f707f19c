"""The public API on source text, and what the codemod commands use."""

from __future__ import annotations

import tempfile
from pathlib import Path

from backend_pitfalls.engine import analyse
from backend_pitfalls.fixes.apply import plan_file
from backend_pitfalls.model.finding import Finding
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.config import find_root, read_options


def check_source(code: str, filename: str = "module.py", select: tuple[str, ...] = ("BPF",)) -> list[Finding]:
    """The findings in one source text, analysed alone.

    Parameters:
        code: Python source.
        filename: a relative name; it decides the file's context (a test, a migration).
        select: code prefixes or rule names.
    """
    with tempfile.TemporaryDirectory() as folder:
        return analyse(Path(folder), Options(select=select), {filename: code.encode()}).shown()


def fix_source(code: str, filename: str = "module.py", select: tuple[str, ...] = ("BPF",), unsafe: bool = False) -> str:
    """The source text with its findings repaired; the same text when there is nothing to repair.

    Parameters:
        code: Python source.
        filename: a relative name.
        select: code prefixes or rule names.
        unsafe: whether unsafe repairs are wanted too.
    """
    findings = check_source(code, filename, select)
    return plan_file(filename, code.encode(), findings, unsafe).after.decode()


def fix_in_project(
    code: str, path: Path | None, select: tuple[str, ...], unsafe: bool, seconds: float | None = None
) -> str:
    """The source text of a file of a project with its findings repaired, analysed within its project."""
    if path is None:
        return fix_source(code, select=select, unsafe=unsafe)
    path = path.resolve()
    root = find_root(path.parent) or path.parent
    options = read_options(root)
    from msgspec.structs import replace

    options = replace(options, select=select, ignore=(), **({"timeout_seconds": seconds} if seconds else {}))
    name = path.relative_to(root).as_posix()
    findings = [f for f in analyse(root, options, {name: code.encode()}).shown() if f.fixed_path == name]
    return plan_file(name, code.encode(), findings, unsafe).after.decode()
