"""What query sets, sessions and rows do: build queries, run them, give rows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.model.finding import Site
from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics import deferral
from backend_pitfalls.semantics.events import Loop, Query, RelationLoad
from backend_pitfalls.semantics.values import (
    NARROWED,
    UNKNOWN,
    BoundMethod,
    ClassRef,
    Const,
    Container,
    Function,
    Instance,
    Row,
    RowSet,
    Symbol,
    Unknown,
    Value,
    constant_text,
    deep_labels,
    each_round,
    options,
)
from backend_pitfalls.semantics.world import Relation
from backend_pitfalls.syntax.names import dotted, names_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.arguments import Arguments
    from backend_pitfalls.semantics.frame import Frame
    from backend_pitfalls.semantics.interpreter import Interpreter

ANY_LOADED = frozenset({"*"})
"""What is loaded is not known, or nothing is to load."""
_SESSION_WORDS = frozenset({"session", "db_session", "_session", "async_session", "dbsession"})


def emit(
    frame: Frame,
    node: ast.AST,
    operation: str,
    model: str,
    dialect: str,
    effect: str,
    batched: bool = False,
    made_in: tuple[Loop, ...] | None = None,
    rows: RowSet | None = None,
    whole: bool = False,
    keyed: bool = False,
) -> None:
    """Tell rules that a query runs here. `made_in`: the loops in which a cached query set was made; `rows`: what is queried; `whole`: that
    all rows of a model are read; `keyed`: that it is one, by a key of the loop."""
    loops = frame.loops if made_in is None else tuple(loop for loop in frame.loops if loop in made_in)
    is_relation = rows is not None and bool(rows.path)
    frame.events.append(
        Query(
            frame.site(node),
            frame.scope,
            loops,
            frame.is_async,
            operation,
            model,
            dialect,
            effect,
            batched,
            rows.path if rows is not None else "",
            rows.origin if rows is not None and is_relation else None,
            is_relation and rows is not None and rows.plain,
            is_relation and rows is not None and NARROWED in rows.loaded,
            whole and bool(model),
            rows.held if rows is not None else "",
            effect == "write" and _is_written_alone(frame, model),
            frame.transactions > 0,
            keyed,
        )
    )
    frame.events[-1].awaited = frame.waits > 0


def _is_written_alone(frame: Frame, model: str) -> bool:
    """Whether a model saves its rows in a way of its own, or in the tables of several models.

    https://docs.djangoproject.com/en/stable/ref/models/querysets/#bulk-create
    """
    if not model or frame.world.method(model, "save") is not None:
        return True
    known = [f for base in frame.world.lineage(model) if (f := frame.world.class_facts(base)) is not None]
    return sum(not (f.abstract or f.proxy) and any(field.call is not None for field in f.fields) for f in known) > 1


def read_relation(frame: Frame, node: ast.AST, row: Row, name: str, awaited: bool = False) -> None:
    """Reading a relation of a row that was not loaded with it runs a query, once a row; in Tortoise when it is awaited."""
    if not row.loops or isinstance(getattr(node, "ctx", None), ast.Store):
        return
    relation = frame.world.relation(row.model, name)
    if relation is None or _is_loaded(row.loaded, relation.name, relation):
        return
    name = relation.name  # of what a proxy goes through
    dialect = frame.world.dialect(row.model)
    if (dialect == "tortoise" and not awaited) or (relation.many and dialect != "sqlalchemy"):
        return  # gives a query set, which is run by what is done with it
    frame.events.append(
        RelationLoad(
            frame.site(node),
            frame.scope,
            frame.loops,
            frame.is_async,
            row.model,
            name,
            f"{row.path}__{name}" if row.path else name,
            relation.many or row.many or not relation.target,
            dialect,
            row.origin,
            row.loops,
            NARROWED in row.loaded,
        )
    )
    if (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and frame.variables.get(node.value.id) is row
    ):
        frame.variables[node.value.id] = row.evolve(loaded=row.loaded | {name})


def _is_loaded(loaded: frozenset[str], name: str, relation: Relation) -> bool:
    # https://docs.sqlalchemy.org/en/20/orm/queryguide/relationships.html: every `lazy=` but "select" loads at once, never, or gives a query.
    return name in loaded or "*" in loaded or relation.lazy != "select"


def row_of(rows: RowSet) -> Value:
    """One of the rows of a row set; Unknown when its model is."""
    if not rows.model:
        return UNKNOWN
    # A query of SQLAlchemy takes options where it begins; Django's query set where it was last built.
    made = rows.start if rows.dialect == "sqlalchemy" and rows.start is not None and not rows.path else rows.origin
    return Row(rows.model, rows.loaded, made, rows.loops, rows.path, bool(rows.path))


def iterate(frame: Frame, node: ast.AST, rows: RowSet) -> Value:
    """Iterate a row set: a lazy one runs its query, once a query set object."""
    is_lazy = rows.shape in ("query", "values") and rows.origin is not None
    if is_lazy or (rows.shape == "manager" and rows.dialect == "peewee"):
        emit(
            frame,
            node,
            _short(frame, node),
            rows.model,
            rows.dialect,
            "read",
            rows.batched,
            made_in=rows.loops if is_lazy else None,
            rows=rows,
            whole=rows.whole and rows.shape != "values",
        )
    if rows.shape == "values":
        return UNKNOWN
    return row_of(rows)


def awaited(frame: Frame, node: ast.AST, rows: RowSet) -> Value:
    """Awaiting one of Tortoise's query sets runs it."""
    if rows.shape in ("query", "manager", "values"):
        emit(frame, node, _short(frame, node), rows.model, rows.dialect, "read", rows.batched, rows=rows)
    return rows.evolve(shape="rows", loops=frame.loops) if rows.shape != "values" else UNKNOWN


