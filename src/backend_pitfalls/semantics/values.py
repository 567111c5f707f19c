"""The abstract values: one small lattice for all rules.

Every value is immutable and carries taint labels. `key` is a hashable digest; equal keys mean the same knowledge, and
function summaries are reused by it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from backend_pitfalls.model.finding import Site, Step
from backend_pitfalls.syntax.names import decorators
from backend_pitfalls.syntax.signature import Signature

if TYPE_CHECKING:
    from backend_pitfalls.semantics.events import Loop

NARROWED = "<narrowed>"
"""Stands among what is loaded with rows to which nothing can be added safely: some fields are left out (`only`, `defer`), they are locked, or of two queries."""

MAX_OPTIONS = 6
MAX_SIZE = 600
"""Of a value, in values; of one that is larger only the parts that are not larger than SMALL stay known. A table that the code writes out may be larger."""
SMALL = 20
MAX_JOINED = 40
"""Of how many different values anything but their labels is known."""
MAX_PARTS = 40
MAX_STEPS = 12

ConstValue = str | bytes | int | float | complex | bool | None


class Label:
    """Taint: where a value came from, the steps it took, and the harms it was cleaned of. `kind` is "input" for what an outsider
    controls, "random" for what an outsider can guess."""

    __slots__ = ("cleaned", "description", "kind", "site", "steps")

    def __init__(
        self,
        description: str,
        site: Site,
        steps: tuple[Step, ...] = (),
        cleaned: frozenset[str] = frozenset(),
        kind: str = "input",
    ) -> None:
        self.kind = kind
        self.description = description
        self.site = site
        self.steps = steps
        self.cleaned = cleaned

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Label)
            and self.site == other.site
            and self.cleaned == other.cleaned
            and self.kind == other.kind
        )

    def __hash__(self) -> int:
        # Of numbers only: the hashes of texts differ from process to process, and with them the order in which a set of labels is
        # read, and which of equal labels stays in it with its steps.
        span = self.site.span
        return hash((span.line, span.col, span.end_line, span.end_col))

    def order(self) -> tuple[Site, list[str], tuple[Step, ...]]:
        """What labels are sorted by: their places, and what tells those of one place apart."""
        return self.site, sorted(self.cleaned), self.steps

    def step(self, step: Step) -> Label:
        """The label after one more step."""
        if len(self.steps) >= MAX_STEPS or (self.steps and self.steps[-1].site == step.site):
            return self
        return Label(self.description, self.site, (*self.steps, step), self.cleaned, self.kind)

    def clean(self, harms: frozenset[str]) -> Label:
        """The label once it is harmless for these harms."""
        return Label(self.description, self.site, self.steps, self.cleaned | harms, self.kind)

    def unclean(self, harms: frozenset[str]) -> Label:
        """The label once these harms are possible again."""
        return Label(self.description, self.site, self.steps, self.cleaned - harms, self.kind)


Labels = frozenset[Label]
CLEAN: Labels = frozenset()


class Value:
    """Base of all abstract values. None changes once others see it, so those that are made of many keep their key. `size` is how many values it is made of, counted as often as they are seen: what a comparison costs, and so what has a bound."""

    __slots__ = ("labels",)
    size = 1

    def __init__(self, labels: Labels = CLEAN) -> None:
        self.labels = labels

    def key(self) -> Hashable:
        return ("?", self.labels)

    def with_labels(self, labels: Labels) -> Value:
        """The same knowledge with other labels (equal labels may have taken other steps)."""
        if labels is self.labels:
            return self
        copy = self._copy()
        copy.labels = labels
        return copy

    def _copy(self) -> Value:
        return Value(self.labels)


class Unknown(Value):
    """Anything. Rules stay silent on it, but its labels still tell where it came from."""

    __slots__ = ()

    def _copy(self) -> Value:
        return Unknown(self.labels)


UNKNOWN = Unknown()


def _total(values: Iterable[Value]) -> int:
    return 1 + sum([value.size for value in values])


def _held(value: Value) -> Value:
    """A part of a value that has become too large: known by its labels only, unless it is small."""
    return value if value.size <= SMALL else Unknown(deep_labels(value))


def _bounded(values: Mapping[Any, Value]) -> Mapping[Any, Value]:
    return {name: _held(value) for name, value in values.items()}


class Field(Unknown):
    """The text that a row keeps in a field: anything that someone once wrote."""

    __slots__ = ("model", "name")

    def __init__(self, model: str, name: str, labels: Labels = CLEAN) -> None:
        super().__init__(labels)
        self.model = model
        self.name = name

    def key(self) -> Hashable:
        return ("f", self.model, self.name, self.labels)

    def _copy(self) -> Value:
        return Field(self.model, self.name, self.labels)


class Const(Value):
    """A constant. `origin` tells how it came to be when that matters, such as "default"."""

    __slots__ = ("origin", "value")

    def __init__(self, value: ConstValue, labels: Labels = CLEAN, origin: str = "") -> None:
        self.value = value
        self.labels = labels
        self.origin = origin

    def key(self) -> Hashable:
        return ("c", type(self.value), self.value, self.origin, self.labels)

    def _copy(self) -> Value:
        return Const(self.value, self.labels, self.origin)


class Text(Value):
    """A string built of known text and values: `f"SELECT {x}"` is ("SELECT ", x)."""

    __slots__ = ("parts", "size")

    def __init__(self, parts: tuple[str | Value, ...], labels: Labels | None = None) -> None:
        self.parts = parts[:MAX_PARTS]
        values = [p for p in parts if isinstance(p, Value)]
        self.labels = labels if labels is not None else union_labels(values)
        self.size = _total(values)
        if self.size > MAX_SIZE:
            self.parts = tuple(p if isinstance(p, str) else _held(p) for p in self.parts)
            self.size = _total(p for p in self.parts if isinstance(p, Value))

    def key(self) -> Hashable:
        return ("t", tuple(p if isinstance(p, str) else p.key() for p in self.parts), self.labels)

    def known_text(self) -> str:
        """The text with a NUL for each unknown part."""
        return "".join(p if isinstance(p, str) else "\0" for p in self.parts)

    def _copy(self) -> Value:
        return Text(self.parts, self.labels)


class Symbol(Value):
    """Something outside the project, by its qualified name: a module, class, function or object."""

    __slots__ = ("name",)

    def __init__(self, name: str, labels: Labels = CLEAN) -> None:
        self.name = name
        self.labels = labels

    def key(self) -> Hashable:
        return ("s", self.name, self.labels)

    def _copy(self) -> Value:
        return Symbol(self.name, self.labels)


class ClassRef(Value):
    """A class of the project, by its qualified name."""

    __slots__ = ("name",)

    def __init__(self, name: str, labels: Labels = CLEAN) -> None:
        self.name = name
        self.labels = labels

    def key(self) -> Hashable:
        return ("k", self.name, self.labels)

    def _copy(self) -> Value:
        return ClassRef(self.name, self.labels)


class TypeForm(Value):
    """A type as it is written in a module, such as `Annotated[Session, Depends(get_session)]` that a name stands for."""

    __slots__ = ("module", "node")

    def __init__(self, module: str, node: ast.expr) -> None:
        self.module = module
        self.node = node
        self.labels = CLEAN

    def key(self) -> Hashable:
        return ("y", self.module, self.node.lineno, self.node.col_offset)

    def _copy(self) -> Value:
        return TypeForm(self.module, self.node)


class ModuleRef(Value):
    """A module of the project."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name
        self.labels = CLEAN

    def key(self) -> Hashable:
        return ("m", self.name)

    def _copy(self) -> Value:
        return ModuleRef(self.name)


