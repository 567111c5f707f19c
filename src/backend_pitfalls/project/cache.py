"""Results on disk: `.backend_pitfalls_cache/` at the project root, so that editors, hooks and a host's worker processes need no new run.

An entry is the whole result of a project, keyed by all that it depends on: the tool, the interpreter, the options, and path, size and
modification time of every file. Entries are written atomically and read whole, so concurrent runs cannot see half of one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from backend_pitfalls._version import __version__
from backend_pitfalls.model.options import Options

FOLDER = ".backend_pitfalls_cache"
KEPT = 8


class Cache:
    """The entries of one project. A folder that cannot be read or written is a cache that holds nothing."""

    def __init__(self, root: Path, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else root / FOLDER

    def get(self, key: str) -> bytes | None:
        """The entry under a key."""
        try:
            data = (self.folder / f"{key}.json").read_bytes()
        except OSError:
            return None
        with contextlib.suppress(OSError):
            os.utime(self.folder / f"{key}.json")
        return data

    def put(self, key: str, data: bytes) -> None:
        """Keep an entry, and of all entries the ones used last."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            ignore = self.folder / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n")
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
            with os.fdopen(handle, "wb") as out:
                out.write(data)
            Path(name).replace(self.folder / f"{key}.json")
            self._prune()

    def _prune(self) -> None:
        entries = sorted(self.folder.glob("*.json"), key=lambda p: p.stat().st_mtime_ns, reverse=True)
        for old in entries[KEPT:]:
            old.unlink(missing_ok=True)


def key_of(root: Path, paths: Iterable[str], options: Options, rules: Iterable[str]) -> str | None:
    """What a result depends on, as one digest; None when a file cannot be looked at."""
    digest = hashlib.sha256(repr((__version__, _tool_stamp(), sys.version_info[:3], sorted(rules))).encode())
    digest.update(msgspec.json.encode(options))
    for path in paths:
        try:
            stat = (root / path).stat()
        except OSError:
            return None
        digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:40]


def _tool_stamp() -> int:
    """Changes when the tool's own code does, so that a checkout under development never sees results of its past."""
    package = Path(__file__).parent.parent
    return max((p.stat().st_mtime_ns for pattern in ("*.py", "*.toml") for p in package.rglob(pattern)), default=0)
