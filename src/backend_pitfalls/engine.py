"""Index, link, interpret, ask the rules: from a project root to findings.

Findings depend on the whole project, never on the list of files a host was given; hosts show those of their files.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from backend_pitfalls.knowledge import load
from backend_pitfalls.model.files import FileContext, FileKind
from backend_pitfalls.model.finding import Finding, Site, Span
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.cache import Cache, key_of
from backend_pitfalls.project.config import version_of
from backend_pitfalls.project.discover import ProjectFile, context_of, discover, kind_of
from backend_pitfalls.project.link import Project, module_name
from backend_pitfalls.project.manifests import ImageFound, WorkloadFound, dockerfile, kubernetes
from backend_pitfalls.rules import Report, Rule, all_rules
from backend_pitfalls.semantics.extract import extract
from backend_pitfalls.semantics.facts import FileFacts
from backend_pitfalls.semantics.frame import FrameEvaluator
from backend_pitfalls.semantics.interpreter import Interpreter
from backend_pitfalls.syntax.source import Source, Unreadable
from backend_pitfalls.syntax.suppressions import Suppression, suppressions

KEPT_SOURCES = 1500
_TOOL_CODES = ("BPF000", "BPF001")


class Marked(msgspec.Struct, frozen=True):
    """A finding and, where a comment suppresses it, the form of that comment: "noqa" or "own"."""

    finding: Finding
    suppressed: str = ""


class Analysis(msgspec.Struct, frozen=True):
    """All findings of a project in the order of output, the paths of its files, and the count of capped evaluations."""

    findings: tuple[Marked, ...]
    paths: tuple[str, ...]
    capped: int

    def shown(self, noqa: bool = True) -> list[Finding]:
        """The findings that no comment suppresses; with `noqa` false, `# noqa` is left to the host."""
        return [m.finding for m in self.findings if not m.suppressed or (m.suppressed == "noqa" and not noqa)]


def analyse(
    root: Path,
    options: Options,
    overlay: Mapping[str, bytes] | None = None,
    progress: Callable[[int, int], None] | None = None,
    cache: Cache | None = None,
) -> Analysis:
    """Analyse a project.

    Parameters:
        root: the project root.
        options: checked options.
        overlay: content that replaces or adds files, by path relative to the root (an editor's unsaved buffer).
        progress: called with (files done, files in all).
        cache: where results are kept; a run with an overlay neither reads nor writes it.
    """
    run = _Run(root, options, overlay or {}, progress)
    run.discover()
    key = (
        key_of(root, run.files, options, (r.meta.code for r in run.rules))
        if cache is not None and not overlay
        else None
    )
    if cache is None or key is None:
        return run.analyse()
    kept = cache.get(key)
    if kept is not None:
        try:
            return msgspec.json.decode(kept, type=Analysis)
        except msgspec.DecodeError:
            pass  # written by somebody else; it is replaced
    analysis = run.analyse()
    cache.put(key, msgspec.json.encode(analysis))
    return analysis


class _Run:
    def __init__(
        self, root: Path, options: Options, overlay: Mapping[str, bytes], progress: Callable[[int, int], None] | None
    ) -> None:
        self.root = root
        self.options = options
        self.overlay = overlay
        self.progress = progress
        self.knowledge = load(options.knowledge)
        self.rules = [r for r in all_rules() if options.selects(r.meta.code, r.meta.name)]
        self.found: list[Finding] = []
        self.files: dict[str, ProjectFile] = {}
        self.contexts: dict[str, FileContext] = {}
        self.comments: dict[str, list[Suppression]] = {}
        self._sources: OrderedDict[str, Source] = OrderedDict()
        self._listeners: dict[type, list[tuple[Rule, Callable[..., None], Report]]] = {}
        for rule in self.rules:
            for kind, function in rule.listeners.items():
                report = Report(rule.meta, options, self.knowledge, self.found)
                self._listeners.setdefault(kind, []).append((rule, function, report))

    def discover(self) -> None:
        """Find the files, in the order of their paths."""
        notes: list[tuple[str, str]] = []
        found = {f.path: f for f in discover(self.root, self.options.exclude, notes)}
        for path in self.overlay:
            kind = kind_of(path.rsplit("/", 1)[-1]) or FileKind.PYTHON
            found.setdefault(path, ProjectFile(path, kind, context_of(path)))
        for path, reason in notes:
            self._unreadable(path, reason, 1)
        self.files = dict(sorted(found.items()))

    def analyse(self) -> Analysis:
        files = self.files
        self.contexts = {f.path: f.context for f in files.values()}
        python: list[tuple[ProjectFile, FileFacts]] = []
        relevant: list[tuple[ProjectFile, FileFacts]] = []
        for file in files.values():
            data = self._read(file.path)
            if data is None:
                continue
            if file.kind is FileKind.PYTHON:
                facts = self._index(file, data)
                if facts is not None:
                    python.append((file, facts))
                    if self._can_match(file, data):
                        relevant.append((file, facts))
            else:
                self._manifest(file, data)
        capped = self._interpret([f for _, f in python], relevant)
        return Analysis(tuple(self._finish()), tuple(files), capped)

    # -- reading ------------------------------------------------------------------------------------------------

    def _read(self, path: str) -> bytes | None:
        if path in self.overlay:
            return self.overlay[path]
        try:
            return (self.root / path).read_bytes()
        except OSError as error:
            self._unreadable(path, f"cannot be read: {error.strerror}; give the right to read it or exclude it", 1)
            return None

    def _unreadable(self, path: str, reason: str, line: int) -> None:
        meta = next((r.meta for r in self.rules if r.meta.code == "BPF000"), None)
        if meta is not None:
            Report(meta, self.options, self.knowledge, self.found)(Site(path, Span(line, 0, line, 1)), reason)

    def _source(self, path: str) -> Source | None:
        found = self._sources.get(path)
        if found is None:
            data = self.overlay.get(path)
            try:
                found = Source(
                    path, data if data is not None else (self.root / path).read_bytes(), version_of(self.options)
                )
            except (Unreadable, OSError):
                return None
            self._keep(found)
        return found

    def _keep(self, source: Source) -> None:
        self._sources[source.path] = source
        if len(self._sources) > KEPT_SOURCES:
            self._sources.popitem(last=False)

    def _index(self, file: ProjectFile, data: bytes) -> FileFacts | None:
        try:
            source = Source(file.path, data, version_of(self.options))
            facts = extract(source.tree, file.path, module_name(file.path))
        except Unreadable as error:
            self._unreadable(file.path, error.reason, error.line)
            return None
        except RecursionError:
            self._unreadable(file.path, "is nested too deeply to be analysed; split the expression", 1)
            return None
        self.comments[file.path] = suppressions(data, source.text, python=True)
        self._keep(source)
        return facts

    def _can_match(self, file: ProjectFile, data: bytes) -> bool:
        """The prefilter: whether any selected rule could fire in this file."""
        return any(
            file.context not in rule.meta.silent_in
            and rule.listeners
            and (not rule.meta.tokens or any(t in data for t in rule.meta.tokens))
            for rule in self.rules
        )

    # -- asking the rules ---------------------------------------------------------------------------------------

    def _interpret(self, files: list[FileFacts], relevant: list[tuple[ProjectFile, FileFacts]]) -> int:
        project = Project(files, self.knowledge, self._source)
        interpreter = Interpreter(project, FrameEvaluator())
        for done, (_, facts) in enumerate(relevant):
            if self.progress is not None:
                self.progress(done, len(relevant))
            self._tell(interpreter.module_events(facts.module))
            for qualname in project.functions(facts.module):
                function = interpreter.function(facts.module, qualname)
                if function is not None:
                    self._tell(interpreter.function_events(function))
        return interpreter.capped

    def _tell(self, events: Iterable[Any]) -> None:
        for event in events:
            for _, function, report in self._listeners.get(type(event), ()):
                function(event, report)

    def _manifest(self, file: ProjectFile, data: bytes) -> None:
        try:
            if file.kind is FileKind.YAML:
                self._tell(WorkloadFound(file.path, w) for w in kubernetes.workloads(data))
            else:
                self._tell([ImageFound(file.path, dockerfile.image(data))])
        except Unreadable as error:
            self._unreadable(file.path, error.reason, error.line)
        if b"backend-pitfalls" in data or b"noqa" in data.lower():
            self.comments[file.path] = suppressions(data, data.decode("utf-8", "replace"), python=False)

    # -- from what rules said to what is shown ------------------------------------------------------------------

    def _finish(self) -> list[Marked]:
        metas = {r.meta.code: r.meta for r in self.rules}
        unique: dict[tuple[str, Site], Finding] = {}
        for finding in sorted(self.found, key=Finding.sort_key):
            meta = metas[finding.code]
            if self.contexts.get(finding.path, FileContext.PRODUCTION) in meta.silent_in:
                continue
            if finding.confidence.rank < self.options.min_confidence.rank or self.options.ignores_in(
                finding.path, finding.code, finding.name
            ):
                continue
            unique.setdefault((finding.code, finding.site), finding)
        used: set[tuple[str, Span]] = set()
        marked = [self._mark(finding, used) for finding in unique.values()]
        marked.extend(self._unused(used, metas))
        return sorted(marked, key=lambda m: m.finding.sort_key())

    def _mark(self, finding: Finding, used: set[tuple[str, Span]]) -> Marked:
        form = ""
        for comment in self.comments.get(finding.path, ()):
            if comment.covers(finding.code, finding.name, finding.span.line, finding.span.line):
                used.add((finding.path, comment.span))
                form = form if form == "own" else "noqa" if comment.noqa else "own"
        return Marked(finding, form)

    def _unused(self, used: set[tuple[str, Span]], metas: Mapping[str, Any]) -> Iterable[Marked]:
        meta = metas.get("BPF001")
        if meta is None:
            return
        found: list[Finding] = []
        report = Report(meta, self.options, self.knowledge, found)
        active = [m for c, m in metas.items() if c not in _TOOL_CODES]
        for path, comments in sorted(self.comments.items()):
            for comment in comments:
                ours = (
                    [c for c in comment.codes if any(m.code.startswith(c) or m.name == c.lower() for m in active)]
                    if comment.codes
                    else []
                )
                if (comment.noqa and not (ours and all(c.startswith("BPF") for c in ours))) or (
                    comment.codes and not ours
                ):
                    continue
                if (path, comment.span) not in used and not self.options.ignores_in(path, meta.code, meta.name):
                    what = ", ".join(ours) or "anything"
                    report(
                        Site(path, comment.span),
                        f"this comment does not suppress {what}: there is no such finding here; delete it",
                    )
        yield from (Marked(f) for f in found)
