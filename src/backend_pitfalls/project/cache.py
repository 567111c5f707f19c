"""Results on disk: `.backend_pitfalls_cache/` at the project root, so that editors, hooks and a host's worker processes need no new run.

Two kinds of entries: the result of a whole run, keyed by all that it depends on (the tool, the interpreter, the options, and path, size and
modification time of every file), and the state that a run leaves for the next, keyed by tool, interpreter and options.
Entries are written atomically and read whole, so concurrent runs cannot see half of one; a lock lets one run do the work
that others wait for.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from backend_pitfalls._version import __version__
from backend_pitfalls.model.options import Options

FOLDER = ".backend_pitfalls_cache"
KEPT = 12
LOCK_SECONDS = 600

Stats = dict[str, tuple[int, int] | None]
T = TypeVar("T")


class Cache:
    """The entries of one project. A folder that cannot be read or written is a cache that holds nothing."""

    def __init__(self, root: Path, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else root / FOLDER

    def get(self, key: str, type_: type[T]) -> T | None:
        """The entry under a key; None when there is none or it is not of this type (written by somebody else)."""
        path = self.folder / f"{key}.msgpack"
        try:
            found = msgspec.msgpack.decode(path.read_bytes(), type=type_)
        except (OSError, msgspec.DecodeError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return found

    def put(self, key: str, entry: msgspec.Struct) -> None:
        """Keep an entry, and of all entries the ones used last."""
        with contextlib.suppress(OSError):
            self._make_folder()
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
            with os.fdopen(handle, "wb") as out:
                out.write(msgspec.msgpack.encode(entry))
            Path(name).replace(self.folder / f"{key}.msgpack")
            self._prune()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held by one process at a time; given up on (the work is then done twice) where locks do not work."""
        from filelock import FileLock, Timeout

        lock: FileLock | None = None
        with contextlib.suppress(OSError, Timeout, NotImplementedError):
            self._make_folder()
            lock = FileLock(self.folder / "lock", timeout=LOCK_SECONDS)
            lock.acquire()
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def _make_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")

    def _prune(self) -> None:
        entries = sorted(self.folder.glob("*.msgpack"), key=lambda p: p.stat().st_mtime_ns, reverse=True)
        for old in entries[KEPT:]:
            old.unlink(missing_ok=True)


def stats_of(root: Path, paths: Iterable[str]) -> Stats:
    """Size and modification time (in nanoseconds) of each file; None for one that cannot be looked at."""
    found: Stats = {}
    for path in paths:
        try:
            stat = os.stat(f"{root}/{path}")  # noqa: PTH116 - a Path object a file costs more than the look
            found[path] = (stat.st_size, stat.st_mtime_ns)
        except OSError:
            found[path] = None
    return found


def state_key(options: Options, folder: str) -> str:
    """What a run's state depends on beside the files: the tool with its rules, the interpreter, the options, and what the root is called."""
    digest = hashlib.sha256(repr((__version__, _tool_stamp(), sys.version_info[:3], folder)).encode())
    digest.update(msgspec.json.encode(options))
    return f"state-{digest.hexdigest()[:32]}"


def run_key(state: str, stats: Mapping[str, tuple[int, int] | None]) -> str:
    """What a whole result depends on: the above, and every file."""
    digest = hashlib.sha256(state.encode())
    for path, stat in stats.items():
        digest.update(f"{path}\0{stat}\n".encode("utf-8", "surrogateescape"))
    return f"run-{digest.hexdigest()[:32]}"


def _tool_stamp() -> int:
    """Changes when the tool's own code does, so that a checkout under development never sees results of its past."""
    own = ((folder, name) for folder, _, names in os.walk(Path(__file__).parent.parent) for name in names)
    paths = (os.path.join(folder, name) for folder, name in own if name.endswith((".py", ".toml")))  # noqa: PTH118 - as in stats_of
    return max((os.stat(path).st_mtime_ns for path in paths), default=0)  # noqa: PTH116
