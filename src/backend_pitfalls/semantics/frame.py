"""One activation of a function, module or class body: its variables, and the evaluation of its statements."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from backend_pitfalls.model.finding import Site, Step
from backend_pitfalls.semantics import (
    admin,
    batches,
    calls,
    containers,
    conventions,
    dropped,
    emission,
    expressions,
    graphql,
    health,
    holders,
    marshalling,
    narrowing,
    orm,
    overfetch,
    protocols,
    quoted,
    remembered,
    request_state,
    retries,
    serializers,
    verdicts,
    views,
)
from backend_pitfalls.semantics.annotations import annotated, is_default
from backend_pitfalls.semantics.arguments import Arguments
from backend_pitfalls.semantics.attributes import load_attribute
from backend_pitfalls.semantics.events import Call, Configured, Event, Loop
from backend_pitfalls.semantics.extract import import_bindings
from backend_pitfalls.semantics.facts import FileFacts
from backend_pitfalls.semantics.interpreter import MAX_NODES, BudgetExceeded, Interpreter
from backend_pitfalls.semantics.parameters import bind_own
from backend_pitfalls.semantics.values import (
    CLEAN,
    GENERATED,
    UNKNOWN,
    BoundMethod,
    ClassRef,
    Const,
    Container,
    Function,
    Instance,
    Labels,
    Row,
    RowSet,
    Symbol,
    Unknown,
    Value,
    deep_labels,
    each_round,
    few_rounds,
    is_endless,
    is_flag,
    join,
    join_all,
    merged,
    options,
    same,
)
from backend_pitfalls.semantics.worklist import worklist
from backend_pitfalls.syntax.names import (
    bound_names,
    dotted,
    names_in,
    nodes_in,
    nonlocal_names,
    of_encloser,
    rebound_names,
)
from backend_pitfalls.syntax.source import Source
from backend_pitfalls.syntax.template import TemplateSource

_LEAVES = (ast.Return, ast.Raise)
_BATCH_WORDS = ("chunk", "batch", "paginat", "page_range", "partition")


class FrameEvaluator:
    """Joins the interpreter with this package's statements and expressions."""

    def frame(self, interpreter: Interpreter, module: str, source: Source, function: Function | None) -> Frame:
        return Frame(interpreter, module, source, function)

    def parameters(self, interpreter: Interpreter, function: Function, frame: Frame) -> Mapping[str, Value]:
        bound = interpreter.own_parameters(function, lambda: _Bound(frame, bind_own(frame, function)))
        if not isinstance(bound, _Bound) or bound.tells:
            return bind_own(frame, function)
        frame.handles, frame.answers = bound.handles, bound.answers
        return bound.variables

    def attribute(self, interpreter: Interpreter, value: Value, name: str) -> Value:
        return load_attribute(interpreter, value, name)

    def annotated(self, frame: Frame, annotation: ast.expr | None) -> Value:
        return annotated(frame, annotation)

    def decorated(self, frame: Frame) -> None:
        node = frame.function.node if frame.function is not None else None
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            retries.decorated(frame, node)
            batches.decorated(frame, node)
            marshalling.decorated(frame, node)

    def framework(self, frame: Frame, cls: str) -> None:
        serializers.view_events(frame, cls)
        views.view_events(frame, cls)
        admin.admin_events(frame, cls)
        graphql.type_events(frame, cls)

    def framework_events(self, interpreter: Interpreter, facts: FileFacts) -> tuple[Event, ...]:
        source = interpreter.world.source(facts.module)
        if source is None:
            return ()
        events: list[Event] = []
        for name in facts.classes:
            frame = Frame(interpreter, facts.module, source, None)
            frame.class_name = name
            interpreter.framework(frame, f"{facts.module}.{name}")
            events.extend(frame.events)
        return tuple(events)


class _Bound:
    """The parameters of a function on its own, and what a frame learns with them; `tells` where finding them out made events, which
    belong to each frame."""

    __slots__ = ("answers", "handles", "tells", "variables")

    def __init__(self, frame: Frame, variables: Mapping[str, Value]) -> None:
        self.variables = variables
        self.handles = frame.handles
        self.answers = frame.answers
        self.tells = bool(frame.events)
        frame.events.clear()


