"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.FormatHtml PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class FormatHtml(RepairCommand):
    """Escape the values in HTML that is put together (BPF309, BPF326)."""

    DESCRIPTION = "Use format_html() for HTML that is put together (backend-pitfalls BPF309, BPF326, unsafe: values are escaped then)."
    RULES = ("BPF309", "BPF326")
    UNSAFE = True
