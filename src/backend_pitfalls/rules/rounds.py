"""What the rules about queries in loops share: the loop that counts, where it is said, the trace, and what each row of it runs."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from backend_pitfalls.model.files import FileKind
from backend_pitfalls.model.finding import Site, Step
from backend_pitfalls.model.fix import Fix
from backend_pitfalls.project.discover import kind_of
from backend_pitfalls.rules.advice import eager_fix, eager_loading
from backend_pitfalls.semantics.events import Loop, Query, RelationLoad, RoundTrip


class EachRow(msgspec.Struct, frozen=True):
    """A query for each row that a framework goes through: `what` is read, what to do instead, the repair, a `key` that is the same
    for other reads of the same relation and for other queries of what the framework asks for, and `through` what that is."""

    loop: Loop
    what: str
    advice: str
    fix: Fix | None
    key: str
    through: str = ""


def loop_of(event: Query, kind: str = "code") -> Loop | None:
    """The innermost loop whose rounds grow with data, when it is of this kind."""
    loops = [loop for loop in event.loops if loop.counts]
    return loops[-1] if loops and loops[-1].kind == kind else None


def told_loop(event: Query, kind: str = "code") -> Loop | None:
    """The loop of a query as `loop_of` tells, or that of a called function which does not know on its own what it was told by its arguments."""
    if not event.inner:
        return loop_of(event, kind)
    within = event.within if event.is_told and not isinstance(event, RoundTrip) else None
    return within if within is not None and within.kind == kind and not within.of_objects else None


# Through how many calls a round trip is still the loop's: what a helper does with a cache is there to save work.
_DEPTH = {"SQL": 1, "MongoDB": 1, "Redis": 2}


def is_of_loop(event: Query) -> bool:
    """Whether what a server is asked for is worth telling where the loop stands: always for an ORM, else where it is near."""
    if not isinstance(event, RoundTrip):
        return True
    depth = _DEPTH.get(event.dialect, 0) if event.effect == "read" or event.dialect != "Redis" else 0
    return len(event.chain) <= depth


def told_at(event: Query | RelationLoad, loop: Loop | None = None) -> tuple[Site, str]:
    """Where the reader of the loop sees a query, and through which function.

    Parameters:
        event: the query.
        loop: of a relation, where it may stand in a function that was called; nothing where it stands where the first call does.
    """
    step = event.chain[0] if event.chain else None
    if isinstance(event, Query) and event.inner:
        step = event.chain[-event.below] if event.below else None
    elif loop is not None and step is not None:
        step = min(
            (s for s in event.chain if _distance(s.site, loop) < FAR),
            key=lambda s: _distance(s.site, loop),
            default=None,
        )
        if step is not None and _distance(event.site, loop) < _distance(step.site, loop):
            step = None
    if step is None:
        return event.site, ""
    through = step.message.partition(" ")[2]
    is_itself = isinstance(event, Query) and through == f"'{event.operation}'"
    return step.site, "" if is_itself else f" (through {through})"


FAR = 10_000
_BEFORE = 30
"""How many lines a comprehension may have before its `for`."""


def _distance(site: Site, loop: Loop) -> int:
    """How many lines behind the head of a loop a place is, or before that of a comprehension; FAR for what cannot be in it."""
    lines = site.span.line - loop.site.span.line
    if site.path != loop.site.path or lines < -_BEFORE:
        return FAR
    return abs(lines)


def nearest(event: Query | RelationLoad, accepts: Callable[[Site], bool]) -> Site:
    """The place nearest to an event, of its own and of those that led to it, that is accepted; its own when none is."""
    places = (event.site, *(step.site for step in reversed(event.chain)))
    return next((place for place in places if accepts(place)), event.site)


def read_by(event: Query | RelationLoad, kind: str) -> Step | None:
    """The step by which a framework of a kind enters the project's code; None when it asks for the event itself."""
    if kind == "template":
        return next((step for step in reversed(event.chain) if is_template(step.site)), None)
    return next((step for step in event.chain if not step.message.startswith("uses ")), None)


def is_template(site: Site) -> bool:
    """Whether a place is in a template."""
    return kind_of(site.path.rpartition("/")[2]) is FileKind.TEMPLATE


def loop_trace(event: Query | RelationLoad, loop: Loop, last: str, origin: Site | None = None) -> tuple[Step, ...]:
    """From where the rows come from, through the loop and the calls, to what happens last."""
    made = (Step(origin, "the rows come from this query"),) if origin is not None else ()
    head = (Step(loop.site, f"the loop over '{loop.subject}'"),)
    if not isinstance(event, Query) or not event.inner:
        return (*made, *head, *event.chain, Step(event.site, last))
    before = len(event.chain) - event.below
    return (*made, *event.chain[:before], *head, *event.chain[before:], Step(event.site, last))


def relation_name(event: RelationLoad) -> str:
    """`Book.author`."""
    return f"{event.model.rsplit('.', 1)[-1]}.{event.relation}"


def of_each_row(event: RelationLoad | Query, kind: str) -> EachRow | None:
    """What is run for each row which a framework of this kind goes through; None when nothing is."""
    return _load(event, kind) if isinstance(event, RelationLoad) else _query(event, kind)


def _load(event: RelationLoad, kind: str) -> EachRow | None:
    loops = event.growing
    if not loops or loops[-1].kind != kind:
        return None
    advice = eager_loading(event.dialect, event.path, event.many, event.is_async, event.origin)
    fix = eager_fix(event, event.many)
    return EachRow(loops[-1], relation_name(event), advice, fix, event.path)


def _query(event: Query, kind: str) -> EachRow | None:
    loop = loop_of(event, kind)
    if event.effect != "read" or event.batched or loop is None:
        return None
    if event.path and event.plain:
        advice = eager_loading(event.dialect, event.path, True, event.is_async, event.origin)
        return EachRow(loop, event.operation, advice, eager_fix(event, True), event.path)
    advice = "annotate the query set with it, or fetch it for all rows at once"
    step = read_by(event, kind) if kind in ("template", "serializer") else None
    if step is None:
        return EachRow(loop, event.operation, advice, None, str(event.site))
    through = f" (through {step.message.partition(' ')[2]})"
    return EachRow(loop, event.operation, advice, None, f"{step.site} {step.message}", through)
