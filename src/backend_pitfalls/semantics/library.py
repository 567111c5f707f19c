"""Functions of libraries with a meaning of their own: what they give, and what they run."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from backend_pitfalls.semantics import (
    checks,
    deferral,
    elements,
    holders,
    marshalling,
    orm,
    overfetch,
    patterns,
    protocols,
    schemas,
    templates,
)
from backend_pitfalls.semantics.arguments import Arguments
from backend_pitfalls.semantics.attributes import (
    BEHIND,
    SUPER,
    fields_by_name,
    load_attribute,
)
from backend_pitfalls.semantics.values import (
    GENERATED,
    UNKNOWN,
    ClassRef,
    Const,
    Container,
    Instance,
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
    union_labels,
)

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame


def _partial(frame: Frame, arguments: Arguments) -> Value:
    if not arguments.positional:
        return UNKNOWN
    return Partial(arguments.positional[0], arguments.positional[1:], dict(arguments.keywords))


def _render_later(frame: Frame, arguments: Arguments) -> Value:
    """Django's `TemplateResponse`, which the handler of requests renders when the view has returned, that of a coroutine in a thread.

    https://docs.djangoproject.com/en/stable/ref/template-response/, `sync_to_async(response.render)` in django.core.handlers.base
    """
    return _render(frame, arguments, elsewhere=True)


def _render(frame: Frame, arguments: Arguments, elsewhere: bool = False) -> Value:
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
            templates.render(frame, text, given, frame.site(arguments.node), elsewhere)
    return Instance("django.http.HttpResponse")


def is_request(frame: Frame, value: Value) -> bool:
    """Whether a value is a request of Django or of what builds on it."""
    return isinstance(value, Instance) and "django.http.HttpRequest" in frame.world.lineage(value.cls)


def _text(frame: Frame, arguments: Arguments) -> Value:
    """`str(x)`: constants become text, text and objects stay what they are."""
    first = arguments.first
    if isinstance(first, Const) and isinstance(first.value, (str, int)):
        return Const(str(first.value))
    shown = protocols.text(frame, arguments.node, first)
    if isinstance(first, (Text, Instance)):
        return shown
    return checks.cleaned(Unknown(union_labels(arguments.positional)), _TEXT)


def _print(frame: Frame, arguments: Arguments) -> Value:
    """`print(x)` shows each as `str()` does."""
    for value in arguments.positional:
        protocols.text(frame, arguments.node, value)
    return Const(None)


_TEXT = frozenset({"nosql"})
"""What a text cannot do: be an object with operators of a query language."""


def _statement(frame: Frame, arguments: Arguments) -> Value:
    """`sqlalchemy.text("SELECT …")`: a statement, known by its text when nothing untrusted is in it."""
    first = arguments.first
    return UNKNOWN if first.labels or constant_text(first) is None else first


def _dedent(frame: Frame, arguments: Arguments) -> Value:
    first = arguments.first
    return first if isinstance(first, (Const, Text)) else Unknown(union_labels(arguments.positional))


def _super(frame: Frame, arguments: Arguments) -> Value:
    """`super()` and `super(Class, self)`: the object as the class behind its method's owner, or behind that class, sees it."""
    function = frame.function
    if function is None or not function.owner:
        return UNKNOWN
    first = arguments.positional[0] if arguments.positional else None
    lineage = frame.world.lineage(function.owner)
    own = first.name if isinstance(first, ClassRef) else function.owner
    if len(arguments.positional) == 1 or own not in lineage or (first is not None and not isinstance(first, ClassRef)):
        return UNKNOWN
    receiver = frame.name(frame.self_name)
    place = lineage.index(own) + 1
    following = lineage[place] if place < len(lineage) else "builtins.object"
    behind = _behind(frame, lineage[place:])
    return join_all(_seen_by(option, following, own, behind) for option in options(receiver))


def _seen_by(receiver: Value, following: str, own: str, behind: dict[str, Value]) -> Value:
    """An object as the class `following` behind its own in a lineage sees it."""
    if isinstance(receiver, RowSet):
        return receiver.evolve(manager=following)
    if isinstance(receiver, Instance):
        return Instance(following, {**receiver.attributes, "<self>": receiver, **behind}, receiver.labels)
    return Instance(SUPER, {"<self>": receiver, "<after>": ClassRef(own)}) if isinstance(receiver, Row) else UNKNOWN


def _behind(frame: Frame, following: tuple[str, ...]) -> dict[str, Value]:
    """The first class of the project behind a library's class in a lineage: what the library's class has not, or calls by `super()`, is there."""
    is_ours = [frame.world.class_facts(cls) is not None for cls in following]
    if not following or is_ours[0] or not any(is_ours):
        return {}
    return {BEHIND: ClassRef(following[is_ours.index(True)])}


