"""The two halves of an analysis that one process does for a share of the files: read them, interpret them."""

from __future__ import annotations

import gc
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from backend_pitfalls.engine.budget import Budget
from backend_pitfalls.engine.prefilter import Prefilter
from backend_pitfalls.engine.records import Indexed, Interpreted, content_digest
from backend_pitfalls.knowledge import load
from backend_pitfalls.model.files import FileContext, FileKind
from backend_pitfalls.model.finding import Finding, Severity, Site, Span
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.config import version_of
from backend_pitfalls.project.discover import ProjectFile, context_of, deploys, kind_of
from backend_pitfalls.project.link import Project, module_name
from backend_pitfalls.project.manifests import (
    CommentFound,
    ComposeFound,
    HostedFound,
    ImageFound,
    Manifest,
    OperationsFound,
    PatchesFound,
    ProbeFound,
    SettingFound,
    ValuesFound,
    WorkloadFound,
    compose,
    dockerfile,
    helm,
    kubernetes,
    kustomize,
    platforms,
    settings,
)
from backend_pitfalls.project.manifests.joined import Deployment
from backend_pitfalls.rules import Report, selected_rules
from backend_pitfalls.rules.certain_credentials import may_be_certain
from backend_pitfalls.semantics.bindings import bindings
from backend_pitfalls.semantics.events import Application, Call, Event, Route
from backend_pitfalls.semantics.extract import extract
from backend_pitfalls.semantics.facts import FileFacts
from backend_pitfalls.semantics.frame import FrameEvaluator
from backend_pitfalls.semantics.health import examine
from backend_pitfalls.semantics.interpreter import Interpreter
from backend_pitfalls.semantics.records import Binding
from backend_pitfalls.syntax.notebook import Notebook
from backend_pitfalls.syntax.parts import CONTENT, digests
from backend_pitfalls.syntax.source import Source, Unreadable
from backend_pitfalls.syntax.suppressions import Suppression, suppressions
from backend_pitfalls.syntax.surrogates import replaced_in_data
from backend_pitfalls.syntax.template import TemplateSource

_SECRET_WORDS = (
    *("pass", "pwd", "pswd", "psw", "pw", "secret", "token", "key", "://", "credential", "auth", "bearer"),
    *("contrase", "heslo", "kennwort", "parol", "salasana", "senha", "wachtwoord"),
)
_SECRET_BYTES = tuple(word.encode() for word in _SECRET_WORDS)
_RECURSION_LIMIT = 6_000


