"""What the LibCST commands share: the repairs of some rules in one file, analysed within its project."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import libcst as cst
from libcst.codemod import VisitorBasedCodemodCommand

from backend_pitfalls.fixes.api import fix_in_project


class RepairCommand(VisitorBasedCodemodCommand):
    """The repairs of the rules `RULES`; `UNSAFE` tells that they may change behaviour."""

    RULES: ClassVar[tuple[str, ...]] = ()
    UNSAFE: ClassVar[bool] = False

    seconds: float | None = None

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """The file with its findings of these rules repaired, and of others that are repaired here."""
        path = Path(self.context.filename) if self.context.filename else None
        return cst.parse_module(fix_in_project(tree.code, path, self.RULES, self.UNSAFE, self.seconds))
