"""Remembered evaluations, such that a result never depends on what was evaluated before it.

Two kinds of evaluation are remembered: *roots* (a function on its own, a module, an attribute of a class) and *contexts* (a function for
certain arguments). A root that is asked for while it runs is cut (recursion), and what rests on a cut is only kept until
the root that was cut ends, as Tarjan's algorithm for strongly connected components does (R. Tarjan, "Depth-first search and
linear graph algorithms", 1972). Contexts nest at most MAX_DEPTH deep, counted from their root, and attributes (whose
methods read attributes) MAX_LEVEL deep; a result that met one of these bounds holds where as much is left until it.

So each result is the same in any order of evaluation: which is what makes results equal for any number of worker
processes, with and without the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Protocol

MAX_DEPTH = 4
MAX_LEVEL = 1
MAX_NESTED = 60

_ANY_LEVEL = -1
_TOO_DEEP = ("too deep", 0)


class Touching(Protocol):
    """Whoever notes which files were looked at, as a bit set."""

    touched: int


class Outcome:
    """A remembered value and what it rests on.

    `depth` and `level` are where it was evaluated, `height` counts the contexts nested below, `levels` the attributes,
    `cost` the evaluated nodes including those of contexts, `touched` is the bit set of files, `cycle` the roots of the
    recursions below, `open` the running roots at which it was cut, `capped` the functions whose evaluation met a limit.
    `plain` tells that nothing but the files touched need be passed on.
    """

    __slots__ = ("capped", "cost", "cycle", "depth", "height", "level", "levels", "open", "plain", "touched", "value")

    def __init__(self, depth: int = 0, level: int = 0) -> None:
        self.value: Any = None
        self.depth = depth
        self.level = level
        self.height = 0
        self.levels = 0
        self.cost = 0
        self.touched = 0
        self.cycle: frozenset[tuple[Hashable, int]] = frozenset()
        self.open: frozenset[tuple[Hashable, int]] = frozenset()
        self.capped: frozenset[str] = frozenset()
        self.plain = False

    def holds_at(self, depth: int, level: int) -> bool:
        """Whether an evaluation that starts this deep meets the bounds of nesting where this one met them, or as this one none."""
        return (level == self.level or level + self.levels <= MAX_LEVEL) and (
            depth == self.depth or depth + self.height <= MAX_DEPTH
        )

    def cycle_at(self, level: int) -> frozenset[tuple[Hashable, int]]:
        """The roots of the recursions as they would be for an evaluation that starts at this level."""
        shift = level - self.level
        return (
            frozenset((key, at if at == _ANY_LEVEL else at + shift) for key, at in self.cycle) if shift else self.cycle
        )


class _Running:
    """One evaluation on the stack."""

    __slots__ = ("depth", "held", "key", "level", "outcome", "touched_outside")

    def __init__(self, key: Hashable, depth: int, level: int, touched_outside: int) -> None:
        self.key = key
        self.depth = depth
        self.level = level
        self.outcome = Outcome(depth, level)
        self.touched_outside = touched_outside
        self.held: list[Hashable] = []

    def rest_on(self, found: Outcome, height: int, levels: int, level: int) -> None:
        own = self.outcome
        if height > own.height:
            own.height = height
        if levels > own.levels:
            own.levels = levels
        if found.cycle:
            own.cycle |= found.cycle_at(level)
        if found.open:
            own.open |= found.open
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

    def known(self, key: Hashable) -> Outcome | None:
        """The outcome of a root where it is remembered and holds everywhere."""
        found = self._complete.get(key)
        if found is None or not found.plain:
            return None
        self._world.touched |= found.touched
        return found

    def root(self, key: Hashable, compute: Callable[[], Any], cut: Callable[[], Any]) -> Outcome:
        """The outcome of a root; `cut` gives its value while it runs."""
        return self._root(key, self._stack[-1].level, compute, cut)

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
        if depth > MAX_DEPTH or len(self._stack) > MAX_NESTED:
            top.outcome.height = MAX_DEPTH + 1
            return None
        found = self._remembered(key, depth, level)
        if found is None:
            found = self._evaluate(key, depth, level, compute)
        self._rest_on(found, found.height + 1, found.levels, level)
        top.outcome.cost += found.cost
        return found

    def _root(self, key: Hashable, level: int, compute: Callable[[], Any], cut: Callable[[], Any]) -> Outcome:
        known = self.known(key)
        if known is not None:
            return known
        place, level = (key, level), max(level, 0)
        found = self._remembered(key, 0, level)
        if found is None:
            if place in self._position:
                return self._cut(place, cut)
            if len(self._stack) > MAX_NESTED:
                return self._cut(_TOO_DEEP, cut)
            found = self._evaluate(key, 0, level, compute, place)
        self._rest_on(found, 0, found.levels + max(0, level - self._stack[-1].level), level)
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
        capped, self._stack[0].outcome.capped = self._stack[0].outcome.capped, frozenset()
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

    def _rest_on(self, found: Outcome, height: int, levels: int, level: int) -> None:
        self._stack[-1].rest_on(found, height, levels, level)
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
            outcome.plain = not (depth or outcome.levels or outcome.cycle or outcome.capped)
            if outcome.levels > MAX_LEVEL or (depth and outcome.height > MAX_DEPTH):
                here = [o for o in self._limited.get(key, ()) if (o.depth, o.level) != (depth, level)]
                self._limited[key] = [*here, outcome]
            else:
                self._complete[key] = outcome
            return
        inner = max((self._position.get(k, 0) for k in outcome.open), default=0)
        self._held[(key, depth, level)] = outcome
        self._stack[inner].held.append((key, depth, level))
