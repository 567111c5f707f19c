"""Calls: of library functions by the tables, of the project's own by their summaries."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from backend_pitfalls.model.finding import Step
from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics import (
    batches,
    buffers,
    checks,
    containers,
    dropped,
    elements,
    fanout,
    form_rows,
    forms,
    handed,
    health,
    holders,
    library,
    loading,
    narrowing,
    orm,
    patterns,
    protocols,
    remembered,
    schemas,
    serializers,
    strings,
    views,
)
from backend_pitfalls.semantics.arguments import Arguments, written_name
from backend_pitfalls.semantics.attributes import (
    is_kept_property,
    library_method,
    load_attribute,
    property_function,
)
from backend_pitfalls.semantics.emission import emit_call, is_labelled, named, passes_on, updated
from backend_pitfalls.semantics.events import Batch, Call, Query, RelationLoad
from backend_pitfalls.semantics.values import (
    CLEAN,
    PLACE,
    UNKNOWN,
    BoundMethod,
    ClassRef,
    Const,
    Container,
    Function,
    Instance,
    Label,
    Labels,
    Partial,
    Place,
    Row,
    RowSet,
    Symbol,
    Text,
    Unknown,
    Value,
    constant_text,
    deep_labels,
    join,
    join_all,
    known_text,
    options,
    same,
    tells_nothing,
    union_labels,
)
from backend_pitfalls.syntax.names import of_encloser

if TYPE_CHECKING:
    from backend_pitfalls.model.knowledge import DispatchFacts, Knowledge, SetterFacts, ThroughFacts
    from backend_pitfalls.semantics.frame import Frame

MAX_REPLAYED = 60


def attribute(frame: Frame, node: ast.Attribute, receiver: Value) -> Value:
    """`receiver.name` as written; reading a property runs its function here."""
    return attribute_at(frame, node, receiver, node.attr)


def attribute_at(frame: Frame, node: ast.AST, receiver: Value, name: str) -> Value:
    """The attribute of a receiver, read at a node."""
    if isinstance(receiver, (Row, Instance)):
        function = property_function(frame.interpreter, receiver, name)
        if function is not None:
            return run(frame, node, function, {function.signature.first: receiver})
    if name in ("object", "object_list") and isinstance(receiver, Instance):
        shown = views.own_object(frame, receiver, name)
        if shown is not None:
            return shown
    return load_attribute(frame.interpreter, receiver, name)


def run(frame: Frame, node: ast.AST, function: Function, bound: dict[str, Value]) -> Value:
    """Run a function whose parameters are bound, and see its events from the node."""
    summary = frame.interpreter.summarize(function, bound)
    _replay(frame, summary.events, function, node, bound)
    return summary.result


def shown(frame: Frame, node: ast.AST, row: Row, name: str) -> Value:
    """`row.name` as a framework shows it: a relation is read, a method is called."""
    orm.read_relation(frame, node, row, name)
    value = attribute_at(frame, node, row, name)
    if isinstance(value, BoundMethod) and value.function is not None:
        return run(frame, node, value.function, {value.function.signature.first: row})
    return value


def call(frame: Frame, node: ast.Call) -> Value:
    """Evaluate a call expression."""
    callee = frame.evaluate(node.func)
    # A coroutine that is given to `wait_for` has its limit.
    is_guarded = isinstance(callee, Symbol) and callee.name == "asyncio.wait_for" and _has_limit(node)
    frame.guards += is_guarded
    arguments = _arguments(frame, node, callee)
    frame.guards -= is_guarded
    callees = _awaitable(options(callee)) if node is frame.awaited else options(callee)
    result = _each(frame, callees, arguments)
    for argument in node.args:
        if isinstance(argument, ast.Name) and type(held := frame.variables.get(argument.id)) is Instance:
            _hand_over(frame, argument.id, held, callees)
    if frame.tainted and not any(map(_is_own, callees)):
        for function, receiver, given in handed.over(frame, node, arguments):
            _runs_later(frame, function, receiver, given)
    if node is frame.standing:
        dropped.statement(frame, node, callee)
    element = result.elements() if isinstance(result, Container) else result
    if tells_nothing(element) and not deep_labels(result) and loading.LOADS.match(written_name(node)):
        return loading.loaded_by_name(frame, arguments.positional)
    return checks.validated(frame, node, written_name(node), result) if frame.tainted else result


def _each(frame: Frame, callees: tuple[Value, ...], arguments: Arguments) -> Value:
    """Call every possible callee; what they change of a variable whose methods they are, it may be any of."""
    held = arguments.node.func.value if isinstance(arguments.node.func, ast.Attribute) else None
    if len(callees) < 2 or not isinstance(held, ast.Name) or held.id not in frame.variables:
        return join_all(apply(frame, option, arguments) for option in callees)
    before, results, changed = frame.variables[held.id], [], []
    for option in callees:
        results.append(apply(frame, option, arguments))
        after = frame.variables[held.id]
        changed.append(after if after is not before or not isinstance(option, BoundMethod) else option.receiver)
        frame.variables[held.id] = before
    if any(value not in options(before) for value in changed):
        frame.variables[held.id] = join_all(changed)
    return join_all(results)


def _hand_over(frame: Frame, name: str, held: Instance, callees: tuple[Value, ...]) -> None:
    """An object of the project that is given away: what is not set in it yet may be set by whoever got it."""
    unset = {n: join(v, UNKNOWN) for n, v in held.attributes.items() if isinstance(v, Const) and not v.value}
    if not unset or frame.world.class_facts(held.cls) is None:
        return
    if any(not isinstance(callee, Symbol) or not callee.name.startswith("builtins.") for callee in callees):
        frame.variables[name] = Instance(held.cls, {**held.attributes, **unset}, held.labels)


def _is_own(callee: Value) -> bool:
    """Whether what is called is the project's, so that what it does with its arguments is known."""
    return isinstance(callee, (Function, ClassRef)) or (isinstance(callee, BoundMethod) and callee.function is not None)


