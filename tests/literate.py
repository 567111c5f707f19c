"""Literate fixtures: Markdown files whose `##` sections are cases.

In a case, each fenced block with `title="path"` is a file. A comment `# expect: BPF401` marks a finding on its line
(`BPF401@8` also its column from 0; several codes are separated by commas), `# expect-next: CODE` one on the next line, `# miss: CODE` a
known miss. A block whose info string ends in `fixed` is the file after `fix --unsafe-fixes`. A `pyproject.toml` block adds configuration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"
_BLOCK = re.compile(r'^```(\w*) title="([^"]+)"( fixed)?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"#\s*(expect|expect-next|miss):\s*([A-Z0-9@, ]+)")


@dataclass
class Case:
    """One case: its files, the findings expected (path, line, code) and their columns, the repaired files."""

    name: str
    source: Path
    files: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)

    @property
    def expected(self) -> set[tuple[str, int, str]]:
        return {(path, line, code) for path, line, code, _ in self.marks("expect")}

    @property
    def columns(self) -> set[tuple[str, int, str, int]]:
        return {mark for mark in self.marks("expect") if mark[3] is not None}

    @property
    def misses(self) -> set[tuple[str, int, str]]:
        return {(path, line, code) for path, line, code, _ in self.marks("miss")}

    def marks(self, kind: str) -> list[tuple[str, int, str, int | None]]:
        found = []
        for path, text in self.files.items():
            for number, line in enumerate(text.splitlines(), 1):
                for match in _MARK.finditer(line):
                    if match[1].removesuffix("-next") == kind:
                        at = number + match[1].endswith("-next")
                        for item in match[2].split(","):
                            code, _, column = item.strip().partition("@")
                            found.append((path, at, code, int(column) if column else None))
        return found

    def write(self, folder: Path, files: dict[str, str] | None = None) -> Path:
        for path, text in {"pyproject.toml": "[tool.backend-pitfalls]\n", **(files or self.files)}.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        return folder

    def suppressed(self, own: bool) -> dict[str, str]:
        """The files with each marker turned into a suppression."""

        def comment(match: re.Match[str]) -> str:
            codes = ", ".join(item.strip().partition("@")[0] for item in match[2].split(","))
            if match[1] == "miss":
                return ""
            return (
                f"# backend-pitfalls: ignore[{codes}] on purpose"
                if own or match[1] == "expect-next"
                else f"# noqa: {codes}"
            )

        return {path: _MARK.sub(comment, text) for path, text in self.files.items()}


def cases() -> list[Case]:
    found = []
    for path in sorted(FIXTURES.rglob("*.md")):
        for section in re.split(r"^## ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            case = Case(section.partition("\n")[0].strip(), path)
            for _, name, fixed, text in _BLOCK.findall(section):
                (case.fixed if fixed else case.files)[name] = text
            assert case.files, f"{path}: the case {case.name!r} has no file"
            found.append(case)
    return found


def case_id(case: Case) -> str:
    return f"{case.source.stem}:{case.name}"
