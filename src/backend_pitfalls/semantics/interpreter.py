"""The abstract interpreter: evaluates functions once a context, remembers summaries, and hands out events.

A summary is computed on demand and reused across files. Bounds: nested contexts, cost of a function that still gets
contexts, evaluated nodes and events a function; what goes beyond them stays Unknown and is counted.
"""

from __future__ import annotations

import ast
import builtins
import os
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from backend_pitfalls.semantics import request_state
from backend_pitfalls.semantics.events import Call, Event, Query
from backend_pitfalls.semantics.facts import FileFacts
from backend_pitfalls.semantics.memo import Memo, Outcome
from backend_pitfalls.semantics.values import (
    UNKNOWN,
    BoundMethod,
    ClassRef,
    Const,
    Container,
    Function,
    Instance,
    ModuleRef,
    OneOf,
    Row,
    RowSet,
    Symbol,
    Text,
    Unknown,
    Value,
    deep_labels,
    is_flag,
    join,
    join_all,
    same,
    traces,
)
from backend_pitfalls.semantics.world import World
from backend_pitfalls.syntax.names import is_left_to_others, loaded_names, yields_for_ever
from backend_pitfalls.syntax.source import Source
from backend_pitfalls.syntax.uses import Keys, keys_seen

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

CONTEXT_NODES = 1_500
"""A function that costs more than this is evaluated once, not once a context."""
SMALL_NODES = 150
"""A function that costs less is evaluated anew for plain constants too, if they may decide its result."""
FRAME_NODES = 15_000
"""A function that has cost this much takes what it calls from then on without context."""
MAX_NODES = 60_000
MAX_EVENTS = 400
MAX_LEFT = 60
"""How large a value may be that functions leave in a variable of their module."""


STRICT = bool(os.environ.get("BACKEND_PITFALLS_STRICT"))
"""In our own tests a mistake of the evaluation is raised."""


N = TypeVar("N", bound=ast.AST)
T = TypeVar("T")


class BudgetExceeded(Exception):
    """A function took more evaluation steps than allowed."""


class Summary:
    """What one evaluation of a function found: its result, its events, what it stored on its first parameter, and what it left in variables of its module.

    `taken` are the values of its parameters with which it was evaluated, by their keys.
    """

    __slots__ = ("calls", "events", "is_vague", "left", "result", "stores", "taken")

    def __init__(
        self,
        result: Value,
        events: tuple[Event, ...],
        stores: Mapping[str, Value],
        left: Mapping[str, Value],
        taken: Mapping[str, Hashable],
    ) -> None:
        self.calls = any(isinstance(e, (Call, Query)) for e in events)
        self.is_vague = is_vague(result) or any(is_vague(v) for v in stores.values())
        self.result = result
        self.events = events
        self.stores = stores
        self.left = left
        self.taken = taken


class ModuleState:
    """The names that a module binds, the events of its top-level code, and the names bound in its class bodies."""

    __slots__ = ("bodies", "events", "variables")

    def __init__(
        self,
        variables: Mapping[str, Value],
        events: tuple[Event, ...] = (),
        bodies: Mapping[str, Mapping[str, Value]] | None = None,
    ) -> None:
        self.variables = variables
        self.events = events
        self.bodies = bodies or {}


class Evaluator(Protocol):
    """The part that knows statements and expressions (`backend_pitfalls.semantics.frame`)."""

    def frame(self, interpreter: Interpreter, module: str, source: Source, function: Function | None) -> Frame: ...
    def parameters(self, interpreter: Interpreter, function: Function, frame: Frame) -> Mapping[str, Value]: ...
    def framework_events(self, interpreter: Interpreter, facts: FileFacts) -> tuple[Event, ...]: ...
    def framework(self, frame: Frame, cls: str) -> None: ...
    def attribute(self, interpreter: Interpreter, value: Value, name: str) -> Value: ...
    def decorated(self, frame: Frame) -> None: ...

    def annotated(self, frame: Frame, annotation: ast.expr | None) -> Value: ...


