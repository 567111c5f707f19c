"""From what rules said to what is shown: contexts, confidence, suppressing comments, the order of output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec.structs import replace

from backend_pitfalls.engine.result import Marked
from backend_pitfalls.knowledge import load
from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Finding, Severity, Site, Span
from backend_pitfalls.model.fix import Fix, ReplaceWithEnvironment
from backend_pitfalls.model.options import Options
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.settings_object import SettingsObjects
from backend_pitfalls.rules import Report, selected_rules
from backend_pitfalls.semantics.facts import FileFacts
from backend_pitfalls.syntax.suppressions import Suppression

_TOOL_CODES = ("BPF000", "BPF001")


class Finisher:
    """Sorts out the findings of one run.

    Parameters:
        options: checked options.
        contexts: what each file is for.
        comments: the suppressing comments of a file that has findings.
    """

    def __init__(
        self,
        options: Options,
        contexts: Mapping[str, FileContext],
        comments: Callable[[str], Iterable[Suppression]],
    ) -> None:
        self._options = options
        self._contexts = contexts
        self._comments_of = comments
        self._comments: dict[str, tuple[Suppression, ...]] = {}
        self._metas = {r.meta.code: r.meta for r in selected_rules(options)}
        self._used: set[tuple[str, Span]] = set()

    def finish(
        self, found: Iterable[Finding], own_comments: Mapping[str, tuple[Suppression, ...]]
    ) -> tuple[Marked, ...]:
        """The findings to keep, marked where suppressed, with those about useless suppressions, in the order of output."""
        self._comments.update(own_comments)
        unique: dict[tuple[str, Site | str], Finding] = {}
        for told in sorted(found, key=Finding.sort_key):
            finding = self._weighed(told)
            if finding is not None:
                unique.setdefault((finding.code, finding.group or finding.site), finding)
        # What reads the same at the same place is said once, however many ways lead there.
        said = {(f.code, f.site, f.message): f for f in reversed(unique.values())}
        marked = [self._mark(finding) for finding in said.values()]
        marked.extend(Marked(f) for f in self._unused(own_comments))
        return tuple(sorted(marked, key=lambda m: m.finding.sort_key()))

    def _contexts_of(self, finding: Finding) -> set[FileContext]:
        """What the files are for through which a finding leads: what only a test or a migration makes of a function of the application is not the application's."""
        places = {finding.path, *(step.site.path for step in finding.trace)}
        return {self._contexts.get(path, FileContext.PRODUCTION) for path in places}

    def _weighed(self, finding: Finding) -> Finding | None:
        """A finding as it is told: a note where its rule is silent and notes are wanted, None where nobody wants it."""
        silent_in = self._metas[finding.code].silent_in
        aside = silent_in & self._contexts_of(finding)
        if (
            any(self._options.is_silent(silent_in, context) for context in aside)
            or finding.confidence.rank < self._options.min_confidence.rank
            or self._options.ignores_in(finding.path, finding.code, finding.name)
        ):
            return None
        return replace(finding, severity=Severity.NOTE) if aside else finding

    def _mark(self, finding: Finding) -> Marked:
        if finding.path not in self._comments:
            self._comments[finding.path] = tuple(self._comments_of(finding.path))
        form = ""
        for comment in self._comments[finding.path]:
            if comment.covers(finding.code, finding.name, finding.span.line, finding.span.line):
                self._used.add((finding.path, comment.span))
                form = form if form == "own" else "noqa" if comment.noqa else "own"
        return Marked(finding, form)

    def _unused(self, own_comments: Mapping[str, tuple[Suppression, ...]]) -> Iterator[Finding]:
        meta = self._metas.get("BPF001")
        if meta is None:
            return
        active = [m for c, m in self._metas.items() if c not in _TOOL_CODES]
        for path, comments in sorted(own_comments.items()):
            if self._options.ignores_in(path, meta.code, meta.name):
                continue
            for comment in comments:
                ours = _codes_of(comment, active)
                if ours is not None and (path, comment.span) not in self._used:
                    yield self._report_unused(meta, Site(path, comment.span), ", ".join(ours) or "anything")

    def _report_unused(self, meta: RuleMeta, site: Site, what: str) -> Finding:
        found: list[Finding] = []
        report = Report(meta, self._options, load(self._options.knowledge, self._options.taint_sources), found)
        report(site, f"this comment does not suppress {what}: there is no such finding here; delete it")
        return found[0]


def in_own_way(found: list[Finding], files: Iterable[FileFacts]) -> list[Finding]:
    """The findings, with repairs that move a credential to the settings told from what object the project reads those.

    Parameters:
        found: of the whole project.
        files: the facts of all files of the project.
    """
    places = [
        i for i, f in enumerate(found) if f.fix is not None and isinstance(f.fix.intents[0], ReplaceWithEnvironment)
    ]
    if not places:
        return found
    objects, found = SettingsObjects(files), [*found]
    for place in places:
        fix = found[place].fix
        intent = fix.intents[0] if fix is not None else None
        own = objects.for_file(found[place].path)
        if fix is not None and isinstance(intent, ReplaceWithEnvironment) and own is not None:
            found[place] = replace(found[place], fix=replace(fix, intents=(replace(intent, settings=own),)))
    return found


MANY = 3
"""Of so many findings that one repair would mend it is worth the choice."""


def at_their_cause(found: list[Finding]) -> list[Finding]:
    """The findings, with those told once that lead to one place, of which it can be said what is missing there."""
    leading: dict[tuple[str, Site], dict[Site, Finding]] = {}
    for finding in sorted((f for f in found if f.at_cause), key=Finding.sort_key):
        leading.setdefault((finding.code, finding.trace[-1].site), {}).setdefault(finding.site, finding)
    shared = {cause: among for cause, among in leading.items() if len(among) >= MANY}
    if not shared:
        return found
    others = [f for f in found if not f.at_cause or (f.code, f.trace[-1].site) not in shared]
    return [*others, *(_told_of(site, among) for (_, site), among in shared.items())]


def _told_of(cause: Site, among: Mapping[Site, Finding]) -> Finding:
    first = next(iter(among.values()))
    return replace(first, site=cause, message=first.at_cause.replace("{count}", str(len(among))), symbol="")


def with_shared_repairs(found: list[Finding]) -> list[Finding]:
    """The findings, with a repair that mends several of them at once only where it does, and told of it."""
    shared = Counter(f.wider for f in {f.site: f for f in found if f.wider is not None}.values())
    return [_with_choice(f, f.wider, shared[f.wider]) if f.wider is not None else f for f in found] if shared else found


def _with_choice(finding: Finding, wider: Fix, count: int) -> Finding:
    if count < MANY:
        return replace(finding, wider=None)
    return replace(finding, message=f"{finding.message}, or {wider.title}, as {count} calls need it")


def _codes_of(comment: Suppression, active: list[RuleMeta]) -> list[str] | None:
    """The codes of active rules that a comment names; None when whether it is useless is not ours to say."""
    ours = [c for c in comment.codes if any(m.code.startswith(c) or m.name == c.lower() for m in active)]
    if comment.noqa:
        return ours if ours and all(c.startswith("BPF") for c in ours) else None
    return ours if ours or not comment.codes else None
