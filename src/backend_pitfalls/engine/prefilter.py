"""The prefilter over bytes: whether a selected rule could fire in a Python file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.knowledge import Knowledge
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.manifests import (
    CheckFound,
    CommentFound,
    ComposeFound,
    HealthAsked,
    HostedFound,
    ImageFound,
    LoopFound,
    ProbeFound,
    SettingFound,
    WorkloadFound,
)
from backend_pitfalls.rules import Rule
from backend_pitfalls.semantics.records import Binding

# Events that need no file to be interpreted.
_AS_WRITTEN = frozenset(
    {
        HostedFound,
        WorkloadFound,
        ComposeFound,
        ImageFound,
        ProbeFound,
        CheckFound,
        LoopFound,
        SettingFound,
        CommentFound,
        Binding,
    }
)
_ASKED_BY_REPAIRS = frozenset({WorkloadFound, ComposeFound, ImageFound})


class Prefilter:
    """What the selected rules look for in files of each context, joined.

    Parameters:
        rules: the selected ones.
        options: for the contexts in which rules are silent.
        knowledge: for what routes about the health of a service are called.
    """

    def __init__(self, rules: Iterable[Rule], options: Options, knowledge: Knowledge) -> None:
        self._tokens: dict[FileContext, frozenset[bytes]] = {c: frozenset() for c in FileContext}
        self._always: set[FileContext] = set()
        self._asks_for_health = False
        self._about_health = _routes(name for name, asks in knowledge.probe_segments.items() if asks != "perhaps")
        for rule in rules:
            meta, asked = rule.meta, rule.listeners.keys() - _AS_WRITTEN
            if asked == {HealthAsked} or (meta.fix and not _ASKED_BY_REPAIRS.isdisjoint(rule.listeners)):
                # It is about a route of the service, or what it writes into a manifest asks one.
                self._asks_for_health = True
            elif asked:
                heard = [c for c in FileContext if not options.is_silent(meta.silent_in, c)]
                self._tokens.update((c, self._tokens[c] | set(meta.tokens)) for c in heard)
                self._always.update(heard if not meta.tokens else ())

    def lets_pass(self, context: FileContext, data: bytes, is_borrowed: bool = False) -> bool:
        """Whether a rule could fire in a file.

        Parameters:
            context: what the file is for.
            data: its content.
            is_borrowed: whether only what it tells about the health of the service is wanted.
        """
        if is_borrowed:
            return self._is_about_health(context, data)
        if context in self._always or any(token in data for token in self._tokens[context]):
            return True
        return self._is_about_health(context, data)

    def _is_about_health(self, context: FileContext, data: bytes) -> bool:
        is_served = context not in (FileContext.TEST, FileContext.MIGRATION)
        return self._asks_for_health and is_served and self._about_health.search(data) is not None


def _routes(names: Iterable[str]) -> re.Pattern[bytes]:
    """What finds a text with a segment of one of these names, however its words are joined."""
    spelled = "|".join("[-_]?".join(map(re.escape, name)) for name in sorted(names))
    return re.compile(rf"""["'/^]_?(?:{spelled})_?["'/$?.]""".encode(), re.IGNORECASE)
