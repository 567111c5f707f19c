"""Remembered evaluations, such that a result never depends on what was evaluated before it.

Two kinds of evaluation are remembered: *roots* (a function on its own, a module, an attribute of a class) and *contexts* (a function for
certain arguments). A root that is asked for while it runs is cut (recursion), and what rests on a cut is only kept until
the root that was cut ends, as Tarjan's algorithm for strongly connected components does (R. Tarjan, "Depth-first search and
linear graph algorithms", 1972). Functions that all call each other can be cut in as many ways as there are orders of them: after MAX_CUTS
results that rest on the cut of a root, those that follow are kept until that root ends, and not only until the innermost. Contexts nest at most MAX_DEPTH deep, counted from their root, and attributes (whose
methods read attributes) MAX_LEVEL deep; a result that met one of these bounds holds where as much is left until it.
Contexts of an *inner* root (a function that a running one made) are counted anew, but those of an inner root below that one go on being counted:
functions that hand out functions which call them would be evaluated without end else.

So each result is the same in any order of evaluation: which is what makes results equal for any number of worker
processes, with and without the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Protocol

MAX_DEPTH = 4
MAX_LEVEL = 1
INNER = MAX_DEPTH + 1
"""The depth at which an inner root starts; contexts nest as deep below it as below another."""
MAX_NESTED = 60
MAX_CUTS = 64

_ANY_LEVEL = -1
_TOO_DEEP = ("too deep", 0)
# One object: CPython makes an empty frozenset anew (216 bytes) each time it is asked for one.
_NO_ROOTS: frozenset[tuple[Hashable, int]] = frozenset()
_NO_NAMES: frozenset[str] = frozenset()


class Touching(Protocol):
    """Whoever notes which files were looked at, as a bit set."""

    touched: int


class Outcome:
    """A remembered value and what it rests on.

    `depth` and `level` are where it was evaluated, `height` counts the contexts nested below, `levels` the attributes,
    `inner` tells that an inner root was evaluated below, `cost` the evaluated nodes including those of contexts, `touched` is the bit set of files, `cycle` the roots of the
    recursions below, `open` the running roots at which it was cut, `capped` the functions whose evaluation met a limit.
    `plain` tells that nothing but the files touched need be passed on.
    """

    __slots__ = (
        "capped",
        "cost",
        "cycle",
        "depth",
        "height",
        "inner",
        "level",
        "levels",
        "open",
        "plain",
        "touched",
        "value",
    )

    def __init__(self, depth: int = 0, level: int = 0) -> None:
        self.value: Any = None
        self.depth = depth
        self.level = level
        self.height = 0
        self.inner = False
        self.levels = 0
        self.cost = 0
        self.touched = 0
        self.cycle = _NO_ROOTS
        self.open = _NO_ROOTS
        self.capped = _NO_NAMES
        self.plain = False

    def holds_at(self, depth: int, level: int) -> bool:
        """Whether an evaluation that starts this deep meets the bounds of nesting where this one met them, or as this one none."""
        return (level == self.level or level + self.levels <= MAX_LEVEL) and (
            depth == self.depth
            or (self.height <= _left(depth) and (not self.inner or (depth < INNER) == (self.depth < INNER)))
        )

    @property
    def is_unfinished(self) -> bool:
        """Whether it was cut at a function (or an attribute) that still runs. That a module still runs is known to whoever runs it."""
        return bool(self.open) and any(level != _ANY_LEVEL for _, level in self.open)

    def cycle_at(self, level: int) -> frozenset[tuple[Hashable, int]]:
        """The roots of the recursions as they would be for an evaluation that starts at this level."""
        shift = level - self.level
        return (
            frozenset((key, at if at == _ANY_LEVEL else at + shift) for key, at in self.cycle) if shift else self.cycle
        )


def _left(depth: int) -> int:
    """How many contexts may be nested below a depth."""
    return MAX_DEPTH - depth if depth < INNER else INNER + MAX_DEPTH - depth


class _Running:
    """One evaluation on the stack."""

    __slots__ = ("cuts", "depth", "held", "key", "level", "outcome", "touched_outside")

    def __init__(self, key: Hashable, depth: int, level: int, touched_outside: int) -> None:
        self.key = key
        self.depth = depth
        self.level = level
        self.outcome = Outcome(depth, level)
        self.touched_outside = touched_outside
        self.held: list[Hashable] = []
        self.cuts = 0

    def rest_on(
        self, found: Outcome, height: int, levels: int, level: int, inner: bool, open_: frozenset[tuple[Hashable, int]]
    ) -> None:
        own = self.outcome
        if inner:
            own.inner = True
        if height > own.height:
            own.height = height
        if levels > own.levels:
            own.levels = levels
        if found.cycle:
            own.cycle |= found.cycle_at(level)
        if open_:
            own.open |= open_
        if found.capped:
            own.capped |= found.capped


class Memo:
    """Evaluates on demand and remembers. Not shared between threads."""

    def __init__(self, world: Touching) -> None:
        self._world = world
        self._complete: dict[Hashable, Outcome] = {}
        self._limited: dict[Hashable, list[Outcome]] = {}
        self._held: dict[Hashable, Outcome] = {}
        self._stack: list[_Running] = [_Running("", 0, 0, 0)]
        self._position: dict[tuple[Hashable, int], int] = {}
        self._cycles: dict[frozenset[tuple[Hashable, int]], frozenset[tuple[Hashable, int]]] = {}

    def known(self, key: Hashable) -> Outcome | None:
        """The outcome of a root where it is remembered and holds everywhere."""
        found = self._complete.get(key)
        if found is None or not found.plain:
            return None
        self._world.touched |= found.touched
        return found

    def root(
        self, key: Hashable, compute: Callable[[], Any], cut: Callable[[], Any], is_inner: bool = False
    ) -> Outcome:
        """The outcome of a root.

        Parameters:
            key: of the function.
            compute: evaluates it.
            cut: gives its value while it runs.
            is_inner: whether what runs made it.
        """
        return self._root(key, self._stack[-1].level, compute, cut, is_inner)

    def module(self, key: Hashable, compute: Callable[[], Any], cut: Callable[[], Any]) -> Outcome:
        """The outcome of a root that no nesting of attributes bears on."""
        return self._root(key, _ANY_LEVEL, compute, cut)

    def attribute(self, key: Hashable, compute: Callable[[], Any]) -> Outcome | None:
        """The outcome of a root that is an attribute of a class; None where attributes are nested too deeply."""
        top = self._stack[-1]
        if top.level >= MAX_LEVEL:
            top.outcome.levels = MAX_LEVEL + 1
            return None
        return self._root(key, top.level + 1, compute, lambda: None)

    def context(self, key: Hashable, compute: Callable[[], Any]) -> Outcome | None:
        """The outcome of a function for certain arguments; None where contexts are nested too deeply."""
        top = self._stack[-1]
        depth, level = top.depth + 1, top.level
        if not _left(top.depth) or len(self._stack) > MAX_NESTED:
            top.outcome.height = MAX_DEPTH + 1
            return None
        found = self._remembered(key, depth, level)
        if found is None:
            found = self._evaluate(key, depth, level, compute)
        self._rest_on(found, found.height + 1, found.levels, level, found.inner)
        top.outcome.cost += found.cost
        return found

    def _root(
        self, key: Hashable, level: int, compute: Callable[[], Any], cut: Callable[[], Any], is_inner: bool = False
    ) -> Outcome:
        known = self.known(key)
        if known is not None:
            return known
        place, level = (key, level), max(level, 0)
        depth = max(INNER, self._stack[-1].depth) if is_inner else 0
        found = self._remembered(key, depth, level)
        if found is None:
            if place in self._position:
                return self._cut(place, cut)
            if len(self._stack) > MAX_NESTED:
                return self._cut(_TOO_DEEP, cut)
            found = self._evaluate(key, depth, level, compute, place)
        top = self._stack[-1]
        height = found.height if is_inner and top.depth >= INNER else 0
        self._rest_on(found, height, found.levels + max(0, level - top.level), level, is_inner)
        return found

    @property
    def is_nested(self) -> bool:
        """Whether the running evaluation serves another, and is not what was asked for."""
        return len(self._stack) > 2

    @property
    def spent(self) -> int:
        """Nodes that the running evaluation has cost so far."""
        return self._stack[-1].outcome.cost

    def spend(self, nodes: int) -> None:
        """Charge evaluated nodes to the running evaluation."""
        self._stack[-1].outcome.cost += nodes

    def begin(self) -> None:
        """A new entry, whose cost is its own."""
        self._stack[0].outcome.cost = 0

    def cap(self, name: str) -> None:
        """Note that the running evaluation met a limit in a function."""
        self._stack[-1].outcome.capped |= {name}

    def take(self) -> tuple[int, frozenset[str]]:
        """The files touched and functions capped since the last call; to be called between entries."""
        capped, self._stack[0].outcome.capped = self._stack[0].outcome.capped, _NO_NAMES
        touched, self._world.touched = self._world.touched, 0
        return touched, capped

    def _remembered(self, key: Hashable, depth: int, level: int) -> Outcome | None:
        complete = self._complete.get(key)
        found = complete if complete is not None and complete.holds_at(depth, level) else None
        if found is None:
            found = next((o for o in self._limited.get(key, ()) if o.holds_at(depth, level)), None)
        if found is not None and (not found.cycle or found.cycle_at(level).isdisjoint(self._position)):
            return found
        return self._held.get((key, depth, level)) if self._held else None

    def _cut(self, key: tuple[Hashable, int], cut: Callable[[], Any]) -> Outcome:
        self._stack[-1].outcome.open |= {key}
        outcome = Outcome()
        outcome.value = cut()
        return outcome

    def _rest_on(self, found: Outcome, height: int, levels: int, level: int, inner: bool) -> None:
        open_ = found.open
        if open_:
            open_ = frozenset(key for key in open_ if key in self._position or key == _TOO_DEEP)
        self._stack[-1].rest_on(found, height, levels, level, inner, open_)
        self._world.touched |= found.touched

    def _evaluate(
        self,
        key: Hashable,
        depth: int,
        level: int,
        compute: Callable[[], Any],
        place: tuple[Hashable, int] | None = None,
    ) -> Outcome:
        world = self._world
        running = _Running(key, depth, level, world.touched)
        world.touched = 0
        if place is not None:
            self._position[place] = len(self._stack)
        self._stack.append(running)
        outcome = running.outcome
        try:
            outcome.value = compute()
        finally:
            self._stack.pop()
            outcome.touched = world.touched
            world.touched = running.touched_outside
            if place is not None:
                del self._position[place]
            for held in running.held:
                self._held.pop(held, None)
            if len(self._stack) == 1:
                self._held.clear()
        if place in outcome.open:
            outcome.open -= {place}
            outcome.cycle |= {place}
        elif place is not None and outcome.open:
            outcome.cycle |= {place}
        self._keep(running)
        return outcome

    def _keep(self, running: _Running) -> None:
        key, depth, level, outcome = running.key, running.depth, running.level, running.outcome
        if not outcome.open:
            outcome.open = _NO_ROOTS
            if outcome.cycle:
                # Functions that call each other rest on the same roots, which may be a hundred.
                outcome.cycle = self._cycles.setdefault(outcome.cycle, outcome.cycle)
            outcome.plain = not (depth or outcome.levels or outcome.cycle or outcome.capped)
            if outcome.levels > MAX_LEVEL or (depth and outcome.height > MAX_DEPTH) or (depth and outcome.inner):
                here = [o for o in self._limited.get(key, ()) if (o.depth, o.level) != (depth, level)]
                self._limited[key] = [*here, outcome]
            else:
                self._complete[key] = outcome
            return
        positions = [self._position[k] for k in outcome.open if k in self._position] or [0]
        outermost = self._stack[min(positions)]
        outermost.cuts += 1
        keeper = outermost if outermost.cuts > MAX_CUTS else self._stack[max(positions)]
        self._held[(key, depth, level)] = outcome
        keeper.held.append((key, depth, level))
