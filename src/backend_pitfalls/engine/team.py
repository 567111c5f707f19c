"""One or more processes that share the files of a project.

The helpers are plain subprocesses of this interpreter that speak length-prefixed MessagePack on their pipes: that works the same
under fork and spawn, inside a host's own (daemonic) worker, and never imports the caller's main module. Each reads
its share, keeps those syntax trees, is told the facts of the other files, and interprets its share.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from backend_pitfalls.engine.records import Indexed, Interpreted
from backend_pitfalls.engine.session import Session, unhurried
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.discover import ProjectFile
from backend_pitfalls.semantics.facts import FileFacts

CHUNK = 12
"""Files that a helper is given at a time, at most."""
AHEAD = 3
"""Chunks that a helper has at once: it goes on with one while this process, busy with a file of its own, has not yet seen the other's answer."""
WORTH_A_PROCESS = 1_000_000
"""Bytes of source below which another process costs more than it saves."""
WHILE_STARTING = 400_000
"""Bytes of source that are read while a helper starts."""

Progress = Callable[[int, int], None]
T = TypeVar("T")


class Start(msgspec.Struct, tag=True):
    """First message to a helper."""

    root: str
    options: Options
    overlay: dict[str, bytes]


class Index(msgspec.Struct, tag=True):
    """Read these files, `whole` where others import them; answered by a list of Indexed."""

    files: list[ProjectFile]
    whole: bool = False


class Link(msgspec.Struct, tag=True):
    """Link the project; `facts` are those of the files that the helper has not read itself. Not answered."""

    facts: list[FileFacts]
    templates: list[str]


class Interpret(msgspec.Struct, tag=True):
    """Interpret these files; answered by a list of Interpreted."""

    paths: list[str]