class Function(Value):
    """A function of the project: its definition, the module it stands in and the variables that it closes over."""

    __slots__ = ("_decorators", "_key", "_signature", "closure", "module", "name", "node", "owner", "qualname", "size")

    def __init__(
        self,
        module: str,
        qualname: str,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
        owner: str = "",
        closure: Mapping[str, Value] | None = None,
    ) -> None:
        self.module = module
        self.qualname = qualname
        self.name = qualname.rpartition(".")[2]
        self.node = node
        self.owner = owner
        self._key: Hashable = None
        self._decorators: frozenset[str] | None = None
        self._signature: Signature | None = None
        self.closure = closure
        self.labels = CLEAN
        self.size = _total(closure.values()) if closure else 1
        if closure and self.size > MAX_SIZE:
            self.closure = _bounded(closure)
            self.size = _total(self.closure.values())

    @property
    def signature(self) -> Signature:
        """The parameters."""
        if self._signature is None:
            self._signature = Signature(self.node)
        return self._signature

    @property
    def decorators(self) -> frozenset[str]:
        """The names of the decorators, without their modules."""
        if self._decorators is None:
            self._decorators = decorators(self.node)
        return self._decorators

    def key(self) -> Hashable:
        if self._key is None:
            closure = _mapping_key(self.closure) if self.closure else ()
            self._key = ("f", self.module, self.qualname, self.node.lineno, self.node.col_offset, closure)
        return self._key

    def _copy(self) -> Value:
        return Function(self.module, self.qualname, self.node, self.owner, self.closure)


