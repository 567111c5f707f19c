"""`[tool.backend-pitfalls]` in pyproject.toml: found, read and checked."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from backend_pitfalls.model.errors import UserError
from backend_pitfalls.model.options import TAINT_SOURCES, Options
from backend_pitfalls.project.toml import TOMLDecodeError, loads

_REPOSITORIES = (".git", ".hg")
_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", "manage.py")
_VERSIONS = tuple(f"py3{minor}" for minor in range(8, 15))


def root_of(folder: Path) -> Path | None:
    """The project that a folder belongs to, None when nothing marks one.

    The nearest pyproject.toml with our table; else the nearest repository; else the outermost folder with a
    pyproject.toml, setup.py, setup.cfg or manage.py.
    """
    outermost = None
    for candidate in (folder, *folder.parents):
        if _has_table(candidate / "pyproject.toml"):
            return candidate
        if any((candidate / name).exists() for name in _REPOSITORIES):
            return candidate
        if any((candidate / marker).is_file() for marker in _MARKERS):
            outermost = candidate
    return outermost


find_root = functools.lru_cache(maxsize=4096)(root_of)
"""As `root_of`, for those who ask for each of many files: what changes in a process's time is not seen."""


def is_project(folder: Path, names: Collection[str]) -> bool:
    """Whether a folder within a project is one of its own, so that an editor that opens a file in it would find that one.

    Parameters:
        folder: to be looked at.
        names: of what lies in it.
    """
    return any(name in names for name in _REPOSITORIES) or ("pyproject.toml" in names and root_of(folder) == folder)


def _has_table(path: Path) -> bool:
    try:
        return b"[tool.backend-pitfalls" in path.read_bytes()
    except OSError:
        return False


@functools.lru_cache(maxsize=64)
def read_options(root: Path) -> Options:
    """The options of the project at a root.

    Raises:
        UserError: naming the file, the key and the mend, when the table is broken.
    """
    path = root / "pyproject.toml"
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return Options()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}; mend the file") from None
    if "tool.backend-pitfalls" not in text:
        return Options()
    try:
        table = loads(text).get("tool", {}).get("backend-pitfalls", {})
    except TOMLDecodeError as error:
        raise UserError(f"{path}: is not valid TOML: {error}; mend that line") from None
    return checked(table, str(path))


def checked(table: dict[str, Any], where: str) -> Options:
    """Options from a table of kebab-case keys.

    Raises:
        UserError: for an unknown key (with the nearest right name) or a value of the wrong form.
    """
    known = {f.replace("_", "-") for f in Options.__struct_fields__}
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"known keys are {', '.join(sorted(known))}"
            raise UserError(f"{where}: [tool.backend-pitfalls] has the unknown key '{key}'; {hint}")
    try:
        options = msgspec.convert({k.replace("-", "_"): v for k, v in table.items()}, Options)
    except msgspec.ValidationError as error:
        text = str(error)
        key = text.partition("$.")[2].split("`")[0].split("[")[0].replace("_", "-")
        raise UserError(
            f"{where}: [tool.backend-pitfalls] '{key}': {text.partition(' - at')[0]}; correct the value of '{key}'"
        ) from None
    if options.target_version and options.target_version not in _VERSIONS:
        raise UserError(
            f"{where}: [tool.backend-pitfalls] 'target-version' is '{options.target_version}'; write one of {', '.join(_VERSIONS)}"
        )
    for group in options.taint_sources:
        if group not in TAINT_SOURCES:
            raise UserError(
                f"{where}: [tool.backend-pitfalls] 'taint-sources' holds '{group}'; write some of {', '.join(TAINT_SOURCES)}"
            )
    for name in ("timeout_seconds", "max_timeout_seconds"):
        if getattr(options, name) <= 0:
            raise UserError(
                f"{where}: [tool.backend-pitfalls] '{name.replace('_', '-')}' is {getattr(options, name)}; write a positive number of seconds"
            )
    return options


def version_of(options: Options) -> tuple[int, int] | None:
    """`py310` as (3, 10)."""
    return (3, int(options.target_version[3:])) if options.target_version else None