def _getattr(frame: Frame, arguments: Arguments) -> Value:
    names = (
        [constant_text(option) for option in options(arguments.positional[1])] if len(arguments.positional) > 1 else []
    )
    if names and None not in names:
        read = [frame.read_path(arguments.node, arguments.positional[0], name) for name in names if name]
        return join_all(read)
    if len(arguments.positional) == 2 and (method := _some_method(frame, arguments.positional[0])) is not None:
        return method
    return Unknown(deep_labels(arguments.positional[0])) if arguments.positional else UNKNOWN


def _hasattr(frame: Frame, arguments: Arguments) -> Value:
    """`hasattr(book, "reviews_count")`: certain of what the query set of a row added."""
    if len(arguments.positional) == 2 and isinstance(arguments.positional[0], Row):
        name = constant_text(arguments.positional[1])
        if name is not None and deferral.has(arguments.positional[0], name):
            return Const(True)
        if name is not None:
            orm.read_relation(frame, arguments.node, arguments.positional[0], name)
    return Instance("builtins.bool")


def _setattr(frame: Frame, arguments: Arguments) -> Value:
    """`setattr(book, "name", value)`: an assignment, where the name is known."""
    if len(arguments.positional) == 3 and len(arguments.node.args) == 3:
        name = constant_text(arguments.positional[1])
        if name is not None and name.isidentifier():
            target = ast.copy_location(ast.Attribute(arguments.node.args[0], name, ast.Store()), arguments.node)
            frame.assign(target, arguments.positional[2], None)
    return Const(None)


def _named_tuple(frame: Frame, arguments: Arguments) -> Value:
    given = [*arguments.positional, *(arguments.keywords[n] for n in ("field_names",) if n in arguments.keywords)]
    return protocols.named_tuple(given[0], given[1]) if len(given) > 1 else UNKNOWN


def _default_dict(frame: Frame, arguments: Arguments) -> Value:
    """`defaultdict(list)`: a dictionary in which what is not there is an empty list."""
    first = arguments.first
    kind = first.name.rpartition(".")[2] if isinstance(first, Symbol) else ""
    return Container("dict", {}, Container(kind) if kind in ("list", "dict", "set") else UNKNOWN)


def _deque(frame: Frame, arguments: Arguments) -> Value:
    if not arguments.positional:
        return Container("list") if frame.tainted else UNKNOWN
    return orm.collected(frame, arguments.node, arguments.positional[0], "collections.deque")


def _copied(frame: Frame, arguments: Arguments) -> Value:
    first = arguments.first
    return orm.collected(frame, arguments.node, first, "copy.copy") if isinstance(first, (RowSet, Container)) else first


def _ran(frame: Frame, arguments: Arguments) -> Value:
    """`asyncio.run(load())`: what the coroutine gives."""
    return arguments.first


def _fields_of(frame: Frame, arguments: Arguments) -> Value:
    """`asdict(book)`, `vars(book)`: the fields of an object by their names."""
    first = arguments.first
    return fields_by_name(first) if isinstance(first, Instance) else Unknown(first.labels)


def _row_as_dict(is_deep: bool) -> Callable[[Frame, Arguments], Value]:
    """Peewee's `model_to_dict(book)`, which goes on into what foreign keys point to unless told not to, and Django's, which shows the keys of relations to many.

    https://docs.peewee-orm.com/en/latest/peewee/playhouse.html#model_to_dict
    https://docs.djangoproject.com/en/stable/topics/forms/modelforms/
    """

    def read(frame: Frame, arguments: Arguments) -> Value:
        first = arguments.first
        chosen = [name for name in ("recurse", "fields", "only", "exclude") if name in arguments.keywords]
        relations = frame.world.relations_of(first.model) if isinstance(first, Row) and not chosen else ()
        for relation in relations:
            if isinstance(first, Row) and not relation.reverse and relation.many is not is_deep:
                held = frame.read_path(arguments.node, first, relation.name)
                if isinstance(held, RowSet):
                    orm.iterate_relation(frame, arguments.node, held, relation.name)
        return UNKNOWN

    return read


def _replaced_fields(frame: Frame, arguments: Arguments) -> Value:
    """`dataclasses.replace(book, title=title)`."""
    first = arguments.first
    for name, value in arguments.keywords.items() if isinstance(first, Instance) else ():
        first = first.set(name, value)  # type: ignore[attr-defined]
    return first


def _compiled(frame: Frame, arguments: Arguments) -> Value:
    """`re.compile(pattern)`: its methods do what the functions of the module do with the pattern."""
    first = arguments.positional[0] if arguments.positional else arguments.keywords.get("pattern", UNKNOWN)
    text = constant_text(first)
    return Instance(patterns.COMPILED, {"<pattern>": Const(text)} if text is not None else {}, first.labels)


