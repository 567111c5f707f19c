"""`backend-pitfalls check --history REV..`: the secrets that past commits added, which stay in the repository when a later commit takes them out."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from backend_pitfalls.engine import analyse
from backend_pitfalls.hosts.cli.changes import DIFF_OPTIONS, git, lines_of
from backend_pitfalls.model.errors import UserError
from backend_pitfalls.model.finding import Finding
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.discover import kind_of

_FAMILY = ("BPF2",)
MAX_BYTES = 1_000_000
"""Larger files of a commit are passed over."""


def history(revisions: str, options: Options) -> Iterator[tuple[str, Finding]]:
    """The secrets on lines that commits added, oldest commit first, each with its commit; a secret that several commits add is told once.

    Parameters:
        revisions: a range as git takes it (`v1.0..`, `main..topic`); a single revision stands for what came after it.
        options: checked options; only the rules about secrets are run.

    Raises:
        UserError: when git is missing, this is no repository, or there are no such revisions.
    """
    if revisions.startswith("-"):
        raise UserError(f"--history {revisions}: is not a range of revisions; write one such as v1.0..HEAD")
    wanted = revisions if ".." in revisions else f"{revisions}.."
    from msgspec.structs import replace

    secrets = replace(options, select=_FAMILY, extend_select=(), exclude=())
    told: set[tuple[str, str, str]] = set()
    for commit in git("--history", "rev-list", "--reverse", "--no-merges", wanted, "--").split():
        for finding in _of_commit(commit, secrets):
            key = (finding.code, finding.path, finding.message)
            if key not in told:
                told.add(key)
                yield commit, finding


def _of_commit(commit: str, options: Options) -> list[Finding]:
    added = _added(commit)
    contents = {path: _content(commit, path) for path in added}
    overlay = {path: data for path, data in contents.items() if data is not None}
    if not overlay:
        return []
    with tempfile.TemporaryDirectory() as folder:
        found = analyse(Path(folder), options, overlay).shown()
    return [f for f in found if f.code.startswith(_FAMILY) and f.span.line in added.get(f.path, ())]


def _added(commit: str) -> dict[str, set[int]]:
    """The lines that a commit adds, by path, of files that a rule reads."""
    diff = git("--history", "diff-tree", "-r", "--root", "--no-commit-id", "-p", *DIFF_OPTIONS, commit)
    found = lines_of(diff)
    return {path: lines for path, lines in found.items() if lines and kind_of(path.rsplit("/", 1)[-1]) is not None}


def _content(commit: str, path: str) -> bytes | None:
    text = git("--history", "show", f"{commit}:{path}")
    return text.encode("utf-8", "replace") if len(text) <= MAX_BYTES else None


def print_history(revisions: str, options: Options) -> bool:
    """Print the secrets of past commits, a line each; whether there are any."""
    count = 0
    for commit, finding in history(revisions, options):
        place = f"{commit[:12]}:{finding.path}:{finding.span.line}:{finding.span.col + 1}"
        sys.stdout.write(f"{place}: {finding.code} {finding.message}\n")
        count += 1
    sys.stdout.write(
        f"{count} secret{'s' * (count != 1)} in {revisions}\n" if count else f"No secrets in {revisions}\n"
    )
    return bool(count)