def _runs_later(frame: Frame, function: Function, receiver: Value | None, arguments: Arguments) -> None:
    """See where untrusted data gets in a function that is run with it elsewhere: its other events are none of the caller's."""
    bound = bind(frame, function, arguments, receiver)
    if bound is None:
        return
    bound = {name: checks.cleaned_within(value, _SENT_ON) for name, value in bound.items()}
    events = frame.interpreter.summarize(function, bound).events
    sinks = frame.knowledge.sinks
    harmed = tuple(
        e
        for e in events
        if isinstance(e, Call) and e.callee in sinks and is_labelled(e.args, e.keywords.values(), e.receiver)
    )
    _replay(frame, harmed, function, arguments.node, bound, elsewhere=True)


# What was sent on is for who takes it, such as a log of what was done, to check.
_SENT_ON = frozenset({"unchecked", "unchecked-parameters"})


def _awaitable(callees: tuple[Value, ...]) -> tuple[Value, ...]:
    """Of what an awaited call may call, what can be awaited: where one is a coroutine, no plain function of the project."""
    kinds = {callee: _is_coroutine(callee) for callee in callees} if len(callees) > 1 else {}
    if True not in kinds.values():
        return callees
    return tuple(callee for callee, kind in kinds.items() if kind is not False)


def _is_coroutine(callee: Value) -> bool | None:
    """Whether a function of the project is a coroutine; None for anything else."""
    function = callee.function if isinstance(callee, BoundMethod) else callee
    return isinstance(function.node, ast.AsyncFunctionDef) if isinstance(function, Function) else None


def _has_limit(node: ast.Call) -> bool:
    given = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "timeout")]
    return any(not (isinstance(value, ast.Constant) and value.value is None) for value in given)


def _arguments(frame: Frame, node: ast.Call, callee: Value) -> Arguments:
    positional: list[Value] = []
    keywords: dict[str, Value] = {}
    spread = False
    rest: Value = UNKNOWN
    for argument in node.args:
        value = frame.evaluate(argument)
        if not isinstance(argument, ast.Starred):
            positional.append(value)
        elif isinstance(inner := frame.evaluate(argument.value), Container) and inner.rest is None:
            positional.extend(inner.items.values())
        else:
            spread = True
    for keyword in node.keywords:
        value = frame.evaluate(keyword.value)
        if keyword.arg is not None:
            keywords[keyword.arg] = value
            if value.labels:
                named(frame, keyword.value, keyword.arg, value, keyword.value)
            continue
        for option in options(value):
            if isinstance(option, Container) and option.kind == "dict":
                keywords.update({k: v for k, v in option.items.items() if isinstance(k, str) and k not in keywords})
                spread = spread or option.rest is not None
                rest = option.rest if option.rest is not None and option.rest.labels else rest
            else:
                spread = True
                rest = option if option.labels else rest
    return Arguments(node, tuple(positional), keywords, spread, rest)


def _callee_name(callee: Value) -> str:
    if isinstance(callee, (Symbol, ClassRef)):
        return callee.name
    if isinstance(callee, BoundMethod):
        return f"{callee.receiver.cls}.{callee.name}" if isinstance(callee.receiver, Instance) else f"?.{callee.name}"
    return f"{callee.module}.{callee.qualname}" if isinstance(callee, Function) else ""


