"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.BindParameters PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class BindParameters(RepairCommand):
    """Pass the values in SQL statements to the driver as parameters (BPF301)."""

    DESCRIPTION = "Pass the values in SQL statements to the driver as parameters (backend-pitfalls BPF301)."
    RULES = ("BPF301",)
    UNSAFE = True
