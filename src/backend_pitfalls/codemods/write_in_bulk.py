"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.WriteInBulk PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class WriteInBulk(RepairCommand):
    """Write the rows of a loop with bulk_create() and bulk_update() (BPF105)."""

    DESCRIPTION = "Write the rows of a loop at once (backend-pitfalls BPF105, unsafe: signals are not sent then)."
    RULES = ("BPF105",)
    UNSAFE = True
