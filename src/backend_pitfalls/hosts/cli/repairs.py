"""`backend-pitfalls fix`: repair, show or ask, and say what was done."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from backend_pitfalls.fixes.apply import FilePlan, write_all
from backend_pitfalls.fixes.environment import leaves_secrets_open, sample_plan
from backend_pitfalls.fixes.project import repair_project
from backend_pitfalls.hosts.cli import CLEAN, FOUND
from backend_pitfalls.hosts.cli.targets import Outcome, run
from backend_pitfalls.model.errors import UserError
from backend_pitfalls.model.finding import Finding
from backend_pitfalls.output.results import Located
from backend_pitfalls.output.text import frame
from backend_pitfalls.project.style import line_length

Wanted = Callable[[Finding], bool]


def fix_command(options: argparse.Namespace) -> int:
    """`backend-pitfalls fix`."""
    if options.interactive and not sys.stdin.isatty():
        raise UserError("--interactive needs a terminal to ask on; leave it out, or use --diff to see the changes")
    outcome = run(options)
    questions = _Questions()
    plans = [
        (root, plan)
        for root in outcome.projects
        for plan in _plans(outcome, root, options, questions if options.interactive else None)
    ]
    samples = [(root, p) for root in outcome.projects if (p := sample_plan(root, (q for r, q in plans if r == root)))]
    repaired = sum(len(p.repaired) for _, p in plans)
    shows = options.diff or options.output is not None
    if outcome.stdin is not None and not shows:
        root, path = outcome.stdin
        after = next((p.after for r, p in plans if (r, p.path) == (root, path)), outcome.overlay[root][path])
        sys.stdout.buffer.write(after)
        sys.stdout.buffer.flush()
    elif shows:
        _show(options.output, "".join(plan.diff() for _, plan in [*plans, *samples] if plan.before != plan.after))
    else:
        write_all([(root, plan) for root, plan in [*plans, *samples] if plan.before != plan.after])
    for root, plan in samples:
        _tell_of_sample(root, plan, shows)
    _summary(plans, repaired, shows, options.fix_only)
    return FOUND if repaired and options.exit_non_zero_on_fix else CLEAN


def _plans(outcome: Outcome, root: Path, options: argparse.Namespace, questions: _Questions | None) -> list[FilePlan]:
    findings = [f for r, f in outcome.findings if r == root]
    if not any(f.fix is not None for f in findings):
        return []
    overlay = outcome.overlay.get(root, {})

    def wanted(finding: Finding) -> bool:
        return questions is None or questions.ask(Located(root, finding))

    return repair_project(
        findings,
        lambda path: overlay[path] if path in overlay else (root / path).read_bytes(),
        lambda changed: outcome.analyse_again(root, {**overlay, **changed}),
        options.unsafe_fixes,
        wanted,
        partial(line_length, root),
    )


def _tell_of_sample(root: Path, plan: FilePlan, shows: bool) -> None:
    shown = Path(os.path.relpath(root / plan.path)).as_posix()
    names = ", ".join(sorted({*plan.after.decode().split()} - {*plan.before.decode().split()})).replace("=", "")
    sys.stderr.write(f"{shown} {'would name' if shows else 'names'} what must be set: {names}.\n")
    if leaves_secrets_open(root):
        sys.stderr.write("Git does not ignore `.env` there: add it to .gitignore before you write values into it.\n")


def _show(output: str | None, diff: str) -> None:
    if output is None or output == "-":
        sys.stdout.write(diff)
        return
    try:
        Path(output).write_bytes(diff.encode())
    except OSError as error:
        raise UserError(f"{output}: cannot be written: {error.strerror}; name another file with --output") from None


def _summary(plans: list[tuple[Path, FilePlan]], repaired: int, shows: bool, only_done: bool) -> None:
    files = sum(bool(p.repaired) for _, p in plans)
    verb = "would be repaired" if shows else "repaired"
    rules = Counter(finding.code for _, plan in plans for finding in plan.repaired)
    each = f": {', '.join(f'{code} x{count}' for code, count in sorted(rules.items()))}" if rules else ""
    sys.stderr.write(f"{repaired} {verb} in {files} {'file' if files == 1 else 'files'}{each}.\n")
    for root, plan in plans if not only_done else ():
        for finding, why in plan.left:
            sys.stderr.write(f"left: {Located(root, finding).shown_path()}:{finding.span.line} {finding.code}: {why}\n")


class _Questions:
    """Asks for each repair whether it is wanted: yes, no, all of this rule, quit."""

    def __init__(self) -> None:
        self._all: set[str] = set()
        self._has_quit = False

    def ask(self, located: Located) -> bool:
        """Whether a repair is wanted."""
        finding = located.finding
        if self._has_quit or finding.fix is None:
            return False
        if finding.code in self._all:
            return True
        sys.stderr.write(f"\n{located.shown_path()}:{finding.span.line}: {finding.code} {finding.message}\n")
        sys.stderr.writelines(f"{line}\n" for line in frame(located, colour=False))
        sys.stderr.write(f"  {finding.fix.title} ({finding.fix.safety.value})\n")
        while True:
            sys.stderr.write("Apply this repair? [y]es, [n]o, [a]ll of this rule, [q]uit: ")
            sys.stderr.flush()
            answer = sys.stdin.readline()
            choice = answer.strip().lower()[:1] if answer else "q"
            if choice == "a":
                self._all.add(finding.code)
            self._has_quit = choice == "q"
            if choice in ("y", "n", "a", "q"):
                return choice in ("y", "a")