def iterate_relation(frame: Frame, node: ast.AST, rows: RowSet, name: str) -> Value:
    """A framework goes through the rows of a relation: one of them."""
    if rows.shape == "manager":
        emit(frame, node, f"{name}.all()", rows.model, rows.dialect, "read", rows=rows)
    loop = Loop(frame.site(node), f"the rows of '{name}'", frozenset(), few=False, batched=False, kind="serializer")
    return each_round(row_of(rows), loop)


def template_lookup(frame: Frame, node: ast.AST, rows: RowSet, name: str) -> Value:
    """`books.all`, `books.count`, `books.0`, `book_list.first` in a template, where methods are called without arguments."""
    rows = _rooted(rows)
    if name.isdigit():
        return row_of(rows)
    if name in ("object_list", "all") and rows.shape != "manager":
        return rows
    queries = frame.knowledge.queries[rows.dialect]
    if name in queries.builds and rows.shape in ("manager", "query"):
        return rows.evolve(
            shape="query", origin=_origin(frame, node, rows), loops=frame.loops, plain=rows.plain and name == "all"
        )
    if name in queries.scalar | queries.row and rows.shape in ("manager", "query"):
        made_in = rows.loops if rows.shape == "query" and not rows.path and rows.origin else None
        emit(
            frame,
            node,
            _short(frame, node),
            rows.model,
            rows.dialect,
            "read",
            made_in=made_in,
            rows=_run_by(rows, name),
        )
        if name in queries.row and rows.model:
            return Row(rows.model, rows.loaded, frame.site(node))
    return UNKNOWN


def collected(frame: Frame, node: ast.Call, value: Value, name: str) -> Value:
    """`list(x)`, `sorted(x)` …: the same elements."""
    if isinstance(value, RowSet):
        element = iterate(frame, node, value)
        if value.shape == "values":
            return Container("list", rest=element)
        return value.evolve(shape="rows", loops=value.loops if value.shape in ("rows", "prefetched") else frame.loops)
    if isinstance(value, Container):
        value = value.iterated()
        return (
            value
            if name not in ("builtins.set", "builtins.frozenset")
            else Container("set", value.items, value.rest, value.labels)
        )
    if name == "django.shortcuts.get_list_or_404" and isinstance(value, ClassRef):
        emit(frame, node, _short(frame, node.func), value.name, "django", "read")
        return RowSet(value.name, "django", "rows", origin=frame.site(node), loops=frame.loops)
    if isinstance(value, Instance) and value.cls == "urllib.parse.ParseResult":
        return Container("list", {i: Unknown(value.labels) for i in range(5)}, Unknown(value.labels))
    return Unknown(deep_labels(value)) if not isinstance(value, (ClassRef, Symbol)) else value


