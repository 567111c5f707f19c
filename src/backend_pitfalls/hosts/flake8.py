"""The flake8 plugin: codes BPFnnn, `# noqa` left to flake8."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backend_pitfalls._version import __version__
from backend_pitfalls.model.errors import UserError


class BackendPitfallsPlugin:
    """One instance a file. The options are class attributes, as flake8 wants them; only the selection is kept there."""

    name = "backend-pitfalls"
    version = __version__
    selected = True

    def __init__(self, tree: ast.AST, filename: str = "-", lines: list[str] | None = None) -> None:
        self.filename = filename
        self.lines = lines

    @staticmethod
    def add_options(manager: Any) -> None:
        """Everything else is set in `[tool.backend-pitfalls]` of pyproject.toml."""
        manager.add_option(
            "--backend-pitfalls-off",
            action="store_true",
            default=False,
            parse_from_config=True,
            help="do not run backend-pitfalls (its own options are in [tool.backend-pitfalls] of pyproject.toml)",
        )

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """flake8 runs every plugin whatever `--select` says; when nothing of ours is selected there is nothing to do."""
        chosen = [*(options.select or ()), *(getattr(options, "extend_select", None) or ())]
        wanted = not options.select or any("BPF".startswith(c) or c.startswith("BPF") for c in chosen)
        cls.selected = wanted and not options.backend_pitfalls_off

    def run(self) -> Iterator[tuple[int, int, str, type[BackendPitfallsPlugin]]]:
        """Yield (line, column from 0, text, class)."""
        if not type(self).selected:
            return
        from backend_pitfalls.hosts.projects import findings_for

        path = Path("stdin.py" if self.filename in ("-", "stdin") else self.filename)
        data = "".join(self.lines).encode() if self.lines is not None else None
        if data is not None and path.is_file() and _same(path, self.lines or []):
            data = None
        try:
            findings = findings_for(path, data, noqa=False)
        except UserError as error:
            yield 1, 0, f"BPF000 {error}", type(self)
            return
        for finding in findings:
            yield finding.span.line, finding.span.col, f"{finding.code} {finding.message}", type(self)


def _same(path: Path, lines: list[str]) -> bool:
    """Whether flake8 checks what is on disk (it decodes and strips the BOM itself)."""
    from backend_pitfalls.syntax.source import Unreadable, decode

    try:
        return decode(path.read_bytes()).replace("\r\n", "\n") == "".join(lines).replace("\r\n", "\n")
    except (Unreadable, OSError):
        return True