def apply(frame: Frame, callee: Value, arguments: Arguments) -> Value:
    """Call one possible callee."""
    if isinstance(callee, (ClassRef, Symbol)) and "_pb2_grpc." in callee.name and _STUB.search(callee.name):
        return Instance("grpc.<stub>")
    if isinstance(callee, Function):
        return call_function(frame, callee, arguments, None)
    if isinstance(callee, BoundMethod):
        return _call_method(frame, callee, arguments)
    if isinstance(callee, ClassRef):
        return _instantiate(frame, callee, arguments)
    if isinstance(callee, Symbol):
        _unknown_object(frame, callee, arguments)
        found = _call_library(frame, callee.name, arguments, None)
        return orm.by_convention(frame, arguments, callee.name.rpartition(".")[2]) if found is UNKNOWN else found
    if isinstance(callee, Partial):
        merged = Arguments(
            arguments.node,
            (*callee.args, *arguments.positional),
            {**callee.keywords, **arguments.keywords},
            arguments.spread,
            arguments.rest,
        )
        return apply(frame, callee.function, merged)
    if isinstance(callee, Instance):
        return _call_instance(frame, callee, arguments)
    return Unknown(callee.labels)


# How the gRPC compiler names what it makes: https://grpc.io/docs/languages/python/basics/
_STUB = regex(r"_pb2_grpc\.\w+Stub$")


def _unknown_object(frame: Frame, callee: Symbol, arguments: Arguments) -> None:
    """`g.database.execute(…)`: a method of something that hangs on a library's object; it may be the project's own."""
    knowledge = frame.knowledge
    of_any = f"?.{callee.name.rpartition('.')[2]}"
    if of_any in knowledge.sql_methods and knowledge.canonical(callee.name) not in knowledge.notable:
        emit_call(frame, of_any, arguments, None)


def _call_instance(frame: Frame, callee: Instance, arguments: Arguments) -> Value:
    if callee.cls in elements.GETTERS:
        return elements.got(frame, callee, arguments)
    if callee.cls == protocols.NAMED_TUPLE:
        return protocols.of_named_tuple(callee, arguments.positional, arguments.keywords)
    function = frame.interpreter.method(callee.cls, "__call__")
    if function is not None:
        return call_function(frame, function, arguments, callee)
    type_ = frame.knowledge.types.get(f"{callee.cls}.__call__")
    return Instance(type_) if type_ else Unknown(callee.labels)


def _call_method(frame: Frame, callee: BoundMethod, arguments: Arguments) -> Value:
    if callee.function is not None:
        return call_function(frame, callee.function, arguments, callee.receiver)
    receiver = callee.receiver
    if callee.name == "sort" and isinstance(arguments.node.func, ast.Attribute):
        elements.ordered(frame, arguments, arguments.node.func.value, receiver)
    if isinstance(receiver, RowSet):
        return orm.method(frame, arguments.node, receiver, callee.name, arguments)
    if isinstance(receiver, Row):
        return orm.row_method(frame, arguments.node, receiver, callee.name)
    if isinstance(receiver, (Const, Text)):
        for shown in (*arguments.positional, *arguments.keywords.values()) if callee.name == "format" else ():
            protocols.text(frame, arguments.node, shown)
        if receiver.labels and callee.name in ("format", "format_map"):
            emit_call(frame, f"?.{callee.name}", arguments, receiver)
        return strings.method(receiver, callee.name, arguments.positional, arguments.keywords)
    if isinstance(receiver, Container):
        found = containers.container_method(frame, receiver, callee.name, arguments)
        is_asked = callee.name in ("get", "pop") and arguments.node.args
        return elements.looked_up(frame, arguments.node.args[0], found) if is_asked else found
    if isinstance(receiver, Instance):
        return _instance_method(frame, receiver, callee.name, arguments)
    if isinstance(receiver, ClassRef) and arguments.positional:
        schemas.show(frame, arguments.node, Instance(receiver.name), arguments.positional[0])
        return Instance(receiver.name)
    emit_call(frame, f"?.{callee.name}", arguments, receiver)
    if receiver.labels:
        return _cast(frame, arguments, receiver, callee.name)
    return orm.by_convention(frame, arguments, callee.name)


def _cast(frame: Frame, arguments: Arguments, receiver: Value, name: str) -> Value:
    """`request.args.get("page", type=int)` is clean; other methods of untrusted data give untrusted data."""
    type_ = arguments.keywords.get("type")
    if isinstance(type_, Symbol) and type_.name in ("builtins.int", "builtins.float", "builtins.bool"):
        return Instance(type_.name)
    if name in (
        "isdigit",
        "isalnum",
        "isnumeric",
        "isidentifier",
        "startswith",
        "endswith",
        "index",
        "find",
        "count",
        "is_valid",
    ):
        return Instance("builtins.bool")
    if name in _READS:
        return Unknown(frozenset(label.unclean(_PATH) for label in receiver.labels))
    if name == "temporary_file_path":  # the server's own: django.core.files.uploadedfile.TemporaryUploadedFile
        return checks.cleaned(Unknown(receiver.labels), _PATH)
    if name == "resolve" and not arguments.positional:
        return checks.cleaned(Unknown(receiver.labels), RESOLVED)
    if name == "urlencode":
        return checks.cleaned(Unknown(receiver.labels), _URL_SAFE)
    if name in ("get", "pop", "getlist", "getone", "getall") and isinstance(arguments.node.func, ast.Attribute):
        key = arguments.positional[0] if arguments.positional else None
        return checks.part(frame, arguments.node.func.value, key, Unknown(receiver.labels))
    if name == "replace" and arguments.positional:
        replaced = constant_text(arguments.positional[0]) or ""
        return checks.cleaned(Unknown(receiver.labels), _REPLACED.get(replaced, frozenset()))
    return Unknown(receiver.labels)