def item(frame: Frame, node: ast.Subscript, rows: RowSet) -> Value:
    """`rows[0]` runs a query on a lazy query set; one that is kept is taken to be filled by then."""
    if rows.shape == "query":
        emit(frame, node, _short(frame, node), rows.model, rows.dialect, "read", made_in=rows.loops)
    return row_of(rows) if rows.shape != "values" else UNKNOWN


def method(frame: Frame, node: ast.Call, rows: RowSet, name: str, arguments: Arguments) -> Value:
    """A method of a manager, query set, query, statement or result."""
    rows = _rooted(rows)
    queries = frame.knowledge.queries[rows.dialect]
    operation = _short(frame, node.func)
    if rows.shape in ("rows", "statement", "change"):
        return _of_rows(frame, rows, name, arguments)
    if rows.shape == "prefetched" and name in ("all", "count", "exists", "get_queryset", "__len__"):
        return rows if name in ("all", "get_queryset") else Instance("builtins.int")
    if rows.shape == "prefetched" and name == "first" and deferral.is_ordered(frame, rows.model):
        return row_of(rows)  # an ordered query set takes it from what it has fetched
    deferral.asked(frame, node, rows, name, arguments)
    if name in queries.values:
        return rows.evolve(shape="values", origin=_origin(frame, node, rows), loops=frame.loops)
    if name in queries.builds:
        return _built(frame, node, rows, name, arguments)
    if name in queries.row or name in queries.scalar or name in queries.rows:
        batched = rows.batched or _asks_for_many(arguments) or name in ("in_bulk", "ain_bulk")
        if "_or_create" in name:
            _kept(frame, rows, arguments)
        whole = rows.whole and name == "all"
        keyed = rows.dialect == "django" and not rows.path and _is_keyed(frame, node, rows.model)
        emit(frame, node, operation, rows.model, rows.dialect, "read", batched, None, _run_by(rows, name), whole, keyed)
        if name in ("get_or_create", "update_or_create", "aget_or_create", "aupdate_or_create"):
            return Container("tuple", {0: Row(rows.model, ANY_LOADED, frame.site(node)), 1: Instance("builtins.bool")})
        if name in queries.row:
            return Row(rows.model, rows.loaded, frame.site(node)) if rows.model else UNKNOWN
        if name in ("in_bulk", "ain_bulk"):
            return Container("dict", rest=row_of(rows.evolve(origin=_origin(frame, node, rows), loops=frame.loops)))
        if name in queries.rows:
            return rows.evolve(shape="rows", origin=_origin(frame, node, rows), loops=frame.loops)
        return Instance("builtins.int", {COUNT_OF: Const(rows.model)} if name == "count" else None)
    if name in queries.writes:
        if name in _KEEPS:
            _kept(frame, rows, arguments)
        emit(frame, node, operation, rows.model, rows.dialect, "write", rows.batched, rows=rows)
        return Row(rows.model, ANY_LOADED, frame.site(node)) if name in ("create", "acreate") else UNKNOWN
    return UNKNOWN


def _is_keyed(frame: Frame, node: ast.Call, model: str) -> bool:
    """Whether a call is `Book.objects.get(pk=key)` or `Book.objects.filter(pk=key).first()`, of a key that the loop around gives and that has the type of the model's keys."""
    function = node.func
    if not frame.loops or not isinstance(function, ast.Attribute) or not model:
        return False
    asked = node if function.attr == "get" else function.value if function.attr == "first" else None
    if (
        not isinstance(asked, ast.Call)
        or not isinstance(asked.func, ast.Attribute)
        or asked.args
        or len(asked.keywords) != 1
    ):
        return False
    manager, given = asked.func.value, asked.keywords[0]
    is_manager = isinstance(manager, ast.Attribute) and manager.attr == "objects" and dotted(manager) is not None
    if not is_manager or asked.func.attr != ("get" if asked is node else "filter") or given.arg not in ("pk", "id"):
        return False
    key = given.value
    if isinstance(key, ast.Name) and key.id in frame.loops[-1].targets:
        value = frame.evaluate(key)
        return isinstance(value, Instance) and value.cls in ("builtins.int", "uuid.UUID")
    if isinstance(key, ast.Attribute) and isinstance(key.value, ast.Name) and key.value.id in frame.loops[-1].targets:
        row = frame.evaluate(key.value)
        relation = frame.world.relation(row.model, key.attr.removesuffix("_id")) if isinstance(row, Row) else None
        return relation is not None and key.attr.endswith("_id") and relation.target == model
    return False


