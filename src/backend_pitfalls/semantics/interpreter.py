"""The abstract interpreter: evaluates functions once a context, remembers summaries, and hands out events.

A summary is computed on demand and reused across files. Bounds: call depth, contexts a function, evaluated nodes an
entry, events a summary; what goes beyond them stays Unknown and is counted.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Protocol

from backend_pitfalls.semantics.events import Event, Query
from backend_pitfalls.semantics.values import (
    UNKNOWN,
    ClassRef,
    Const,
    Container,
    Function,
    Instance,
    ModuleRef,
    Symbol,
    Value,
    join,
    join_all,
)
from backend_pitfalls.semantics.world import World
from backend_pitfalls.syntax.source import Source

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

MAX_DEPTH = 7
MAX_CONTEXTS = 30
MAX_NODES = 60_000
MAX_EVENTS = 400


class BudgetExceeded(Exception):
    """An entry took more evaluation steps than allowed."""


class Summary:
    """What one evaluation of a function found: its result, its events, and what it stored on its first parameter."""

    __slots__ = ("events", "result", "stores")

    def __init__(self, result: Value, events: tuple[Event, ...], stores: Mapping[str, Value]) -> None:
        self.result = result
        self.events = events
        self.stores = stores


NOTHING = Summary(UNKNOWN, (), {})


class Evaluator(Protocol):
    """The part that knows statements and expressions (`backend_pitfalls.semantics.frame`)."""

    def frame(self, interpreter: Interpreter, module: str, source: Source, function: Function | None) -> Frame: ...
    def parameters(self, interpreter: Interpreter, function: Function, frame: Frame) -> Mapping[str, Value]: ...
    def attribute(self, interpreter: Interpreter, value: Value, name: str) -> Value: ...


class Interpreter:
    """Evaluates the functions of one linked project. Not shared between threads."""

    def __init__(self, world: World, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.world = world
        self.knowledge = world.knowledge
        self.depth = 0
        self.nodes_left = MAX_NODES
        self.capped = 0
        self._summaries: dict[Hashable, Summary] = {}
        self._contexts: dict[Hashable, int] = {}
        self._running: set[Hashable] = set()
        self._modules: dict[str, tuple[Mapping[str, Value], tuple[Event, ...]]] = {}
        self._attributes: dict[tuple[str, str], Value] = {}
        self._bodies: dict[str, Mapping[str, Value]] = {}

    # -- entries ------------------------------------------------------------------------------------------------

    def module_events(self, module: str) -> tuple[Event, ...]:
        """Events of a module's top-level code and class bodies."""
        self.nodes_left = MAX_NODES
        return self._module(module)[1]

    def function_events(self, function: Function) -> tuple[Event, ...]:
        """Events of a function evaluated on its own, its parameters known by annotations and conventions only."""
        self.nodes_left = MAX_NODES
        return self.summarize(function, None).events

    # -- names --------------------------------------------------------------------------------------------------

    def value_of(self, qualified: str) -> Value:
        """The value that a qualified name stands for."""
        found = self.world.define(qualified)
        if found.kind == "module":
            return ModuleRef(found.module)
        if found.kind == "class":
            value: Value = ClassRef(f"{found.module}.{found.name}")
        elif found.kind == "function":
            value = self.function(found.module, found.name) or UNKNOWN
        elif found.kind == "variable":
            value = self.module_variables(found.module).get(found.name, UNKNOWN)
        else:
            return self.symbol(found.name)
        if found.rest:
            for name in found.rest:
                value = self.evaluator.attribute(self, value, name)
        return value

    def symbol(self, name: str) -> Value:
        """A library object: an instance where its type is known, else a symbol."""
        name = self.knowledge.canonical(name)
        type_ = self.knowledge.types.get(name)
        if type_ is not None and name[name.rfind(".") + 1 :][:1].islower() and type_ != name and name in _OBJECTS:
            return Instance(type_)
        return Symbol(name)

    def function(self, module: str, qualname: str) -> Function | None:
        """A function of the project by its place."""
        node = self.world.function_node(module, qualname)
        if node is None:
            return None
        owner = qualname.rpartition(".")[0]
        facts = self.world.facts(module)
        is_method = bool(owner) and facts is not None and owner in facts.classes
        return Function(module, qualname, node, f"{module}.{owner}" if is_method else "")

    def module_variables(self, module: str) -> Mapping[str, Value]:
        """The names a module binds at its end."""
        return self._module(module)[0]

    def _module(self, module: str) -> tuple[Mapping[str, Value], tuple[Event, ...]]:
        found = self._modules.get(module)
        if found is None:
            self._modules[module] = ({}, ())
            found = self._modules[module] = self._run_module(module)
        return found

    def _run_module(self, module: str) -> tuple[Mapping[str, Value], tuple[Event, ...]]:
        source = self.world.source(module)
        if source is None:
            return {}, ()
        frame = self.evaluator.frame(self, module, source, None)
        self._guarded(lambda: frame.run(source.tree.body))
        return frame.variables, tuple(frame.events[:MAX_EVENTS])

    # -- summaries ----------------------------------------------------------------------------------------------

    def summarize(self, function: Function, arguments: Mapping[str, Value] | None) -> Summary:
        """The summary of a function for these arguments (None: on its own)."""
        identity = function.key()
        key = (identity, None if arguments is None else tuple((n, v.key()) for n, v in sorted(arguments.items())))
        found = self._summaries.get(key)
        if found is not None:
            return found
        if key in self._running or self.depth >= MAX_DEPTH:
            return NOTHING
        if arguments is not None:
            self._contexts[identity] = self._contexts.get(identity, 0) + 1
            if self._contexts[identity] > MAX_CONTEXTS:
                self.capped += 1
                return self.summarize(function, None)
        source = self.world.source(function.module)
        if source is None:
            return NOTHING
        self._running.add(key)
        self.depth += 1
        try:
            summary = self._run_function(function, arguments, source)
        finally:
            self.depth -= 1
            self._running.discard(key)
        self._summaries[key] = summary
        return summary

    def _run_function(self, function: Function, arguments: Mapping[str, Value] | None, source: Source) -> Summary:
        frame = self.evaluator.frame(self, function.module, source, function)
        own = dict(self.evaluator.parameters(self, function, frame))
        own.update(arguments or {})
        frame.variables.update(own)

        def body() -> None:
            if isinstance(function.node, ast.Lambda):
                frame.returns.append(frame.evaluate(function.node.body))
            else:
                frame.run(function.node.body)

        self._guarded(body)
        if frame.yields:
            result: Value = Container("generator", rest=join_all(frame.yields))
        else:
            result = join_all(frame.returns) if frame.returns else Const(None)
        return Summary(result, _bounded(frame.events), frame.stores)

    def _guarded(self, body: Callable[[], object]) -> None:
        try:
            body()
        except (BudgetExceeded, RecursionError):
            self.capped += 1

    # -- attributes of the project's classes ----------------------------------------------------------------------

    def instance_attribute(self, class_name: str, name: str) -> Value | None:
        """What `self.name` may be in a class: its body, then what methods assign, then known library attributes."""
        key = (class_name, name)
        if key in self._attributes:
            return self._attributes[key]
        self._attributes[key] = UNKNOWN
        value = self._find_attribute(class_name, name)
        if value is None:
            del self._attributes[key]
        else:
            self._attributes[key] = value
        return value

    def _find_attribute(self, class_name: str, name: str) -> Value | None:
        found: Value | None = None
        for cls in self.world.lineage(class_name):
            facts = self.world.class_facts(cls)
            if facts is None:
                type_ = self.knowledge.attributes.get(cls, {}).get(name)
                if type_ is not None:
                    return Instance(type_)
                continue
            for method in facts.self_attributes.get(name, ()):
                function = self.function(self.world.module_of(cls), f"{facts.name}.{method}")
                if function is not None:
                    stored = self.summarize(function, None).stores.get(name)
                    if stored is not None:
                        found = stored if found is None else join(found, stored)
            body = self.class_body(cls).get(name)
            if body is not None and (found is None or body.key() != Const(None).key()):
                found = body if found is None else join(found, body)
            if found is not None:
                return found
        return None

    def class_body(self, class_name: str) -> Mapping[str, Value]:
        """The names bound in a class body."""
        module = self.world.module_of(class_name)
        self._module(module)
        return self._bodies.get(class_name, {})

    def remember_class_body(self, class_name: str, variables: Mapping[str, Value]) -> None:
        """Called by the frame that ran the class body."""
        self._bodies[class_name] = variables


_OBJECTS = frozenset({"flask.request", "flask.globals.request", "quart.request", "django.db.connection"})


def _bounded(events: list[Event]) -> tuple[Event, ...]:
    """At most MAX_EVENTS, and of equal queries (seen through several paths) the first."""
    seen: set[Hashable] = set()
    kept: list[Event] = []
    for event in events:
        if isinstance(event, Query) and event.chain:
            key = (event.site, event.loops, event.chain[0].site, event.inner)
            if key in seen:
                continue
            seen.add(key)
        kept.append(event)
        if len(kept) >= MAX_EVENTS:
            break
    return tuple(kept)
