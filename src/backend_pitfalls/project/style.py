"""The line length that a project's formatter or linter is set to."""

from __future__ import annotations

import configparser
import functools
from pathlib import Path
from typing import Any

from backend_pitfalls.project.toml import TOMLDecodeError, loads

# https://black.readthedocs.io/en/stable/the_black_code_style/current_style.html#line-length
LINE_LENGTH = 88
_TABLES = (("tool", "ruff"), ("tool", "black"))
_INI = (("setup.cfg", "flake8"), (".flake8", "flake8"), ("tox.ini", "flake8"))


def line_length(root: Path, path: str = "") -> int:
    """The longest line of a file: of ruff, black or flake8 by the nearest settings in its folder or above, else black's own.

    Parameters:
        root: of the project. Settings that cannot be read count as none.
        path: of the file in it.
    """
    folder = (root / path).parent if path else root
    inner = [folder, *folder.parents]
    within = inner[: inner.index(root) + 1] if root in inner else [root]
    return next((length for place in within if (length := _length_in(place))), LINE_LENGTH)


@functools.lru_cache(maxsize=1024)
def _length_in(folder: Path) -> int:
    """What the settings in a folder say; nought when they say nothing."""
    tables = [_toml(folder / "pyproject.toml", *path) for path in _TABLES]
    tables.extend(_toml(folder / name) for name in ("ruff.toml", ".ruff.toml"))
    for table in tables:
        length = table.get("line-length")
        if isinstance(length, int) and length > 0:
            return length
    return next((length for name, section in _INI if (length := _ini(folder / name, section))), 0)


def _toml(path: Path, *keys: str) -> dict[str, Any]:
    try:
        table: Any = loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, TOMLDecodeError):
        return {}
    for key in keys:
        table = table.get(key, {}) if isinstance(table, dict) else {}
    return table if isinstance(table, dict) else {}


def _ini(path: Path, section: str) -> int:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, "utf-8")
        return parser.getint(section, "max-line-length", fallback=0)
    except (configparser.Error, UnicodeDecodeError, ValueError):
        return 0