# What a text in which a character was replaced cannot do any more.
_REPLACED = {
    "\n": frozenset({"header", "log"}),
    "\r": frozenset({"header", "log"}),
    "\r\n": frozenset({"header", "log"}),
    "<": frozenset({"html"}),
}


# A file in memory is no path, what it holds may be one.
_READS = frozenset({"read", "readline", "readlines", "getvalue"})
_PATH = frozenset({"path"})
_URL_SAFE = frozenset({"redirect", "html", "header", "path"})


def _instance_method(frame: Frame, receiver: Instance, name: str, arguments: Arguments) -> Value:
    cls = receiver.cls
    if cls == orm.LOADER:
        return orm.loader(name, receiver, arguments)
    if cls == "re.Match":
        return patterns.group(receiver, name, arguments.positional)
    if cls == patterns.COMPILED and name in patterns.METHODS:
        # What is untrusted about the pattern was told where it was compiled, so that no event is.
        pattern = receiver.attributes.get("<pattern>", UNKNOWN)
        with_pattern = (pattern, *arguments.positional)
        arguments = Arguments(arguments.node, with_pattern, arguments.keywords, arguments.spread, arguments.rest)
        special = library.SPECIAL.get(f"re.{name}")
        return special(frame, arguments) if special is not None else Unknown(union_labels(arguments.positional))
    if cls in buffers.CLASSES:
        found = buffers.method(frame, receiver, name, arguments)
        if found is not None:
            emit_call(frame, f"{cls}.{name}", arguments, receiver)
            return found
    if cls in forms.CLEANED:
        given = arguments.positional[0] if name in ("get", "pop") and arguments.positional else UNKNOWN
        return forms.value_of(frame, arguments.node, receiver, given)
    if name in schemas.DUMPS and receiver.labels and schemas.is_schema(frame, cls):
        fields = schemas.dumped(frame, arguments.node, receiver)
        if fields is not None:
            return fields
    if frame.world.class_facts(cls) is not None:
        cls = next((base for base in frame.world.lineage(cls) if frame.world.class_facts(base) is None), cls)
    qualified = library_method(frame.interpreter, cls, name)
    if name == "update" and f"{cls}.__setitem__" in frame.knowledge.sinks:
        updated(frame, arguments, receiver)
    if qualified not in frame.knowledge.notable and f"?.{name}" in frame.knowledge.sql_methods:
        emit_call(frame, f"?.{name}", arguments, None)
    if qualified in frame.knowledge.setters:
        _keep(frame, receiver, frame.knowledge.setters[qualified], arguments)
    if qualified in frame.knowledge.dispatches and cls != receiver.cls:
        overridden = _dispatch(frame, receiver, name, frame.knowledge.dispatches[qualified], arguments)
        if overridden is not None:
            return overridden
    kept = holders.method(frame, receiver, name, arguments) or form_rows.made(frame, receiver, name)
    if kept is not None:
        emit_call(frame, qualified, arguments, receiver)
        return kept
    if name in ("dump", "dumps", "jsonify") and arguments.positional and schemas.is_schema(frame, receiver.cls):
        schemas.show(frame, arguments.node, receiver, arguments.positional[0])
    if name in _VIEW_METHODS:
        found = _view_method(frame, receiver, name, arguments)
        if found is not None:
            return found
    if "sqlalchemy.orm.Session" in frame.knowledge.lineage(cls):
        found = orm.session_method(frame, arguments.node, name, arguments)
        if found is not None:
            emit_call(frame, qualified, arguments, receiver)
            return found
    return _call_library(frame, qualified, arguments, receiver)


def _keep(frame: Frame, receiver: Instance, facts: SetterFacts, arguments: Arguments) -> None:
    """What a setter is given becomes known of its object."""
    given = arguments.positional
    value = given[facts.position] if len(given) > facts.position else UNKNOWN
    first = given[0] if given else UNKNOWN
    name = facts.attribute or _option_name(first)
    changed = receiver.set(name, value)
    containers.rebind(frame, arguments, changed)
    containers.rebind_others(frame, receiver, changed)


def _option_name(option: Value) -> str:
    """The attribute under which an object keeps an option: `pycurl.TIMEOUT`, or `curl.TIMEOUT` of the object itself; `<any>` where that is not known."""
    if isinstance(option, Symbol):
        return f"<{option.name}>"
    if isinstance(option, BoundMethod) and isinstance(option.receiver, Instance):
        return f"<{option.receiver.cls}.{option.name}>"
    return "<any>"


