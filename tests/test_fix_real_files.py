"""Repairs of files that nobody wrote for a test: the standard library and the packages that the tests install.

What must hold of each: it still compiles, a second run changes nothing, what no repair touches is byte for byte the same, and no finding is left that a repair was made for.
"""

from __future__ import annotations

import ast
import difflib
import importlib.util
import random
import re
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend_pitfalls import check_source, fix_source

PACKAGES = ("django", "flask", "fastapi", "starlette", "requests", "httpx", "sqlalchemy", "uvicorn", "rest_framework")
# Calls and names that a repair may be for; files without them have nothing to mend.
WORTH = re.compile(
    r"(?<!def )\b(?:urlopen|create_connection|SMTP(?:_SSL)?|FTP(?:_TLS)?|IMAP4(?:_SSL)?|POP3(?:_SSL)?|HTTPS?Connection|Telnet|NNTP|requests\.(?:get|post)|httpx\.get|set_cookie)\([^)\n]"
    r"|(?i:password|passwd|secret_key|token)\w*\s*=\s*[\"'][^\"'\n]{6,}|random\.choice\("
)
FILES = 80


def candidates() -> Iterator[Path]:
    yield from Path(sysconfig.get_path("stdlib")).rglob("*.py")
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            yield from Path(folder).rglob("*.py")


def chosen() -> list[Path]:
    """A sample that is the same in every run on the same packages."""
    found = []
    for path in sorted(candidates()):
        if ("site-packages" in path.parts and path.stat().st_size > 60_000) or "lib2to3" in path.parts:
            continue
        text = path.read_bytes()[:60_000].decode("utf-8", "replace")
        if WORTH.search(text):
            found.append(path)
    random.Random(9).shuffle(found)
    return found[:FILES]


SAMPLE = chosen()


def test_there_are_files() -> None:
    # A Python without its own tests, as Debian packages it, has some fifty.
    assert FILES // 2 < len(SAMPLE) <= FILES


@pytest.mark.parametrize("path", SAMPLE, ids=lambda p: "/".join(p.parts[-3:]))
def test_a_real_file(path: Path) -> None:
    data = path.read_bytes()
    try:
        before = data.decode("utf-8")
        ast.parse(before)
    except (UnicodeDecodeError, SyntaxError, ValueError):
        pytest.skip("this Python does not read it")
    after = fix_source(before, unsafe=True)
    ast.parse(after)
    assert fix_source(after, unsafe=True) == after
    repaired = {f.span.line for f in check_source(before) if f.fix is not None}
    assert changed(before, after) <= near(before, repaired)
    if after != before:
        assert len([f for f in check_source(after) if f.fix is not None]) < len(repaired) or not repaired


def changed(before: str, after: str) -> set[int]:
    """The lines of the file that are not in the result, imports aside."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    found = set()
    for tag, start, end, _, _ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag in ("replace", "delete"):
            found.update(n + 1 for n in range(start, end) if "import" not in old[n])
    return found


def near(text: str, lines: set[int]) -> set[int]:
    """The lines of the statements in which there are findings."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            span = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            if not lines.isdisjoint(span):
                found.update(span)
    headers = {n for line in lines for n in (line, line + 1)}
    return found | headers


if __name__ == "__main__":
    sys.stdout.writelines(f"{path}\n" for path in SAMPLE)
