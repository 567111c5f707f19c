"""Calls: of library functions by the tables, of the project's own by their summaries."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from backend_pitfalls.model.finding import Step
from backend_pitfalls.semantics import (
    checks,
    dropped,
    health,
    loading,
    orm,
    overfetch,
    schemas,
    serializers,
    strings,
    templates,
    views,
)
from backend_pitfalls.semantics.attributes import (
    decorators,
    first_parameter,
    library_method,
    load_attribute,
    property_function,
)
from backend_pitfalls.semantics.events import Application, Call, Query, RelationLoad
from backend_pitfalls.semantics.values import (
    CLEAN,
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
    Row,
    RowSet,
    Symbol,
    Text,
    Unknown,
    Value,
    constant_text,
    deep_labels,
    join_all,
    options,
)
from backend_pitfalls.syntax.names import parameter_defaults

if TYPE_CHECKING:
    from backend_pitfalls.model.knowledge import Knowledge, ThroughFacts
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
            return run(frame, node, function, {first_parameter(function.node): receiver})
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
        return run(frame, node, value.function, {first_parameter(value.function.node): row})
    return value


class Arguments:
    """Evaluated arguments of one call."""

    __slots__ = ("keywords", "node", "positional", "rest", "spread")

    def __init__(
        self,
        node: ast.Call,
        positional: tuple[Value, ...],
        keywords: dict[str, Value],
        spread: bool,
        rest: Value = UNKNOWN,
    ) -> None:
        self.node = node
        self.positional = positional
        self.keywords = keywords
        self.spread = spread
        self.rest = rest


def call(frame: Frame, node: ast.Call) -> Value:
    """Evaluate a call expression."""
    callee = frame.evaluate(node.func)
    arguments = _arguments(frame, node, callee)
    _fallback(frame, arguments)
    result = join_all(apply(frame, option, arguments) for option in options(callee))
    if node is frame.standing:
        dropped.statement(frame, node, callee)
    name = _written_name(node)
    if loading.LOADS.match(name) and not deep_labels(result) and _tells_nothing(result):
        return loading.loaded_by_name(frame, arguments.positional)
    return checks.validated(frame, node, name, result) if frame.tainted else result


def _tells_nothing(value: Value) -> bool:
    """Whether nothing is known of a value, or only that it is an attribute of something unknown."""
    value = value.elements() if isinstance(value, Container) else value
    return type(value.receiver if isinstance(value, BoundMethod) and value.function is None else value) is Unknown


def _written_name(node: ast.Call) -> str:
    """The last part of the name under which something is called."""
    function = node.func
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )


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
            frame.bound(keyword.arg, keyword, value, keyword.value, "argument", _callee_name(callee))
            continue
        spread = spread or len(options(value)) > 1
        for option in options(value):
            if isinstance(option, Container) and option.kind == "dict":
                keywords.update({k: v for k, v in option.items.items() if isinstance(k, str) and k not in keywords})
                spread = spread or option.rest is not None
                rest = option.rest if option.rest is not None and option.rest.labels else rest
            else:
                spread = True
                rest = option if option.labels else rest
    return Arguments(node, tuple(positional), keywords, spread, rest)


def _fallback(frame: Frame, arguments: Arguments) -> None:
    """`os.getenv("API_KEY", "text")`, `config("API_KEY", default="text")`, `getattr(settings, "API_KEY", "text")`: a setting's name and
    the text that stands in for it."""
    node = arguments.node
    names = [
        (i, a.value) for i, a in enumerate(node.args[:2]) if isinstance(a, ast.Constant) and isinstance(a.value, str)
    ]
    if not names or not _SETTING.match(str(names[0][1])):
        return
    index, name = names[0]
    given = [k.value for k in node.keywords if k.arg == "default"] or node.args[index + 1 : index + 2]
    if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
        frame.bound(str(name), node, Const(given[0].value), given[0], "fallback")


_SETTING = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$|[A-Z]{6,}$")


def _callee_name(callee: Value) -> str:
    if isinstance(callee, (Symbol, ClassRef)):
        return callee.name
    if isinstance(callee, BoundMethod):
        return f"{callee.receiver.cls}.{callee.name}" if isinstance(callee.receiver, Instance) else f"?.{callee.name}"
    return f"{callee.module}.{callee.qualname}" if isinstance(callee, Function) else ""


def apply(frame: Frame, callee: Value, arguments: Arguments) -> Value:
    """Call one possible callee."""
    if isinstance(callee, Function):
        return call_function(frame, callee, arguments, None)
    if isinstance(callee, BoundMethod):
        return _call_method(frame, callee, arguments)
    if isinstance(callee, ClassRef):
        return _instantiate(frame, callee, arguments)
    if isinstance(callee, Symbol):
        _unknown_object(frame, callee, arguments)
        return _call_library(frame, callee.name, arguments, None)
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


def _unknown_object(frame: Frame, callee: Symbol, arguments: Arguments) -> None:
    """`g.database.execute(…)`: a method of something that hangs on a library's object; it may be the project's own."""
    knowledge = frame.knowledge
    of_any = f"?.{callee.name.rsplit('.', 1)[-1]}"
    is_unknown = knowledge.canonical(callee.name) not in knowledge.notable
    if is_unknown and any(sink.needs_sql for sink in knowledge.sinks.get(of_any, ())):
        emit_call(frame, of_any, arguments, None)


def _call_instance(frame: Frame, callee: Instance, arguments: Arguments) -> Value:
    method = frame.world.method(callee.cls, "__call__")
    function = frame.interpreter.function(*method) if method else None
    if function is not None:
        return call_function(frame, function, arguments, callee)
    type_ = frame.knowledge.types.get(f"{callee.cls}.__call__")
    return Instance(type_) if type_ else Unknown(callee.labels)


def _call_method(frame: Frame, callee: BoundMethod, arguments: Arguments) -> Value:
    if callee.function is not None:
        return call_function(frame, callee.function, arguments, callee.receiver)
    receiver = callee.receiver
    if isinstance(receiver, RowSet):
        return orm.method(frame, arguments.node, receiver, callee.name, arguments)
    if isinstance(receiver, Row):
        return orm.row_method(frame, arguments.node, receiver, callee.name)
    if isinstance(receiver, (Const, Text)):
        if receiver.labels and callee.name in ("format", "format_map"):
            emit_call(frame, f"?.{callee.name}", arguments, receiver)
        return strings.method(receiver, callee.name, arguments.positional, arguments.keywords)
    if isinstance(receiver, Container):
        return _container_method(frame, receiver, callee.name, arguments)
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


_URL_SAFE = frozenset({"redirect", "html", "header", "path"})


def _instance_method(frame: Frame, receiver: Instance, name: str, arguments: Arguments) -> Value:
    cls = receiver.cls
    if cls == orm.LOADER:
        return orm.loader(name, receiver, arguments)
    if frame.world.class_facts(cls) is not None:
        cls = next((base for base in frame.world.lineage(cls) if frame.world.class_facts(base) is None), cls)
    qualified = library_method(frame.interpreter, cls, name)
    if name == "mount":
        adapter = arguments.positional[1] if len(arguments.positional) > 1 else UNKNOWN
        _rebind(frame, arguments, receiver.set("mount", adapter))
    if name in ("get", "set") and cls == "configparser.RawConfigParser":
        kept = _configured(frame, receiver, name, arguments)
        if kept is not None:
            return kept
    if name == "setFeature" and len(arguments.positional) == 2 and isinstance(arguments.positional[0], Symbol):
        _rebind(frame, arguments, receiver.set(f"<{arguments.positional[0].name}>", arguments.positional[1]))
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


def _rebind(frame: Frame, arguments: Arguments, changed: Value) -> bool:
    """The variable whose method is called holds the changed object from here on; False when it is no plain variable."""
    function = arguments.node.func
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
        return False
    frame.variables[function.value.id] = changed
    return True


def _list_method(frame: Frame, receiver: Container, name: str, arguments: Arguments) -> Value | None:
    """Methods that move the elements of a list whose elements are all known; None when where they move is not."""
    function = arguments.node.func
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name) or frame.loops:
        return None
    elements = list(receiver.items.values())
    first = arguments.positional[0] if arguments.positional else None
    at = first.value if isinstance(first, Const) and isinstance(first.value, int) else None
    result: Value = Const(None)
    if name == "pop" and (first is None or at is not None) and elements and -len(elements) <= (at or 0) < len(elements):
        result = elements.pop(-1 if at is None else at)
    elif name == "insert" and at is not None and len(arguments.positional) == 2:
        elements.insert(at, arguments.positional[1])
    elif name == "remove" and isinstance(first, Const):
        same = [i for i, e in enumerate(elements) if isinstance(e, Const) and e.value == first.value]
        if not same:
            return None
        del elements[same[0]]
    elif name == "clear":
        elements = []
    elif name == "reverse":
        elements.reverse()
    else:
        return None
    frame.variables[function.value.id] = Container("list", dict(enumerate(elements)), None, receiver.labels)
    return result


def _configured(frame: Frame, receiver: Instance, name: str, arguments: Arguments) -> Value | None:
    """`config.set(section, key, value)` and `config.get(section, key)`: kept by section and key."""
    texts = [constant_text(v) for v in arguments.positional[:2]]
    if len(texts) != 2 or None in texts:
        return None
    key = f"<{texts[0]}.{texts[1]}>"
    if name == "set" and len(arguments.positional) == 3:
        return Const(None) if _rebind(frame, arguments, receiver.set(key, arguments.positional[2])) else None
    return receiver.attributes.get(key) if name == "get" else None


_VIEW_METHODS = frozenset({"get_queryset", "get_object", "get_context_data", "filter_queryset", "paginate_queryset"})


def _view_method(frame: Frame, receiver: Instance, name: str, arguments: Arguments) -> Value | None:
    """What the library's own methods of class-based views give; None when the object is no such view."""
    view = receiver.attributes.get("<self>", receiver)
    if not isinstance(view, Instance) or not any(b in _VIEWS for b in frame.world.lineage(receiver.cls)):
        return None
    if name in ("filter_queryset", "paginate_queryset"):
        return arguments.positional[0] if arguments.positional else None
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


