"""The rules, a module each, found by walking this package; and the interface between them and the engine.

A rule module has a docstring in fixed sections (its documentation page), `META`, and functions marked with `listens`.
It knows one pitfall and nothing of parsing, files, hosts, output or LibCST.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any, TypeVar

from backend_pitfalls.model.finding import Confidence, Finding, Severity, Site, Span, Step
from backend_pitfalls.model.fix import Fix
from backend_pitfalls.model.knowledge import Knowledge
from backend_pitfalls.model.options import Options
from backend_pitfalls.model.rule import RuleMeta

Listener = TypeVar("Listener", bound=Callable[..., None])


class Report:
    """What a rule gets beside the event: the options, the knowledge, and the place to report to."""

    def __init__(self, meta: RuleMeta, options: Options, knowledge: Knowledge, found: list[Finding]) -> None:
        self.meta = meta
        self.options = options
        self.knowledge = knowledge
        self._found = found

    def __call__(
        self,
        site: Site,
        message: str,
        *,
        trace: tuple[Step, ...] = (),
        fix: Fix | None = None,
        confidence: Confidence | None = None,
        severity: Severity | None = None,
        symbol: str = "",
        redact: tuple[Span, ...] = (),
        group: str = "",
        wider: Fix | None = None,
        at_cause: str = "",
    ) -> None:
        """Report a finding of this rule; of those with the same group the first is shown."""
        meta = self.meta
        chosen = self.options.severity.get(meta.code) or self.options.severity.get(meta.name)
        self._found.append(
            Finding(
                meta.code,
                meta.name,
                message,
                site,
                chosen or severity or meta.severity,
                confidence or meta.confidence,
                trace,
                fix,
                symbol,
                redact,
                group,
                wider,
                at_cause,
            )
        )


class Rule:
    """A rule: its facts, its page, its listeners by the kind of event."""

    def __init__(self, meta: RuleMeta, page: str, listeners: dict[type, Callable[..., None]]) -> None:
        self.meta = meta
        self.page = page
        self.listeners = listeners


def listens(*kinds: type[Any], at_sinks: bool = False) -> Callable[[Listener], Listener]:
    """Mark a function `(event, report)` of a rule module as listening to these kinds of events.

    Parameters:
        kinds: classes of events.
        at_sinks: whether it has something to say of calls of sinks only.
    """

    def mark(function: Listener) -> Listener:
        function.__listens__ = kinds  # type: ignore[attr-defined]
        function.__at_sinks__ = at_sinks  # type: ignore[attr-defined]
        return function

    return mark


@functools.cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of codes."""
    found = []
    for info in pkgutil.walk_packages(__path__, f"{__name__}."):
        if info.ispkg:
            continue
        module = importlib.import_module(info.name)
        if not hasattr(module, "META"):
            continue
        listeners: dict[type, Callable[..., None]] = {}
        for _, function in inspect.getmembers(module, inspect.isfunction):
            for kind in getattr(function, "__listens__", ()):
                if listeners.setdefault(kind, function) is not function:
                    raise TypeError(f"{info.name} has two functions that listen to {kind.__name__}")
        found.append(Rule(module.META, inspect.cleandoc(module.__doc__ or ""), listeners))
    return tuple(sorted(found, key=lambda r: r.meta.code))


def selected_rules(options: Options) -> list[Rule]:
    """The rules that the options select; one in preview only by its whole code or its name."""
    named = {*options.select, *options.extend_select}
    return [
        r
        for r in all_rules()
        if options.selects(r.meta.code, r.meta.name)
        and (not r.meta.preview or not named.isdisjoint((r.meta.code, r.meta.name)))
    ]


def rule_by(selector: str) -> Rule | None:
    """The rule of a code or name."""
    return next((r for r in all_rules() if selector.upper() == r.meta.code or selector == r.meta.name), None)
