"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.CredentialToEnvironment PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class CredentialToEnvironment(RepairCommand):
    """Move hard-coded credentials to environment variables (BPF201); rotate what was in the source."""

    DESCRIPTION = (
        "Move hard-coded credentials to environment variables (backend-pitfalls BPF201, unsafe: rotate the old values)."
    )
    RULES = ("BPF201",)
    UNSAFE = True