class BoundMethod(Value):
    """A method looked up on a receiver: a project `Function`, or the name of a library method."""

    __slots__ = ("function", "name", "receiver", "size")

    def __init__(self, receiver: Value, name: str, function: Function | None = None) -> None:
        self.receiver = receiver
        self.size = receiver.size + 1
        self.name = name
        self.function = function
        self.labels = receiver.labels

    def key(self) -> Hashable:
        return ("b", self.receiver.key(), self.name, self.function and self.function.key())

    def _copy(self) -> Value:
        return BoundMethod(self.receiver, self.name, self.function)


class Partial(Value):
    """`functools.partial(function, …)`."""

    __slots__ = ("args", "function", "keywords", "size")

    def __init__(self, function: Value, args: tuple[Value, ...], keywords: Mapping[str, Value]) -> None:
        self.size = _total((function, *args, *keywords.values()))
        if self.size > MAX_SIZE:
            function, args, keywords = _held(function), tuple(map(_held, args)), _bounded(keywords)
            self.size = _total((function, *args, *keywords.values()))
        self.function = function
        self.args = args
        self.keywords = keywords
        self.labels = CLEAN

    def key(self) -> Hashable:
        return ("p", self.function.key(), tuple(a.key() for a in self.args), _mapping_key(self.keywords))

    def _copy(self) -> Value:
        return Partial(self.function, self.args, self.keywords)


KEY = "builtins.<key>"
"""The class of a row's key that is certainly there."""

PLACE = "<made>"
"""The attribute under which an object knows the place where it was made."""


class Place(Value):
    """A place in the source, as an attribute of what was made there."""

    __slots__ = ("site",)

    def __init__(self, site: Site) -> None:
        self.site = site
        self.labels = CLEAN

    def key(self) -> Hashable:
        return ("at", self.site)

    def _copy(self) -> Value:
        return Place(self.site)


class Instance(Value):
    """An object of a class (library or project), with the constructor arguments and attributes that are known."""

    __slots__ = ("_key", "attributes", "cls", "size")

    def __init__(self, cls: str, attributes: Mapping[str, Value] | None = None, labels: Labels = CLEAN) -> None:
        self.cls = cls
        self._key: Hashable = None
        self.attributes: Mapping[str, Value] = attributes or {}
        self.labels = labels
        self.size = _total(attributes.values()) if attributes else 1
        if self.size > MAX_SIZE:
            self.attributes = _bounded(self.attributes)
            self.size = _total(self.attributes.values())

    def key(self) -> Hashable:
        if self._key is None:
            self._key = ("i", self.cls, _mapping_key(self.attributes), self.labels)
        return self._key

    def set(self, name: str, value: Value) -> Instance:
        """The object with one attribute changed."""
        return Instance(self.cls, {**self.attributes, name: value}, self.labels)

    def _copy(self) -> Value:
        return Instance(self.cls, self.attributes, self.labels)