def _container_method(frame: Frame, receiver: Container, name: str, arguments: Arguments) -> Value:
    if receiver.kind == "list" and receiver.rest is None and name in ("pop", "insert", "remove", "clear", "reverse"):
        found = _list_method(frame, receiver, name, arguments)
        if found is not None:
            return found
    if name in ("get", "pop", "setdefault") and arguments.positional:
        key = arguments.positional[0]
        default = arguments.positional[1] if len(arguments.positional) > 1 else Const(None)
        if isinstance(key, Const) and key.value in receiver.items:
            return receiver.items[key.value]
        return join_all(
            [receiver.elements() if receiver.rest is not None or not isinstance(key, Const) else default, default]
        )
    if (
        name in ("append", "add", "extend", "insert", "update")
        and isinstance(arguments.node.func, ast.Attribute)
        and isinstance(arguments.node.func.value, ast.Name)
    ):
        added = arguments.positional[-1] if arguments.positional else UNKNOWN
        if name in ("extend", "update") and isinstance(added, Container):
            items = {**receiver.items, **added.items} if receiver.kind == "dict" else receiver.items
            rest = added.elements() if receiver.kind != "dict" else added.rest or receiver.rest
            updated = Container(
                receiver.kind,
                items,
                join_all([v for v in (receiver.rest, rest) if v is not None]) if rest or receiver.rest else None,
            )
        elif name == "append" and not frame.loops and receiver.rest is None:
            updated = Container(receiver.kind, {**receiver.items, len(receiver.items): added})
        else:
            updated = Container(
                receiver.kind, receiver.items, added if receiver.rest is None else join_all([receiver.rest, added])
            )
        frame.variables[arguments.node.func.value.id] = updated.with_labels(receiver.labels)
        return Const(None)
    if name == "items":
        if receiver.rest is None:
            pairs = {
                i: Container("tuple", {0: Const(k) if isinstance(k, (str, int)) else UNKNOWN, 1: v})
                for i, (k, v) in enumerate(receiver.items.items())
            }
            return Container("list", pairs)
        return Container("list", rest=Container("tuple", {0: Unknown(receiver.labels), 1: receiver.elements()}))
    if name == "values":
        return Container("list", dict(enumerate(receiver.items.values())), receiver.rest)
    if name == "keys":
        return Container(
            "list",
            {i: Const(k) if isinstance(k, (str, int)) else UNKNOWN for i, k in enumerate(receiver.items)},
            UNKNOWN if receiver.rest else None,
        )
    if name == "copy":
        return receiver
    return Unknown(receiver.all_labels())


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
        "tqdm.tqdm",
        "tqdm.auto.tqdm",
        "django.shortcuts.get_list_or_404",
    }
)