class Interpreter:
    """Evaluates the functions of one linked project. Not shared between threads."""

    def __init__(self, world: World, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.world = world
        self.knowledge = world.knowledge
        self.memo = Memo(world)
        self.nodes = 0
        # Whether variables of modules are read as the modules bind them, without what functions leave in them: as
        # modules are imported, and to learn what functions leave. What is remembered of either is told apart, so that no
        # function rests on what it leaves itself.
        self._plain = False
        self._live: dict[str, Frame] = {}
        self._functions: dict[ast.AST, Function] = {}
        self.members: dict[tuple[str, str], str] = {}
        """How the tables call the members of library classes, by class and name."""
        # Of each method the files that were looked at to find it.
        self._methods: dict[tuple[str, str], tuple[Function | None, int]] = {}
        self._read: dict[tuple[Callable[[Any], Any], ast.AST], Any] = {}

    # -- entries ------------------------------------------------------------------------------------------------

    def module_events(self, module: str) -> tuple[Event, ...]:
        """Events of a module's top-level code and class bodies, and of what it does when it is run as a script."""
        return (*self._module(module).events, *self._script(module))

    def framework_events(self, facts: FileFacts) -> tuple[Event, ...]:
        """Events of what frameworks do with a file's classes: serialise rows for a view, show them in the admin."""
        return self.evaluator.framework_events(self, facts)

    def framework(self, frame: Frame, cls: str) -> None:
        """Play a framework's part for one class; bounded and guarded as a function is."""
        self.memo.begin()
        self._guarded(cls, lambda: self.evaluator.framework(frame, cls))

    def function_events(self, function: Function) -> tuple[Event, ...]:
        """Events of a function evaluated on its own, its parameters known by annotations and conventions only."""
        return self.summarize(function, None).events

    def take(self) -> tuple[int, frozenset[str]]:
        """The bit set of files looked at and the functions that met a limit, since the last call."""
        return self.memo.take()

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
            value = self._module_variable(found.module, found.name)
        else:
            return self.symbol(found.name)
        if found.rest:
            for name in found.rest:
                value = self.evaluator.attribute(self, value, name)
        return value

    def global_name(self, module: str, name: str, kept: dict[str, Value]) -> Value:
        """What a name stands for in a module's functions when it is not theirs.

        Parameters:
            module: by its dotted name.
            name: without dots.
            kept: gets the value where it holds for good; of the running evaluation only, which then rests on it.
        """
        key = ("name", module, name, self._plain)
        outcome = self.memo.known(key)
        if outcome is not None:
            kept[name] = outcome.value
        found: Value = outcome.value if outcome is not None else self._find_global_name(key, module, name)
        return found

    def _find_global_name(self, key: Hashable, module: str, name: str) -> Value:
        found: Value = self.memo.module(key, lambda: self._global_name(module, name), lambda: UNKNOWN).value
        return found

    def _global_name(self, module: str, name: str) -> Value:
        facts = self.world.facts(module)
        if facts is not None and facts.names(name):
            return self.value_of(f"{module}.{name}")
        if name in _BUILTINS:
            return Symbol(f"builtins.{name}")
        if facts is not None and facts.stars:
            return self.value_of(f"{module}.{name}")
        return UNKNOWN

    def symbol(self, name: str) -> Value:
        """A library object: an instance where its type is known, else a symbol."""
        name = self.knowledge.canonical(name)
        if name in self.knowledge.objects:
            return Instance(self.knowledge.types[name])
        return Symbol(name)

    def function(self, module: str, qualname: str) -> Function | None:
        """A function of the project by its place."""
        node = self.world.function_node(module, qualname)
        if node is None:
            return None
        facts = self.world.facts(module)
        found = self._functions.get(node)
        if found is None:
            owner = qualname.rpartition(".")[0]
            classes = facts.classes if facts is not None else {}
            while owner and owner not in classes:  # `Cache.timeout.setter` is a method of `Cache`
                owner = owner.rpartition(".")[0]
            shown = f"{owner}.{node.name}" if owner else node.name
            found = self._functions[node] = Function(module, shown, node, f"{module}.{owner}" if owner else "")
        return found

    def method(self, class_name: str, name: str) -> Function | None:
        """The method that a class of the project has or inherits."""
        key = (class_name, name)
        found = self._methods.get(key)
        if found is None:
            world = self.world
            outer, world.touched = world.touched, 0
            place = world.method(class_name, name)
            found = self._methods[key] = (self.function(*place) if place is not None else None, world.touched)
            world.touched = outer
        self.world.touched |= found[1]
        return found[0]

    def nested_function(
        self, frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, qualname: str
    ) -> Function:
        """A function defined inside a running one, with those variables of its surroundings that it names."""
        free = self.read(loaded_names, node)
        scope = (frame.closure, frame.variables)
        closure = {name: value for variables in scope for name, value in variables.items() if name in free}
        return Function(frame.module, qualname, node, "", closure)

    def read(self, reader: Callable[[N], T], node: N) -> T:
        """What a function tells of a part of a syntax tree, read once however often that part is evaluated.

        Parameters:
            reader: a function of a module, which looks at nothing else.
            node: the part.
        """
        key = (reader, node)
        found: T | None = self._read.get(key)
        if found is None:
            found = self._read[key] = reader(node)
        return found

    def module_variables(self, module: str) -> Mapping[str, Value]:
        """The names a module binds at its end (while it runs: those bound so far)."""
        return self._module(module).variables

    def _module_variable(self, module: str, name: str) -> Value:
        """What a variable of a module may be while its functions run: what the module binds, and what functions leave in it."""
        variables = self.module_variables(module)
        value = variables.get(name, UNKNOWN)
        facts = self.world.facts(module)
        writers = facts.written.get(name, ()) if facts is not None and not self._plain else ()
        if not writers:
            return value
        left: Value | None = self.memo.module(
            ("variable", module, name), lambda: self._left_in(module, name, writers), lambda: None
        ).value
        if left is None or same(left, value):
            return value
        if left.size > MAX_LEFT:
            left = Unknown(deep_labels(left))
        # What is None until somebody sets it is what it is set to: who reads it earlier is told so by Python.
        is_unset = name not in variables or (isinstance(value, Const) and value.value is None)
        return left if is_unset else join(value, left)

    def _left_in(self, module: str, name: str, writers: tuple[str, ...]) -> Value | None:
        functions = filter(None, (self.function(module, writer) for writer in writers))
        with self._plainly():
            left = [self.summarize(function, None).left.get(name) for function in functions]
        values = [value for value in left if value is not None]
        return join_all(values) if values else None

    def hung(self, place: str) -> Value | None:
        """What functions set an attribute of the object of a request to; None where nobody does, or nothing is known of it.

        Parameters:
            place: as `request_state.place` tells.
        """
        if self._plain:
            return None
        found: Value | None = self.memo.module(("hung", place), lambda: self._left_on(place), lambda: None).value
        return found

    def _left_on(self, place: str) -> Value | None:
        writers = self.world.who_hangs(place)
        if not writers or len(writers) > request_state.MAX_WRITERS:
            return None
        functions = filter(None, (self.function(*writer) for writer in writers))
        with self._plainly():
            left = [self.summarize(function, None).left.get(place, UNKNOWN) for function in functions]
        # One that is set to a constant here may be set by others to anything.
        value = join_all(UNKNOWN if isinstance(v, Const) else v for v in left)
        if value.size > MAX_LEFT:
            value = Unknown(deep_labels(value))
        return None if type(value) is Unknown and not value.labels else value

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        outer, self._plain = self._plain, True
        try:
            yield
        finally:
            self._plain = outer

    def _module(self, module: str) -> ModuleState:
        key = ("module", module)
        known = self.memo.known(key)
        found: ModuleState = known.value if known is not None else self._evaluate_module(key, module)
        return found

    def _evaluate_module(self, key: Hashable, module: str) -> ModuleState:
        found: ModuleState = self.memo.module(
            key, lambda: self._run_module(module), lambda: self._half_run(module)
        ).value
        return found

    def _half_run(self, module: str) -> ModuleState:
        frame = self._live.get(module)
        return ModuleState(dict(frame.variables), (), frame.bodies) if frame is not None else ModuleState({})

    def _run_module(self, module: str) -> ModuleState:
        source = self.world.source(module)
        if source is None:
            return ModuleState({})
        frame = self.evaluator.frame(self, module, source, None)
        self._live[module] = frame
        body = [statement for statement in source.tree.body if not is_script(statement)]
        try:
            with self._plainly():
                self._guarded(module, lambda: frame.run(body))
        finally:
            del self._live[module]
        return ModuleState(frame.variables, tuple(frame.events[:MAX_EVENTS]), frame.bodies)

    def _script(self, module: str) -> tuple[Event, ...]:
        """The events of `if __name__ == "__main__":`, which has the finished module around it: its names are no names of the module."""
        source = self.world.source(module)
        blocks = [s for s in source.tree.body if is_script(s)] if source is not None else []
        if source is None or not blocks:
            return ()
        events: tuple[Event, ...] = self.memo.module(
            ("script", module), lambda: self._run_script(module, source, blocks), lambda: ()
        ).value
        return events

    def _run_script(self, module: str, source: Source, blocks: list[ast.stmt]) -> tuple[Event, ...]:
        frame = self.evaluator.frame(self, module, source, None)
        frame.variables = dict(self.module_variables(module))
        self._guarded(f"{module} as a script", lambda: frame.run(blocks))
        return _bounded(frame.events)

    def declared_result(self, function: Function) -> Value:
        """What the annotation of a function says that it gives; Unknown where there is none, or it tells nothing that matters."""
        node = function.node
        if isinstance(node, ast.Lambda) or node.returns is None or getattr(node.returns, "value", "") is None:
            return UNKNOWN
        key = ("declared", function.module, function.qualname, node.lineno)
        found: Value = self.memo.module(
            key, lambda: self._uncounted(lambda: self._declared_result(function, node.returns)), lambda: UNKNOWN
        ).value
        return found

    def _declared_result(self, function: Function, annotation: ast.expr | None) -> Value:
        source = self.world.source(function.module)
        if source is None:
            return UNKNOWN
        frame = self.evaluator.frame(self, function.module, source, None)
        return self.evaluator.annotated(frame, annotation)

    # -- summaries ----------------------------------------------------------------------------------------------

    def summarize(self, function: Function, arguments: Mapping[str, Value] | None) -> Summary:
        """The summary of a function for these arguments (None: on its own)."""
        identity = (function.key(), self._plain)
        own = self.memo.known(identity)
        if own is None:
            own = self._summarize_alone(identity, function)
        summary: Summary = own.value
        if (
            arguments is None
            or summary is NOTHING
            or own.is_unfinished  # Of a recursion that is being evaluated: what is found out now is forgotten when that ends.
            or own.cost > CONTEXT_NODES
            or self.memo.spent + self.nodes > FRAME_NODES
            or not self._may_differ(function, summary, own.cost, arguments)
        ):
            return summary
        seen = self._seen(function, arguments)
        if seen is not arguments and not self._may_differ(function, summary, own.cost, seen):
            return summary
        key = (identity, tuple([(n, seen[n].key(), traces(seen[n])) for n in sorted(seen)]))
        found = self._summarize_for(key, function, seen)
        return found.value if found is not None else summary

    # What is remembered is found without a closure; most of what is asked for is.

    def _summarize_alone(self, key: Hashable, function: Function) -> Outcome:
        is_inner = bool(function.closure)
        return self.memo.root(key, lambda: self._run_function(function, None), _nothing, is_inner)

    def _summarize_for(self, key: Hashable, function: Function, arguments: Mapping[str, Value]) -> Outcome | None:
        return self.memo.context(key, lambda: self._run_function(function, arguments))

    def _may_differ(self, function: Function, own: Summary, cost: int, arguments: Mapping[str, Value]) -> bool:
        """Whether a function may do something else for these arguments than on its own."""
        return not all(own.taken.get(name) == value.key() for name, value in arguments.items()) and (
            own.calls
            or (own.is_vague and cost <= SMALL_NODES)
            or any(tells(v, function.owner) for v in arguments.values())
        )

    def _seen(self, function: Function, arguments: Mapping[str, Value]) -> Mapping[str, Value]:
        """As much of the arguments of a call as the function can see: calls that differ in the rest are one."""
        seen = self.read(keys_seen, function.node)
        if seen.keys().isdisjoint(arguments):
            return arguments
        found: dict[str, Value] = {}
        for name, value in arguments.items():
            keys = seen.get(name)
            if keys is None:
                found[name] = value
            elif keys:
                found[name] = _part(value, keys)
        return found

    def own_parameters(self, function: Function, bind: Callable[[], object]) -> object:
        """What `bind` finds out of the parameters of a function on its own, once for all its contexts; None while that is being found out."""
        key = ("parameters", function.key(), self._plain)
        return self.memo.module(key, lambda: self._uncounted(bind), lambda: None).value

    def _uncounted(self, compute: Callable[[], T]) -> T:
        """Compute what is remembered for all who ask, so that it is charged to none: who asked first must not have less left for the rest."""
        outer, self.nodes = self.nodes, 0
        try:
            return compute()
        finally:
            self.nodes = outer

    def _run_function(self, function: Function, arguments: Mapping[str, Value] | None) -> Summary:
        source = self.world.source(function.module)
        if source is None:
            return NOTHING
        self.world.look_into(function.module, function.qualname)
        frame = self.evaluator.frame(self, function.module, source, function)
        own = dict(self.evaluator.parameters(self, function, frame))
        own.update(arguments or {})
        frame.variables.update(own)
        frame.keywords = own.get(function.signature.keyed)
        frame.tainted = any(value.labels for value in own.values())

        def body() -> None:
            if isinstance(function.node, ast.Lambda):
                frame.returns.append(frame.evaluate(function.node.body))
            else:
                if frame.run(function.node.body) and frame.returns:
                    frame.returns.append(Const(None))
                if function.node.decorator_list:
                    self.evaluator.decorated(frame)

        self._guarded(f"{function.module}.{function.qualname}", body)
        if frame.handles:
            for event in frame.events:
                event.handled = True
        if frame.yields:
            kind = "endless" if self.read(yields_for_ever, function.node) else "generator"
            result: Value = Container(kind, rest=join_all(frame.yields))
        else:
            result = join_all(frame.returns) if frame.returns else self._without_return(function)
        taken = {name: value.key() for name, value in own.items()}
        return Summary(result, _bounded(frame.events), frame.stores, frame.left(), taken)

    def _without_return(self, function: Function) -> Value:
        """What a function gives that returns nothing: None, unless others give it a body."""
        return UNKNOWN if self.read(is_left_to_others, function.node) else Const(None)

    def _guarded(self, name: str, body: Callable[[], object]) -> None:
        outer, self.nodes = self.nodes, 0
        try:
            body()
        except (BudgetExceeded, RecursionError):
            self.memo.cap(name)
        except Exception:
            # A mistake of ours in one construct costs the rest of this function, and is counted; it must not cost the run.
            if STRICT:
                raise
            self.memo.cap(name)
        finally:
            self.memo.spend(self.nodes)
            self.nodes = outer

    # -- attributes of the project's classes ----------------------------------------------------------------------

    def instance_attribute(self, class_name: str, name: str) -> Value | None:
        """What `self.name` may be in a class: its body, then what methods assign, then known library attributes."""
        found = self.memo.attribute(
            ("attribute", class_name, name, self._plain), lambda: self._find_attribute(class_name, name)
        )
        value: Value | None = found.value if found is not None else self._declared_attribute(class_name, name)
        return value

    def _declared_attribute(self, class_name: str, name: str) -> Value | None:
        """What the class bodies alone say of an attribute."""
        for cls in self.world.lineage(class_name):
            if self.world.class_facts(cls) is not None and name in self.class_body(cls):
                return self.class_body(cls)[name]
        return None

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
                is_sure = not is_flag(found) or not self.world.is_overridden(class_name, name)
                return found if is_sure else join(found, UNKNOWN)
        return None

    def class_body(self, class_name: str) -> Mapping[str, Value]:
        """The names bound in a class body."""
        return self._module(self.world.module_of(class_name)).bodies.get(class_name, {})


def is_vague(value: Value) -> bool:
    """Whether something about a value is unknown, or it is one of several."""
    if isinstance(value, Container):
        return any(is_vague(v) for v in (*value.items.values(), *filter(None, [value.rest])))
    if isinstance(value, Text):
        return any(not isinstance(p, str) for p in value.parts)
    return isinstance(value, (Unknown, BoundMethod, OneOf))


def tells(value: Value, owner: str) -> bool:
    """Whether an argument may change what a function finds, beside the arguments of the calls that it makes: plain text
    and numbers do not, nor does a receiver that is what the function takes itself for."""
    if value.labels:
        return True
    if isinstance(value, Instance):
        return (value.cls != owner and not value.cls.startswith("builtins.")) or bool(value.attributes)
    if isinstance(value, Row):
        return value.model != owner or bool(value.loaded or value.loops)
    if isinstance(value, Container):
        return any(tells(v, "") for v in value.items.values()) or (value.rest is not None and tells(value.rest, ""))
    if isinstance(value, OneOf):
        return any(tells(v, owner) for v in value.options)
    if isinstance(value, RowSet):
        return bool(value.model) or value.shape != "manager"
    return not isinstance(value, (Const, Text, Unknown, Symbol, ModuleRef))


def is_script(statement: ast.stmt) -> bool:
    """Whether a statement of a module is `if __name__ == "__main__":`, which is false when the module is imported."""
    test = statement.test if isinstance(statement, ast.If) and not statement.orelse else None
    return (
        isinstance(test, ast.Compare)
        and len(test.ops) == 1
        and isinstance(test.ops[0], ast.Eq)
        and {_written(test.left), _written(test.comparators[0])} == {"__name__", "'__main__'"}
    )


def _written(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else repr(node.value) if isinstance(node, ast.Constant) else ""


def _part(value: Value, keys: Keys) -> Value:
    """A dictionary with these of its keys; anything else as it is."""
    if not isinstance(value, Container) or value.kind != "dict" or value.items.keys() <= keys:
        return value
    items = {key: item for key, item in value.items.items() if key in keys}
    return Container("dict", items, value.rest, value.labels)


NOTHING = Summary(UNKNOWN, (), {}, {}, {})


def _nothing() -> Summary:
    return NOTHING


_BUILTINS = frozenset(dir(builtins))


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
