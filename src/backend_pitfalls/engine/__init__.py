"""Index, link, interpret, ask the rules: from a project root to findings.

Findings depend on the whole project, never on the list of files a host was given; hosts show those of their files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from backend_pitfalls.engine.result import Analysis, Marked
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.cache import Cache, run_key, state_key, stats_of
from backend_pitfalls.project.discover import project_files

if TYPE_CHECKING:
    from backend_pitfalls.engine.records import State
    from backend_pitfalls.engine.team import Progress

__all__ = ["Analysis", "Marked", "analyse"]


def analyse(
    root: Path,
    options: Options,
    overlay: Mapping[str, bytes] | None = None,
    progress: Progress | None = None,
    cache: Cache | None = None,
    jobs: int = 1,
    is_last: bool = False,
) -> Analysis:
    """Analyse a project.

    Parameters:
        root: the project root.
        options: checked options.
        overlay: content that replaces or adds files, by path relative to the root (an editor's unsaved buffer).
        progress: called with (files done, files in all).
        cache: where results are kept; a run with an overlay reads what it can use and writes nothing.
        jobs: processes at most; 0 for as many as there are cores.
        is_last: whether the program ends with this analysis, so that letting go of what it built would only cost time.
    """
    notes: list[tuple[str, str]] = []
    files = project_files(root, options, overlay or {}, notes)
    stats = stats_of(root, files)

    def run(kept_in: str) -> tuple[Analysis, State]:
        # The engine is loaded when there is something to do for it.
        from backend_pitfalls.engine.records import State
        from backend_pitfalls.engine.run import Run
        from backend_pitfalls.engine.session import unhurried

        before = cache.get(kept_in, State) if cache is not None else None
        with unhurried():
            return Run(root, options, overlay or {}, files, stats, notes, progress, jobs).analyse(
                before or State(), is_last
            )

    if cache is None:
        return run("")[0]
    kept_in = state_key(options, root.name)
    if overlay:
        return run(kept_in)[0]
    key = run_key(kept_in, stats)
    found = cache.get(key, Analysis)
    if found is not None:
        return found
    with cache.lock():
        found = cache.get(key, Analysis)
        if found is None:
            found, state = run(kept_in)
            cache.put(kept_in, state)
            cache.put(key, found)
    return found