def _replaced(frame: Frame, arguments: Arguments) -> Value:
    """`re.sub(pattern, replacement, text)`: what it gives is clean when only harmless characters stay."""
    given = dict(zip(("pattern", "repl", "string"), arguments.positional)) | arguments.keywords
    pattern, replacement, text = (given.get(name, UNKNOWN) for name in ("pattern", "repl", "string"))
    written, new = constant_text(pattern), constant_text(replacement)
    if written is None or new is None:
        return Unknown(text.labels | replacement.labels)
    return Unknown(patterns.without(written, new, text.labels))


def _match(frame: Frame, arguments: Arguments) -> Value:
    """`re.match(pattern, text)`: what its groups give is as clean as the pattern lets it be."""
    given = arguments.positional
    labels = union_labels(given)
    pattern = constant_text(given[0]) if given else None
    return Instance("re.Match", {"<pattern>": Const(pattern)} if pattern is not None else {}, labels)


def _some_method(frame: Frame, client: Value) -> Value | None:
    """`getattr(requests, method)`: whichever it is, it takes what `get()` takes."""
    name = client.name if isinstance(client, Symbol) else client.cls if isinstance(client, Instance) else ""
    bases = frame.knowledge.lineage(frame.knowledge.canonical(name)) if name else ()
    known = any(f"{base}.get" in frame.knowledge.clients for base in bases)
    return load_attribute(frame.interpreter, client, "get") if known else None


def _range(frame: Frame, arguments: Arguments) -> Value:
    bounds = [a.value for a in arguments.positional if isinstance(a, Const) and isinstance(a.value, int)]
    if bounds and len(bounds) == len(arguments.positional):
        rounds = len(range(*bounds[:3])) if bounds[2:3] != [0] else 0
        if rounds <= 50:
            return Container("list", dict.fromkeys(range(rounds), UNKNOWN))
    return Container("list", rest=Instance("builtins.int"))


def _dict(frame: Frame, arguments: Arguments) -> Value:
    first = arguments.positional[0] if arguments.positional else None
    if first is None:
        return Container("dict", dict(arguments.keywords), UNKNOWN if arguments.spread else None)
    if isinstance(first, Container) and first.kind == "dict":
        return Container("dict", {**first.items, **arguments.keywords}, first.rest)
    return Container("dict", dict(arguments.keywords), Unknown(deep_labels(first)))


def _paginator(frame: Frame, arguments: Arguments) -> Value:
    """Django's paginator. https://docs.djangoproject.com/en/stable/ref/paginator/"""
    rows = arguments.positional[0] if arguments.positional else arguments.keywords.get("object_list", UNKNOWN)
    return Instance("django.core.paginator.Paginator", {"object_list": rows})


PAGES = frozenset(
    {
        "rest_framework.pagination.PageNumberPagination.paginate_queryset",
        "rest_framework.pagination.LimitOffsetPagination.paginate_queryset",
        "rest_framework.pagination.CursorPagination.paginate_queryset",
        "django.core.paginator.Paginator.page",
        "django.core.paginator.Paginator.get_page",
    }
)


def page(arguments: Arguments, receiver: Value | None) -> Value:
    """The rows of a page, of the query set that the paginator was made of or is given."""
    own = receiver.attributes.get("object_list") if isinstance(receiver, Instance) else None
    rows = own if own is not None else arguments.first
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
    first = arguments.first
    model = first.name if isinstance(first, ClassRef) and frame.world.dialect(first.name) == "sqlalchemy" else ""
    return RowSet(model, "sqlalchemy", "statement", orm.beside(arguments), frame.site(arguments.node))


def _change(frame: Frame, arguments: Arguments) -> Value:
    return RowSet("", "sqlalchemy", "change", origin=frame.site(arguments.node))


def _get_model(frame: Frame, arguments: Arguments) -> Value:
    """`get_model("shop", "Book")`, `get_model("shop.Book")`: a model by its label."""
    label = ".".join(a.value for a in arguments.positional if isinstance(a, Const) and isinstance(a.value, str))
    name = frame.world.model_by_label(label, frame.module)
    return ClassRef(name) if name else UNKNOWN


def _depends(frame: Frame, arguments: Arguments) -> Value:
    """FastAPI fills the parameter with what the dependency returns or yields."""
    if not arguments.positional:
        return UNKNOWN
    value = frame.apply(arguments.positional[0], Arguments(arguments.node, (), {}, True))
    return value.elements() if isinstance(value, Container) and value.kind in GENERATED else value


