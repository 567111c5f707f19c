"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.AskTheDatabase PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class AskTheDatabase(RepairCommand):
    """Ask Django's query sets with `count()` and `exists()` instead of fetching their rows (BPF152)."""

    DESCRIPTION = (
        "Ask Django's query sets with count() and exists() instead of fetching their rows (backend-pitfalls BPF152)."
    )
    RULES = ("BPF152",)
