"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.AskForColumns PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class AskForColumns(RepairCommand):
    """Ask for one column instead of whole rows (BPF154)."""

    DESCRIPTION = "Ask for one column with values_list() (backend-pitfalls BPF154, unsafe: a model that does more when a row is loaded does not then)."
    RULES = ("BPF154",)
    UNSAFE = True