def _call_library(frame: Frame, name: str, arguments: Arguments, receiver: Value | None) -> Value:
    knowledge = frame.knowledge
    name = knowledge.canonical(name)
    if name in knowledge.noreturn:
        return Symbol("typing.NoReturn")
    emit_call(frame, name, arguments, receiver)
    if name in knowledge.routings:
        health.registered(frame, arguments, knowledge.routings[name])
    if name in _LOADER_FUNCTIONS:
        return orm.loader(name.rsplit(".", 1)[-1], None, arguments)
    if name in _KEYED:
        _keyed(frame, arguments)
    if name in _PAGES:
        return _page(arguments, receiver)
    special = _SPECIAL.get(name)
    if special is not None:
        return special(frame, arguments)
    if name in knowledge.sources:
        facts = knowledge.sources[name]
        if any(keyword in arguments.keywords for keyword in facts.unless):
            return UNKNOWN
        label = Label(facts.description, frame.site(arguments.node), (), frozenset(facts.cleaned), facts.kind)
        frame.tainted = True
        return Unknown(frozenset({label}))
    type_ = knowledge.types.get(name)
    if type_ is not None:
        return Instance(type_, dict(arguments.keywords))
    harms = knowledge.sanitizers.get(name)
    first = arguments.positional[0] if arguments.positional else UNKNOWN
    if harms is not None:
        if "*" in harms:
            return Instance(name) if name.startswith("builtins.") else UNKNOWN
        return checks.cleaned(Unknown(deep_labels(first)), harms)
    if name in knowledge.models:
        return Row(name)
    if name in _FIRST_ARGUMENT:
        return orm.collected(frame, arguments.node, first, name)
    if name in knowledge.through:
        return _through(frame, name, arguments, knowledge.through[name])
    if receiver is not None and isinstance(receiver, Instance) and receiver.labels:
        if cls_keeps(knowledge, receiver.cls, name):
            return Instance(receiver.cls, receiver.attributes, receiver.labels)
        return Unknown(receiver.labels)
    return UNKNOWN


