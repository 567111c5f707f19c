"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.CheckStatus PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class CheckStatus(RepairCommand):
    """Raise for answers that say that a call failed (BPF408)."""

    DESCRIPTION = "Raise for answers that say that a call failed (backend-pitfalls BPF408, unsafe: they raise now)."
    RULES = ("BPF408",)
    UNSAFE = True
