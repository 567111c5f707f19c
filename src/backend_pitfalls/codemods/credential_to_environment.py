"""LibCST command for BPF201: `python -m libcst.tool codemod -x backend_pitfalls.codemods.CredentialToEnvironment PATHS`."""

from __future__ import annotations

from pathlib import Path

import libcst as cst
from libcst.codemod import VisitorBasedCodemodCommand

from backend_pitfalls.fixes.api import fix_in_project


class CredentialToEnvironment(VisitorBasedCodemodCommand):
    """Move hard-coded credentials to environment variables (BPF201); rotate what was in the source."""

    DESCRIPTION = (
        "Move hard-coded credentials to environment variables (backend-pitfalls BPF201, unsafe: rotate the old values)."
    )

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        path = Path(self.context.filename) if self.context.filename else None
        return cst.parse_module(fix_in_project(tree.code, path, ("BPF201",), True))
