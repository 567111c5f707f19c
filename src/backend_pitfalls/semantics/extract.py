"""Extract the facts of a file in one pass over its module and class bodies."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TypeGuard, cast

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.facts import (
    BACKREF_LAZY,
    COLUMN_TYPE,
    FOREIGN_KEY,
    USERS,
    CallFacts,
    ClassFacts,
    FieldFacts,
    FileFacts,
    FunctionFacts,
    Scalar,
)
from backend_pitfalls.semantics.masks import masked
from backend_pitfalls.semantics.module_state import writers
from backend_pitfalls.semantics.request_state import hung
from backend_pitfalls.semantics.routes import actions, patterns, routes
from backend_pitfalls.syntax.names import dotted, endless_loops, nodes_in, own_name, parameter_defaults

# What a file decides for the whole project: https://docs.python.org/3/library/socket.html#socket.setdefaulttimeout,
# https://www.python-ldap.org/en/latest/reference/ldap.html#ldap.set_option, https://docs.celeryq.dev/en/stable/userguide/configuration.html#task-time-limit
# A file in which none of the texts stands is searched for no more than these.
_SETTLED = {
    "socket": (("setdefaulttimeout",), regex(r"setdefaulttimeout\((?!None)")),
    "ldap": (("ldap.set_option",), regex(r"ldap\.set_option\([^)]*OPT_(NETWORK_)?TIMEOUT")),
    "transaction": (("ATOMIC_REQUESTS",), regex(r"ATOMIC_REQUESTS\W{1,6}True")),
    "task": (
        ("time_limit", "TIME_LIMIT"),
        regex(r"(?<![a-zA-Z])(task_|TASK_|CELERYD_TASK_)?(soft_|SOFT_)?(time_limit|TIME_LIMIT)\b"),
    ),
}


def extract(tree: ast.Module, path: str, module: str, text: str = "", with_routes: bool = True) -> FileFacts:
    """Return the facts of a parsed file.

    Parameters:
        tree: its syntax tree (read only).
        path: relative to the project root.
        module: its absolute dotted name.
        text: its source, for the routes in it.
        with_routes: whether all texts that may be routes are wanted, for which the whole tree is walked.
    """
    is_package = path.endswith("__init__.py")
    collector = _Collector(module, is_package)
    collector.body(tree.body, "")
    written = writers(tree, text)
    for name in written:
        if not collector.binds(name):
            collector.variables[name] = ""
    return FileFacts(
        path=path,
        module=module,
        is_package=is_package,
        imports=collector.imports,
        stars=tuple(collector.stars),
        exports=collector.exports,
        classes=collector.classes,
        functions=collector.functions,
        variables=collector.variables,
        constants=collector.constants,
        routes=routes(tree, text) if with_routes else (),
        patterns=patterns(tree, text),
        tasks=_tasks(tree) if "Celery(" in text else 0,
        connections=_connections(tree) if ".connect(" in text else {},
        written=written,
        hung=hung(tree, text),
        actions=actions(tree, text),
        endless=_endless(tree) if "while True" in text or "while 1:" in text else 0,
        settles=(
            *(
                what
                for what, (words, pattern) in _SETTLED.items()
                if any(word in text for word in words) and pattern.search(text)
            ),
            *(("hosts",) if "ALLOWED_HOSTS" in text and _has_fixed_hosts(tree) else ()),
        ),
    )


def _has_fixed_hosts(tree: ast.Module) -> bool:
    """Whether a module of settings writes out for which hosts Django answers, and not for all.

    https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts
    """
    listed = [
        s.value.elts
        for s in tree.body
        if isinstance(s, ast.Assign)
        and isinstance(s.value, (ast.List, ast.Tuple))
        and any(isinstance(t, ast.Name) and t.id == "ALLOWED_HOSTS" for t in s.targets)
    ]
    return any(
        bool(elements) and all(isinstance(e, ast.Constant) and e.value not in ("*", "localhost") for e in elements)
        for elements in listed
    )


def _tasks(tree: ast.Module) -> int:
    """The line on which a module makes an application of Celery; nought where none does."""
    return next((s.lineno for s in tree.body if isinstance(s, ast.Assign) and _is_celery(s.value)), 0)


def _is_celery(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func) in ("Celery", "celery.Celery")


def _connections(tree: ast.Module) -> dict[str, str]:
    """The functions that give the connection of a request, `g.db = sqlite3.connect(…)`: https://flask.palletsprojects.com/en/stable/patterns/sqlite3/"""
    found: dict[str, str] = {}
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and not any(ast.iter_child_nodes(function.args)):
            for node in nodes_in(function):
                if (
                    isinstance(node, ast.Assign)
                    and isinstance(node.value, ast.Call)
                    and any(map(_is_of_g, node.targets))
                ):
                    found[function.name] = dotted(node.value.func)
    return found


