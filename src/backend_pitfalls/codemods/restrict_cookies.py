"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.RestrictCookies PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class RestrictCookies(RepairCommand):
    """Send cookies over TLS only (BPF322)."""

    DESCRIPTION = "Send cookies over TLS only (backend-pitfalls BPF322)."
    RULES = ("BPF322",)
    UNSAFE = True
