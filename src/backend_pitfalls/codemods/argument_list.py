"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.ArgumentList PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class ArgumentList(RepairCommand):
    """Start programs with a list of arguments instead of a command line for a shell (BPF302)."""

    DESCRIPTION = "Start programs with a list of arguments (backend-pitfalls BPF302, unsafe: a value with spaces is one argument then)."
    RULES = ("BPF302",)
    UNSAFE = True