def _rooted(rows: RowSet) -> RowSet:
    """The rows of a relation of a row that no query set here gave (`self`, the user of a request) are where paths start."""
    return rows.evolve(path="", whole=False) if rows.path and rows.origin is None else rows


def _origin(frame: Frame, node: ast.AST, rows: RowSet) -> Site:
    """Where the rows come from: for those of a relation, where the query set of the row that has it was made."""
    return rows.origin if rows.path and rows.origin is not None else frame.site(node)


def _run_by(rows: RowSet, name: str) -> RowSet:
    """The rows as a method that runs them at once sees them: those of `first`, `get` … are not what a prefetch holds."""
    return rows if name in ("count", "exists", "acount", "aexists") else rows.evolve(plain=False)


# What was built before one of these takes no more relations: they would be fields that it leaves out, or columns that its other part
# does not have. https://docs.djangoproject.com/en/stable/ref/models/querysets/
_NARROWS = frozenset({"only", "defer", "union", "intersection", "difference"})


def _built(frame: Frame, node: ast.Call, rows: RowSet, name: str, arguments: Arguments) -> RowSet:
    if name == "none":
        return rows.evolve(shape="query", loaded=ANY_LOADED)
    if name == "raw":
        _raw(frame, node, rows, arguments)
    joined = _joined(frame, rows, arguments) if rows.dialect == "peewee" and name == "select" else frozenset[str]()
    cleared = name in ("select_related", "prefetch_related") and any(
        isinstance(v, Const) and v.value is None for v in arguments.positional
    )
    return rows.evolve(
        start=None if name in _NARROWS else rows.start,
        shape=rows.shape if rows.shape == "values" else "query",
        loaded=rows.loaded & {NARROWED} if cleared else rows.loaded | _loaded(name, arguments) | joined,
        origin=_origin(frame, node, rows),
        loops=frame.loops,
        batched=rows.batched or _asks_for_many(arguments),
        plain=rows.plain and name in ("all", "get_queryset"),
        whole=rows.whole and name in _KEEPS_ALL and not rows.manager,
    )


def _joined(frame: Frame, rows: RowSet, arguments: Arguments) -> frozenset[str]:
    """The relations whose models Peewee selects along with the rows: `Tweet.select(Tweet, User).join(User)`.

    https://docs.peewee-orm.com/en/latest/peewee/relationships.html#selecting-from-multiple-sources
    """
    found: dict[str, str] = {"": rows.model}
    for value in arguments.positional:
        name = value.name if isinstance(value, ClassRef) else ""
        for path, model in list(found.items()):
            for relation in frame.world.relations_of(model):
                if name and relation.target == name and not relation.many:
                    found.setdefault(f"{path}__{relation.name}" if path else relation.name, name)
    return frozenset(path for path in found if path)


COUNT_OF = "<count of>"
"""Marks the number that `count()` of a model's rows gave."""

# Building methods after which there are as many rows as before.
_KEEPS_ALL = frozenset(
    {
        "all",
        "get_queryset",
        "order_by",
        "reverse",
        "select_related",
        "prefetch_related",
        "only",
        "defer",
        "annotate",
        "using",
        "options",
        "execution_options",
    }
)


def _asks_for_many(arguments: Arguments) -> bool:
    """Whether a look-up by `…__in` may serve many rows at once: not one that names a few values, or gives another query."""
    return any(k.endswith("__in") and any(map(_may_be_many, options(v))) for k, v in arguments.keywords.items())


def _may_be_many(value: Value) -> bool:
    if isinstance(value, Container):
        return value.rest is not None or len(value.items) > _A_FEW
    return not isinstance(value, (RowSet, Symbol, ClassRef))


_A_FEW = 5


