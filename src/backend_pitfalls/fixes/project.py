"""Repair the files of a project together: plan, analyse the result again, roll back what does not hold, go on until nothing is left."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from backend_pitfalls.fixes.apply import FilePlan, load_place, plan_file
from backend_pitfalls.fixes.environment import declares, with_field
from backend_pitfalls.model.finding import Finding, Site
from backend_pitfalls.model.regex import regex
from backend_pitfalls.project.style import LINE_LENGTH

# A repair that overlaps another one waits for the next round; more rounds than these would be a repair that feeds itself.
MAX_ROUNDS = 8
MAX_PASSES = 3

_CHANGES = regex(r"'[^']*'|\"[^\"]*\"|\d+")
_Key = tuple[str, str, str, str]
Analyse = Callable[[Mapping[str, bytes]], Iterable[Finding]]


def repair_project(
    findings: Iterable[Finding],
    read: Callable[[str], bytes],
    analyse_again: Analyse,
    unsafe: bool,
    wanted: Callable[[Finding], bool] = lambda _: True,
    limit: Callable[[str], int] = lambda _: LINE_LENGTH,
) -> list[FilePlan]:
    """The repaired files, each verified: the project is analysed with the result in place, and a repair whose finding is still there, or
    that brings a new one, is rolled back.

    Parameters:
        findings: the findings of the project as it is; those without a repair count in the verification only.
        read: gives the bytes of a file as they were analysed.
        analyse_again: analyses the project with these files in place of those on disk.
        unsafe: whether unsafe repairs are wanted too.
        wanted: whether a repair is wanted; asked once a finding.
        limit: gives the longest line that the project wants in a file.

    Returns:
        A plan for each file that has a finding with a repair, in the order of their paths.
    """
    return _Repair(read, analyse_again, unsafe, limit).run([*findings], wanted)


class _Repair:
    def __init__(
        self, read: Callable[[str], bytes], analyse_again: Analyse, unsafe: bool, limit: Callable[[str], int]
    ) -> None:
        self._read = read
        self._analyse_again = analyse_again
        self._unsafe = unsafe
        self._limit = limit
        self._before: dict[str, bytes] = {}
        self._now: dict[str, bytes] = {}
        self._repaired: dict[str, list[Finding]] = {}
        self._left: dict[str, tuple[tuple[Finding, str], ...]] = {}
        self._refused: dict[_Key, str] = {}
        self._narrow: set[_Key] = set()

    def run(self, findings: list[Finding], wanted: Callable[[Finding], bool]) -> list[FilePlan]:
        asked = {_key(f): f for f in self._chosen(findings) if f.fix is not None}
        unwanted = {key for key, finding in asked.items() if not wanted(finding)}
        for _ in range(MAX_PASSES):
            # What was refused beside a repair that is in place now may hold by itself: a second run would try it.
            self._refused.clear()
            self._narrow.clear()
            findings, has_changed = self._pass(findings, unwanted)
            if not has_changed or not (self._refused or self._narrow):
                break
        return [
            FilePlan(path, before, self._now[path], tuple(self._repaired.get(path, ())), self._left.get(path, ()))
            for path, before in sorted(self._before.items())
        ]

    def _pass(self, findings: list[Finding], unwanted: set[_Key]) -> tuple[list[Finding], bool]:
        """Repair until nothing is left but what was refused; gives the findings of the result, and whether anything was repaired."""
        has_changed = False
        for _ in range(MAX_ROUNDS):
            chosen = self._chosen(findings)
            plans = self._plan(f for f in chosen if f.fix is not None and _key(f) not in unwanted)
            if not any(plan.repaired for plan in plans):
                break
            result = {**self._now, **{plan.path: plan.after for plan in plans}}
            after = [*self._analyse_again(result)]
            if self._refuse(plans, chosen, after):
                continue
            self._now, has_changed, findings = result, True, after
            for plan in plans:
                self._repaired.setdefault(plan.path, []).extend(plan.repaired)
        return findings, has_changed

    def _chosen(self, findings: list[Finding]) -> list[Finding]:
        """The findings, with the repairs that mend several at once in place of their own where unsafe ones are wanted, unless one was refused."""
        if not self._unsafe:
            return findings
        return [replace(f, fix=f.wider) if f.wider is not None and _key(f) not in self._narrow else f for f in findings]

    def _plan(self, findings: Iterable[Finding]) -> list[FilePlan]:
        by_file: dict[str, list[Finding]] = {}
        for finding in findings:
            by_file.setdefault(finding.fixed_path, []).append(finding)
        plans = []
        for path, found in sorted(by_file.items()):
            if path not in self._before:
                self._before[path] = self._now[path] = self._read(path)
            allowed = [f for f in found if _key(f) not in self._refused]
            plan = plan_file(path, self._now[path], allowed, self._unsafe, self._limit(path))
            refused = tuple((f, self._refused[_key(f)]) for f in found if _key(f) in self._refused)
            plans.append(replace(plan, left=(*plan.left, *refused)))
        self._left = {plan.path: plan.left for plan in plans}
        return self._with_fields(plans)

    def _with_fields(self, plans: list[FilePlan]) -> list[FilePlan]:
        """The plans, with the fields of settings that their repairs need declared in the files of those."""
        found = {plan.path: plan for plan in plans}
        for plan in plans:
            for path, declared, field in sorted({declares(f) for f in plan.repaired} - {("", "", "")}):
                if path not in self._before:
                    self._before[path] = self._now[path] = self._read(path)
                now = self._now[path]
                holder = found.setdefault(path, FilePlan(path, now, now, (), ()))
                found[path] = replace(holder, after=with_field(holder.after, declared, field))
        return [found[path] for path in sorted(found)]

    def _refuse(self, plans: list[FilePlan], before: list[Finding], after: list[Finding]) -> bool:
        """Refuse the repairs after which the project has a finding that it should not have; whether there are any."""
        had, has = Counter(map(_key, before)), Counter(map(_key, after))
        known = len(self._refused) + len(self._narrow)
        for plan in plans:
            for finding in plan.repaired:
                if has[_key(finding)] >= had[_key(finding)]:
                    self._refuse_all(finding, before, "the finding would still be there; rolled back")
        for finding, new in _blamed(plans, before, after):
            self._refuse_all(finding, before, f"it would bring a new finding ({new.code}); rolled back")
        return len(self._refused) + len(self._narrow) > known

    def _refuse_all(self, finding: Finding, before: list[Finding], why: str) -> None:
        """Refuse a repair and those that became one with it."""
        for other in [f for f in before if load_place(f) == load_place(finding)] if load_place(finding) else [finding]:
            if other.fix is not None and other.fix == other.wider:
                self._narrow.add(_key(other))
            else:
                self._refused.setdefault(_key(other), why)


def _blamed(plans: list[FilePlan], before: list[Finding], after: list[Finding]) -> list[tuple[Finding, Finding]]:
    """The repairs that brought a finding, each with that."""
    moved = {plan.path: _moved(plan) for plan in plans if plan.after != plan.before}
    blamed: list[tuple[Finding, Finding]] = []
    for new in _new(before, after, moved):
        expected = [p for p in plans if not any(f.fix is not None and new.code in f.fix.uncovers for f in p.repaired)]
        repaired = [f for plan in expected for f in plan.repaired]
        lines = {(s.path, _line_before(s, moved)) for s in _sites(new)}
        # What was changed where the new finding or a step to it is; else in its function; else in its file.
        found = [f for f in repaired if any((s.path, s.span.line) in lines for s in _sites(f))]
        found = found or [f for f in repaired if (f.path, f.symbol) == (new.path, new.symbol)]
        found = found or [
            f for p in expected if new.path in {p.path, *(f.path for f in p.repaired)} for f in p.repaired
        ]
        blamed.extend((finding, new) for finding in found)
    return blamed


def _new(before: list[Finding], after: list[Finding], moved: Mapping[str, Mapping[int, int]]) -> list[Finding]:
    """The findings of which there are more than before; of several that say the same, those on other lines than before."""
    had, has = Counter(map(_key, before)), Counter(map(_key, after))
    lines = {(_key(f), f.site.span.line) for f in before}
    more = [f for f in after if has[_key(f)] > had[_key(f)]]
    elsewhere = [f for f in more if (_key(f), _line_before(f.site, moved)) not in lines]
    told = {_key(f) for f in elsewhere}
    return [*elsewhere, *(f for f in more if _key(f) not in told)]


def _line_before(site: Site, moved: Mapping[str, Mapping[int, int]]) -> int:
    return moved.get(site.path, {}).get(site.span.line, site.span.line)


def _moved(plan: FilePlan) -> dict[int, int]:
    """The line before the repairs for each line after them."""
    old, new = (data.splitlines() for data in (plan.before, plan.after))
    found: dict[int, int] = {}
    for _, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        found.update({line + 1: min(a + line - c, max(a, b - 1)) + 1 for line in range(c, d)})
    return found


def _sites(finding: Finding) -> list[Site]:
    """Where a finding is, and the steps to it."""
    return [finding.site, *(step.site for step in finding.trace)]


def _key(finding: Finding) -> _Key:
    """A finding but for its line and the source that it quotes, which repairs move and change."""
    return (finding.code, finding.path, finding.symbol, _CHANGES.sub("#", finding.message))
