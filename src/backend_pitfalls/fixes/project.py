"""Repair the files of a project together: plan, analyse the result again, roll back what does not hold, go on until nothing is left."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from backend_pitfalls.fixes.apply import FilePlan, plan_file
from backend_pitfalls.fixes.environment import declares, with_field
from backend_pitfalls.model.finding import Finding
from backend_pitfalls.project.style import LINE_LENGTH

# A repair that overlaps another one waits for the next round; more rounds than these would be a repair that feeds itself.
MAX_ROUNDS = 8

_CHANGES = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")
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

    def run(self, findings: list[Finding], wanted: Callable[[Finding], bool]) -> list[FilePlan]:
        findings = self._chosen(findings)
        asked = {_key(f): f for f in findings if f.fix is not None}
        unwanted = {key for key, finding in asked.items() if not wanted(finding)}
        for _ in range(MAX_ROUNDS):
            plans = self._plan(f for f in findings if f.fix is not None and _key(f) not in unwanted)
            if not any(plan.repaired for plan in plans):
                break
            result = {**self._now, **{plan.path: plan.after for plan in plans}}
            after = [*self._analyse_again(result)]
            if self._refuse(plans, findings, after):
                continue
            self._now = result
            for plan in plans:
                self._repaired.setdefault(plan.path, []).extend(plan.repaired)
            findings = self._chosen(after)
        return [
            FilePlan(path, before, self._now[path], tuple(self._repaired.get(path, ())), self._left.get(path, ()))
            for path, before in sorted(self._before.items())
        ]

    def _chosen(self, findings: list[Finding]) -> list[Finding]:
        """The findings, with the repairs that mend several at once in place of their own where unsafe ones are wanted, unless one was refused."""
        if not self._unsafe:
            return findings
        return [
            replace(f, fix=f.wider) if f.wider is not None and _key(f) not in self._refused else f for f in findings
        ]

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
        refused = len(self._refused)
        for plan in plans:
            for finding in plan.repaired:
                key = _key(finding)
                if has[key] >= had[key]:
                    self._refused[key] = "the finding would still be there; rolled back"
        new = {key: count for key, count in has.items() if count > had[key]}
        for plan in plans:
            touched = {plan.path, *(f.path for f in plan.repaired)}
            expected = {code for f in plan.repaired if f.fix is not None for code in f.fix.uncovers}
            brought = [key for key in new if key[1] in touched and key[0] not in expected]
            # What the new finding stands in was changed by the repairs there; where there are none, any may have brought it.
            near = [f for f in plan.repaired if any((f.path, f.symbol) == key[1:3] for key in brought)]
            for finding in (near or plan.repaired) if brought else ():
                self._refused.setdefault(_key(finding), f"it would bring a new finding ({brought[0][0]}); rolled back")
        return len(self._refused) > refused


def _key(finding: Finding) -> _Key:
    """A finding but for its line and the source that it quotes, which repairs move and change."""
    return (finding.code, finding.path, finding.symbol, _CHANGES.sub("#", finding.message))