def cls_keeps(knowledge: Knowledge, cls: str, name: str) -> bool:
    """Whether a method of a class gives another object of that class, such as `path.with_suffix()`."""
    return knowledge.types.get(name) == cls


def _through(frame: Frame, name: str, arguments: Arguments, facts: ThroughFacts) -> Value:
    """A call whose result is made of its arguments: it carries their labels."""
    given = [v for i, v in enumerate(arguments.positional) if i not in facts.ignored]
    labels = _labels_of((*given, *arguments.keywords.values()))
    if facts.resolves:
        labels = frozenset(label.clean(RESOLVED) for label in labels)
    first = arguments.positional[0] if arguments.positional else UNKNOWN
    if name.startswith("urllib.parse.urlun") and isinstance(first, Container):
        empty = [constant_text(first.items.get(i, UNKNOWN)) == "" for i in (0, 1)]
        if all(empty):
            labels = frozenset(label.clean(_NO_HOST) for label in labels)
    if facts.type:
        attributes = {"<of>": Const(node.id)} if (node := _named(arguments)) is not None else {}
        return Instance(facts.type, attributes, labels)
    return Unknown(labels)


def _named(arguments: Arguments) -> ast.Name | None:
    first = arguments.node.args[0] if arguments.node.args else None
    return first if isinstance(first, ast.Name) else None


_NO_HOST = frozenset({"redirect", "url"})
RESOLVED = frozenset({"<resolved>"})
"""Marks a path without `..` and links: a comparison with the start of a folder then tells that it stays inside."""


def set_item(frame: Frame, node: ast.AST, container: Value, index: Value, value: Value) -> None:
    """`session[key] = value` on a library object, told as a call of its `__setitem__`."""
    name = container.cls if isinstance(container, Instance) else container.name if isinstance(container, Symbol) else ""
    name = frame.knowledge.canonical(name)
    _emit(frame, node, f"{frame.knowledge.types.get(name, name)}.__setitem__", (index, value), {}, False, container)


def set_field(frame: Frame, node: ast.AST, row: Row, value: Value) -> None:
    """`row.field = value`, told as a call of `<dialect>.<field>`."""
    _emit(frame, node, f"{frame.world.dialect(row.model)}.<field>", (value,), {}, False, row)


def unescaped(frame: Frame, node: ast.AST, value: Value) -> None:
    """What a template shows as it is, told as a call of `template.<unescaped>`."""
    _emit(frame, node, "template.<unescaped>", (value,), {}, False, None)


def decorate(frame: Frame, node: ast.expr, decorator: Value) -> None:
    """`@retry` without parentheses, told as a call without arguments."""
    if isinstance(decorator, Symbol) and not isinstance(node, ast.Call):
        _emit(frame, node, frame.knowledge.canonical(decorator.name), (), {}, False, None)


def answer(frame: Frame, node: ast.AST, value: Value) -> None:
    """What a request handler returns, told as a call of `<style>.<answer>`."""
    if not isinstance(frame.answers, Unknown):
        schemas.show(frame, node, frame.answers, value)
    for option in options(value):
        body = option.items.get(0, UNKNOWN) if isinstance(option, Container) and option.kind == "tuple" else option
        _emit(frame, node, f"{frame.handles}.<answer>", (body,), {}, False, None)


def emit_call(frame: Frame, name: str, arguments: Arguments, receiver: Value | None) -> None:
    """Tell rules that a library function or method is called that the tables know."""
    _emit(
        frame,
        arguments.node,
        name,
        arguments.positional,
        arguments.keywords,
        arguments.spread,
        receiver,
        arguments.rest,
    )