class Session:
    """Reads and interprets files of one project in one process.

    Parameters:
        root: the project root.
        options: checked options.
        overlay: content that replaces or adds files, by path relative to the root.
    """

    def __init__(self, root: Path, options: Options, overlay: Mapping[str, bytes] | None = None) -> None:
        self.root = root
        self.options = options
        self.overlay = overlay or {}
        self.knowledge = load(options.knowledge, options.taint_sources)
        self.rules = selected_rules(options)
        self._prefilter = Prefilter(self.rules, options, self.knowledge)
        self._folder = str(root)
        self._found: list[Finding] = []
        self._sources: OrderedDict[str, Source] = OrderedDict()
        self._kept = 0
        self._budget = Budget()
        self._version = version_of(options)
        self._listeners: dict[type, list[tuple[Callable[..., None], Report]]] = {}
        self._of_other_calls: list[tuple[Callable[..., None], Report]] = []
        self._asks_for_routes = any(
            kind in rule.listeners for rule in self.rules for kind in (Application, ProbeFound, WorkloadFound)
        )
        self._asks_for_secrets = any(kind in rule.listeners for rule in self.rules for kind in (Binding, SettingFound))
        for rule in self.rules:
            for kind, function in rule.listeners.items():
                report = Report(rule.meta, options, self.knowledge, self._found)
                self._listeners.setdefault(kind, []).append((function, report))
                if kind is Call and not function.__at_sinks__:  # type: ignore[attr-defined]
                    self._of_other_calls.append((function, report))

    # -- reading ------------------------------------------------------------------------------------------------

    def index(self, file: ProjectFile, whole: bool = False) -> Indexed:
        """Read one file: facts of Python, findings in manifests. A file that cannot be read gives a finding that says so. What stands
        in the file of a project within this one is for that project to tell.

        Parameters:
            file: of the project.
            whole: whether the facts are wanted also of a test or a migration that no rule looks into.
        """
        found = self._read(file, whole)
        return replace(found, findings=(), comments=(), project=file.project) if file.project else found

    def _read(self, file: ProjectFile, whole: bool) -> Indexed:
        try:
            data = self.content(file.path)
        except OSError as error:
            reason = f"cannot be read: {error.strerror}; give the right to read it or exclude it"
            return Indexed(file.path, b"", findings=self.unreadable(file.path, reason))
        if file.kind is FileKind.PYTHON:
            return self._index_python(file, data, whole)
        if file.kind is FileKind.TEMPLATE:
            comments = suppressions(data, data.decode("utf-8", "replace"), python=False)
            return Indexed(file.path, content_digest(data), len(data), comments=tuple(comments))
        return self._index_manifest(file, data)

    def content(self, path: str) -> bytes:
        """The bytes of a file.

        Raises:
            OSError: when it cannot be read.
        """
        found = self.overlay.get(path)
        if found is not None:
            return found
        # A path object for each of thousands of files takes longer than reading them.
        with open(f"{self._folder}{os.sep}{path}", "rb") as file:  # noqa: PTH123
            return file.read()

    def unreadable(
        self, path: str, reason: str, line: int = 1, severity: Severity | None = None
    ) -> tuple[Finding, ...]:
        """The finding (or none, when that rule is off) that a file cannot be analysed."""
        rule = next((r for r in self.rules if r.meta.code == "BPF000"), None)
        found: list[Finding] = []
        if rule is not None:
            Report(rule.meta, self.options, self.knowledge, found)(
                Site(path, Span(line, 0, line, 1)), reason, severity=severity
            )
        return tuple(found)

    def _index_python(self, file: ProjectFile, data: bytes, whole: bool) -> Indexed:
        path, digest = file.path, content_digest(data)
        relevant = self._prefilter.lets_pass(file.context, data, is_borrowed=bool(file.project))
        text = data.decode("utf-8", "replace") if not relevant and file.context in _RARELY_IMPORTED else None
        lent = text is not None and self._says_nothing(file.context, text)
        if text is not None and lent and not whole:
            self._found.clear()
            self._read_comments(path, text)
            return Indexed(
                path, digest, len(data), findings=tuple(self._found), comments=_own_comments(data, text), lent=True
            )
        try:
            source = Source(path, data, self._version)
            # Routes cost a walk over the whole tree, and only rules about applications ask for them; what a test asks
            # for is no route of the application.
            has_routes = self._asks_for_routes and file.context is not FileContext.TEST
            facts = extract(source.tree, path, module_name(path), source.text, has_routes)
        except Unreadable as error:
            found = self.unreadable(path, error.reason, error.line)
            return Indexed(path, digest, len(data), findings=found, lent=lent)
        except RecursionError:
            found = self.unreadable(path, "is nested too deeply to be analysed; split the expression")
            return Indexed(path, digest, len(data), findings=found, lent=lent)
        if relevant and self._kept + len(source.text) <= self._budget.kept:
            # The first files are interpreted first: of a large project, theirs are the trees to keep.
            self._keep(source)
        self._found.clear()
        self._read_comments(path, source.text)
        if Binding in self._listeners and not lent and not file.project:
            self._tell(bindings(source, facts.imports, self.knowledge, file.context))
        return Indexed(
            path,
            digest,
            len(data),
            facts,
            relevant,
            tuple(self._found),
            _own_comments(data, source.text),
            lent=lent,
            parts=digests(source, facts.functions),
        )

    def _says_nothing(self, context: FileContext, text: str) -> bool:
        """Whether no text of a file is one that would be told as a credential: in a test only what certainly is one."""
        if all(self.options.is_silent(r.meta.silent_in, context) for r in self.rules if Binding in r.listeners):
            return True
        return context is FileContext.TEST and not may_be_certain(text, self.knowledge)

    def _read_comments(self, path: str, text: str) -> None:
        lowered = text.lower() if CommentFound in self._listeners else ""
        if any(word in lowered for word in _SECRET_WORDS):
            self._tell(CommentFound(path, s) for s in settings.commented(text))

    def _index_manifest(self, file: ProjectFile, data: bytes) -> Indexed:
        findings: tuple[Finding, ...] = ()
        self._found.clear()
        digest, data = content_digest(data), replaced_in_data(data)
        lowered = data.lower()
        if self._asks_for_secrets and self._may_hold_secret(file, data, lowered):
            if len(data) > settings.MAX_BYTES:
                reason = f"has {len(data):,} bytes, more than the {settings.MAX_BYTES:,} that are read for secrets; exclude it or split it"
                findings = self.unreadable(file.path, reason, severity=Severity.NOTE)
            else:
                text = data.decode("utf-8", "replace")
                if file.path.endswith(".ipynb"):
                    text = self._tell_of_notebook(file, text)
                self._tell(SettingFound(file.path, s) for s in settings.settings(text))
        manifests: tuple[Manifest, ...] = ()
        try:
            if file.kind is FileKind.YAML and compose.is_compose(file.path):
                manifests = (ComposeFound(file.path, tuple(compose.services(data))),)
            elif file.kind is FileKind.YAML:
                manifests = _deployed(file.path, data)
            elif file.kind is FileKind.DOCKERFILE:
                manifests = (ImageFound(file.path, dockerfile.image(data)),)
            manifests = (*manifests, *(HostedFound(file.path, s) for s in platforms.hosted(file.path, data)))
        except Unreadable as error:
            findings = self.unreadable(file.path, error.reason, error.line)
        comments: Iterable[Suppression] = ()
        if b"backend-pitfalls" in data or b"noqa" in lowered:
            comments = suppressions(data, data.decode("utf-8", "replace"), python=False)
        return Indexed(
            file.path,
            digest,
            len(data),
            None,
            False,
            (*self._found, *findings),
            tuple(comments),
            manifests,
        )

    def _may_hold_secret(self, file: ProjectFile, data: bytes, lowered: bytes) -> bool:
        """Whether a configuration file has a word about credentials; in JSON of tests, whose texts are quoted, whether a certain one may stand there."""
        if not any(word in lowered for word in _SECRET_BYTES):
            return False
        if file.context is not FileContext.TEST or not file.path.endswith(".json") or len(data) > settings.MAX_BYTES:
            return True
        return may_be_certain(data.decode("utf-8", "replace"), self.knowledge)

    def _tell_of_notebook(self, file: ProjectFile, text: str) -> str:
        """What the cells of a notebook bind; the text that is not their code."""
        notebook = Notebook(text)
        try:
            source = Source(file.path, notebook.code.encode(), self._version)
        except Unreadable:
            return text
        facts = extract(source.tree, file.path, module_name(file.path), source.text, with_routes=False)
        for found in bindings(source, facts.imports, self.knowledge, file.context):
            # Its text is written in JSON: there is no place for an expression of Python.
            self._tell([replace(found, site=Site(file.path, notebook.span(found.site.span)), literal=False)])
        return notebook.rest

    # -- syntax trees -------------------------------------------------------------------------------------------

    def source(self, path: str) -> Source | None:
        """A file with its syntax tree; None when it cannot be read."""
        found = self._sources.get(path)
        if found is None:
            try:
                data = self.content(path)
                is_python = kind_of(path.rsplit("/", 1)[-1]) is not FileKind.TEMPLATE
                found = Source(path, data, self._version) if is_python else TemplateSource(path, data)
            except (Unreadable, OSError):
                return None
            self._keep(found)
            self._budget.load(path, len(found.text))
        else:
            self._sources.move_to_end(path)
        return found

    def _keep(self, source: Source) -> None:
        self._sources[source.path] = source
        self._kept += len(source.text)
        while self._kept > self._budget.kept and len(self._sources) > 1:
            _, oldest = self._sources.popitem(last=False)
            self._kept -= len(oldest.text)

    # -- interpreting -------------------------------------------------------------------------------------------

    def link(self, facts: Iterable[FileFacts], beside: Iterable[str] = ()) -> None:
        """Join the facts of every Python file of the project and the paths of what lies beside the code; to be done before
        `interpret`."""
        self._project = Project(facts, self.knowledge, self.source, beside, self.root.name)
        self._facts = {f.path: f for f in self._project.files}
        self._interpreter = Interpreter(self._project, FrameEvaluator())

    def close(self) -> None:
        """Let go of the linked project, which asks this session for its files: such cycles are not looked for while there is something
        to analyse, and the next project may be as large."""
        del self._project, self._interpreter, self._facts
        self._sources.clear()

    def interpret(self, path: str) -> Interpreted:
        """Interpret a file and ask the rules."""
        if self._budget.is_spent():
            # Results do not depend on what is remembered (see semantics.memo), so memory is bounded by forgetting.
            self._project.forget_code()
            self._interpreter = Interpreter(self._project, FrameEvaluator())
        return self._interpret(self._project, self._interpreter, self._facts[path])

    def _interpret(self, project: Project, interpreter: Interpreter, facts: FileFacts) -> Interpreted:
        self._found.clear()
        interpreter.take()
        routes: list[Route] = []
        for events in _entries(project, interpreter, facts):
            self._tell(events)
            routes.extend(e for e in events if type(e) is Route and not e.chain)
        health = [h for h in (examine(interpreter, r) for r in routes) if h is not None]
        touched, capped = interpreter.take()
        seen_facts, seen_code, graph = project.rests_on(touched)
        named = _written_in((self._found, health))
        return Interpreted(
            facts.path,
            tuple(self._found),
            tuple(seen_facts),
            {unit: seen | (project.units[unit] in named) << CONTENT for unit, seen in seen_code.items()},
            graph,
            tuple(sorted(capped)),
            tuple(health),
        )

    def deployed(self, indexed: Iterable[Indexed], interpreted: Iterable[Interpreted]) -> list[Finding]:
        """The findings about how the services are put into production, for which all files must have been read."""
        self._found.clear()
        services = [i for i in indexed if context_of(i.path) is not FileContext.TEST]
        manifests = [m for i in services for m in i.manifests]
        health = [h for i in interpreted for h in i.health]
        facts = [i.facts for i in services if i.facts is not None]
        self._tell(Deployment(manifests, facts, health, self.knowledge).events())
        return list(self._found)

    def _tell(self, events: Iterable[Any]) -> None:
        sinks = self.knowledge.sinks
        for event in events:
            kind = type(event)
            is_other_call = kind is Call and event.callee not in sinks
            for function, report in self._of_other_calls if is_other_call else self._listeners.get(kind, ()):
                function(event, report)