class Row(Value):
    """A row of a model.

    `loaded` are the relation paths fetched with it ("*": perhaps any), `origin` is where its query set was made, `path` the relations
    that lead from a row of that query set to this one, `many` whether one of them is to many rows, `loops` the loops whose rounds
    each have another row here.
    """

    __slots__ = ("loaded", "loops", "many", "model", "origin", "path")

    def __init__(
        self,
        model: str,
        loaded: frozenset[str] = frozenset(),
        origin: Site | None = None,
        loops: tuple[Loop, ...] = (),
        path: str = "",
        many: bool = False,
        labels: Labels = CLEAN,
    ) -> None:
        self.path = path
        self.many = many
        self.model = model
        self.loaded = loaded
        self.origin = origin
        self.loops = loops
        self.labels = labels

    def key(self) -> Hashable:
        return ("r", self.model, self.loaded, self.origin, self.loops, self.path, self.many, self.labels)

    def _copy(self) -> Value:
        return self.evolve()

    def evolve(
        self,
        loaded: frozenset[str] | None = None,
        loops: tuple[Loop, ...] | None = None,
    ) -> Row:
        """The row with more loaded or in other loops."""
        return Row(
            self.model,
            self.loaded if loaded is None else loaded,
            self.origin,
            self.loops if loops is None else loops,
            self.path,
            self.many,
            self.labels,
        )


def _widest(start: Site | None, origin: Site | None) -> Site | None:
    """Where a row set was first made: the whole chain of calls, when it goes on in the same expression."""
    if start is None or origin is None:
        return start or origin
    outer, inner = origin.span, start.span
    begins_before = (outer.line, outer.col) <= (inner.line, inner.col)
    ends_after = (outer.end_line, outer.end_col) >= (inner.end_line, inner.end_col)
    return origin if origin.path == start.path and begins_before and ends_after else start


class RowSet(Value):
    """A query set, manager or query: which model, what it loads, whether it was run, where and in which loops it was made.

    `shape` is "manager", "query" (lazy), "rows" (a fetched list), "prefetched" (a relation that was loaded), "values" (dictionaries, tuples) "statement" (SELECT) or "change" (INSERT, UPDATE, DELETE).
    `path` is set for the rows of a relation: how it is reached from the query set of `origin`; `plain` tells that nothing was filtered or ordered since. `batched` tells that it is asked for many rows by key (`id__in=…`).
    `dialect` names the ORM: "django", "sqlalchemy" …; `manager` the project's class whose methods it has beside the ORM's own.
    `whole` tells that it is every row of the model; `held` is the relation whose prefetched rows it was built from. `origin` is the expression that last built it, `start` the one that first did: another statement's when it is built in steps.
    """

    __slots__ = (
        "batched",
        "dialect",
        "held",
        "loaded",
        "loops",
        "manager",
        "model",
        "origin",
        "path",
        "plain",
        "shape",
        "start",
        "whole",
    )

    def __init__(
        self,
        model: str,
        dialect: str,
        shape: str = "query",
        loaded: frozenset[str] = frozenset(),
        origin: Site | None = None,
        loops: tuple[Loop, ...] = (),
        batched: bool = False,
        manager: str = "",
        path: str = "",
        plain: bool = True,
        labels: Labels = CLEAN,
        start: Site | None = None,
        whole: bool = True,
        held: str = "",
    ) -> None:
        self.whole = whole
        self.held = held
        self.path = path
        self.plain = plain
        self.manager = manager
        self.start = _widest(start, origin)
        self.model = model
        self.dialect = dialect
        self.shape = shape
        self.loaded = loaded
        self.origin = origin
        self.loops = loops
        self.batched = batched
        self.labels = labels

    def key(self) -> Hashable:
        return ("q", *self._fields())

    def _fields(self) -> tuple[Any, ...]:
        """What the constructor takes, in its order."""
        return (
            self.model,
            self.dialect,
            self.shape,
            self.loaded,
            self.origin,
            self.loops,
            self.batched,
            self.manager,
            self.path,
            self.plain,
            self.labels,
            self.start,
            self.whole,
            self.held,
        )

    def evolve(self, **changes: object) -> RowSet:
        """The row set with some fields changed."""
        same = RowSet(*self._fields())
        for name, value in changes.items():
            setattr(same, name, value)
        same.start = _widest(same.start, same.origin)
        return same

    def _copy(self) -> Value:
        return self.evolve()


