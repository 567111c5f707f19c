"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.VerifyCertificates PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class VerifyCertificates(RepairCommand):
    """Check the certificates of servers where that is switched off (BPF323)."""

    DESCRIPTION = "Check the certificates of servers where that is switched off (backend-pitfalls BPF323)."
    RULES = ("BPF323",)
    UNSAFE = True
