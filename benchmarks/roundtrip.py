"""Repair whole projects and count what went wrong: files that no longer parse, lines that changed outside the statements that a repair is for (imports aside), findings that
are new, a second run that changes something. Lines that a repair made longer than the project wants are counted too.

    python -m benchmarks.roundtrip PROJECT [PROJECT ...]

Each project is copied first. Prints a table and, at the end, the repairs by rule; exits with 1 when a count that should be nought is not.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from backend_pitfalls.project.style import line_length

_TOOL = [sys.executable, "-m", "backend_pitfalls"]
_SKIPPED = shutil.ignore_patterns(".git", "node_modules", ".backend_pitfalls_cache")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="+", type=Path)
    rules: Counter[str] = Counter()
    failures = 0
    print(
        f"{'project':32} {'files':>6} {'lines':>6} {'broken':>6} {'stray':>5} {'long':>4} {'new':>4} {'again':>5} {'seconds':>8}"
    )
    for project in parser.parse_args().projects:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / project.name
            shutil.copytree(project, copy, ignore=_SKIPPED, symlinks=True, ignore_dangling_symlinks=True)
            failures += _round_trip(copy, rules)
    for code, count in sorted(rules.items()):
        print(f"{count:6} {code}")
    return 1 if failures else 0


def _round_trip(copy: Path, rules: Counter[str]) -> int:
    before, content, places = _findings(copy), _content(copy), _places(copy)
    start = time.perf_counter()
    _fix(copy)
    seconds = time.perf_counter() - start
    after, repaired = _findings(copy), _content(copy)
    changed = [path for path, data in repaired.items() if data != content[path]]
    broken = sum(not _parses(repaired[path]) for path in changed)
    stray = sum(len(_stray(content[path], repaired[path], places.get(path, set()))) for path in changed)
    long = sum(len(_long(content[path], repaired[path], line_length(copy, path))) for path in changed)
    new = sum((after - before).values())
    rules.update(_by_code(before) - _by_code(after))
    _fix(copy)
    again = sum(data != repaired[path] for path, data in _content(copy).items())
    lines = sum(_new_lines(content[path], repaired[path]) for path in changed)
    print(
        f"{copy.name[:32]:32} {len(changed):6} {lines:6} {broken:6} {stray:5} {long:4} {new:4} {again:5} {seconds:8.1f}",
        flush=True,
    )
    return broken + stray + new + again


def _new_lines(old: bytes, new: bytes) -> int:
    return len(set(new.splitlines()) - set(old.splitlines()))


def _long(old: bytes, new: bytes, limit: int) -> list[str]:
    """The lines that are new and too long, where the old file's at the same place was not."""
    before, after = (data.decode("utf-8", "replace").splitlines() for data in (old, new))
    found = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal" and all(len(line) <= limit for line in before[a:b]):
            found.extend(line for line in after[c:d] if len(line.partition("  #")[0]) > limit)
    return found


def _stray(old: bytes, new: bytes, places: set[int]) -> set[int]:
    """The lines of the old file that are gone though no repair is for the statement which they belong to."""
    before = old.splitlines(keepends=True)
    matcher = difflib.SequenceMatcher(None, before, new.splitlines(keepends=True), autojunk=False)
    gone = {n + 1 for tag, a, b, _, _ in matcher.get_opcodes() if tag in ("replace", "delete") for n in range(a, b)}
    return {n for n in gone - _touched(old, places) if b"import" not in before[n - 1] and before[n - 1].strip()}


def _touched(data: bytes, places: set[int]) -> set[int]:
    """The lines of the statements (of compound ones: of their heads) in which a line of `places` lies."""
    found = set(places)
    for node in ast.walk(ast.parse(data)):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = body[0].lineno if body else (node.end_lineno or node.lineno)
            lines = range(node.lineno, last + 1)
            if not places.isdisjoint(lines):
                found.update(lines)
    return found


def _places(root: Path) -> dict[str, set[int]]:
    """The lines that repairs want to edit, by file."""
    found: dict[str, set[int]] = {}
    for finding in _checked(root):
        fix = finding.get("fix")
        for edit in fix["edits"] if fix else ():
            found.setdefault(fix["path"], set()).update(range(edit["line"], edit["end_line"] + 1))
    return found


def _findings(root: Path) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for finding in _checked(root):
        found[finding["code"], finding["path"], finding.get("symbol") or ""] += 1
    return found


def _checked(root: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [*_TOOL, "check", ".", "--output-format", "json", "--exit-zero"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    findings: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return findings


def _by_code(found: Counter[tuple[str, str, str]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for (code, _, _), count in found.items():
        counts[code] += count
    return counts


def _fix(root: Path) -> None:
    subprocess.run([*_TOOL, "fix", ".", "--unsafe-fixes"], cwd=root, capture_output=True, check=True)


def _content(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*.py")) if p.is_file()}


def _parses(data: bytes) -> bool:
    try:
        ast.parse(data)
    except (SyntaxError, ValueError):
        return False
    return True


if __name__ == "__main__":
    raise SystemExit(main())