def _emit(
    frame: Frame,
    node: ast.AST,
    name: str,
    positional: tuple[Value, ...],
    keywords: dict[str, Value],
    spread: bool,
    receiver: Value | None,
    rest: Value = UNKNOWN,
) -> None:
    if name in frame.knowledge.applications:
        _application(frame, node, name)
    if name not in frame.knowledge.notable:
        return
    frame.events.append(
        Call(
            frame.site(node),
            frame.scope,
            frame.loops,
            frame.is_async,
            name,
            positional,
            keywords,
            spread,
            receiver,
            frame.guards > 0,
            frame.source.snippet(node, 80),
            rest,
        )
    )


def _application(frame: Frame, node: ast.AST, name: str) -> None:
    symbol = frame.scope
    group = frame.knowledge.applications[name]
    unprobed = frame.world.unprobed()
    frame.events.append(Application(frame.site(node), symbol, frame.loops, frame.is_async, name, group, unprobed))


def _instantiate(frame: Frame, callee: ClassRef, arguments: Arguments) -> Value:
    world = frame.world
    if world.dialect(callee.name):
        emit_call(frame, f"{world.dialect(callee.name)}.<row>", arguments, Row(callee.name))
        return Row(callee.name, orm.ANY_LOADED)  # made in memory, with what the caller gave it
    if world.manager_dialect(callee.name):
        return RowSet("", world.manager_dialect(callee.name), "manager")
    instance = Instance(callee.name, _constructor_settings(frame, callee, arguments))
    if serializers.is_serializer(frame, callee.name):
        _serialize(frame, callee.name, instance, arguments)
        return instance
    method = world.method(callee.name, "__init__")
    function = frame.interpreter.function(*method) if method else None
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
    harms = _custom_sanitizer(frame, function)
    if harms is not None:
        return UNKNOWN
    bound = bind(frame, function, arguments, receiver)
    summary = frame.interpreter.summarize(function, bound)
    if _runs_each_time(function):
        _replay(frame, summary.events, function, arguments.node, bound)
    result = summary.result
    if result.labels and not isinstance(result, Container):
        step = Step(frame.site(arguments.node), f"it comes back from '{function.qualname}'")
        result = result.with_labels(frozenset(label.step(step) for label in result.labels))
    return result


_DEFERRING = ("task", "job", "actor", "cache", "memo", "enqueue", "delay", "signal", "receiver")


def _runs_each_time(function: Function) -> bool:
    """Whether calling the function runs its body: a task's call is queued, a cached function's is remembered."""
    return not any(word in name.lower() for name in decorators(function.node) for word in _DEFERRING)


# `sync_to_async` of asgiref, `run_on_executor` of Tornado, and the thread decorators of projects.
_ELSEWHERE = ("sync_to_async", "thread", "executor")


def _runs_elsewhere(function: Function) -> bool:
    """Whether calling the function runs its body in another thread."""
    return any(word in name.lower() for name in decorators(function.node) for word in _ELSEWHERE)


def _custom_sanitizer(frame: Frame, function: Function) -> frozenset[str] | None:
    return frame.knowledge.sanitizers.get(f"{function.module}.{function.qualname}")


def bind(frame: Frame, function: Function, arguments: Arguments, receiver: Value | None) -> dict[str, Value] | None:
    """Arguments by parameter name; None when they tell no more than the function knows on its own."""
    parameters = function.node.args
    named = [*parameters.posonlyargs, *parameters.args]
    bound: dict[str, Value] = {}
    if receiver is not None and named and "staticmethod" not in decorators(function.node):
        bound[named[0].arg] = receiver
        named = named[1:]
    for parameter, value in zip(named, arguments.positional):
        bound[parameter.arg] = _passed(frame, arguments.node, parameter.arg, function, value)
    if parameters.vararg is not None:
        extra = arguments.positional[len(named) :]
        bound[parameters.vararg.arg] = Container("tuple", dict(enumerate(extra)), UNKNOWN if arguments.spread else None)
    accepted = {p.arg for p in (*named, *parameters.kwonlyargs)}
    rest: dict[Any, Value] = {}
    for name, value in arguments.keywords.items():
        if name in accepted:
            bound[name] = _passed(frame, arguments.node, name, function, value)
        else:
            rest[name] = value
    if parameters.kwarg is not None:
        bound[parameters.kwarg.arg] = Container("dict", rest, arguments.rest if arguments.spread else None)
    if arguments.rest.labels:
        for name in accepted - bound.keys():
            bound[name] = _passed(frame, arguments.node, name, function, arguments.rest)
    if not arguments.spread:
        _defaults(function, bound)
    return {name: value for name, value in bound.items() if type(value) is not Unknown or value.labels} or None