def _dispatch(frame: Frame, receiver: Instance, name: str, facts: DispatchFacts, arguments: Arguments) -> Value | None:
    """A library's method of a project's class, by the method of that class through which it goes; None when the class has none."""
    function = frame.interpreter.method(receiver.cls, facts.method)
    if function is None or (frame.function is not None and function.node is frame.function.node):
        return None
    first = (Const(facts.first.replace("{name}", name.upper())),) if facts.first else ()
    given = Arguments(
        arguments.node, (*first, *arguments.positional), arguments.keywords, arguments.spread, arguments.rest
    )
    return call_function(frame, function, given, receiver)


_VIEW_METHODS = frozenset(
    {
        "get_queryset",
        "get_object",
        "get_context_data",
        "filter_queryset",
        "paginate_queryset",
        "get_serializer",
        "get_serializer_class",
    }
)


def _view_serializer(frame: Frame, view: Instance, name: str, arguments: Arguments) -> Value | None:
    """`self.get_serializer(rows, many=True)` in an action of a view; None where the class of the serializer is not known.

    https://www.django-rest-framework.org/api-guide/generic-views/#genericapiview
    """
    action = frame.function.qualname.rsplit(".", 1)[-1] if frame.function is not None else ""
    classes = serializers.serializers_of(frame.interpreter, view.set("action", Const(action)))
    if name == "get_serializer_class":
        return join_all(ClassRef(cls) for cls in classes) if classes else None
    made = [Instance(cls, dict(arguments.keywords)) for cls in classes]
    for instance in made:
        _serialize(frame, instance.cls, instance, arguments)
    return join_all(made) if made else None


def _view_method(frame: Frame, receiver: Instance, name: str, arguments: Arguments) -> Value | None:
    """What the library's own methods of class-based views give; None when the object is no such view."""
    view = receiver.attributes.get("<self>", receiver)
    if not isinstance(view, Instance) or not any(b in _VIEWS for b in frame.world.lineage(receiver.cls)):
        return None
    if name in ("filter_queryset", "paginate_queryset"):
        return arguments.positional[0] if arguments.positional else None
    if name in ("get_serializer", "get_serializer_class"):
        return _view_serializer(frame, view, name, arguments)
    if name == "get_context_data":
        own = views.own_context(frame, view) if frame.function is None or frame.self_name else {}
        return Container("dict", {**own, **arguments.keywords})
    rows = serializers.query_set_of(frame, view, above=receiver.cls if view is not receiver else "")
    if name == "get_queryset":
        return rows
    return join_all(Row(o.model, o.loaded, o.origin) for o in options(rows) if isinstance(o, RowSet) and o.model)


_VIEWS = frozenset(
    {
        "django.views.generic.list.MultipleObjectMixin",
        "django.views.generic.detail.SingleObjectMixin",
        "django.views.generic.base.ContextMixin",
        "rest_framework.generics.GenericAPIView",
        "django.contrib.admin.ModelAdmin",
    }
)


_FIRST_ARGUMENT = frozenset(
    {
        "builtins.reversed",
        "builtins.sorted",
        "builtins.list",
        "builtins.tuple",
        "builtins.set",
        "builtins.frozenset",
        "builtins.iter",
        "copy.copy",
        "copy.deepcopy",
        "collections.deque",
        "tqdm.tqdm",
        "tqdm.auto.tqdm",
        "django.shortcuts.get_list_or_404",
    }
)


# Methods that are called as functions of their object: `map(str.strip, names)`.
_OF_TEXTS = ("builtins.str.", "builtins.bytes.")
# The collections that are empty when nothing is given.
_MADE_EMPTY = {"builtins.list": "list", "builtins.set": "set", "collections.deque": "list"}


