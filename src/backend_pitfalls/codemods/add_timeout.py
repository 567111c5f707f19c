"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.AddTimeout PATHS`."""

from __future__ import annotations

import argparse

from libcst.codemod import CodemodContext

from backend_pitfalls.codemods.command import RepairCommand


class AddTimeout(RepairCommand):
    """Give calls and connections that would wait for ever a time limit (BPF401 to BPF404)."""

    DESCRIPTION = "Give calls that would wait for ever a time limit (backend-pitfalls BPF401 to BPF404)."
    RULES = ("BPF401", "BPF402", "BPF403", "BPF404")

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
