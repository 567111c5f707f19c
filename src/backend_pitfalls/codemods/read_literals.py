"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.ReadLiterals PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class ReadLiterals(RepairCommand):
    """Read literals with ast.literal_eval() instead of eval() (BPF303)."""

    DESCRIPTION = (
        "Read literals with ast.literal_eval() (backend-pitfalls BPF303, unsafe: expressions are refused then)."
    )
    RULES = ("BPF303",)
    UNSAFE = True
