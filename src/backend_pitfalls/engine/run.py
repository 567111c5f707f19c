"""One run over a project: read what changed, interpret what rests on it, put the findings together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from backend_pitfalls.engine.finishing import Finisher, at_their_cause, in_own_way, with_shared_repairs
from backend_pitfalls.engine.records import Indexed, Interpreted, State, content_digest
from backend_pitfalls.engine.result import Analysis
from backend_pitfalls.engine.session import Session, lies_beside
from backend_pitfalls.engine.team import Progress, Team, facts_of, usable_cores
from backend_pitfalls.model.files import FileContext, FileKind
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.cache import Stats
from backend_pitfalls.project.discover import ProjectFile
from backend_pitfalls.project.link import Project, graph_digest, hidden_modules, module_name, module_names, view_names
from backend_pitfalls.semantics.facts import FileFacts
from backend_pitfalls.syntax import parts
from backend_pitfalls.syntax.source import Unreadable, decode
from backend_pitfalls.syntax.suppressions import Suppression, suppressions


class Run:
    """The analysis of a project whose files are known.

    Parameters:
        root: the project root.
        options: checked options.
        overlay: content that replaces or adds files.
        files: of the project, by path.
        stats: their sizes and times.
        notes: (path, reason) of folders that cannot be read.
        progress: called with (files done, files in all).
        jobs: processes at most; 0 for as many as there are cores.
    """

    def __init__(
        self,
        root: Path,
        options: Options,
        overlay: Mapping[str, bytes],
        files: Mapping[str, ProjectFile],
        stats: Stats,
        notes: list[tuple[str, str]],
        progress: Progress | None,
        jobs: int,
    ) -> None:
        self.options = options
        self.progress = progress
        self.jobs = jobs or usable_cores()
        self.session = Session(root, options, overlay)
        self.files = files
        self.stats = stats
        self.projects = tuple(sorted({f.project for f in files.values()} - {""}))
        self.borrowed = {path for path, f in files.items() if f.project}
        self.notes = [f for path, reason in notes for f in self.session.unreadable(path, reason)]

    def analyse(self, before: State, is_last: bool = False) -> tuple[Analysis, State]:
        """The analysis, and what to leave for the next run, of which `before` is what the last one left; the session is left open when it `is_last`."""
        with Team(self.session, self.jobs) as team:
            indexed = self._index(team, before)
            beside = [path for path, f in self.files.items() if lies_beside(f)]
            units = (*(path for path, i in indexed.items() if i.facts is not None), *beside)
            whole = self._whole(indexed, beside, before)
            is_same = before.hidden == whole.hidden and before.views == whole.views
            reusable = _reusable(before, indexed, units, whole.graph) if is_same else {}
            pending = [path for path, i in indexed.items() if i.facts and i.relevant and path not in reusable]
            fresh = team.interpret(facts_of(indexed.values()), beside, pending, self.progress)
        if not is_last or self.projects:
            self.session.close()
        interpreted = {**reusable, **{r.path: r for r in fresh}}
        analysis = self._finish(indexed, interpreted)
        stats = {p: s for p, s in self.stats.items() if s is not None}
        return analysis, replace(whole, stats=stats, indexed=indexed, units=units, interpreted=interpreted)

    def _whole(self, indexed: Mapping[str, Indexed], beside: list[str], before: State) -> State:
        """A state that knows what all files say together: the digest of the graph of models and views, which modules are hidden, and
        what views are called; all as before when no facts changed."""
        if before.graph and len(before.indexed) == len(indexed):
            old = before.indexed
            if all(path in old and old[path].facts is i.facts for path, i in indexed.items()):
                return State(graph=before.graph, hidden=before.hidden, views=before.views)
        facts = facts_of(indexed.values())
        views = view_names(facts)
        digest = graph_digest(facts)
        if views:
            session = self.session
            digest += Project(facts, session.knowledge, session.source, beside, session.root.name).views_digest()
        return State(graph=digest, hidden=hidden_modules(facts), views=views)

    def _index(self, team: Team, before: State) -> dict[str, Indexed]:
        """Every file's record: the one of the last run where the content is the same."""
        found: dict[str, Indexed] = {}
        pending: list[ProjectFile] = []
        for path, file in self.files.items():
            old = before.indexed.get(path)
            if old is not None and old.project == file.project and self._is_unchanged(path, old, before):
                found[path] = old
            else:
                pending.append(file)
        sizes = {f.path: (self.stats.get(f.path) or (0, 0))[0] // _SHARE.get(f.context, 1) for f in pending}
        found.update((i.path, i) for i in team.index(pending, sizes))
        self._lend(team, found)
        return {path: found[path] for path in self.files}

    def _lend(self, team: Team, found: dict[str, Indexed]) -> None:
        """Give facts to those of the files that no rule looks into which others import, and to no more of them."""
        named: dict[str, list[str]] = {}
        for path, indexed in found.items():
            for name in module_names(module_name(path)) if indexed.lent else ():
                named.setdefault(name, []).append(path)
        lent: set[str] = set()
        pending = [i.facts for i in found.values() if i.facts is not None and not i.lent] if named else []
        while pending:
            wanted = {path for facts in pending for name in _imported(facts) for path in named.get(name, ())} - lent
            lent |= wanted
            unread = [self.files[path] for path in sorted(wanted) if found[path].facts is None]
            sizes = {f.path: found[f.path].size for f in unread}
            found.update((i.path, i) for i in team.index(unread, sizes, whole=True))
            pending = facts_of(found[path] for path in sorted(wanted))
        # What was read for an import that is gone is as if it had never been read.
        returned = [p for p, i in found.items() if i.lent and p not in lent and (i.facts is not None or i.findings)]
        found.update((i.path, i) for i in team.index([self.files[p] for p in returned], {}))

    def _is_unchanged(self, path: str, old: Indexed, before: State) -> bool:
        stat = self.stats.get(path)
        if path not in self.session.overlay:
            if stat is not None and before.stats.get(path) == stat:
                return True
            if stat is None or stat[0] != old.size:
                return False
        try:
            return content_digest(self.session.content(path)) == old.digest
        except OSError:
            return False

    def _finish(self, indexed: Mapping[str, Indexed], interpreted: Mapping[str, Interpreted]) -> Analysis:
        found = [f for i in indexed.values() for f in i.findings]
        found.extend(f for r in interpreted.values() for f in r.findings)
        found.extend(self.session.deployed(indexed.values(), interpreted.values()))
        found = [f for f in found if f.path not in self.borrowed]
        found = with_shared_repairs(in_own_way(at_their_cause(found), facts_of(indexed.values())))
        comments = {path: i.comments for path, i in indexed.items() if i.comments}
        contexts = {f.path: f.context for f in self.files.values()}
        marked = Finisher(self.options, contexts, self._late_comments).finish([*self.notes, *found], comments)
        capped = sorted({name for r in interpreted.values() for name in r.capped})
        own = tuple(path for path in self.files if path not in self.borrowed)
        return Analysis(marked, own, tuple(capped), self.projects)

    def _late_comments(self, path: str) -> list[Suppression]:
        """The suppressing comments of a file in which they are only wanted because it has a finding."""
        file = self.files.get(path)
        if file is None or file.kind is not FileKind.PYTHON:
            return []
        try:
            data = self.session.content(path)
            return suppressions(data, decode(data), python=True)
        except (OSError, UnicodeError, Unreadable):
            return []


# Most tests and migrations are not read as code, and so cost less than others of their size.
_SHARE = {FileContext.TEST: 3, FileContext.MIGRATION: 9}


def _imported(facts: FileFacts) -> set[str]:
    """The names of all modules that a file may import: `a.b.c` may be a name of `a.b`, which comes with `a`."""
    found: set[str] = set()
    for target in (*facts.imports.values(), *facts.stars):
        while target and target not in found:
            found.add(target)
            target = target.rpartition(".")[0]
    return found


def _reusable(
    before: State, indexed: Mapping[str, Indexed], units: tuple[str, ...], graph: bytes
) -> dict[str, Interpreted]:
    """Results of the last run that nothing they rest on has changed under."""
    if before.units != units:
        return {}
    changed = {
        i: parts.changed(before.indexed[path].parts, indexed[path].parts)
        for i, path in enumerate(units)
        if before.indexed[path].digest != indexed[path].digest
    }
    changed_facts = {i for i in changed if before.indexed[units[i]].facts_digest() != indexed[units[i]].facts_digest()}
    return {
        path: old
        for path, old in before.interpreted.items()
        if indexed[path].relevant
        and not any(changed[i] & old.code_of[i] for i in changed if i in old.code_of)
        and changed_facts.isdisjoint(old.facts_of)
        and not (old.graph and graph != before.graph)
    }