def _passed(frame: Frame, node: ast.Call, parameter: str, function: Function, value: Value) -> Value:
    if not value.labels or isinstance(value, Container):
        return value
    step = Step(frame.site(node), f"it is passed to '{function.qualname}' as '{parameter}'")
    return value.with_labels(frozenset(label.step(step) for label in value.labels))


def _defaults(function: Function, bound: dict[str, Value]) -> None:
    for parameter, default in parameter_defaults(function.node.args):
        if parameter.arg not in bound and isinstance(default, ast.Constant) and default.value is not ...:
            bound[parameter.arg] = Const(default.value, CLEAN, "default")


def _replay(
    frame: Frame, events: tuple[Any, ...], function: Function, node: ast.AST, bound: dict[str, Value] | None
) -> None:
    """See a called function's events from here: its queries, what holds the thread and what is made anew always, its
    other calls where this context decides them."""
    verb = "calls" if isinstance(node, ast.Call) else "reads"
    step = Step(frame.site(node), f"{verb} '{function.qualname}'")
    symbol = frame.scope
    called = "" if _runs_elsewhere(function) else function.qualname
    count = 0
    for event in events:
        if len(event.chain) < 5 and (
            isinstance(event, Query)
            or (bound is not None and isinstance(event, (Call, RelationLoad)))
            or (isinstance(event, Call) and event.callee in frame.knowledge.replayed)
        ):
            frame.events.append(event.seen_from(step, symbol, frame.loops, frame.is_async, called))
            count += 1
            if count >= MAX_REPLAYED:
                return


# -- library functions with a meaning of their own ------------------------------------------------------------------


def _partial(frame: Frame, arguments: Arguments) -> Value:
    if not arguments.positional:
        return UNKNOWN
    return Partial(arguments.positional[0], arguments.positional[1:], dict(arguments.keywords))


def _render(frame: Frame, arguments: Arguments) -> Value:
    """`render(request, "name.html", context)`, `render_to_string`, `TemplateResponse`, Flask's `render_template(name, **context)`."""
    texts = [v for v in arguments.positional if constant_text(v) is not None]
    name = texts[0] if texts else arguments.keywords.get("template_name", arguments.keywords.get("name", UNKNOWN))
    contexts = [v for v in arguments.positional if isinstance(v, Container) and v.kind == "dict"]
    context = contexts[0] if contexts else arguments.keywords.get("context")
    requests = [v for v in (*arguments.positional, arguments.keywords.get("request", UNKNOWN)) if is_request(frame, v)]
    given = {**(templates.of_request(frame, requests[0]) if requests else {}), **arguments.keywords}
    for option in options(context) if context is not None else ():
        if isinstance(option, Container):
            given.update({k: v for k, v in option.items.items() if isinstance(k, str)})
    for option in options(name):
        text = constant_text(option)
        if text is not None:
            templates.render(frame, text, given, frame.site(arguments.node))
    return Instance("django.http.HttpResponse")


def is_request(frame: Frame, value: Value) -> bool:
    """Whether a value is a request of Django or of what builds on it."""
    return isinstance(value, Instance) and "django.http.HttpRequest" in frame.world.lineage(value.cls)


def _text(frame: Frame, arguments: Arguments) -> Value:
    """`str(x)`: constants become text, text and objects stay what they are."""
    first = arguments.positional[0] if arguments.positional else UNKNOWN
    if isinstance(first, Const) and isinstance(first.value, (str, int)):
        return Const(str(first.value))
    if isinstance(first, (Text, Instance)):
        return first
    return checks.cleaned(Unknown(_labels_of(arguments.positional)), _TEXT)


_TEXT = frozenset({"nosql"})
"""What a text cannot do: be an object with operators of a query language."""


def _dedent(frame: Frame, arguments: Arguments) -> Value:
    first = arguments.positional[0] if arguments.positional else UNKNOWN
    return first if isinstance(first, (Const, Text)) else Unknown(_labels_of(arguments.positional))


def _labels_of(values: Iterable[Value]) -> Labels:
    return CLEAN.union(*(deep_labels(v) for v in values))


def _super(frame: Frame, arguments: Arguments) -> Value:
    """`super()`: the object as the next class of its method's owner sees it."""
    function = frame.function
    if arguments.positional or function is None or not function.owner:
        return UNKNOWN
    lineage = frame.world.lineage(function.owner)
    receiver = frame.name(frame.self_name)
    following = lineage[1] if len(lineage) > 1 else "builtins.object"
    if isinstance(receiver, RowSet):
        return receiver.evolve(manager=following)
    if isinstance(receiver, Instance):
        return Instance(following, {**receiver.attributes, "<self>": receiver}, receiver.labels)
    return UNKNOWN