def _deployed(path: str, data: bytes) -> tuple[Manifest, ...]:
    """What a YAML file says of workloads, itself or as a part of a chart or a kustomization.

    Raises:
        Unreadable: when it should be YAML and is not.
    """
    if kustomize.is_kustomization(path):
        patches, merged = kustomize.patches(path, data)
        return (PatchesFound(path, patches), *(WorkloadFound(path, w) for w in merged))
    if path.rsplit("/", 1)[-1] in ("values.yaml", "values.yml"):
        return (ValuesFound(path, helm.values(data)),)
    added = kustomize.operations(data)
    operations = (OperationsFound(path, added),) if added else ()
    return (*operations, *(WorkloadFound(path, w) for w in kubernetes.workloads(data)))


def _entries(project: Project, interpreter: Interpreter, facts: FileFacts) -> Iterator[Sequence[Event]]:
    """The events of everything that a file can run."""
    yield interpreter.module_events(facts.module)
    yield interpreter.framework_events(facts)
    for qualname in project.functions(facts.module):
        function = interpreter.function(facts.module, qualname)
        if function is not None:
            yield interpreter.function_events(function)


def _written_in(records: object) -> str:
    """All texts in some records: whether a file is named there tells whether they hold places in it."""
    texts: list[str] = []
    pending = [msgspec.to_builtins(records)]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, (list, tuple)):
            pending.extend(value)
    return "\n".join(texts)


def lies_beside(file: ProjectFile) -> bool:
    """Whether the path of a file tells something about the code: it is a template, or it deploys the project."""
    return file.kind is FileKind.TEMPLATE or (file.context is not FileContext.TEST and deploys(file.path))


_RARELY_IMPORTED = frozenset({FileContext.TEST, FileContext.MIGRATION})


def _own_comments(data: bytes, text: str) -> tuple[Suppression, ...] | None:
    """The suppressing comments, looked for at once where one may be ours; None where that can wait for a finding."""
    lowered = data.lower()
    if b"backend-pitfalls" in lowered or b"bpf" in lowered:
        return tuple(suppressions(data, text, python=True))
    return None if b"noqa" in lowered else ()


@contextmanager
def unhurried() -> Iterator[None]:
    """Analysis makes millions of objects and hardly a cycle: without the cyclic collector parsing takes a third of the
    time. And deep nesting in the code under analysis must meet the engine's own bounds before the stack's."""
    limit = sys.getrecursionlimit()
    enabled = gc.isenabled()
    gc.disable()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        if enabled:
            gc.enable()
