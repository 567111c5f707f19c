"""The public API on source text, and what the codemod commands use."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from backend_pitfalls.engine import analyse
from backend_pitfalls.fixes.environment import alone
from backend_pitfalls.fixes.project import repair_project
from backend_pitfalls.model.finding import Finding
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.config import find_root, read_options
from backend_pitfalls.project.style import line_length


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
    """The source text with its findings repaired, each repair verified; the same text when there is nothing to repair.

    Parameters:
        code: Python source.
        filename: a relative name.
        select: code prefixes or rule names.
        unsafe: whether unsafe repairs are wanted too.
    """
    data = code.encode()
    plans = repair_project(
        check_source(code, filename, select),
        lambda _: data,
        lambda files: check_source(files[filename].decode(), filename, select),
        unsafe,
    )
    return plans[0].after.decode() if plans else code


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
    data = code.encode()

    def found(files: Mapping[str, bytes]) -> list[Finding]:
        return [alone(f) for f in analyse(root, options, dict(files)).shown() if f.fixed_path == name]

    plans = repair_project(found({name: data}), lambda _: data, found, unsafe, limit=partial(line_length, root))
    return plans[0].after.decode() if plans else code