def _getattr(frame: Frame, arguments: Arguments) -> Value:
    if (
        len(arguments.positional) >= 2
        and isinstance(arguments.positional[1], Const)
        and isinstance(arguments.positional[1].value, str)
    ):
        return load_attribute(frame.interpreter, arguments.positional[0], arguments.positional[1].value)
    return Unknown(deep_labels(arguments.positional[0])) if arguments.positional else UNKNOWN


def _range(frame: Frame, arguments: Arguments) -> Value:
    bounds = [a.value for a in arguments.positional if isinstance(a, Const) and isinstance(a.value, int)]
    if bounds and len(bounds) == len(arguments.positional):
        rounds = len(range(*bounds[:3])) if bounds[2:3] != [0] else 0
        if rounds <= 50:
            return Container("list", dict.fromkeys(range(rounds), UNKNOWN))
    return Container("list", rest=Instance("builtins.int"))


def _enumerate(frame: Frame, arguments: Arguments) -> Value:
    inner = arguments.positional[0] if arguments.positional else UNKNOWN
    element = frame.iterate(arguments.node.args[0], inner) if arguments.node.args else UNKNOWN
    pair = Container("tuple", {0: Instance("builtins.int"), 1: element})
    if isinstance(inner, Container) and inner.rest is None:
        return Container(
            "list", {i: Container("tuple", {0: Const(i), 1: v}) for i, v in enumerate(inner.items.values())}
        )
    return Container("list", rest=pair)


def _zip(frame: Frame, arguments: Arguments) -> Value:
    elements = [frame.iterate(n, v) for n, v in zip(arguments.node.args, arguments.positional)]
    few = any(isinstance(v, Container) and v.rest is None and v.items for v in arguments.positional)
    row = Container("tuple", dict(enumerate(elements)))
    return Container("list", {0: row}) if few else Container("list", rest=row)


def _dict(frame: Frame, arguments: Arguments) -> Value:
    first = arguments.positional[0] if arguments.positional else None
    if first is None:
        return Container("dict", dict(arguments.keywords), UNKNOWN if arguments.spread else None)
    if isinstance(first, Container) and first.kind == "dict":
        return Container("dict", {**first.items, **arguments.keywords}, first.rest)
    return Container("dict", dict(arguments.keywords), Unknown(deep_labels(first)))


def _map(frame: Frame, arguments: Arguments) -> Value:
    """`map(function, rows)`: the function runs once a row."""
    if len(arguments.node.args) < 2:
        return UNKNOWN
    node, iterable = arguments.node.args[1], arguments.positional[1]
    loop = frame.make_loop(node, iterable, ast.Tuple([], ast.Store()))
    element = frame.iterate(node, iterable, loop)
    outer = frame.loops
    frame.loops = (*outer, loop)
    try:
        result = apply(frame, arguments.positional[0], Arguments(arguments.node, (element,), {}, False))
    finally:
        frame.loops = outer
    return Container("list", rest=result)


_KEYED = frozenset({"builtins.sorted", "builtins.min", "builtins.max"})


def _keyed(frame: Frame, arguments: Arguments) -> None:
    """`sorted(rows, key=function)`, `min`, `max`: the function runs once a row."""
    first = arguments.positional[0] if arguments.positional else UNKNOWN
    key = arguments.keywords.get("key")
    if key is None or not isinstance(first, (RowSet, Container)):
        return
    # What asks the database is the call itself.
    rows = first.evolve(shape="rows") if isinstance(first, RowSet) and first.shape == "query" else first
    node = arguments.node.args[0]
    loop = frame.make_loop(node, rows, ast.Tuple([], ast.Store()))
    element = frame.iterate(node, rows, loop)
    outer = frame.loops
    frame.loops = (*outer, loop)
    try:
        apply(frame, key, Arguments(arguments.node, (element,), {}, False))
    finally:
        frame.loops = outer


def _paginator(frame: Frame, arguments: Arguments) -> Value:
    """Django's paginator. https://docs.djangoproject.com/en/stable/ref/paginator/"""
    rows = arguments.positional[0] if arguments.positional else arguments.keywords.get("object_list", UNKNOWN)
    return Instance("django.core.paginator.Paginator", {"object_list": rows})


_PAGES = frozenset(
    {
        "rest_framework.pagination.PageNumberPagination.paginate_queryset",
        "rest_framework.pagination.LimitOffsetPagination.paginate_queryset",
        "rest_framework.pagination.CursorPagination.paginate_queryset",
        "django.core.paginator.Paginator.page",
        "django.core.paginator.Paginator.get_page",
    }
)