class Frame:
    """Variables, loops and results of one activation."""

    def __init__(self, interpreter: Interpreter, module: str, source: Source, function: Function | None) -> None:
        self.interpreter = interpreter
        self.world = interpreter.world
        self.knowledge = interpreter.knowledge
        self.module = module
        self.source = source
        self.function = function
        self.symbol = function.qualname if function else ""
        self.is_async = bool(function) and isinstance(function.node, ast.AsyncFunctionDef) if function else False
        self.closure: Mapping[str, Value] = (function.closure or {}) if function else {}
        self.variables: dict[str, Value] = {}
        self.globals: dict[str, Value] = {}
        self.events: list[Event] = []
        self.returns: list[Value] = []
        self.yields: list[Value] = []
        self.stores: dict[str, Value] = {}
        # What was set on the object of a request.
        self.hung: dict[str, Value] = {}
        self.taken: dict[ast.Call, Loop] = {}
        self.bodies: dict[str, Mapping[str, Value]] = {}
        self.loops: tuple[Loop, ...] = ()
        self.guards = 0
        # The conditions whose answers variables keep, and what those around tell of expressions that are no variables.
        self.verdicts: dict[str, verdicts.Verdict] = {}
        self.told: dict[str, frozenset[str]] = {}
        # How many transactions are around.
        self.transactions = 0
        # How many `await` and `async for` stand around: a query in them gives way to other coroutines.
        self.waits = 0
        # The expression that is awaited.
        self.awaited: ast.expr | None = None
        # The expression that is a statement of its own: what it gives is dropped.
        self.standing: ast.expr | None = None
        # What was put into the exceptions that were raised so far.
        self.raised: Labels = CLEAN
        self.exits: list[list[dict[str, Value]]] = []
        # The variables at each `raise` in the `try` statements around.
        self.attempts: list[list[dict[str, Value]]] = []
        # The dictionary of a function's `**options`, as a call gave them.
        self.keywords: Value | None = None
        self.class_name = ""
        self.self_name = ""
        self.handles = ""
        # What a handler's framework shows its answer as; Unknown when it is sent as it is.
        self.answers: Value = UNKNOWN
        # In how many conditions that call this function for an answer it is read.
        self.asking = 0
        # Whether a value here may carry labels, so that conditions are worth reading for what they look at.
        self.tainted = False
        if function and function.owner and not isinstance(function.node, ast.Lambda) and function.node.args.args:
            self.self_name = function.node.args.args[0].arg

    def of_class(self, cls: str) -> Frame | None:
        """A frame in the module of a class, for what a framework does with it; None for a library's class."""
        module = self.world.module_of(cls)
        source = self.world.source(module) if module else None
        if source is None:
            return None
        frame = Frame(self.interpreter, module, source, None)
        frame.class_name = cls[len(module) + 1 :]
        return frame

    def of_module(self, module: str) -> Frame | None:
        """A frame in a module of the project, outside of its functions; None when its file cannot be read."""
        source = self.world.source(module)
        return Frame(self.interpreter, module, source, None) if source is not None else None

    def of_function(self, function: Function) -> Frame | None:
        """A frame in a function of the project, before its first statement; None when its file cannot be read."""
        source = self.world.source(function.module)
        if source is None:
            return None
        self.world.look_into(function.module, function.qualname)
        return Frame(self.interpreter, function.module, source, function)

    def of_template(self, source: TemplateSource) -> Frame:
        """A frame for what a template reads."""
        frame = Frame(self.interpreter, self.module, source, None)
        frame.symbol = self.scope
        frame.is_async = self.is_async
        return frame

    def class_site(self, cls: str) -> Site:
        """Where a class of this frame's module is defined."""
        return self.site(self.world.class_node(cls) or self.source.tree.body[0])

    @property
    def scope(self) -> str:
        """The function that events here stand in, else the class."""
        return self.symbol or self.class_name

    # -- services -----------------------------------------------------------------------------------------------

    def apply(self, callee: Value, arguments: Arguments) -> Value:
        """Call one possible callee."""
        return calls.apply(self, callee, arguments)

    def read_path(self, node: ast.AST, value: Value, path: str) -> Value:
        """`value.author.name` for a dotted path, read at a node."""
        for name in path.split("."):
            for option in options(value):
                if isinstance(option, Row):
                    orm.read_relation(self, node, option, name)
            read = [calls.attribute_at(self, node, option, name) for option in options(value)]
            value = expressions.fresh_source(self, node, join_all(read))
        return value

    def item_of(self, value: Value, key: Value) -> Value:
        """`value[key]`."""
        return join_all(expressions.item(o, key.value if isinstance(key, Const) else None, key) for o in options(value))

    def site(self, node: ast.AST) -> Site:
        return Site(self.source.path, self.source.span(node))

    def evaluate(self, node: ast.expr | None) -> Value:
        """The abstract value of an expression."""
        if node is None:
            return UNKNOWN
        self.interpreter.nodes += 1
        if self.interpreter.nodes > MAX_NODES:
            raise BudgetExceeded
        handler = expressions.HANDLERS.get(type(node))
        value = handler(self, node) if handler is not None else UNKNOWN
        return verdicts.applied(self, node, value) if self.told and value.labels else value

    def name(self, name: str) -> Value:
        """What a name stands for here."""
        value = self.variables.get(name)
        if value is None and self.closure:
            value = self.closure.get(name)
        if value is None:
            value = self.globals.get(name)
        return value if value is not None else self.interpreter.global_name(self.module, name, self.globals)

    def left(self) -> dict[str, Value]:
        """What this activation left in variables of its module and of the function around it, and on the object of a request."""
        facts = self.world.facts(self.module)
        written = facts.written if facts is not None and self.function is not None else {}
        is_inner = self.function is not None and self.function.closure is not None
        outer = self.interpreter.read(nonlocal_names, self.function.node) if self.function and is_inner else ()
        return {
            **self.hung,
            **{of_encloser(n): self.variables[n] for n in outer if n in self.variables},
            **{
                n: self.variables[n] for n, writers in written.items() if self.symbol in writers and n in self.variables
            },
        }

    # -- statements ---------------------------------------------------------------------------------------------

    def run(self, statements: Iterable[ast.stmt]) -> bool:
        """Execute a block; False when control does not reach its end."""
        block = list(statements)
        outer = self.loops
        if outer and block:
            if any(isinstance(s, _LEAVES) for s in block):
                self.loops = ()
            elif any(isinstance(s, ast.Break) for s in block):
                self.loops = outer[:-1]
        try:
            return self._run_each(block)
        finally:
            self.loops = outer

    def _run_each(self, block: list[ast.stmt]) -> bool:
        """Execute statements; what follows a condition that gives back what is kept already runs once."""
        reaches_end, start, kind = True, 0, ""
        for index, statement in enumerate(block):
            handler = _STATEMENTS.get(type(statement))
            if handler is not None and handler(self, statement) is False:
                reaches_end = False
                break
            if not kind and isinstance(statement, ast.If) and _gives_back(statement):
                kind = remembered.kept(self, block[index + 1 :], remembered.missing(statement.test, False))
                start = len(self.events)
        if kind:
            remembered.mark(self, start, kind)
        return reaches_end

    def branch(self, statements: Iterable[ast.stmt], start: dict[str, Value]) -> dict[str, Value] | None:
        """Execute a block from some variables; the variables after it, None when its end is not reached."""
        self.variables = dict(start)
        return self.variables if self.run(statements) else None

    def merge(self, outcomes: Iterable[dict[str, Value] | None]) -> bool:
        """Continue with the join of the outcomes that reach this point; False when none does."""
        alive = [o for o in outcomes if o is not None]
        if not alive:
            return False
        self.variables = merged(alive)
        return True

    def expression_statement(self, node: ast.Expr) -> bool:
        self.standing = node.value
        value = self.evaluate(node.value)
        if self.tainted and isinstance(node.value, ast.Call):
            narrowing.asserted(self, self.variables, node.value)
        return not (isinstance(value, Symbol) and value.name == "typing.NoReturn")

    def assign_statement(self, node: ast.Assign) -> None:
        before = len(self.events)
        value = self.evaluate(node.value)
        if len(self.events) > before:
            emission.becomes(self.events[before:], node.targets[0])
        if self.events and isinstance(self.events[-1], Call):
            dropped.keep(self, node)
            dropped.unclosed(self, node)
            dropped.kept(self, node)
            dropped.unsaved(self, node)
        for target in node.targets:
            self.assign(target, value, node.value)
        verdicts.kept(self, node)

    def annotated_statement(self, node: ast.AnnAssign) -> None:
        value = self.evaluate(node.value) if node.value is not None else UNKNOWN
        if isinstance(value, Unknown) and not value.labels:
            value = annotated(self, node.annotation)
        elif self.class_name and not self.symbol and is_default(self, node, value):
            value = join(annotated(self, node.annotation), value)
        if node.value is not None or self.symbol or not isinstance(value, Unknown):
            self.assign(node.target, value, node.value)

    def alias_statement(self, node: Any) -> None:
        """`type Name = …` (PEP 695)."""
        self.assign(node.name, self.evaluate(node.value), node.value)

    def augmented_statement(self, node: ast.AugAssign) -> None:
        target = node.target
        load: ast.expr = ast.Name(target.id, ast.Load()) if isinstance(target, ast.Name) else target
        ast.copy_location(load, target)
        left = self.name(target.id) if isinstance(target, ast.Name) else self.evaluate(load)
        value = expressions.binary(self, node.op, left, self.evaluate(node.value))
        self.assign(target, value, None)

    def assign(self, target: ast.expr, value: Value, origin: ast.expr | None) -> None:
        """Bind a value to a target."""
        if value.labels and isinstance(target, (ast.Name, ast.Attribute)):
            name = target.id if isinstance(target, ast.Name) else target.attr
            emission.named(self, target, name, value, origin)
        if isinstance(target, ast.Name):
            self.variables[target.id] = self.stepped(value, target, target.id)
            if target.id in self.knowledge.settings and not self.symbol and not self.class_name:
                self.events.append(Configured(self.site(target), self.scope, target.id, value))
        elif isinstance(target, (ast.Tuple, ast.List)):
            for index, element in enumerate(target.elts):
                if isinstance(element, ast.Starred):
                    self.assign(element.value, Container("list", rest=expressions.element_of(value)), None)
                else:
                    self.assign(element, expressions.item(value, index), None)
        elif isinstance(target, ast.Attribute):
            receiver = self.evaluate(target.value)
            request_state.keep(self, target, value)
            if isinstance(target.value, ast.Name):
                if isinstance(receiver, Row):
                    if value.labels:
                        emission.set_field(self, target, receiver, value)
                    self.variables[target.value.id] = receiver.evolve(loaded=receiver.loaded | {target.attr})
                if target.value.id == self.self_name:
                    old = self.stores.get(target.attr)
                    self.stores[target.attr] = value if old is None or same(old, value) else join(old, value)
                if isinstance(receiver, Instance):
                    self.variables[target.value.id] = receiver.set(target.attr, value)
            if isinstance(receiver, Instance) and deep_labels(value):
                emission.set_attribute(self, target, receiver, value)
        elif isinstance(target, ast.Subscript):
            self._assign_item(target, value, origin)

    def _assign_item(self, target: ast.Subscript, value: Value, origin: ast.expr | None) -> None:
        container = self.evaluate(target.value)
        index = self.evaluate(target.slice)
        if isinstance(container, (Instance, Symbol)):
            emission.set_item(self, target, container, index, value)
            if isinstance(container, Instance):
                holders.put(self, target, container, index, value)
        elif value.labels and isinstance(index, Const):
            emission.named(self, target, index.value, value, origin)
        is_name = isinstance(target.value, ast.Name)
        several = options(container)
        if any(isinstance(o, Container) for o in several) and (is_name or (self.tainted and deep_labels(value))):
            updated = join_all(
                containers.with_item(o, index, value) if isinstance(o, Container) else o for o in several
            )
            if isinstance(target.value, ast.Name):
                self.variables[target.value.id] = updated
            elif isinstance(target.value, (ast.Attribute, ast.Subscript)):  # followed for untrusted data only
                self.assign(target.value, updated, None)

    def stepped(self, value: Value, node: ast.AST, name: str) -> Value:
        """A tainted value after it got a name: its trace grows by one step."""
        if not value.labels or isinstance(value, (Container, RowSet)):
            return value
        self.tainted = True
        step = Step(self.site(node), f"it is kept in '{name}'")
        return value.with_labels(frozenset(label.step(step) for label in value.labels))

    def return_statement(self, node: ast.Return) -> bool:
        value = self.evaluate(node.value) if node.value is not None else Const(None)
        self.returns.append(value)
        if self.handles and node.value is not None:
            emission.answer(self, node.value, value)
        if node.value is not None and value.labels:
            emission.given_by(self, node.value, value)
        return False

    def raise_statement(self, node: ast.Raise) -> bool:
        for part in (node.exc, node.cause):
            value = self.evaluate(part) if part is not None else UNKNOWN
            given = part.args if isinstance(part, ast.Call) else ()
            self.raised |= value.labels.union(*(self.evaluate(a).labels for a in given))
        if self.attempts:
            self.attempts[-1].append(self.variables)
        return False

    def if_statement(self, node: ast.If) -> bool:
        test = self.evaluate(node.test)
        overfetch.tested(self, node.test, test)
        decided = expressions.truth(test)
        start = self.variables
        yes = no = None
        if decided is not False:
            self.variables = narrowing.narrowed(self, dict(start), node.test, True)
            yes = self.variables if self._run_once(node.body, node.test, True) else None
        if decided is not True:
            self.variables = narrowing.narrowed(self, dict(start), node.test, False)
            no = self.variables if self._run_once(node.orelse, node.test, False) else None
        if yes is None and no is not None:
            self.told = {**self.told, **verdicts.told(self, node.test, False)}
        self.variables = start
        return self.merge((yes, no))

    def _run_once(self, block: list[ast.stmt], test: ast.expr, holds: bool) -> bool:
        """Run a branch; when it keeps what the condition found missing, its queries do not run again."""
        start, outer, told = len(self.events), self.loops, self.told
        self.told = {**told, **verdicts.told(self, test, holds)}
        if holds:
            self.loops = remembered.grown(outer, test)
        reaches_end = self.run(block)
        self.loops, self.told = outer, told
        if len(self.events) > start and (places := remembered.missing(test, holds)):
            kind = remembered.kept(self, block, places)
            if kind:
                remembered.mark(self, start, kind)
        return reaches_end

    def for_statement(self, node: ast.For | ast.AsyncFor) -> bool:
        is_async = isinstance(node, ast.AsyncFor)
        self.waits += is_async
        iterable = self.evaluate(node.iter)
        bound = self.interpreter.read(bound_names, node)
        loop = self.make_loop(node.iter, iterable, node.target, _is_plain(node), bound)
        element = self.iterate(node.iter, iterable, loop)
        element = conventions.element(self, node.target, element, loop)
        self.waits -= is_async
        mark = len(self.events)
        self._loop(loop, lambda: self.assign(node.target, element, None), node.body)
        if isinstance(node.iter, ast.Call) and dotted(node.iter.func) == "range":
            retries.looped(self, node, self.events[mark:], "counted")
        batches.looped(self, node, loop, iterable, self.events[mark:])
        if node.orelse:
            dropped.told_at_last(self, node, mark)
            self.run(node.orelse)
        return True

    def while_statement(self, node: ast.While) -> bool:
        decided = expressions.truth(self.evaluate(node.test))
        if decided is False:
            return self.run(node.orelse)
        before = self.variables
        self.variables = narrowing.narrowed(self, dict(before), node.test, True)
        mark = len(self.events)
        loop = self._working_off(node)
        left = self._loop(loop, lambda: None, node.body)
        # `while True`; a variable that is true at first may change in the loop.
        is_endless = bool(decided) and isinstance(node.test, ast.Constant)
        retries.looped(self, node, self.events[mark:], "endless" if is_endless else "counted")
        if not is_endless:
            return True
        return self.merge(left)

    def _working_off(self, node: ast.While) -> Loop | None:
        """The loop of a `while` that goes through a collection, of which each round takes an element."""
        work = self.interpreter.read(worklist, node)
        if work is None:
            return None
        bound = self.interpreter.read(bound_names, node)
        loop = self.make_loop(work.collection, self.evaluate(work.collection), work.target, bound=bound)
        if work.grows:
            loop.few = False
        self.taken[work.take] = loop
        return loop

    def taken_out(self, node: ast.Call, value: Value) -> Value:
        """What a call gives that takes an element out of a collection which a loop works off: another one in each round."""
        loop = self.taken.get(node)
        return value if loop is None else each_round(value, loop)

    def _loop(self, loop: Loop | None, start_round: Callable[[], None], body: list[ast.stmt]) -> list[dict[str, Value]]:
        """Run a loop's body until its variables are stable; the variables at each `break` and `continue`."""
        outer, mark = self.loops, len(self.events)
        before = dict(self.variables)
        left: list[dict[str, Value]] = []
        for _ in range(2):
            self.exits.append([])
            self.loops = (*outer, loop) if loop is not None else outer
            try:
                start_round()
                completed = self.run(body)
            finally:
                self.loops = outer
                left = self.exits.pop()
            after = merged([before, *([self.variables] if completed else []), *left])
            stable = all(same(after[name], before[name]) for name in before)
            self.variables = after
            if stable or len(outer) >= 3:
                break
            before = dict(after)
            if _ == 0:
                del self.events[mark:]
        return left

    def leave_round(self, node: ast.Break | ast.Continue) -> bool:
        if self.exits:
            self.exits[-1].append(self.variables)
        return False

    def make_loop(
        self,
        iter_node: ast.expr,
        iterable: Value,
        target: ast.expr,
        plain: bool = False,
        bound: frozenset[str] = frozenset(),
    ) -> Loop:
        names = self.interpreter.read(names_in, target)
        return Loop(
            self.site(iter_node),
            self.source.snippet(iter_node, 40),
            names,
            few_rounds(iterable) or _is_constant(iter_node, iterable),
            is_batched(iter_node) or is_endless(iterable) or self.arrives(iter_node, iterable),
            plain=plain,
            bound=bound,
        )

    def arrives(self, node: ast.expr, iterable: Value) -> bool:
        """Whether an iterable hands out what comes from elsewhere in its own time, such as the messages of a queue: a round waits for
        the next one, so that nothing of it can be done for many."""
        if any(isinstance(option, (Container, RowSet, Row, Const)) for option in options(iterable)):
            return False
        if isinstance(node, ast.Call):
            name = dotted(node.func).rpartition(".")[2]
            return name in _LISTENING or (name == "iter" and len(node.args) == 2)
        name = dotted(node).rpartition(".")[2].lower()
        return name.endswith(_STREAMS) or (name.endswith("queue") and not self._is_made_here(node))

    def _is_made_here(self, node: ast.expr) -> bool:
        """Whether an expression is a variable that the function gave its value itself."""
        given = self.function.signature.accepted if self.function is not None else frozenset()
        return isinstance(node, ast.Name) and node.id in self.variables and node.id not in given

    def iterate(self, node: ast.expr, iterable: Value, loop: Loop | None = None) -> Value:
        """One element of an iterable, another one in each round of the loop; iterating a lazy query set runs its query."""
        found: Value | None = None
        for option in options(iterable):
            own = protocols.element(self, node, option)
            if isinstance(option, RowSet):
                element: Value = orm.iterate(self, node, option)
            elif own is not None:
                element = own
            elif isinstance(option, Container):
                element = option.iterated().elements()
            else:
                element = Unknown(deep_labels(option))
            if loop is not None:
                loop.of_objects |= any(self._is_of_the_project(o) for o in options(element))
                element = each_round(element, loop)
            found = element if found is None else join(found, element)
        return found if found is not None else UNKNOWN

    def _is_of_the_project(self, value: Value) -> bool:
        """Whether an element is an object of a class of the project, or holds one beside its number or key."""
        if isinstance(value, Container) and value.kind == "tuple":
            return any(map(self._is_of_the_project, value.items.values()))
        return isinstance(value, Instance) and self.world.class_facts(value.cls) is not None

    def try_statement(self, node: ast.Try) -> bool:
        before, before_raised = dict(self.variables), self.raised
        mark = len(self.events)
        self.attempts.append([])
        body = self.branch([*node.body], before)
        given_up = self.attempts.pop()
        dropped.failure(self, node, self.events[mark:])
        after_body = self.variables
        if body is not None and node.orelse:
            body = self.branch(node.orelse, body)
        changing = self.interpreter.read(bound_names, node)
        midway = merged([before, after_body, *given_up])
        outcomes = [body]
        for handler in node.handlers:
            start = dict(midway)
            if handler.name:
                caught = quoted.exception(self, node, handler, midway)
                raised = self.raised - before_raised
                start[handler.name] = Unknown(caught.labels | raised) if raised else caught
            begun = len(self.events)
            outcomes.append(self.branch(handler.body, start))
            if len(self.events) > begun and (places := remembered.read_in(node.body, handler)):
                kind = remembered.kept(self, handler.body, places)
                if kind:
                    remembered.mark(self, begun, kind)
        alive = self.merge(outcomes)
        if node.finalbody:
            after = self.variables if alive else midway
            unsure = {n: join(v, UNKNOWN) for n, v in after.items() if n in changing and is_flag(v)}
            self.variables = {**after, **unsure}
            alive = self.run(node.finalbody) and alive
            # Who goes on behind it has come to the end.
            self.variables.update({n: after[n] for n, v in unsure.items() if self.variables.get(n) is v})
        return alive

    def with_statement(self, node: ast.With | ast.AsyncWith) -> bool:
        guarded = 0
        for item in node.items:
            value = self.evaluate(item.context_expr)
            guarded += _is_guard(self, item.context_expr)
            if item.optional_vars is not None:
                own = protocols.special(self, item.context_expr, value, "__enter__")
                self.assign(item.optional_vars, own if own is not None else _entered(self, value), None)
        held = batches.holds(item.context_expr for item in node.items)
        self.guards += guarded
        self.transactions += held
        try:
            return self.run(node.body)
        finally:
            self.guards -= guarded
            self.transactions -= held

    def match_statement(self, node: ast.Match) -> bool:
        subject = self.evaluate(node.subject)
        start = self.variables
        outcomes: list[dict[str, Value] | None] = []
        exhaustive = False
        for case in node.cases:
            decided = _matches(self, subject, case)
            if decided is False:
                continue
            self.variables = dict(start)
            for name in _captures(case.pattern):
                self.variables[name] = Unknown(deep_labels(subject))
            if isinstance(node.subject, ast.Name):
                matched = _matched(self, case.pattern)
                self.variables.update({node.subject.id: matched} if matched is not None else {})
            if case.guard is not None:
                self.evaluate(case.guard)
            elif isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None:
                exhaustive = True
            outcomes.append(self.variables if self.run(case.body) else None)
            if decided:
                exhaustive = True
                break
        self.variables = start
        return self.merge(outcomes if exhaustive else [*outcomes, start])

    def function_statement(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            emission.decorate(self, decorator, self.evaluate(decorator))
        for default in (*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)):
            self.evaluate(default)
        qualname = f"{self.scope}.{node.name}".lstrip(".")
        if self.symbol:
            function = self.variables[node.name] = self.nested(node, qualname)
            # What these are from here on depends on when the function is called.
            for name in self.interpreter.read(rebound_names, node):
                held = self.variables.get(name)
                if held is not None:  # no variable of the module, such as `session`
                    self.variables[name] = containers.filled_elsewhere(held) if isinstance(held, Container) else UNKNOWN
            health.decorated(self, node, function)
        elif not self.class_name:
            function = Function(self.module, qualname, node)
            self.variables[node.name] = function
            health.decorated(self, node, function)

    def class_statement(self, node: ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self.evaluate(decorator)
        qualname = f"{self.scope}.{node.name}".lstrip(".")
        body = Frame(self.interpreter, self.module, self.source, None)
        body.class_name = qualname
        body.closure = {**self.closure, **self.variables}
        body.bodies = self.bodies
        body.run(node.body)
        self.events.extend(body.events)
        if self.symbol:
            self.variables[node.name] = UNKNOWN
            self._see_methods(node, qualname)
        else:
            name = f"{self.module}.{qualname}"
            self.bodies[name] = body.variables
            self.variables[node.name] = ClassRef(name)

    def _see_methods(self, node: ast.ClassDef, qualname: str) -> None:
        """What the methods of a class do that a function makes, and hands to who calls them."""
        for statement in node.body:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self.nested(statement, f"{qualname}.{statement.name}")

    def nested(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, qualname: str) -> Function:
        """A function that is made here, and may be called by whoever gets it: what it does on its own is seen here."""
        function = self.interpreter.nested_function(self, node, qualname)
        self.events.extend(self.interpreter.summarize(function, None).events)
        return function

    def import_statement(self, node: ast.Import | ast.ImportFrom) -> None:
        facts = self.world.facts(self.module)
        if facts is None:
            return
        for local, target in import_bindings(node, self.module, facts.is_package):
            if not self.symbol and facts.imports.get(local) == target:
                # Resolved when it is used: evaluating all that is imported would make each file rest on most others.
                self.variables.pop(local, None)
            elif local != "*" and target != f"{self.module}.{local}":
                self.variables[local] = self.interpreter.value_of(self.world.near(self.module, target))

    def delete_statement(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.variables.pop(target.id, None)
                continue
            self.evaluate(target)
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
                held = self.name(target.value.id)
                if isinstance(held, Container):
                    self.variables[target.value.id] = containers.delete_item(held, self.evaluate(target.slice))

    def assert_statement(self, node: ast.Assert) -> None:
        self.evaluate(node.test)
        self.variables = narrowing.narrowed(self, self.variables, node.test, True)


_STATEMENTS: dict[type[ast.stmt], Callable[[Frame, Any], bool | None]] = {
    ast.Expr: Frame.expression_statement,
    ast.Assign: Frame.assign_statement,
    ast.AnnAssign: Frame.annotated_statement,
    ast.AugAssign: Frame.augmented_statement,
    ast.Return: Frame.return_statement,
    ast.Raise: Frame.raise_statement,
    ast.If: Frame.if_statement,
    ast.For: Frame.for_statement,
    ast.AsyncFor: Frame.for_statement,
    ast.While: Frame.while_statement,
    ast.Break: Frame.leave_round,
    ast.Continue: Frame.leave_round,
    ast.Try: Frame.try_statement,
    ast.With: Frame.with_statement,
    ast.AsyncWith: Frame.with_statement,
    ast.Match: Frame.match_statement,
    ast.FunctionDef: Frame.function_statement,
    ast.AsyncFunctionDef: Frame.function_statement,
    ast.ClassDef: Frame.class_statement,
    ast.Import: Frame.import_statement,
    ast.ImportFrom: Frame.import_statement,
    ast.Delete: Frame.delete_statement,
    ast.Assert: Frame.assert_statement,
}
if hasattr(ast, "TryStar"):
    _STATEMENTS[ast.TryStar] = Frame.try_statement
if hasattr(ast, "TypeAlias"):
    _STATEMENTS[ast.TypeAlias] = Frame.alias_statement


def _gives_back(node: ast.If) -> bool:
    """`if self._rate is not None: return self._rate`."""
    return not node.orelse and isinstance(node.body[-1], ast.Return)


def _is_plain(node: ast.For | ast.AsyncFor) -> bool:
    """Whether a loop's body only sets attributes of its element, if anything, and then makes one call."""
    *before, last = node.body
    return (
        isinstance(last, ast.Expr)
        and isinstance(last.value, ast.Call)
        and all(_sets_attribute(s, node.target) for s in before)
    )


def _sets_attribute(statement: ast.stmt, element: ast.expr) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    name = element.id if isinstance(element, ast.Name) else ""
    return isinstance(statement, (ast.Assign, ast.AugAssign)) and all(
        isinstance(t, ast.Attribute) and isinstance(t.value, ast.Name) and t.value.id == name for t in targets
    )


def is_batched(node: ast.expr) -> bool:
    """Whether an iterable hands out batches: `chunked(ids, 500)`, `range(0, n, 500)`, `paginator.page_range`."""
    if isinstance(node, ast.Call):
        name = dotted(node.func)
        if name == "range" and len(node.args) == 3:
            return True
        if name.rsplit(".", 1)[-1] in ("page", "get_page", "paginate_queryset"):
            return False  # what these give are the rows of one page
        return any(word in name.lower() for word in _BATCH_WORDS) or any(
            is_batched(a) for a in node.args if isinstance(a, (ast.Call, ast.Attribute))
        )
    return isinstance(node, ast.Attribute) and any(word in node.attr.lower() for word in _BATCH_WORDS)


def _is_constant(node: ast.expr, iterable: Value) -> bool:
    """Whether something that is not known is called as constants are: `model.UNIQUE_TOGETHER`, `kinds.choices` of a library.

    https://peps.python.org/pep-0008/#constants
    """
    name = dotted(node).rpartition(".")[2]
    if isinstance(iterable, Symbol):
        return name.isupper() or name == "choices"
    return name.isupper() and isinstance(iterable, (Unknown, BoundMethod)) and not iterable.labels


_LISTENING = frozenset({"listen", "consume", "subscribe"})
_STREAMS = ("consumer", "subscriber", "subscription", "pubsub", "websocket")

_GUARDS = frozenset(
    {
        "asyncio.timeout",
        "asyncio.timeout_at",
        "async_timeout.timeout",
        "anyio.fail_after",
        "anyio.move_on_after",
        "trio.fail_after",
        "trio.move_on_after",
        "eventlet.Timeout",
        "eventlet.timeout.Timeout",
        "gevent.Timeout",
        "gevent.timeout.Timeout",
    }
)


def _is_guard(frame: Frame, node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    callee = frame.evaluate(node.func)
    return isinstance(callee, Symbol) and callee.name in _GUARDS


def _entered(frame: Frame, value: Value) -> Value:
    """What `with value as x` binds: for most clients and sessions the object itself."""
    if isinstance(value, Container) and value.kind in GENERATED:
        return value.elements()
    if isinstance(value, Instance):
        entered = frame.knowledge.types.get(f"{value.cls}.__enter__")
        return Instance(entered, value.attributes) if entered else value
    return value


def _matches(frame: Frame, subject: Value, case: ast.match_case) -> bool | None:
    """Whether a constant subject certainly matches a case, or certainly does not."""
    if not isinstance(subject, Const) or subject.labels or case.guard is not None:
        return None
    patterns = case.pattern.patterns if isinstance(case.pattern, ast.MatchOr) else [case.pattern]
    values = [frame.evaluate(p.value) if isinstance(p, ast.MatchValue) else UNKNOWN for p in patterns]
    if not all(isinstance(v, Const) for v in values):
        return None
    return any(isinstance(v, Const) and v.value == subject.value for v in values)


def _matched(frame: Frame, pattern: ast.pattern) -> Value | None:
    """What a subject is once it matched a value, or one of several; None for patterns that leave it open."""
    patterns = pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]
    values = [frame.evaluate(p.value) for p in patterns if isinstance(p, ast.MatchValue)]
    return join_all(values) if len(values) == len(patterns) else None


def _captures(pattern: ast.pattern) -> list[str]:
    return [n.name for n in nodes_in(pattern) if isinstance(n, (ast.MatchAs, ast.MatchStar)) and n.name]
