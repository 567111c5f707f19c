"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.LoadSafely PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class LoadSafely(RepairCommand):
    """Read YAML that comes from requests without making objects (BPF307)."""

    DESCRIPTION = "Read YAML that comes from requests without making objects (backend-pitfalls BPF307)."
    RULES = ("BPF307",)
    UNSAFE = True
