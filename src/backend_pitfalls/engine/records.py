"""What the engine keeps of each file: from reading it, and from interpreting it."""

from __future__ import annotations

import hashlib

import msgspec

from backend_pitfalls.model.finding import Finding
from backend_pitfalls.project.manifests import Manifest
from backend_pitfalls.semantics.facts import FileFacts
from backend_pitfalls.semantics.records import HealthRoute
from backend_pitfalls.syntax.suppressions import Suppression


class Indexed(msgspec.Struct, frozen=True):
    """A file after it was read: `digest` of its content, the facts of a Python file, `relevant` when a selected rule could
    fire in it, findings that need no other file, its suppressing comments (None: not looked for yet), and what a manifest says.
    `lent` tells that no rule looks into it, so that it has facts only where the code of others imports it. `parts` are the digests of the
    parts of its code (see `syntax.parts`). `project` is that of the file (see `ProjectFile`)."""

    path: str
    digest: bytes
    size: int = 0
    facts: FileFacts | None = None
    relevant: bool = False
    findings: tuple[Finding, ...] = ()
    comments: tuple[Suppression, ...] | None = ()
    manifests: tuple[Manifest, ...] = ()
    lent: bool = False
    parts: bytes = b""
    project: str = ""

    def facts_digest(self) -> bytes:
        """Changes when what other files can know of this one does."""
        return content_digest(msgspec.msgpack.encode(self.facts)) if self.facts is not None else b""


class Interpreted(msgspec.Struct, frozen=True):
    """A file after interpretation: its findings, and what they rest on: positions (in `State.units`) of files whose facts were
    looked at, of those whose code was with the bit set of the parts of it, whether the model graph was, functions that met a limit, and the
    routes about health."""

    path: str
    findings: tuple[Finding, ...]
    facts_of: tuple[int, ...]
    code_of: dict[int, int]
    graph: bool
    capped: tuple[str, ...] = ()
    health: tuple[HealthRoute, ...] = ()


class State(msgspec.Struct, frozen=True):
    """What a run leaves for the next: files with their size and modification time, and the results that were valid. `units` are
    the Python files and templates that positions in results refer to, `hidden` the modules that a variable of their package hides, `views` the
    names of what frameworks are given to call."""

    stats: dict[str, tuple[int, int]] = {}
    indexed: dict[str, Indexed] = {}
    units: tuple[str, ...] = ()
    interpreted: dict[str, Interpreted] = {}
    graph: bytes = b""
    hidden: frozenset[str] = frozenset()
    views: frozenset[str] = frozenset()


def content_digest(data: bytes) -> bytes:
    """Identity of a content."""
    return hashlib.blake2b(data, digest_size=16).digest()
