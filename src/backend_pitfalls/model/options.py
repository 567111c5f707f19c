"""Checked options of one run over one project."""

from __future__ import annotations

import fnmatch

import msgspec

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity

TAINT_SOURCES = ("arguments", "environment", "messages")
"""Data that an outsider may control in some services: arguments of the command line and what is typed, the environment, messages of a broker."""


class Options(msgspec.Struct, frozen=True):
    """What the user asked for, from `[tool.backend-pitfalls]` and the command line.

    `select` and `ignore` hold code prefixes (`BPF`, `BPF4`, `BPF401`) or rule names; the longest match wins.
    `notes_in` are the contexts of files in which rules that are silent there tell their findings as notes. `taint_sources` are the groups of sources that count beside requests (`TAINT_SOURCES`), `knowledge` holds the user's own rows, in the form of the
    tables in `backend_pitfalls/knowledge/tables`.
    """

    select: tuple[str, ...] = ("BPF",)
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    per_file_ignores: dict[str, tuple[str, ...]] = {}
    exclude: tuple[str, ...] = ()
    target_version: str = ""
    severity: dict[str, Severity] = {}
    min_confidence: Confidence = Confidence.LOW
    timeout_seconds: float = 10
    max_timeout_seconds: float = 60
    notes_in: tuple[FileContext, ...] = ()
    taint_sources: tuple[str, ...] = ()
    knowledge: dict[str, list[dict[str, object]]] = {}

    def selects(self, code: str, name: str) -> bool:
        """Whether a rule is on: the most specific of the matching selectors decides, `ignore` wins a tie."""

        def best(selectors: tuple[str, ...]) -> int:
            return max(
                (len(s) if s != name else len(code) for s in selectors if s == name or code.startswith(s)), default=-1
            )

        return max(best(self.select), best(self.extend_select)) > best(self.ignore)

    def is_silent(self, silent_in: frozenset[FileContext], context: FileContext) -> bool:
        """Whether a rule that is silent in some contexts says nothing in this one."""
        return context in silent_in and context not in self.notes_in

    def ignores_in(self, path: str, code: str, name: str) -> bool:
        """Whether `per-file-ignores` turns a rule off in a file (path relative to the root)."""
        return any(
            any(s == name or code.startswith(s) for s in selectors)
            and (fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(path.rsplit("/", 1)[-1], pattern))
            for pattern, selectors in self.per_file_ignores.items()
        )