def _loaded(name: str, arguments: Arguments) -> frozenset[str]:
    """The relation paths that a building method adds to what is loaded. "*": something that the code here does not tell, such as
    `*paths`; so anything may be."""
    if name in _NARROWS or name == "select_for_update":
        return frozenset({NARROWED}) | deferral.markers(name, arguments)
    if name == "annotate":
        return deferral.markers(name, arguments)
    if name not in ("select_related", "prefetch_related", "options", "prefetch"):
        return frozenset()
    found: set[str] = {"*"} if arguments.spread or (name == "select_related" and not arguments.positional) else set()
    for value in arguments.positional:
        found |= _paths(value)
    return frozenset(found)


def _paths(value: Value) -> frozenset[str]:
    """The relation paths of one argument: a text, a `Prefetch`, a loader option, or a list of these."""
    path = constant_text(value)
    if path is not None:
        return with_prefixes(path)
    if isinstance(value, Const) and value.value is None:
        return frozenset()
    if isinstance(value, Container) and value.rest is None:
        return frozenset().union(*(_paths(v) for v in value.items.values()))
    if isinstance(value, Instance) and value.cls in (PREFETCH, LOADER):
        loaded = value.attributes.get("loaded")
        if isinstance(loaded, Container):
            return frozenset(str(key) for key in loaded.items)
    return frozenset({"*"})


def with_prefixes(path: str) -> frozenset[str]:
    """`a__b__c` loads `a` and `a__b` too."""
    parts = path.split("__")
    return frozenset("__".join(parts[: i + 1]) for i in range(len(parts)))


PREFETCH = "django.db.models.Prefetch"
LOADER = "sqlalchemy.orm.Load"
# https://docs.sqlalchemy.org/en/20/orm/queryguide/relationships.html
LOADERS = frozenset({"joinedload", "selectinload", "subqueryload", "immediateload", "contains_eager"})
# What they name runs no query when it is read: it is nothing, or an error.
NEVER_LOADERS = frozenset({"noload", "raiseload"})
NEUTRAL_LOADERS = frozenset({"defaultload", "lazyload", "load_only", "defer", "undefer", "with_expression"})


def prefetch(frame: Frame, arguments: Arguments) -> Value:
    """`Prefetch("books", queryset=Book.objects.select_related("author"))`: the path, and what that query set loads below it."""
    lookup = constant_text(arguments.positional[0]) if arguments.positional else None
    if lookup is None:
        return Instance(PREFETCH)
    rows = arguments.keywords.get("queryset", arguments.positional[1] if len(arguments.positional) > 1 else None)
    below = rows.loaded if isinstance(rows, RowSet) else frozenset()
    to_attr = "to_attr" in arguments.keywords
    # Under `to_attr` the last relation is kept under that name, and only what leads to it is loaded as itself.
    whole = lookup.rpartition("__")[0] if to_attr else lookup
    paths = set(with_prefixes(whole)) if whole else set()
    if not to_attr:
        paths |= {"*"} if "*" in below else {f"{lookup}__{path}" for path in below}
    return Instance(PREFETCH, {"loaded": Container("set", dict.fromkeys(sorted(paths), UNKNOWN))})


def prefetched(frame: Frame, arguments: Arguments) -> Value:
    """`prefetch_related_objects(books, "author")`: the rows have these relations from here on.

    https://docs.djangoproject.com/en/stable/ref/models/querysets/#prefetch-related-objects
    """
    given = arguments.node.args[0] if arguments.node.args else None
    rows = arguments.first
    paths = frozenset().union(*(_paths(value) for value in arguments.positional[1:]))
    if isinstance(given, ast.Name) and isinstance(rows, (RowSet, Row)):
        frame.variables[given.id] = rows.evolve(loaded=rows.loaded | (frozenset({"*"}) if arguments.spread else paths))
    return Const(None)


def loader(name: str, before: Instance | None, arguments: Arguments) -> Value:
    """`joinedload(Book.author)`, and one chained to `before`: the paths that a loader option loads."""
    prefix, loaded = "", frozenset[str]()
    if before is not None:
        known, at = before.attributes.get("loaded"), before.attributes.get("at")
        loaded = frozenset(str(k) for k in known.items) if isinstance(known, Container) else frozenset({"*"})
        prefix = str(at.value) if isinstance(at, Const) else ""
    step: str | None = prefix
    for value in arguments.positional if name not in _OF_COLUMNS else ():
        relation = value.attributes.get("relation") if isinstance(value, Instance) else value
        text = constant_text(relation) if relation is not None else None
        if text is None or text == "*":
            return Instance(LOADER, {"loaded": Container("set", {"*": UNKNOWN})})
        step = "__".join(filter(None, (step, text.replace(".", "__"))))
    if name in LOADERS | NEVER_LOADERS and step:
        loaded |= {step}
    attributes: dict[str, Value] = {"loaded": Container("set", dict.fromkeys(sorted(loaded), UNKNOWN))}
    if name in LOADERS or name == "defaultload":
        attributes["at"] = Const(step)
    elif prefix:
        attributes["at"] = Const(prefix)
    return Instance(LOADER, attributes)


