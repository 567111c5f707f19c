"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.AwaitCalls PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class AwaitCalls(RepairCommand):
    """Await what would hold the event loop (BPF701)."""

    DESCRIPTION = "Await what would hold the event loop (backend-pitfalls BPF701)."
    RULES = ("BPF701",)
    UNSAFE = True
