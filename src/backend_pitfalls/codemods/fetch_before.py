"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.FetchBefore PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class FetchBefore(RepairCommand):
    """Fetch the rows of a loop before it (BPF101)."""

    DESCRIPTION = "Fetch the rows of a loop before it with in_bulk() (backend-pitfalls BPF101, unsafe: a row that is missing raises KeyError then)."
    RULES = ("BPF101",)
    UNSAFE = True