class Container(Value):
    """A list, tuple, set, dict: known elements by index or key, and `rest` for the elements at unknown places; `keyed` are the rows by which a dictionary
    has elements."""

    __slots__ = ("_key", "items", "keyed", "kind", "rest", "size")

    def __init__(
        self,
        kind: str,
        items: Mapping[Any, Value] | None = None,
        rest: Value | None = None,
        labels: Labels = CLEAN,
        keyed: Value | None = None,
    ) -> None:
        self.kind = kind
        self._key: Hashable = None
        self.items: Mapping[Any, Value] = items or {}
        self.rest = rest
        self.keyed = keyed
        self.labels = labels
        self.size = (_total(items.values()) if items else 1) + (rest.size if rest is not None else 0)
        if self.size > MAX_SIZE:
            self.items = _bounded(self.items)
            self.rest = _held(rest) if rest is not None else None
            self.size = _total(self.items.values()) + (self.rest.size if self.rest is not None else 0)

    def key(self) -> Hashable:
        if self._key is None:
            rest = self.rest and self.rest.key()
            self._key = ("l", self.kind, _mapping_key(self.items), rest, self.keyed and self.keyed.key(), self.labels)
        return self._key

    def with_each(self, change: Callable[[Value], Value], labels: Labels) -> Container:
        """The same collection with each of its elements changed."""
        items = {key: change(item) for key, item in self.items.items()}
        return Container(self.kind, items, change(self.rest) if self.rest is not None else None, labels, self.keyed)

    def elements(self) -> Value:
        """The join of all elements."""
        found = [*self.items.values(), *([self.rest] if self.rest is not None else [])]
        value = join_all(found) if found else UNKNOWN
        return value.with_labels(value.labels | self.labels)

    def iterated(self) -> Container:
        """What iterating gives: of a dictionary its keys, as far as they are known."""
        if self.kind != "dict":
            return self
        keys = self.keyed if self.keyed is not None or self.rest is None else Unknown(deep_labels(self.rest))
        return Container("list", self.known_keys(), keys, self.labels)

    def known_keys(self) -> dict[int, Value]:
        """The keys of a dictionary that are known, by their places."""
        return {i: Const(k) if isinstance(k, (str, int)) else UNKNOWN for i, k in enumerate(self.items)}

    def is_small_constant(self, limit: int = 12) -> bool:
        """Whether it is written out in full with a handful of elements."""
        return self.rest is None and len(self.items) <= limit

    def all_labels(self) -> Labels:
        return self.labels | union_labels(self.items.values()) | (self.rest.labels if self.rest is not None else CLEAN)

    def _copy(self) -> Value:
        return Container(self.kind, self.items, self.rest, self.labels, self.keyed)


class OneOf(Value):
    """One of a few values, after a branch."""

    __slots__ = ("_key", "options", "size")

    def __init__(self, options: tuple[Value, ...]) -> None:
        self.size = _total(options)
        if self.size > MAX_SIZE:
            options = tuple(map(_held, options))
            self.size = _total(options)
        self._key: Hashable = None
        self.options = options
        self.labels = union_labels(options)

    def key(self) -> Hashable:
        if self._key is None:
            self._key = ("o", frozenset([o.key() for o in self.options]))
        return self._key

    def with_labels(self, labels: Labels) -> Value:
        """Each alternative keeps its own of these labels; what is new goes to all."""
        extra = labels - self.labels
        return OneOf(
            tuple(o.with_labels(frozenset(x for x in labels if x in o.labels or x in extra)) for o in self.options)
        )


def _mapping_key(mapping: Mapping[Any, Value]) -> Hashable:
    return tuple([(k, v.key()) for k, v in mapping.items()]) if mapping else ()


def union_labels(values: Iterable[Value]) -> Labels:
    labels = CLEAN
    for value in values:
        more = deep_labels(value)
        if more:
            labels = labels | more
    return labels