class Team:
    """This process and its helpers. To be used as a context manager.

    Parameters:
        session: this process's own share of the work.
        jobs: processes at most, this one included.
    """

    def __init__(self, session: Session, jobs: int) -> None:
        self._session = session
        self._jobs = jobs
        self._helpers: list[_Helper] = []
        self._owner: dict[str, int] = {}

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *_: object) -> None:
        for helper in self._helpers:
            helper.stop()

    def index(self, files: Sequence[ProjectFile], sizes: Mapping[str, int], whole: bool = False) -> list[Indexed]:
        """Read files, each process a share; in the order given. `whole` as for `Session.index`."""
        shares = self._shares(files, [sizes.get(f.path, 0) for f in files])
        for helper, share in zip(self._helpers, shares[1:]):
            helper.send(Index(share, whole))
        self._owner.update((f.path, number) for number, share in enumerate(shares) for f in share)
        found = [self._session.index(f, whole) for f in shares[0]]
        for helper, share in zip(self._helpers, shares[1:]):
            answer = helper.receive(list[Indexed])
            found.extend(answer if answer is not None else [self._session.index(f, whole) for f in share])
        return found

    def interpret(
        self,
        facts: Sequence[FileFacts],
        templates: Sequence[str],
        paths: Sequence[str],
        progress: Progress | None = None,
    ) -> list[Interpreted]:
        """Interpret files, each by the process that read it as long as none is idle."""
        queues: list[deque[str]] = [deque() for _ in range(1 + len(self._helpers))]
        for path in paths:
            queues[self._owner.get(path, 0)].append(path)
        for number, helper in enumerate(self._helpers, 1):
            others = [f for f in facts if self._owner.get(f.path, 0) != number]
            helper.send(Link(others, list(templates)))
            for _ in range(AHEAD):
                helper.give(_next(queues, number, CHUNK))
        self._session.link(facts, templates)
        found: list[Interpreted] = []
        while mine := _next(queues, 0, 1):
            found.append(self._session.interpret(mine[0]))
            for number, helper in enumerate(self._helpers, 1):
                while helper.pending and helper.has_answered():
                    found.extend(self._collect(helper))
                    helper.give(_next(queues, number, CHUNK))
            if progress is not None:
                progress(len(found), len(paths))
        for helper in self._helpers:
            while helper.pending:
                found.extend(self._collect(helper))
        return found

    def _collect(self, helper: _Helper) -> list[Interpreted]:
        """What a helper has done of the chunk that it was given first; if it is gone, that is done here."""
        pending = helper.pending.popleft()
        answer = helper.receive(list[Interpreted])
        return answer if answer is not None else [self._session.interpret(path) for path in pending]

    def _shares(self, files: Sequence[ProjectFile], sizes: Sequence[int]) -> list[list[ProjectFile]]:
        """Neighbouring files together, as they use each other; as many bytes for each process, with those that could be read
        while it starts."""
        total = sum(sizes)
        wanted = max(1, min(self._jobs, 1 + total // WORTH_A_PROCESS))
        lost = WHILE_STARTING if len(self._helpers) < wanted - 1 else 0
        while len(self._helpers) < wanted - 1:
            self._helpers.append(_Helper(self._session))
        shares: list[list[ProjectFile]] = [[] for _ in range(1 + len(self._helpers))]
        each = (total + lost * len(self._helpers)) // len(shares)
        number = done = 0
        for file, size in zip(files, sizes):
            if done >= each and number < len(self._helpers):
                number, done = number + 1, lost
            shares[number].append(file)
            done += size
        return shares


class _Helper:
    """A subprocess that works on a share."""

    def __init__(self, session: Session) -> None:
        # Isolated mode keeps the folder under analysis, and its modules, off the import path.
        code = f"import sys; sys.path[:] = {sys.path!r}; from backend_pitfalls.engine.team import serve; serve()"
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.pending: deque[list[str]] = deque()
        self.send(Start(str(session.root), session.options, dict(session.overlay)))

    def send(self, message: msgspec.Struct) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            _write(self._process.stdin, msgspec.msgpack.encode(message))

    def give(self, paths: list[str]) -> None:
        """Have files interpreted, if there are any."""
        if paths:
            self.pending.append(paths)
            self.send(Interpret(paths))

    def has_answered(self) -> bool:
        """Whether an answer waits; where that cannot be seen (Windows pipes), True: receiving it then waits."""
        assert self._process.stdout is not None
        try:
            return bool(select.select([self._process.stdout], [], [], 0)[0])
        except OSError:
            return True

    def receive(self, type_: type[T]) -> T | None:
        """What the helper answers; None when it is gone (its share is then done by the caller)."""
        assert self._process.stdout is not None
        data = _read(self._process.stdout)
        return msgspec.msgpack.decode(data, type=type_) if data is not None else None

    def stop(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._process.kill()
        self._process.wait()


def _next(queues: list[deque[str]], number: int, count: int) -> list[str]:
    """The next files for a process: its own from the front, else from the back of the longest queue; fewer at a time towards the end, so
    that all are done at the same time."""
    own = queues[number]
    longest = own or max(queues, key=len)
    take = own.popleft if own else longest.pop
    return [take() for _ in range(min(count, -(-len(longest) // 4)))]


def serve() -> None:
    """The main loop of a helper: answer messages until the pipe is closed."""
    messages, answers = sys.stdin.buffer, sys.stdout.buffer
    gc.disable()  # A helper lives as long as its trees.
    session: Session | None = None
    facts: dict[str, FileFacts] = {}
    while (data := _read(messages)) is not None:
        message = msgspec.msgpack.decode(data, type=Start | Index | Link | Interpret)
        if isinstance(message, Start):
            session = Session(Path(message.root), message.options, message.overlay)
            continue
        assert session is not None
        with unhurried():
            answer: list[Indexed] | list[Interpreted]
            if isinstance(message, Index):
                answer = [session.index(f, message.whole) for f in message.files]
                facts.update((i.path, i.facts) for i in answer if i.facts is not None)
            elif isinstance(message, Link):
                facts.update((f.path, f) for f in message.facts)
                session.link(facts.values(), message.templates)
                continue
            else:
                answer = [session.interpret(path) for path in message.paths]
        _write(answers, msgspec.msgpack.encode(answer))


def _write(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(len(data).to_bytes(8, "big"))
    pipe.write(data)
    pipe.flush()


def _read(pipe: IO[bytes]) -> bytes | None:
    head = pipe.read(8)
    if len(head) < 8:
        return None
    size = int.from_bytes(head, "big")
    data = pipe.read(size)
    return data if len(data) == size else None


def usable_cores() -> int:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def facts_of(indexed: Iterable[Indexed]) -> list[FileFacts]:
    """The facts of the Python files among them."""
    return [i.facts for i in indexed if i.facts is not None]