def _call_library(frame: Frame, name: str, arguments: Arguments, receiver: Value | None) -> Value:
    knowledge = frame.knowledge
    name = knowledge.canonical(name)
    if name in knowledge.noreturn:
        return Symbol("typing.NoReturn")
    emit_call(frame, name, arguments, receiver)
    if name in knowledge.fanouts:
        fanout.started(frame, arguments.node, name)
    if name in knowledge.routings:
        health.registered(frame, arguments, knowledge.routings[name])
    if name in library.LOADER_FUNCTIONS:
        return orm.loader(name.rsplit(".", 1)[-1], None, arguments)
    if name in elements.KEYED:
        elements.keyed(frame, arguments)
    if name in library.PAGES:
        return library.page(arguments, receiver)
    special = library.SPECIAL.get(name)
    if special is not None:
        return special(frame, arguments)
    if name in buffers.CLASSES:
        return buffers.made(name, arguments)
    if name in knowledge.sources:
        facts = knowledge.sources[name]
        if any(keyword in arguments.keywords for keyword in facts.unless):
            return UNKNOWN
        picked = arguments.positional[0] if facts.picks and arguments.positional else UNKNOWN
        if all(_is_of_texts(option) for option in options(picked)):
            return join_all(option.elements() for option in options(picked) if isinstance(option, Container))
        harmless = frozenset(facts.cleaned) | checks.by_decorator(frame)
        label = Label(facts.description, frame.site(arguments.node), (), harmless, facts.kind)
        frame.tainted = True
        return Unknown(frozenset({label}))
    if name.startswith(_OF_TEXTS) and arguments.positional:
        method = BoundMethod(arguments.first, name.rpartition(".")[2])
        given = Arguments(
            arguments.node, arguments.positional[1:], arguments.keywords, arguments.spread, arguments.rest
        )
        return apply(frame, method, given)
    type_ = knowledge.types.get(name)
    if type_ is not None and not _is_other(knowledge, name, arguments):
        made = {PLACE: Place(frame.site(arguments.node))} if name in knowledge.placed else {}
        return Instance(type_, {**arguments.keywords, **made})
    if frame.tainted and name in knowledge.raising:
        checks.raised(frame, arguments.node, knowledge.raising[name])
    harms = knowledge.sanitizers.get(name)
    first = arguments.first
    if harms is not None:
        if "*" in harms:
            return Instance(name) if name.startswith("builtins.") else UNKNOWN
        return checks.cleaned(Unknown(deep_labels(first)), harms)
    if name in knowledge.models:
        return Row(name)
    if name in _FIRST_ARGUMENT:
        if name in _MADE_EMPTY and not arguments.positional and not arguments.spread:
            return Container(_MADE_EMPTY[name], {})
        return join_all(orm.collected(frame, arguments.node, option, name) for option in options(first))
    if name in knowledge.through:
        own = receiver.labels if receiver is not None else CLEAN
        return _through(frame, name, arguments, knowledge.through[name], own)
    if receiver is not None and isinstance(receiver, Instance) and receiver.labels:
        if cls_keeps(knowledge, receiver.cls, name):
            return Instance(receiver.cls, receiver.attributes, receiver.labels)
        return Unknown(receiver.labels)
    return UNKNOWN


def _is_of_texts(collection: Value) -> bool:
    """Whether a value certainly is a collection of texts of several characters each: greetings, not the letters of a password."""
    if not isinstance(collection, Container):
        return False
    held = [*collection.items.values(), *([] if collection.rest is None else [collection.rest])]
    return bool(held) and all(len(known_text(option)) > 1 for value in held for option in options(value))


def _is_other(knowledge: Knowledge, name: str, arguments: Arguments) -> bool:
    """Whether what a call is given makes it give something else than its usual type."""
    unless = knowledge.type_exceptions.get(name, ())
    return any(
        isinstance(v, Symbol) and v.name in unless for v in (*arguments.positional, *arguments.keywords.values())
    )


def cls_keeps(knowledge: Knowledge, cls: str, name: str) -> bool:
    """Whether a method of a class gives another object of that class, such as `path.with_suffix()`."""
    return knowledge.types.get(name) == cls


def _through(frame: Frame, name: str, arguments: Arguments, facts: ThroughFacts, own: Labels) -> Value:
    """A call whose result is made of its arguments, and of the object that it is a method of: it carries their labels."""
    given = [v for i, v in enumerate(arguments.positional) if i not in facts.ignored]
    labels = own | union_labels((*given, *arguments.keywords.values()))
    if facts.undoes:
        labels = frozenset(label.unclean(frozenset(facts.undoes)) for label in labels)
    if facts.resolves:
        labels = frozenset(label.clean(RESOLVED) for label in labels)
    first = arguments.first
    if name == "json.dumps" and isinstance(first, Instance):
        source = frame.knowledge.sources.get(f"{first.cls}.<dumped>")
        if source is not None:
            frame.tainted = True
            labels |= {
                Label(source.description, frame.site(arguments.node), (), frozenset(source.cleaned), source.kind)
            }
    if name.startswith("urllib.parse.urlun") and isinstance(first, Container):
        empty = [constant_text(first.items.get(i, UNKNOWN)) == "" for i in (0, 1)]
        if all(empty):
            labels = frozenset(label.clean(_NO_HOST) for label in labels)
    if facts.type:
        attributes = {"<of>": Const(node.id)} if (node := _named(arguments)) is not None else {}
        return Instance(facts.type, attributes, labels)
    return Unknown(labels)


def _named(arguments: Arguments) -> ast.Name | None:
    """The name that the first argument is, or which `urljoin(base, name)` makes it of."""
    first = arguments.node.args[0] if arguments.node.args else None
    if isinstance(first, ast.Call) and len(first.args) > 1 and written_name(first).endswith("urljoin"):
        first = first.args[1]
    return first if isinstance(first, ast.Name) else None


_NO_HOST = frozenset({"redirect", "url"})
RESOLVED = frozenset({"<resolved>"})
"""Marks a path without `..` and links: a comparison with the start of a folder then tells that it stays inside."""


