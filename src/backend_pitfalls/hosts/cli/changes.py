"""Which findings are new: lines added since a revision, and the baseline file."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from backend_pitfalls.model.errors import UserError
from backend_pitfalls.model.regex import regex
from backend_pitfalls.output.results import Located

_HUNK = regex(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")


def added_lines(revision: str) -> dict[str, set[int]]:
    """The lines that the working tree adds to a git revision, by absolute path; files git does not know yet count whole.

    Raises:
        UserError: when git is missing, this is no repository, or there is no such revision.
    """
    if revision.startswith("-"):
        raise UserError(f"--since {revision}: is not a revision; name a commit, branch or tag")
    top = Path(git("--since", "rev-parse", "--show-toplevel").strip())
    added = lines_of(git("--since", "diff", *DIFF_OPTIONS, revision, "--"))
    found = {str((top / path).resolve()): lines for path, lines in added.items()}
    for name in git("--since", "ls-files", "--others", "--exclude-standard", "--full-name", "-z", str(top)).split("\0"):
        if name:
            found[str((top / name).resolve())] = set(range(1, 1_000_000))
    return found


DIFF_OPTIONS = ("--unified=0", "--no-color", "--no-ext-diff", "--src-prefix=a/", "--dst-prefix=b/")
"""Options with which git writes a diff that `lines_of` reads."""


def lines_of(diff: str) -> dict[str, set[int]]:
    """The lines that a diff adds, by the path of the new file; files that it deletes are left out."""
    found: dict[str, set[int]] = {}
    current: set[int] = set()
    for line in diff.splitlines():
        if line.startswith("+++ b/"):
            current = found.setdefault(line[6:], set())
        elif match := _HUNK.match(line):
            start, count = int(match[1]), int(match[2] or 1)
            current.update(range(start, start + count))
    return found


def git(option: str, *arguments: str) -> str:
    """What git prints.

    Parameters:
        option: of ours, for which git is asked.
        arguments: of git.

    Raises:
        UserError: when git is missing or refuses.
    """
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, errors="replace", check=False, timeout=120
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"{option} needs git: {error}") from None
    if done.returncode:
        reason = done.stderr.strip().splitlines()[0] if done.stderr.strip() else "it failed"
        raise UserError(f"{option}: git {arguments[0]}: {reason}")
    return done.stdout


def read_baseline(path: Path) -> set[str]:
    """The fingerprints that a baseline file lists.

    Raises:
        UserError: when it cannot be read or a line has another form.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        raise UserError(f"{path}: no such baseline; write it with --baseline {path} --update-baseline") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from None
    found = set()
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            if not re.match(r"[0-9a-f]{24} BPF\d{3} ", line):
                raise UserError(
                    f"{path}:{number}: is not a baseline entry; write the file again with --update-baseline"
                )
            found.add(line.split(" ", 1)[0])
    return found


def write_baseline(path: Path, results: Iterable[Located]) -> None:
    """Write the findings' fingerprints, sorted, one a line, without line numbers.

    Raises:
        UserError: when the file cannot be written.
    """
    entries = sorted(f"{r.fingerprint} {r.finding.code} {r.shown_path()}\n" for r in results)
    try:
        path.write_text("".join(["# backend-pitfalls baseline: fingerprint, code, path\n", *entries]), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from None
