"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.NotForSecurity PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class NotForSecurity(RepairCommand):
    """Say of weak hashes that they guard nothing (BPF321)."""

    DESCRIPTION = "Say of weak hashes that they guard nothing, usedforsecurity=False (backend-pitfalls BPF321)."
    RULES = ("BPF321",)
    UNSAFE = True