def _instantiate(frame: Frame, callee: ClassRef, arguments: Arguments) -> Value:
    world = frame.world
    if world.dialect(callee.name):
        emit_call(frame, f"{world.dialect(callee.name)}.<row>", arguments, Row(callee.name))
        return Row(callee.name, orm.ANY_LOADED)  # made in memory, with what the caller gave it
    if world.manager_dialect(callee.name):
        return RowSet("", world.manager_dialect(callee.name), "manager")
    settings = _constructor_settings(frame, callee, arguments)
    instance = Instance(callee.name, {**settings, **forms.raw(world, callee.name, arguments)})
    if serializers.is_serializer(frame, callee.name):
        _serialize(frame, callee.name, instance, arguments)
        return instance
    function = frame.interpreter.method(callee.name, "__init__")
    if function is not None:
        bound = bind(frame, function, arguments, instance)
        summary = frame.interpreter.summarize(function, bound)
        _replay(frame, summary.events, function, arguments.node, bound)
        return Instance(callee.name, {**instance.attributes, **summary.stores})
    return instance


def _serialize(frame: Frame, cls: str, instance: Instance, arguments: Arguments) -> None:
    """`BookSerializer(books, many=True)`: its `.data` reads every row."""
    rows = arguments.positional[0] if arguments.positional else instance.attributes.get("instance")
    if rows is not None:
        subject = f"the rows given to {cls.rsplit('.', 1)[-1]}"
        serializers.serialize(frame, cls, rows, frame.site(arguments.node), subject)


def _constructor_settings(frame: Frame, callee: ClassRef, arguments: Arguments) -> dict[str, Value]:
    """Dataclass-like fields by keyword, and by position where the class declares its fields in order."""
    facts = frame.world.class_facts(callee.name)
    settings = dict(arguments.keywords)
    if facts is not None and "__init__" not in facts.methods:
        declared = [f.name for f in facts.fields if f.annotation]
        settings.update(zip(declared, arguments.positional))
    return settings


def call_function(frame: Frame, function: Function, arguments: Arguments, receiver: Value | None) -> Value:
    """Call a function of the project: reuse its summary for these arguments and see its events from here."""
    knowledge, name = frame.knowledge, f"{function.module}.{function.qualname}"
    if name in knowledge.sanitizers:
        return UNKNOWN
    if name in knowledge.sources or name in knowledge.sinks:  # of a framework in its own repository
        return _call_library(frame, name, arguments, receiver)
    declared = frame.interpreter.declared_result(function)
    runs_here = _runs_each_time(function)
    if frame.tainted and not runs_here:
        _runs_later(frame, function, receiver, arguments)
    if not runs_here and type(declared) is not Unknown:
        return declared
    bound = bind(frame, function, arguments, receiver)
    summary = frame.interpreter.summarize(function, bound)
    if summary.left and function.module == frame.module:
        # What functions leave behind is known everywhere, but for what they leave of these arguments.
        frame.variables.update({name: value for name, value in summary.left.items() if deep_labels(value)})
        if function.closure is not None and function.qualname.rpartition(".")[0] == frame.symbol:
            for name, before in frame.variables.items():
                left = summary.left.get(of_encloser(name))
                if left is not None:
                    frame.variables[name] = join(before, left)
    if runs_here:
        _replay(frame, summary.events, function, arguments.node, bound)
    if summary.stores and isinstance(receiver, Instance) and function.name != "__init__":
        _leave(frame, arguments, receiver, summary.stores)
    result = summary.result
    if type(result) is Unknown and not result.labels:
        result = declared
    if result.labels and not isinstance(result, Container):
        step = Step(frame.site(arguments.node), f"it comes back from '{function.qualname}'")
        result = result.with_labels(frozenset(label.step(step) for label in result.labels))
    if result.labels and _GIVES_JUDGED.search(function.name):
        return checks.cleaned(result, narrowing.JUDGED)
    return result


def _leave(frame: Frame, arguments: Arguments, receiver: Instance, stores: Mapping[str, Value]) -> None:
    """What a method put into its object is there from here on: untrusted data, and what the object may have in place of what was known."""
    put: dict[str, Value] = {}
    for name, value in stores.items():
        known = receiver.attributes.get(name)
        if deep_labels(value):
            put[name] = value
        elif known is not None and not same(known, value):
            put[name] = join(known, value)
    changed = receiver
    for name, value in put.items():
        changed = changed.set(name, value)
    if not put or not containers.rebind(frame, arguments, changed):
        return
    held = arguments.node.func.value if isinstance(arguments.node.func, ast.Attribute) else None
    if isinstance(held, ast.Name) and held.id == frame.self_name:
        frame.stores.update(put)


# A function of the project that gives its argument only when that is what its name says.
_GIVES_JUDGED = regex(r"^_?(validated?|sanitized?|safe|get_safe|ensure_safe|clean_(url|path|filename))(_|$)|_safe$")
MADE_SIZE = 400_000
"""Characters of a file beyond which a program has written it: such files make thousands of calls of one function."""
_DEFERRING = ("task", "job", "actor", "cache", "memo", "enqueue", "delay", "signal", "receiver")