# Options about columns, which load no relation.
_OF_COLUMNS = frozenset({"load_only", "defer", "undefer", "with_expression"})

# Of the methods that write, those whose arguments become columns.
_KEEPS = frozenset({"create", "acreate", "update", "aupdate", "values", "insert", "insert_many", "replace"})


def _kept(frame: Frame, rows: RowSet, arguments: Arguments) -> None:
    """The arguments become columns of a row."""
    from backend_pitfalls.semantics.emission import emit_call

    emit_call(frame, f"{rows.dialect}.<row>", arguments, Row(rows.model))


def _raw(frame: Frame, node: ast.Call, rows: RowSet, arguments: Arguments) -> None:
    from backend_pitfalls.semantics.emission import emit_call

    emit_call(frame, "django.db.models.Manager.raw", arguments, rows)


def _of_rows(frame: Frame, rows: RowSet, name: str, arguments: Arguments) -> Value:
    if rows.shape in ("statement", "change"):
        if rows.shape == "change" and name == "values":
            _kept(frame, rows, arguments)
        if name == "options":
            return rows.evolve(loaded=rows.loaded | _loaded(name, arguments), origin=frame.site(arguments.node))
        return rows.evolve(origin=frame.site(arguments.node), whole=rows.whole and name in _KEEPS_ALL)
    if name in ("scalars", "unique", "mappings", "partitions", "all", "fetchall", "tuples", "copy"):
        return rows
    if name in ("first", "one", "one_or_none", "scalar", "scalar_one", "scalar_one_or_none", "pop", "get"):
        return row_of(rows)
    return UNKNOWN


def tree_method(interpreter: Interpreter, row: Row, name: str) -> str:
    """What a method of a node of a tree gives: "rows", one "row", or nothing that is known ("")."""
    trees = interpreter.knowledge.trees
    if name not in interpreter.knowledge.tree_methods:
        return ""
    tree = next((trees[base] for base in interpreter.world.lineage(row.model) if base in trees), None)
    return "" if tree is None else "rows" if name in tree.rows else "row" if name in tree.row else ""


def _in_tree(frame: Frame, node: ast.Call, row: Row, name: str) -> Value:
    """Other nodes of the tree that a row is in: `page.get_children()`, `genre.get_root()`."""
    given = tree_method(frame.interpreter, row, name)
    if given == "rows":
        return RowSet(row.model, "django", "query", origin=frame.site(node), loops=frame.loops, whole=False)
    if not given:
        return UNKNOWN
    emit(frame, node, _short(frame, node.func), row.model, "django", "read")
    return Row(row.model, origin=frame.site(node))


def row_method(frame: Frame, node: ast.Call, row: Row, name: str) -> Value:
    """`row.refresh_from_db()`, `row.save()` …"""
    dialect = frame.world.dialect(row.model) or "django"
    if name in ("refresh_from_db", "arefresh_from_db", "fetch_related"):
        emit(frame, node, _short(frame, node.func), row.model, dialect, "read")
    elif name in ("save", "delete", "asave", "adelete", "delete_instance"):
        written = _short(frame, node.func)
        # What the library does for a method of the model is that method's to the reader.
        called = f"{row.model.rpartition('.')[2]}.{name}" if written.startswith("super(") else written
        emit(frame, node, called, row.model, dialect, "write")
    else:
        return _in_tree(frame, node, row, name)
    return UNKNOWN


