"""What flake8 and pylint share: one analysis a process, project and options, however many files the host hands over."""

from __future__ import annotations

from pathlib import Path

import msgspec

from backend_pitfalls.engine import Analysis, analyse
from backend_pitfalls.model.finding import Finding
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.cache import Cache
from backend_pitfalls.project.config import find_root, read_options

_analyses: dict[tuple[Path, bytes], Analysis] = {}


def findings_for(path: Path, data: bytes | None, noqa: bool) -> list[Finding]:
    """The findings of one file within its project.

    Parameters:
        path: the file.
        data: its content as the host has it, None for what is on disk.
        noqa: whether `# noqa` is ours to honour (flake8 does it itself).

    Raises:
        UserError: for a broken configuration.
    """
    path = path.resolve()
    root = find_root(path.parent) or path.parent
    options = read_options(root)
    name = path.relative_to(root).as_posix()
    on_disk = path.read_bytes() if path.is_file() else None
    if data is not None and data != on_disk:
        analysis = analyse(root, options, {name: data}, cache=Cache(root))
    else:
        analysis = _memoised(root, options)
    return [f for f in analysis.shown(noqa) if f.path == name]


def _memoised(root: Path, options: Options) -> Analysis:
    key = (root, msgspec.json.encode(options))
    if key not in _analyses:
        _analyses[key] = analyse(root, options, cache=Cache(root))
    return _analyses[key]
