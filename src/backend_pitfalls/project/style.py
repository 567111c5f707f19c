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


@functools.lru_cache(maxsize=64)
def line_length(root: Path) -> int:
    """The longest line of a project: of ruff, black or flake8 by its settings, else black's own.

    Parameters:
        root: of the project. Settings that cannot be read count as none.
    """
    tables = [_toml(root / "pyproject.toml", *path) for path in _TABLES]
    tables.extend(_toml(root / name) for name in ("ruff.toml", ".ruff.toml"))
    for table in tables:
        length = table.get("line-length")
        if isinstance(length, int) and length > 0:
            return length
    return next((length for name, section in _INI if (length := _ini(root / name, section))), LINE_LENGTH)


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
