"""From the paths on the command line to the findings in them."""

from __future__ import annotations

import argparse
import contextlib
import functools
import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec.structs import replace

from backend_pitfalls.engine import Analysis, analyse
from backend_pitfalls.fixes.edits import Edit, FileEdits
from backend_pitfalls.model.errors import UserError
from backend_pitfalls.model.finding import Confidence, Finding
from backend_pitfalls.model.options import Options
from backend_pitfalls.output.results import Located
from backend_pitfalls.project.cache import Cache
from backend_pitfalls.project.config import find_root, read_options
from backend_pitfalls.project.discover import kind_of
from backend_pitfalls.project.style import line_length


class Outcome:
    """The findings in the named paths, and what is needed to show and repair them."""

    def __init__(self) -> None:
        self.findings: list[tuple[Path, Finding]] = []
        self.files = 0
        self.capped: list[str] = []
        self.overlay: dict[Path, dict[str, bytes]] = {}
        self.stdin: tuple[Path, str] | None = None
        self._edits: dict[Path, dict[Finding, list[Edit]]] = {}
        self.projects: dict[Path, Callable[[dict[str, bytes]], list[Finding]]] = {}

    def analyse_again(self, root: Path, overlay: dict[str, bytes]) -> list[Finding]:
        """The findings in the named paths of a project with other contents of some files."""
        return self.projects[root](overlay)

    def edits(self, located: Located) -> list[FileEdits] | None:
        """The edits of a finding's repair, file by file; all of a file's are made at once."""
        if located.finding.fix is None:
            return None
        from backend_pitfalls.fixes.apply import edits_of
        from backend_pitfalls.fixes.environment import field_edits

        root, path = located.root, located.finding.fixed_path
        if root / path not in self._edits:
            findings = [f for r, f in self.findings if r == root and f.fixed_path == path]
            found = edits_of(path, self._read(root, path), findings, line_length(root, path))
            self._edits[root / path] = {findings[i]: e for i, e in found.items()}
        edits = self._edits[root / path].get(located.finding)
        if edits is None:
            return None
        others = field_edits(located.finding, lambda name: self._read(root, name))
        return [FileEdits(path, edits), *others]

    def _read(self, root: Path, path: str) -> bytes:
        data = self.overlay.get(root, {}).get(path)
        return data if data is not None else (root / path).read_bytes()


def run(options: argparse.Namespace, showing_progress: bool = False, once: bool = False) -> Outcome:
    """Analyse the projects of the named paths; `once` where the program ends when their findings are shown.

    Raises:
        UserError: for a path that does not exist, an unknown code, a broken configuration.
    """
    outcome = Outcome()
    targets = _targets(options, outcome)
    done: set[Path] = set()
    while pending := [root for root in targets if root not in done]:
        root, wanted = pending[0], targets[pending[0]]
        done.add(root)
        checked = _with_arguments(read_options(root), options)
        with _progress(showing_progress) as progress:
            cache = None if options.no_cache else Cache(root, _cache_folder(options, root))
            is_last = once and len(pending) == 1
            analysis = analyse(root, checked, outcome.overlay.get(root), progress, cache, options.jobs, is_last)
        for project in analysis.projects:
            if _inside(project, wanted):
                targets.setdefault(root / project, set()).add("")
        select = functools.partial(_shown, wanted=wanted)
        outcome.findings.extend((root, f) for f in select(analysis))
        outcome.projects[root] = functools.partial(_again, root, checked, cache, options.jobs, select)
        outcome.capped.extend(analysis.capped)
        outcome.files += sum(_inside(path, wanted) for path in analysis.paths)
    return outcome


def _shown(analysis: Analysis, wanted: set[str]) -> list[Finding]:
    return [f for f in analysis.shown() if _inside(f.path, wanted)]


def _again(
    root: Path,
    checked: Options,
    cache: Cache | None,
    jobs: int,
    select: Callable[[Analysis], list[Finding]],
    overlay: dict[str, bytes],
) -> list[Finding]:
    return select(analyse(root, checked, overlay, None, cache, jobs))


def _cache_folder(options: argparse.Namespace, root: Path) -> Path | None:
    """The named cache folder, with a part of its own for each project."""
    if not options.cache_dir:
        return None
    return Path(options.cache_dir) / hashlib.sha256(str(root).encode()).hexdigest()[:16]


def _inside(path: str, wanted: set[str]) -> bool:
    return "" in wanted or any(path == w or path.startswith(f"{w}/") for w in wanted)


def _targets(options: argparse.Namespace, outcome: Outcome) -> dict[Path, set[str]]:
    """Project roots with the files and folders wanted in each ("" for all)."""
    found: dict[Path, set[str]] = {}
    for name in options.paths:
        if name == "-":
            _read_stdin(options, outcome, found)
            continue
        path = Path(name)
        if not path.exists():
            raise UserError(f"{name}: no such file or folder; check the path")
        path = path.resolve()
        folder = path if path.is_dir() else path.parent
        root = find_root(folder) or folder
        wanted = found.setdefault(root, set())
        wanted.add(path.relative_to(root).as_posix() if path != root else "")
    return found


def _read_stdin(options: argparse.Namespace, outcome: Outcome, found: dict[Path, set[str]]) -> None:
    path = Path(options.stdin_filename or "stdin.py").resolve()
    if kind_of(path.name) is None:
        raise UserError(
            f"{options.stdin_filename}: no rule reads such a file; give --stdin-filename the name of a Python, YAML or Docker file"
        )
    root = find_root(path.parent) or path.parent
    name = path.relative_to(root).as_posix()
    outcome.overlay.setdefault(root, {})[name] = sys.stdin.buffer.read()
    outcome.stdin = (root, name)
    found.setdefault(root, set()).add(name)


def _with_arguments(options: Options, arguments: argparse.Namespace) -> Options:
    """The configuration with the command line's choices over it."""
    selectors = {*(arguments.select or ()), *(arguments.ignore or ()), *options.select, *options.ignore}
    _check_selectors({*selectors, *options.extend_select} - {"BPF"})
    if arguments.select:
        options = replace(options, select=arguments.select, extend_select=(), ignore=())
    if arguments.ignore:
        options = replace(options, ignore=(*options.ignore, *arguments.ignore))
    if getattr(arguments, "min_confidence", None):
        options = replace(options, min_confidence=Confidence(arguments.min_confidence))
    return options


def _check_selectors(selectors: set[str]) -> None:
    if not selectors:
        return
    from backend_pitfalls.rules import all_rules

    known = [(r.meta.code, r.meta.name) for r in all_rules()]
    for selector in sorted(selectors):
        if not any(code.startswith(selector) or selector == name for code, name in known):
            raise UserError(f"there is no rule '{selector}'; `backend-pitfalls rule --all` lists them")


@contextlib.contextmanager
def _progress(showing: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on a terminal, shown when a run takes longer than a moment."""
    if not showing:
        yield None
        return
    import time

    from rich.console import Console
    from rich.progress import Progress

    start = time.monotonic()
    with Progress(console=Console(stderr=True), transient=True, disable=False, auto_refresh=False) as bar:
        task = bar.add_task("analysing", total=None, visible=False)

        def update(done: int, total: int) -> None:
            if time.monotonic() - start > 1:
                bar.update(task, completed=done, total=total, visible=True, refresh=done % 16 == 0)

        yield update
