"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.GuardRedirects PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class GuardRedirects(RepairCommand):
    """Check where a redirect leads (BPF306)."""

    DESCRIPTION = "Check the host of redirects with url_has_allowed_host_and_scheme() (backend-pitfalls BPF306, unsafe: other hosts lead to / then)."
    RULES = ("BPF306",)
    UNSAFE = True
