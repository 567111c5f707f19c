"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.UseSecrets PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class UseSecrets(RepairCommand):
    """Make secrets with a generator that nobody can guess (BPF320)."""

    DESCRIPTION = "Make secrets with a generator that nobody can guess (backend-pitfalls BPF320)."
    RULES = ("BPF320",)
    UNSAFE = True
