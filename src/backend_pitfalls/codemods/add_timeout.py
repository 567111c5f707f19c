"""LibCST command for BPF401: `python -m libcst.tool codemod -x backend_pitfalls.codemods.AddTimeout PATHS`."""

from __future__ import annotations

import argparse
from pathlib import Path

import libcst as cst
from libcst.codemod import CodemodContext, VisitorBasedCodemodCommand

from backend_pitfalls.fixes.api import fix_in_project


class AddTimeout(VisitorBasedCodemodCommand):
    """Give HTTP calls that would wait for ever a time limit (BPF401)."""

    DESCRIPTION = "Give HTTP calls that would wait for ever a time limit (backend-pitfalls BPF401)."

    def __init__(self, context: CodemodContext, seconds: float | None = None) -> None:
        super().__init__(context)
        self.seconds = seconds

    @staticmethod
    def add_args(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--seconds",
            type=float,
            default=None,
            help="the limit to write (default: timeout-seconds of the configuration)",
        )

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        path = Path(self.context.filename) if self.context.filename else None
        return cst.parse_module(fix_in_project(tree.code, path, ("BPF401",), False, self.seconds))