def _get_or_404(frame: Frame, arguments: Arguments) -> Value:
    first = arguments.first
    model = first.name if isinstance(first, (ClassRef, Symbol)) else first.model if isinstance(first, RowSet) else ""
    orm.emit(frame, arguments.node, frame.source.snippet(arguments.node.func), model, "django", "read")
    return Row(model, origin=frame.site(arguments.node)) if model else UNKNOWN


def _wait_for(frame: Frame, arguments: Arguments) -> Value:
    return arguments.first


def _nested_field(frame: Frame, arguments: Arguments) -> Value:
    """marshmallow's `Nested(AuthorSchema)`, and `List(Nested(AuthorSchema))`."""
    first = arguments.positional[0] if arguments.positional else arguments.keywords.get("nested", UNKNOWN)
    if isinstance(first, Instance) and first.cls == schemas.NESTED:
        return first
    return Instance(schemas.NESTED, {"schema": first})


def _digest(frame: Frame, arguments: Arguments) -> Value:
    """The object that `hashlib.new()` gives for an algorithm, which is what the function of that name gives: https://docs.python.org/3/library/hashlib.html#hashlib.new"""
    name = constant_text(arguments.positional[0]) if arguments.positional else None
    type_ = frame.knowledge.types.get(f"hashlib.{(name or '').lower().replace('-', '')}")
    return Instance(type_, arguments.keywords) if type_ is not None else UNKNOWN


def _hash(frame: Frame, arguments: Arguments) -> Value:
    """The object of `cryptography` that hashes by an algorithm."""
    return arguments.first


SPECIAL: dict[str, Callable[[Frame, Arguments], Value]] = {
    **elements.SPECIAL,
    **holders.FUNCTIONS,
    **marshalling.SPECIAL,
    "functools.partial": _partial,
    "hashlib.new": _digest,
    "cryptography.hazmat.primitives.hashes.Hash": _hash,
    "marshmallow.fields.Nested": _nested_field,
    "marshmallow.fields.List": _nested_field,
    "marshmallow.fields.Pluck": _nested_field,
    "builtins.getattr": _getattr,
    "builtins.setattr": _setattr,
    "builtins.hasattr": _hasattr,
    "collections.namedtuple": _named_tuple,
    "collections.defaultdict": _default_dict,
    "collections.deque": _deque,
    "copy.copy": _copied,
    "copy.deepcopy": _copied,
    "asyncio.run": _ran,
    "dataclasses.asdict": _fields_of,
    "dataclasses.replace": _replaced_fields,
    "playhouse.shortcuts.model_to_dict": _row_as_dict(True),
    "django.forms.models.model_to_dict": _row_as_dict(False),
    "django.forms.model_to_dict": _row_as_dict(False),
    "attrs.asdict": _fields_of,
    "attr.asdict": _fields_of,
    "builtins.vars": _fields_of,
    "re.compile": _compiled,
    "re.sub": _replaced,
    "re.match": _match,
    "re.search": _match,
    "re.fullmatch": _match,
    "builtins.super": _super,
    "builtins.str": _text,
    "builtins.print": _print,
    "textwrap.dedent": _dedent,
    "django.shortcuts.render": _render,
    "django.template.loader.render_to_string": _render,
    "django.template.response.TemplateResponse": _render_later,
    "flask.render_template": _render,
    "quart.render_template": _render,
    "starlette.templating.Jinja2Templates.TemplateResponse": _render,
    "builtins.range": _range,
    "builtins.dict": _dict,
    "collections.OrderedDict": _dict,
    "collections.UserDict": _dict,
    "types.MappingProxyType": _dict,
    "django.core.paginator.Paginator": _paginator,
    "builtins.len": _size,
    "builtins.bool": _size,
    "django.contrib.auth.get_user_model": _user_model,
    "sqlalchemy.select": _select,
    "sqlalchemy.text": _statement,
    "sqlalchemy.insert": _change,
    "sqlalchemy.update": _change,
    "sqlalchemy.delete": _change,
    "django.db.models.Prefetch": orm.prefetch,
    "django.db.models.prefetch_related_objects": orm.prefetched,
    "django.db.models.query.prefetch_related_objects": orm.prefetched,
    "django.apps.apps.get_model": _get_model,
    "django.apps.apps.get_registered_model": _get_model,
    "django.apps.registry.apps.get_model": _get_model,
    "django.db.models.get_model": _get_model,
    "django.db.models.loading.get_model": _get_model,
    "fastapi.Depends": _depends,
    "django.shortcuts.get_object_or_404": _get_or_404,
    "asyncio.wait_for": _wait_for,
}
LOADER_FUNCTIONS = frozenset(
    f"sqlalchemy.orm.{name}" for name in orm.LOADERS | orm.NEUTRAL_LOADERS | orm.NEVER_LOADERS | {"Load"}
)