def _page(arguments: Arguments, receiver: Value | None) -> Value:
    """The rows of a page, of the query set that the paginator was made of or is given."""
    own = receiver.attributes.get("object_list") if isinstance(receiver, Instance) else None
    rows = own if own is not None else arguments.positional[0] if arguments.positional else UNKNOWN
    return join_all(o.evolve(whole=False) if isinstance(o, RowSet) else o for o in options(rows))


def _size(frame: Frame, arguments: Arguments) -> Value:
    if arguments.positional and isinstance(arguments.positional[0], RowSet):
        overfetch.sized(frame, arguments.node, arguments.positional[0])
        orm.iterate(frame, arguments.node, arguments.positional[0])
    return Instance("builtins.int")


def _user_model(frame: Frame, arguments: Arguments) -> Value:
    name = frame.world.user_model()
    return ClassRef(name) if frame.world.class_facts(name) is not None else Symbol(name)


def _select(frame: Frame, arguments: Arguments) -> Value:
    first = arguments.positional[0] if arguments.positional else UNKNOWN
    model = first.name if isinstance(first, ClassRef) and frame.world.dialect(first.name) == "sqlalchemy" else ""
    return RowSet(model, "sqlalchemy", "statement", origin=frame.site(arguments.node))


def _change(frame: Frame, arguments: Arguments) -> Value:
    return RowSet("", "sqlalchemy", "change", origin=frame.site(arguments.node))


def _get_model(frame: Frame, arguments: Arguments) -> Value:
    """`get_model("shop", "Book")`, `get_model("shop.Book")`: a model by its label."""
    label = ".".join(a.value for a in arguments.positional if isinstance(a, Const) and isinstance(a.value, str))
    name = frame.world.model_by_label(label)
    return ClassRef(name) if name else UNKNOWN


def _depends(frame: Frame, arguments: Arguments) -> Value:
    """FastAPI fills the parameter with what the dependency returns or yields."""
    if not arguments.positional:
        return UNKNOWN
    value = apply(frame, arguments.positional[0], Arguments(arguments.node, (), {}, True))
    return value.elements() if isinstance(value, Container) and value.kind == "generator" else value


def _get_or_404(frame: Frame, arguments: Arguments) -> Value:
    first = arguments.positional[0] if arguments.positional else UNKNOWN
    model = first.name if isinstance(first, (ClassRef, Symbol)) else first.model if isinstance(first, RowSet) else ""
    orm.emit(frame, arguments.node, frame.source.snippet(arguments.node.func), model, "django", "read")
    return Row(model, origin=frame.site(arguments.node)) if model else UNKNOWN


def _wait_for(frame: Frame, arguments: Arguments) -> Value:
    return arguments.positional[0] if arguments.positional else UNKNOWN


def _nested_field(frame: Frame, arguments: Arguments) -> Value:
    """marshmallow's `Nested(AuthorSchema)`, and `List(Nested(AuthorSchema))`."""
    first = arguments.positional[0] if arguments.positional else arguments.keywords.get("nested", UNKNOWN)
    if isinstance(first, Instance) and first.cls == schemas.NESTED:
        return first
    return Instance(schemas.NESTED, {"schema": first})


_SPECIAL: dict[str, Callable[[Frame, Arguments], Value]] = {
    "functools.partial": _partial,
    "marshmallow.fields.Nested": _nested_field,
    "marshmallow.fields.List": _nested_field,
    "marshmallow.fields.Pluck": _nested_field,
    "builtins.getattr": _getattr,
    "builtins.super": _super,
    "builtins.str": _text,
    "textwrap.dedent": _dedent,
    "django.shortcuts.render": _render,
    "django.template.loader.render_to_string": _render,
    "django.template.response.TemplateResponse": _render,
    "flask.render_template": _render,
    "quart.render_template": _render,
    "starlette.templating.Jinja2Templates.TemplateResponse": _render,
    "builtins.range": _range,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.dict": _dict,
    "builtins.map": _map,
    "django.core.paginator.Paginator": _paginator,
    "builtins.len": _size,
    "builtins.bool": _size,
    "django.contrib.auth.get_user_model": _user_model,
    "sqlalchemy.select": _select,
    "sqlalchemy.insert": _change,
    "sqlalchemy.update": _change,
    "sqlalchemy.delete": _change,
    "django.db.models.Prefetch": orm.prefetch,
    "django.apps.apps.get_model": _get_model,
    "django.apps.apps.get_registered_model": _get_model,
    "django.apps.registry.apps.get_model": _get_model,
    "fastapi.Depends": _depends,
    "django.shortcuts.get_object_or_404": _get_or_404,
    "asyncio.wait_for": _wait_for,
}
_LOADER_FUNCTIONS = frozenset(f"sqlalchemy.orm.{name}" for name in orm.LOADERS | orm.NEUTRAL_LOADERS | {"Load"})