def deep_labels(value: Value) -> Labels:
    """The labels of a value and, for a container, of all that it holds."""
    if isinstance(value, Container):
        return value.all_labels()
    return value.labels


def traces(value: Value) -> tuple[tuple[Step, ...], ...]:
    """The steps of a value's labels: equal labels may have come by other ways, and a trace shall show the right one."""
    labels = deep_labels(value)
    return tuple(label.steps for label in sorted(labels, key=Label.order)) if labels else ()


def options(value: Value) -> tuple[Value, ...]:
    """The alternatives that a value stands for."""
    return value.options if isinstance(value, OneOf) else (value,)


def join(left: Value, right: Value) -> Value:
    """The least value that covers both."""
    if left is right:
        return left
    if type(left) is not type(right) and not isinstance(left, OneOf) and not isinstance(right, OneOf):
        return OneOf((left, right))
    found: dict[Hashable, Value] = {}
    for value in (*options(left), *options(right)):
        found.setdefault(value.key(), value)
    if len(found) == 1:
        return next(iter(found.values()))
    values = tuple(found.values())
    kinds = [type(value) for value in values]
    if kinds.count(Row) > 1:
        values = _one_row(values)
    if kinds.count(RowSet) > 1:
        values = _one_start(values)
    if kinds.count(Instance) > 1:
        values = _one_object(values)
    if len(values) > MAX_OPTIONS:
        containers = [v for v in values if isinstance(v, Container) and v.kind in ("dict", "tuple")]
        if len(containers) == len(values) and len({v.kind for v in containers}) == 1:
            return _one_container(containers)
        return Unknown(union_labels(values))
    return values[0] if len(values) == 1 else OneOf(values)


def _one_container(values: list[Container]) -> Container:
    """What is known of a dictionary or tuple that is one of many: what it may hold where, and that it may be missing."""
    items: dict[Any, Value] = {}
    rest = join_all(value.rest for value in values if value.rest is not None)
    for value in values:
        for key, item in value.items.items():
            items[key] = join(items[key], item) if key in items else item
    complete = rest is UNKNOWN and all(len(value.items) == len(items) for value in values)
    keyed = [value.keyed for value in values if value.keyed is not None]
    return Container(
        values[0].kind,
        items,
        None if complete else rest,
        CLEAN.union(*(v.labels for v in values)),
        join_all(keyed) if keyed else None,
    )