def _runs_each_time(function: Function) -> bool:
    """Whether calling the function runs its body: a task's call is queued, a cached function's is remembered, and what fills a cache
    (`get_or_set`) runs where nothing is in it."""
    if function.name in _FILLS_CACHE:
        return False
    return not function.decorators or not _has_word(function, _DEFERRING)


_FILLS_CACHE = frozenset({"get_or_set", "get_or_cache", "cache_get_or_set", "remember"})


# `sync_to_async` of asgiref, `run_on_executor` of Tornado, and the thread decorators of projects.
_ELSEWHERE = ("sync_to_async", "thread", "executor")


def _runs_elsewhere(function: Function) -> bool:
    """Whether calling the function runs its body in another thread."""
    return bool(function.decorators) and _has_word(function, _ELSEWHERE)


def _has_word(function: Function, words: tuple[str, ...]) -> bool:
    return any(word in name.lower() for name in function.decorators for word in words)


def bind(frame: Frame, function: Function, arguments: Arguments, receiver: Value | None) -> dict[str, Value] | None:
    """Arguments by parameter name; None when they tell no more than the function knows on its own, or nobody wrote the call."""
    if len(frame.source.text) > MADE_SIZE:
        return None
    signature = function.signature
    named, accepted = signature.named, signature.accepted
    bound: dict[str, Value] = {}
    if receiver is not None and named and "staticmethod" not in function.decorators:
        bound[named[0]] = receiver
        accepted -= {named[0]}
        named = named[1:]
    for parameter, value in zip(named, arguments.positional):
        bound[parameter] = _passed(frame, arguments.node, parameter, function, value)
    if signature.variadic:
        extra = arguments.positional[len(named) :]
        bound[signature.variadic] = Container("tuple", dict(enumerate(extra)), UNKNOWN if arguments.spread else None)
    rest: dict[Any, Value] = {}
    for name, value in arguments.keywords.items():
        if name in accepted:
            bound[name] = _passed(frame, arguments.node, name, function, value)
        else:
            rest[name] = value
    if signature.keyed:
        bound[signature.keyed] = Container("dict", rest, arguments.rest if arguments.spread else None)
    if arguments.rest.labels:
        for name in sorted(accepted.difference(bound)):
            bound[name] = _passed(frame, arguments.node, name, function, arguments.rest)
    for name, default in signature.defaults if not arguments.spread else ():
        if name not in bound:
            bound[name] = Const(default, CLEAN, "default")
    return {name: value for name, value in bound.items() if type(value) is not Unknown or value.labels} or None


def _passed(frame: Frame, node: ast.Call, parameter: str, function: Function, value: Value) -> Value:
    if not value.labels or isinstance(value, Container):
        return value
    step = Step(frame.site(node), f"it is passed to '{function.qualname}' as '{parameter}'")
    return value.with_labels(frozenset(label.step(step) for label in value.labels))


def _replay(
    frame: Frame,
    events: tuple[Any, ...],
    function: Function,
    node: ast.AST,
    bound: dict[str, Value] | None,
    elsewhere: bool = False,
) -> None:
    """See a called function's events from here: its queries, what holds the thread and what is made anew always, its
    other calls where this context decides them. `elsewhere`: that another thread or process runs it."""
    if not events:
        return
    verb = "calls" if isinstance(node, ast.Call) else "reads"
    step = Step(frame.site(node), f"{verb} '{function.qualname}'")
    symbol = frame.scope
    called = "" if elsewhere or _runs_elsewhere(function) else function.qualname
    is_async = frame.is_async and not elsewhere
    receiver = bound.get(function.signature.first) if bound is not None and function.owner else None
    kept = remembered.OWN if is_kept_property(function) else ""
    count = 0
    queries: set[Hashable] = set()
    for event in events:
        if len(event.chain) < 5 and (
            isinstance(event, (Query, Batch))
            or (bound is not None and isinstance(event, (Call, RelationLoad)))
            or (isinstance(event, Call) and event.callee in frame.knowledge.replayed)
        ):
            if isinstance(event, Query):  # of equal ones, seen through several paths, the first
                key = (event.site, event.loops, event.inner, event.remembered)
                if key in queries:
                    continue
                queries.add(key)
            kind = event.remembered or kept
            loops = remembered.rounds(frame, kind, node, receiver)
            seen = event.seen_from(step, symbol, loops, is_async, called, bound is not None)
            if isinstance(seen, Call):
                seen.reachable, seen.open = seen.reachable and seen.open, passes_on(frame, node)
                seen.guarded |= elsewhere  # nobody here waits for it
            if isinstance(seen, Query):
                seen.atomic |= frame.transactions > 0
            if isinstance(seen, Batch) and (frame.transactions or batches.around(frame)):
                continue
            seen.remembered = remembered.seen_from(frame, kind, node)
            frame.events.append(seen)
            count += 1
            if count >= MAX_REPLAYED:
                return
