"""What the engine knows of libraries, as data: `tables/*.toml`, a file a library, and the user's own rows."""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import Any

import msgspec

from backend_pitfalls.model.errors import UserError
from backend_pitfalls.model.knowledge import Knowledge, LibraryTable
from backend_pitfalls.project.toml import loads


@functools.cache
def shipped_tables() -> tuple[LibraryTable, ...]:
    """The tables of this package, in the order of their file names: as a wheel holds them, in one file that is read fast, else as they are written."""
    package = resources.files(__package__)
    joined = package.joinpath("tables.json")
    if joined.is_file():
        return tuple(msgspec.json.decode(joined.read_bytes(), type=dict[str, LibraryTable]).values())
    files = sorted((f for f in package.joinpath("tables").iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(msgspec.convert(loads(f.read_text("utf-8")), LibraryTable) for f in files)


def load(own: dict[str, list[dict[str, Any]]] | None = None, groups: tuple[str, ...] = ()) -> Knowledge:
    """The shipped tables joined with the user's rows.

    Parameters:
        own: `[tool.backend-pitfalls.knowledge]`, in the form of a table file.
        groups: of the sources that count only when they are asked for.

    Raises:
        UserError: when a row of the user's is not of that form.
    """
    if not own:
        return _shipped(groups)
    try:
        table = msgspec.convert(own, LibraryTable)
    except msgspec.ValidationError as error:
        raise UserError(
            f"[tool.backend-pitfalls.knowledge] {error}; `backend-pitfalls debug knowledge` shows the form of each row"
        ) from None
    for token in table.token:
        try:
            re.compile(f"(?:{token.pattern})")
        except re.error as error:
            raise UserError(
                f"[tool.backend-pitfalls.knowledge.token] pattern {token.pattern!r} is no regular expression: {error}"
            ) from None
    return Knowledge((*shipped_tables(), table), groups)


@functools.cache
def _shipped(groups: tuple[str, ...]) -> Knowledge:
    return Knowledge(shipped_tables(), groups)
