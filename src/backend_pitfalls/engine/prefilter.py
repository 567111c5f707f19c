"""The prefilter over bytes: whether a selected rule could fire in a Python file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from backend_pitfalls.model.files import FileContext
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
_ABOUT_HEALTH = re.compile(rb"health|live|ready|ping|status|alive", re.IGNORECASE)


class Prefilter:
    """What the selected rules look for in files of each context, joined.

    Parameters:
        rules: the selected ones.
        options: for the contexts in which rules are silent.
    """

    def __init__(self, rules: Iterable[Rule], options: Options) -> None:
        self._tokens: dict[FileContext, frozenset[bytes]] = {c: frozenset() for c in FileContext}
        self._always: set[FileContext] = set()
        self._asks_for_health = False
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
        return self._asks_for_health and is_served and _ABOUT_HEALTH.search(data) is not None