def session_method(frame: Frame, node: ast.Call, name: str, arguments: Arguments) -> Value | None:
    """A method of a SQLAlchemy session; None when it is not about queries."""
    queries = frame.knowledge.queries["sqlalchemy"]
    first = arguments.first
    model = _model_of(frame, first)
    if name in queries.session_starts:
        return RowSet(model, "sqlalchemy", "query", beside(arguments), frame.site(node), frame.loops)
    if name in queries.session_reads:
        effect = _effect(name, first)
        if effect:
            whole = isinstance(first, RowSet) and first.whole and name in ("execute", "scalars", "exec")
            emit(frame, node, _short(frame, node.func), model, "sqlalchemy", effect, whole=whole)
        if name in ("get", "get_one", "scalar"):
            return Row(model, origin=frame.site(node)) if model else UNKNOWN
        loaded = first.loaded if isinstance(first, RowSet) else frozenset()
        origin = first.origin if isinstance(first, RowSet) and first.origin is not None else frame.site(node)
        start = first.start if isinstance(first, RowSet) else None
        return RowSet(model, "sqlalchemy", "rows", loaded, origin, frame.loops, start=start)
    if name in queries.session_writes:
        emit(frame, node, _short(frame, node.func), model, "sqlalchemy", "write")
        return UNKNOWN
    return None


def beside(arguments: Arguments) -> frozenset[str]:
    """What comes with the rows of the first model of a statement: those of other models are theirs, by whichever relation."""
    return ANY_LOADED if any(isinstance(other, ClassRef) for other in arguments.positional[1:]) else frozenset()


def _effect(name: str, statement: Value) -> str:
    """What `session.execute(statement)` does; the empty string for a statement that is not known."""
    if name not in ("execute", "exec", "stream"):
        return "read"
    if isinstance(statement, RowSet):
        return {"statement": "read", "query": "read", "change": "write"}.get(statement.shape, "")
    return ""


def _model_of(frame: Frame, value: Value) -> str:
    if isinstance(value, ClassRef):
        return value.name
    return value.model if isinstance(value, (RowSet, Row)) else ""


def manager_of_any(frame: Frame, node: ast.Attribute) -> Value:
    """`model.objects` of a model that is not known: some manager of Django's, of one model in all rounds.

    Parameters:
        frame: in which it is read.
        node: the attribute as it is written.
    """
    of = node.value
    called = of.func if isinstance(of, ast.Call) else of
    word = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    facts = frame.world.facts(frame.module)
    names = frame.interpreter.read(names_in, of)
    if (
        not _IS_CLASS.search(word)
        or facts is None
        or not any("django" in package for package in facts.packages)
        or any(not names.isdisjoint(loop.bound) for loop in frame.loops)
        # A parameter may be another model in each round of a caller's loop.
        or (not frame.loops and frame.function is not None and not names.isdisjoint(_handed(frame.function)))
    ):
        return BoundMethod(UNKNOWN, node.attr)
    return RowSet("", "django", "manager", whole=False)


def _handed(function: Function) -> frozenset[str]:
    """The parameters of a function but for the object or class that it is a method of."""
    signature = function.signature
    return signature.accepted - {signature.first} if function.owner else signature.accepted


# How a variable is called that holds a class: `model`, `cls`, `related_model`, `type(row)`, `get_user_model()`.
_IS_CLASS = regex(r"(?:^|_)(?:model|cls|klass|class)(?:_class|__)?$|^(?:type|sender)$|[a-z]Model$|^through$")


def by_convention(frame: Frame, arguments: Arguments, name: str) -> Value:
    """`db.session.query(Book)` on an object of unknown class: believed when it is called a session and given a model."""
    node = arguments.node
    if not isinstance(node.func, ast.Attribute) or not arguments.positional:
        return UNKNOWN
    receiver = node.func.value
    word = (
        receiver.attr if isinstance(receiver, ast.Attribute) else receiver.id if isinstance(receiver, ast.Name) else ""
    )
    first = arguments.positional[0]
    is_model = isinstance(first, ClassRef) and frame.world.dialect(first.name) == "sqlalchemy"
    is_statement = isinstance(first, RowSet) and first.dialect == "sqlalchemy" and first.shape == "statement"
    if (word.lower() in _SESSION_WORDS and (is_model or is_statement)) or (
        is_statement or (is_model and name in ("query", "get"))
    ):
        found = session_method(frame, node, name, arguments)
        return found if found is not None else UNKNOWN
    return UNKNOWN


def _short(frame: Frame, node: ast.AST) -> str:
    return frame.source.snippet(node, 50)