def _is_of_g(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "g"


def _endless(tree: ast.Module) -> int:
    """The line of the first `while True` that neither `break`, `return` nor `raise` ends, and that waits for something; nought for none."""
    waits = (
        loop.lineno
        for loop, inside in endless_loops(tree)
        if not any(isinstance(n, (ast.Yield, ast.Await)) for n in inside)
    )
    return next(waits, 0)


def absolute(module: str, is_package: bool, level: int, target: str | None) -> str:
    """The absolute name of `from <dots><target> import …` in a module."""
    if not level:
        return target or ""
    parts = module.split(".")
    keep = len(parts) - level + (1 if is_package else 0)
    return ".".join([*parts[: max(keep, 0)], *([target] if target else [])])


class _Collector:
    def __init__(self, module: str, is_package: bool) -> None:
        self.module = module
        self.is_package = is_package
        self.imports: dict[str, str] = {}
        self.stars: list[str] = []
        self.exports: tuple[str, ...] | None = None
        self.classes: dict[str, ClassFacts] = {}
        self.functions: dict[str, FunctionFacts] = {}
        self.variables: dict[str, str] = {}
        self.constants: dict[str, Scalar] = {}

    def binds(self, name: str) -> bool:
        """Whether something at the top level has this name."""
        return name in self.variables or name in self.classes or name in self.functions or name in self.imports

    def body(self, statements: Iterable[ast.stmt], prefix: str) -> None:
        """Module-level statements, also those under `if`, `try` and `with`."""
        stack = list(statements)[::-1]
        while stack:
            node = stack.pop()
            if isinstance(node, ast.ClassDef):
                self.class_(node, prefix)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._define(prefix + node.name, node)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                self.import_(node)
            elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
                self.assignment(node)
            else:
                for name in ("target", "optional_vars", "name"):
                    if isinstance(target := getattr(node, name, None), ast.Name):
                        self.variables.setdefault(target.id, "")
                stack.extend(_nested_statements(node)[::-1])

    def _define(self, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """A function; of several with one name the first that has a body."""
        known = self.functions.get(name)
        if known is None or any(d.rpartition(".")[2] == "overload" for d in known.decorators):
            self.functions[name] = _function(node)

    def import_(self, node: ast.Import | ast.ImportFrom) -> None:
        for local, target in import_bindings(node, self.module, self.is_package):
            if local == "*":
                self.stars.append(target)
            else:
                self.imports.setdefault(local, target)

    def assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            names = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
            callee = dotted(node.value.func) if isinstance(node.value, ast.Call) and target is names[0] else ""
            self.variables.update((n.id, callee) for n in names if isinstance(n, ast.Name))
        if _is_scalar(node.value):
            value = _scalar(node.value)
            self.constants.update((t.id, masked(t.id, value)) for t in targets if isinstance(t, ast.Name))
        if any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets) and isinstance(
            node.value, (ast.List, ast.Tuple)
        ):
            found = tuple(e.value for e in node.value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str))
            self.exports = (self.exports or ()) + found

    def class_(self, node: ast.ClassDef, prefix: str) -> None:
        name = prefix + node.name
        if name in self.classes:  # of several classes of one name the last is the one that stays
            self.functions = {n: f for n, f in self.functions.items() if not n.startswith(f"{name}.")}
        fields: list[FieldFacts] = []
        methods: set[str] = set()
        attributes: dict[str, list[str]] = {}
        # `class Book(SQLModel, table=True)` says there what others say in a class `Meta`.
        meta: dict[str, Scalar] = {
            k.arg: k.value.value
            for k in node.keywords
            if k.arg == "table" and isinstance(k.value, ast.Constant) and isinstance(k.value.value, bool)
        }
        for statement in _class_statements(node):
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                methods.add(statement.name)
                self._define(f"{name}.{statement.name}", statement)
                for attribute in _self_attributes(statement):
                    attributes.setdefault(attribute, []).append(own_name(statement))
            elif isinstance(statement, ast.ClassDef):
                if statement.name == "Meta":
                    meta = {**meta, **_meta(statement)}
                self.class_(statement, f"{name}.")
            elif isinstance(statement, (ast.Import, ast.ImportFrom)):
                self.import_(statement)
            else:
                fields.extend(_fields(statement))
        self.classes[name] = ClassFacts(
            name=name,
            bases=tuple(filter(None, (_base(b) for b in node.bases))),
            fields=tuple(fields),
            methods=tuple(sorted(methods)),
            self_attributes={k: tuple(dict.fromkeys(v)) for k, v in attributes.items()},
            decorators=tuple(
                filter(None, (dotted(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list))
            ),
            abstract=meta.get("abstract") is True,
            proxy=meta.get("proxy") is True,
            meta=meta,
        )


_SCALARS = (str, int, float, bool, type(None))


def _is_scalar(node: ast.expr | None) -> TypeGuard[ast.Constant]:
    """Whether an expression is a constant that facts can hold: numbers of more than 64 bits cannot be stored."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, _SCALARS)
        and not (isinstance(node.value, int) and node.value.bit_length() > 63)
    )


def _scalar(node: ast.Constant) -> Scalar:
    return cast(Scalar, node.value)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> FunctionFacts:
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = [p.arg for p in plain]
    if arguments.vararg is not None:
        names.append(f"*{arguments.vararg.arg}")
    if arguments.kwarg is not None:
        names.append(f"**{arguments.kwarg.arg}")
    return FunctionFacts(
        tuple(names),
        {p.arg: masked(p.arg, _scalar(default)) for p, default in parameter_defaults(arguments) if _is_scalar(default)},
        {p.arg: annotation_text(p.annotation) for p in plain if p.annotation is not None},
        annotation_text(node.returns) if node.returns is not None else "",
        tuple(filter(None, (dotted(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list))),
        isinstance(node, ast.AsyncFunctionDef),
    )


def annotation_text(node: ast.expr) -> str:
    """An annotation as text; the common forms without the slow general way."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        return dotted(node)
    if isinstance(node, ast.Subscript):
        return f"{annotation_text(node.value)}[{annotation_text(node.slice)}]"
    if isinstance(node, ast.Tuple):
        return ", ".join(annotation_text(e) for e in node.elts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return f"{annotation_text(node.left)} | {annotation_text(node.right)}"
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else repr(node.value)
    return ast.unparse(node)


def import_bindings(node: ast.Import | ast.ImportFrom, module: str, is_package: bool) -> list[tuple[str, str]]:
    """(local name, absolute dotted target) of each name that an import binds; local `*` for a star import."""
    if isinstance(node, ast.Import):
        return [(a.asname, a.name) if a.asname else (a.name.split(".")[0], a.name.split(".")[0]) for a in node.names]
    base = absolute(module, is_package, node.level, node.module)
    return [
        ("*", base) if a.name == "*" else (a.asname or a.name, f"{base}.{a.name}" if base else a.name)
        for a in node.names
    ]


def _nested_statements(node: ast.stmt) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for name in _BLOCKS.get(type(node), ()):
        if name in ("handlers", "cases"):
            for part in getattr(node, name):
                found.extend(part.body)
        else:
            found.extend(getattr(node, name))
    return found


_BLOCKS: dict[type[ast.stmt], tuple[str, ...]] = {
    ast.If: ("body", "orelse"),
    ast.For: ("body", "orelse"),
    ast.AsyncFor: ("body", "orelse"),
    ast.While: ("body", "orelse"),
    ast.With: ("body",),
    ast.AsyncWith: ("body",),
    ast.Try: ("body", "orelse", "finalbody", "handlers"),
    ast.Match: ("cases",),
}
if hasattr(ast, "TryStar"):
    _BLOCKS[ast.TryStar] = _BLOCKS[ast.Try]


def _class_statements(node: ast.ClassDef) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    stack = list(node.body)[::-1]
    while stack:
        statement = stack.pop()
        if isinstance(statement, (ast.If, ast.Try, ast.With)):
            stack.extend(_nested_statements(statement)[::-1])
        else:
            found.append(statement)
    return found


def _base(node: ast.expr) -> str:
    """A base class as written; `Generic[T]` counts as `Generic`, `mixin(Base)` as a call marked by `()`."""
    if isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Call):
        return f"{dotted(node.func)}()"
    return dotted(node)


def _self_attributes(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Attributes that a method assigns on its first parameter; only statements are visited, not their expressions."""
    if not function.args.args:
        return []
    self_name = function.args.args[0].arg
    found: list[str] = []
    stack: list[ast.stmt] = function.body[::-1]
    while stack:
        statement = stack.pop()
        found.extend(
            target.attr
            for target in _targets(statement)
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == self_name
        )
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            stack.extend(_nested_statements(statement)[::-1])
    return found


def _targets(statement: ast.stmt) -> list[ast.expr]:
    """The targets that a statement binds, tuples taken apart."""
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign, ast.For, ast.AsyncFor)):
        targets = [statement.target]
    elif isinstance(statement, (ast.With, ast.AsyncWith)):
        targets = [item.optional_vars for item in statement.items if item.optional_vars is not None]
    else:
        return []
    return [e for t in targets for e in (t.elts if isinstance(t, (ast.Tuple, ast.List)) else [t])]


def _meta(node: ast.ClassDef) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    for statement in node.body:
        if (
            isinstance(statement, ast.Assign)
            and isinstance(statement.targets[0], ast.Name)
            and _is_scalar(statement.value)
        ):
            found[statement.targets[0].id] = _scalar(statement.value)
    return found


def _fields(node: ast.stmt) -> list[FieldFacts]:
    if isinstance(node, ast.Assign):
        return [_field(t.id, node.value, "") for t in node.targets if isinstance(t, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [_field(node.target.id, node.value, annotation_text(node.annotation))]
    return []


def _field(name: str, value: ast.expr | None, annotation: str) -> FieldFacts:
    call = _call(value, name) if isinstance(value, ast.Call) else None
    scalar = _scalar(value) if _is_scalar(value) else None
    return FieldFacts(name, call, annotation, masked(name, scalar), dotted(value) if value is not None else "")


def _call(node: ast.Call, name: str) -> CallFacts:
    # The first argument of these is the value of the field, of others the name of something.
    holds_default = dotted(node.func).rsplit(".", 1)[-1] in ("SecretStr", "Secret", "Field")

    def text(value: ast.expr) -> str | None:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return str(masked(name if holds_default else "", value.value))
        if isinstance(value, ast.Call) and dotted(value.func).rpartition(".")[2] == "get_user_model":
            return USERS
        return dotted(value) or None

    keywords: dict[str, Scalar] = {}
    names: dict[str, str] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            continue
        if _is_scalar(keyword.value):
            keywords[keyword.arg] = masked(name if keyword.arg == "default" else "", _scalar(keyword.value))
        elif written := text(keyword.value):
            names[keyword.arg] = written
        elif keyword.arg == "choices":
            keywords["choices"] = True
        elif keyword.arg == "backref" and isinstance(keyword.value, ast.Call) and keyword.value.args:
            # `backref=backref("books", lazy="dynamic")`
            given = text(keyword.value.args[0])
            keywords.update({"backref": given} if given else {})
            lazy = next((k.value for k in keyword.value.keywords if k.arg == "lazy"), None)
            keywords.update({BACKREF_LAZY: _scalar(lazy)} if lazy is not None and _is_scalar(lazy) else {})
    # `Column(Integer, ForeignKey("author.id"))`: which table the column points to.
    is_column = dotted(node.func).rsplit(".", 1)[-1] in ("Column", "mapped_column")
    for argument in node.args:
        if (
            isinstance(argument, ast.Call)
            and dotted(argument.func).rsplit(".", 1)[-1] == "ForeignKey"
            and argument.args
        ):
            keywords[FOREIGN_KEY] = text(argument.args[0])
        elif isinstance(argument, (ast.Call, ast.Name, ast.Attribute)) and COLUMN_TYPE not in keywords and is_column:
            kind = dotted(argument.func if isinstance(argument, ast.Call) else argument)
            keywords[COLUMN_TYPE] = kind.rsplit(".", 1)[-1]
    # `Manager.from_queryset(Custom)()` is written as a call of a call; the inner callee is what tells.
    callee = dotted(node.func)
    if not callee and isinstance(node.func, ast.Call):
        callee = f"{dotted(node.func.func)}()"
        return CallFacts(callee, tuple(text(a) for a in node.func.args), keywords, names)
    return CallFacts(callee, tuple(text(a) for a in node.args), keywords, names)