def _one_row(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """A row that branches set fields of, or read relations of, is one: what all of them have set or read is loaded."""
    found: dict[Hashable, Value] = {}
    for value in values:
        key = value.key()
        if isinstance(value, Row):
            marks = frozenset(name for name in value.loaded if not name.isidentifier())
            key = value.evolve(loaded=marks).key()
            before = found.get(key)
            if isinstance(before, Row):
                value = value.evolve(loaded=before.loaded & value.loaded)
        found[key] = value
    return tuple(found.values())


def _one_object(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """What branches did to one object, which was made at one place, is known of it together: an attribute that only one of them set may be set."""
    found: dict[Hashable, Value] = {}
    for value in values:
        key = value.key()
        if isinstance(value, Instance) and PLACE in value.attributes:
            key = (value.cls, value.attributes[PLACE].key(), value.labels)
            before = found.get(key)
            if isinstance(before, Instance):
                joined = {k: join(v, before.attributes.get(k, UNKNOWN)) for k, v in value.attributes.items()}
                value = Instance(value.cls, {**before.attributes, **joined}, value.labels)
        found[key] = value
    return tuple(found.values())


def _one_start(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Row sets that branches built on from one query set (each its own `order_by`) are one, made where that was; where a branch loads more,
    its author knows when that is needed."""
    found: dict[Hashable, Value] = {}
    built = [value for value in values if isinstance(value, RowSet) and value.start is not None]
    for value in values:
        if not isinstance(value, RowSet) or value.start is None:
            found[value.key()] = value
            continue
        loaded = frozenset().union(*(v.loaded for v in built if (v.start, v.model) == (value.start, value.model)))
        general = value.evolve(origin=value.start, loaded=loaded)
        found[general.key()] = value if general.key() not in found and loaded == value.loaded else general
    return tuple(found.values())


def join_all(values: Iterable[Value]) -> Value:
    """The join of any number of values; Unknown for none."""
    values = list(values)
    if len(values) > MAX_JOINED:
        values = list({option.key(): option for value in values for option in options(value)}.values())
        if len(values) > MAX_JOINED and not all(isinstance(value, Container) for value in values):
            return Unknown(union_labels(values))
    result: Value | None = None
    for value in values:
        result = value if result is None else join(result, value)
    return result if result is not None else UNKNOWN


def merged(outcomes: list[dict[str, Value]]) -> dict[str, Value]:
    """The join of variable maps; a name that only some of them bind keeps its value."""
    result = dict(outcomes[0])
    for other in outcomes[1:]:
        for name, value in other.items():
            old = result.get(name)
            result[name] = value if old is None or old is value else join(old, value)
    return result


def each_round(value: Value, loop: Loop) -> Value:
    """A value taken from an iterable: its rows are other ones in each round of the loop."""
    if isinstance(value, Row):
        return value.evolve(loops=(*value.loops, loop)) if loop not in value.loops else value
    if isinstance(value, Container) and value.kind in ("tuple", "dict"):
        return value.with_each(lambda held: each_round(held, loop), value.labels)
    if isinstance(value, OneOf):
        return OneOf(tuple(each_round(option, loop) for option in value.options))
    if isinstance(value, Instance):
        # Of the rows that an object holds those that another loop gave it, not one that all objects share.
        own = {n: held for n, held in value.attributes.items() if isinstance(held, Row) and held.loops}
        for name, row in own.items():
            value = value.set(name, each_round(row, loop))
    return value


def tells_nothing(value: Value) -> bool:
    """Whether nothing is known of a value, or only that it is an attribute of something unknown."""
    if isinstance(value, OneOf):
        return all(map(tells_nothing, value.options))
    return type(value.receiver if isinstance(value, BoundMethod) and value.function is None else value) is Unknown


GENERATED = ("generator", "endless")
"""Kinds of collections that a generator hands out; one that is endless goes on until its reader has what it looks for."""


def is_endless(iterable: Value) -> bool:
    """Whether going through something ends when the code has what it looks for, and not where the data does."""
    return any(isinstance(option, Container) and option.kind == "endless" for option in options(iterable))


def few_rounds(iterable: Value) -> bool:
    """Whether a loop runs a number of rounds that the code fixes, not the data."""
    if isinstance(iterable, Container):
        return iterable.kind not in GENERATED and iterable.is_small_constant(limit=50) and bool(iterable.items)
    if isinstance(iterable, OneOf):
        return all(map(few_rounds, iterable.options))
    if isinstance(iterable, ClassRef):
        return True  # a class that can be iterated (an enum, a choice set) has the members that the code gives it
    if isinstance(iterable, Symbol):
        return iterable.name.startswith("django.conf.settings.")
    return isinstance(iterable, (Const, Text)) and not iterable.labels


def is_flag(value: Value) -> bool:
    """Whether a value is None, True or False, by which code tells itself how far it has come."""
    return isinstance(value, Const) and (value.value is None or isinstance(value.value, bool))


def same(left: Value, right: Value) -> bool:
    return left is right or left.key() == right.key()


def beginning(value: Value) -> str:
    """The text that a value begins with, as far as it is known."""
    text = constant_text(value)
    if text is None and isinstance(value, Text) and isinstance(value.parts[0], str):
        return value.parts[0]
    return text or ""


def known_text(value: Value) -> str:
    """A text as far as it is known, with a NUL for each unknown part; empty for what is none."""
    return value.known_text() if isinstance(value, Text) else constant_text(value) or ""


def constant_text(value: Value) -> str | None:
    """The string that a value certainly is, or None."""
    if isinstance(value, Const) and isinstance(value.value, str):
        return value.value
    if isinstance(value, Text) and all(isinstance(p, str) for p in value.parts):
        return value.known_text()
    return None
