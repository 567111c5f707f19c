"""Link the facts of all files into one project: names across modules, class lineages, models and their relations."""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any, TypeVar

import msgspec

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Site
from backend_pitfalls.model.knowledge import Knowledge
from backend_pitfalls.project.discover import context_of, deploys
from backend_pitfalls.project.orm.graph import backrefs, certain, declares_relations, relations_of, reverse_relations
from backend_pitfalls.project.orm.text import holds_free_text
from backend_pitfalls.semantics.facts import CallFacts, ClassFacts, FieldFacts, FileFacts
from backend_pitfalls.semantics.world import Definition, FunctionNode, Relation, Store
from backend_pitfalls.syntax.names import is_overload, own_name
from backend_pitfalls.syntax.parts import BODY, CONTENT, COUNT, parts_of
from backend_pitfalls.syntax.source import Source
from backend_pitfalls.syntax.template import TemplateSource

MAX_HOPS = 25

# What holds connections to a database or a cache, by what makes it.
STORES = {
    "sqlalchemy.create_engine": "engine",
    "sqlmodel.create_engine": "engine",
    "sqlalchemy.ext.asyncio.create_async_engine": "async engine",
    "flask_sqlalchemy.SQLAlchemy": "flask-sqlalchemy",
    "redis.Redis": "redis",
    "redis.StrictRedis": "redis",
    "redis.from_url": "redis",
    "redis.Redis.from_url": "redis",
}
# What opens a connection, of the drivers that keep to PEP 249, by the name of the module of each.
CONNECTIONS = {f"{module}.connect": module for module in ("MySQLdb", "psycopg", "psycopg2", "pymysql", "sqlite3")}
# Modules of Python's own that have others below them (a project may have a `profile.models`, but no `email.utils`).
_STANDARD_PACKAGES = frozenset(
    {
        "asyncio",
        "collections",
        "concurrent",
        "email",
        "html",
        "http",
        "importlib",
        "json",
        "logging",
        "multiprocessing",
        "os",
        "sqlite3",
        "unittest",
        "urllib",
        "wsgiref",
        "xml",
        "xmlrpc",
    }
)
# How folders are called from which a project's own packages are imported.
_IMPORT_ROOTS = frozenset({"lib", "python", "src"})
_SERVED = frozenset({FileContext.PRODUCTION, FileContext.SETTINGS})

T = TypeVar("T")


# https://docs.djangoproject.com/en/stable/topics/auth/customizing/#substituting-a-custom-user-model
_USER_BASES = frozenset(
    {
        "django.contrib.auth.models.AbstractUser",
        "django.contrib.auth.models.AbstractBaseUser",
        "django.contrib.auth.base_user.AbstractBaseUser",
    }
)


_SQLMODEL = "sqlmodel.SQLModel"
_MODEL_FIELDS = ("Field", "ForeignKey", "Column", "mapped_column")
_HOMES_OF_FIELDS = {"django.db.models.": "django", "sqlalchemy.": "sqlalchemy", "flask_sqlalchemy.": "sqlalchemy"}
_GRAPH = ""
_FACTS = COUNT
_TAGS = frozenset({"simple_tag", "inclusion_tag", "assignment_tag"})
_FILTERS = frozenset({"filter"})


def tracked(method: Callable[..., T]) -> Callable[..., T]:
    """Remember a method's answers by its arguments, each with the files it rested on."""
    name = method.__name__

    @wraps(method)
    def answer(self: Project, *args: str) -> T:
        found: tuple[T, int]
        try:
            found = self.memo[name][args]
        except KeyError:
            outer, self.touched = self.touched, 0
            value = method(self, *args)
            found = (value, self.touched)
            self.memo.setdefault(name, {})[args] = found
            self.touched = outer
        self.touched |= found[1]
        return found[0]

    return answer


class Project:
    """All that is known of a project's Python files. `load` gives the source of a path when its code is needed,
    `beside` are the paths of templates and of files that deploy it, `folder` is what the root is called, which counts where it is a
    package itself."""

    def __init__(
        self,
        files: Iterable[FileFacts],
        knowledge: Knowledge,
        load: Callable[[str], Source | None],
        beside: Iterable[str] = (),
        folder: str = "",
    ) -> None:
        self.knowledge = knowledge
        self.touched = 0
        self._load = load
        self.files = sorted(files, key=lambda f: f.path)
        self.modules: dict[str, FileFacts] = {}
        self._packages = {f.module for f in self.files if f.path.endswith("/__init__.py")}
        # Names that several files may be imported under, the likeliest first.
        self._rivals: dict[str, list[FileFacts]] = {}
        self._name_modules()
        if folder and "__init__" in self.modules and folder not in self.modules:
            self._name_root(folder)
        self._hidden = hidden_modules(self.files)
        self._view_names = view_names(self.files)
        self._actions: dict[str, frozenset[str]] | None = None
        self._hangers: dict[str, list[tuple[str, str]]] | None = None
        self.units = [*(f.path for f in self.files), *sorted(beside)]
        self._places = {path: place for place, path in enumerate(self.units)}
        # What answers rest on has a bit from the first time on that one does; of each file those of its facts and of its parts.
        self._numbered: list[tuple[str, int]] = []
        self._bits: dict[str, list[int]] = {path: [0] * (COUNT + 1) for path in (_GRAPH, *self.units)}
        self._parts: dict[str, dict[str, int]] = {}
        templates: list[str] = []
        self.deployments: list[str] = []
        for path in self.units[len(self.files) :]:
            (self.deployments if deploys(path) else templates).append(path)
        self._templates = template_names(templates)
        self.memo: dict[str, dict[tuple[Any, ...], tuple[Any, int]]] = {}
        self._nodes: dict[str, dict[str, FunctionNode]] = {}
        self._classes: dict[str, tuple[ClassFacts | None, int]] = {}
        self._splits: dict[str, tuple[str | None, tuple[str, ...], int]] = {}
        self._linearising: set[str] = set()
        # Read of all facts at once, when first asked for.
        self._user: str | None = None
        self._views: dict[str, tuple[tuple[str, str], ...]] | None = None
        self._heirs: dict[str, list[str]] | None = None
        self._by_short_name: dict[str, list[str]] | None = None
        self._by_lowered_name: dict[str, list[str]] | None = None
        self._graph: dict[str, dict[str, Relation]] | None = None
        self._settled: frozenset[str] | None = None

    def _name_modules(self) -> None:
        for facts in self.files:
            for name in module_names(facts.module):
                if name == facts.module or not self._means_a_library(name, facts.module):
                    first = self.modules.setdefault(name, facts)
                    if first is not facts:
                        self._rivals.setdefault(name, [first]).append(facts)
        for name, files in self._rivals.items():
            files.sort(key=lambda f: (context_of(f.path) is FileContext.TEST, f.module.count("."), f.path))
            self.modules[name] = files[0]

    def _name_root(self, folder: str) -> None:
        """Of a package that is the root, its modules are imported below its name."""
        for facts in self.files:
            name = folder if facts.module == "__init__" else f"{folder}.{facts.module}"
            self.modules.setdefault(name, facts)

    def near(self, module: str, target: str) -> str:
        """A name as a module imports it: of several files that it may mean, as the services of a repository each have an `app.models`,
        the one below a folder in which the module lies as well, and that is no package, as roots of imports are.

        Parameters:
            module: that imports.
            target: what it names.
        """
        name = target if self._rivals else ""
        while name:
            facts = self.modules.get(name)
            rivals = self._rivals.get(name)
            if facts is not None and name != target and (rivals is None or facts.module == name):
                return target  # in the only module of this name, or in the one of exactly this name
            if rivals is not None:
                above = len(name) + 1
                best = max(rivals, key=lambda f: self._nearness(f.module[:-above], module))
                return best.module + target[len(name) :]
            name = name.rpartition(".")[0]
        return target

    def _nearness(self, root: str, module: str) -> tuple[bool, bool, int]:
        """How well a folder serves as the root from which a module imports; the first of equals is the likeliest."""
        is_above = not root or module.startswith(f"{root}.")
        is_package = root in self._packages
        depth = root.count(".") + 1 if root else 0
        return is_above, not is_package, -depth if is_package or not is_above else depth

    def _means_a_library(self, name: str, module: str) -> bool:
        """Whether an import of a name by which a file might be known gives a library: `shop/redis.py` is no `redis`, but
        `src/redis/__init__.py` is."""
        first, _, below = name.partition(".")
        is_standard = first in _STANDARD_PACKAGES if below else first in sys.stdlib_module_names
        if not is_standard and name not in self.knowledge.modules:
            return False
        above = module[: -len(name) - 1]
        is_root = above.rpartition(".")[2] in _IMPORT_ROOTS and above not in self._packages
        return not is_root or f"{above}.{first}" not in self._packages

    # -- what answers rest on -----------------------------------------------------------------------------------

    def _touch(self, facts: FileFacts) -> None:
        self.touched |= self._bits[facts.path][_FACTS] or self._number(facts.path, _FACTS)

    def _touch_part(self, path: str, part: int) -> None:
        self.touched |= self._bits[path][part] or self._number(path, part)

    def _touch_graph(self) -> None:
        self._touch_part(_GRAPH, _FACTS)

    def _number(self, path: str, what: int) -> int:
        bit = self._bits[path][what] = 1 << len(self._numbered)
        self._numbered.append((path, what))
        return bit

    def rests_on(self, touched: int) -> tuple[list[int], dict[int, int], bool]:
        """A bit set taken apart: positions in `units` of the files whose facts were looked at, of those whose code was with the
        bit set of the parts, and whether the model graph was."""
        facts: list[str] = []
        parts: dict[str, int] = {}
        digits = f"{touched:b}"[::-1]
        at = digits.find("1")
        while at >= 0:
            path, what = self._numbered[at]
            if what == _FACTS:
                facts.append(path)
            else:
                parts[path] = parts.get(path, 0) | 1 << what
            at = digits.find("1", at + 1)
        has_graph = _GRAPH in facts
        code = {self._places[path]: parts[path] for path in parts}
        return sorted(self._places[path] for path in facts if path != _GRAPH), dict(sorted(code.items())), has_graph

    def look_into(self, module: str, qualname: str) -> None:
        """Note that an answer rests on the code of a function, of which `qualname` names one inside as well."""
        facts = self.modules.get(module)
        if facts is None:
            return
        parts = self._parts.get(facts.path)
        if parts is None:
            parts = self._parts[facts.path] = parts_of(facts.functions)
        name = qualname
        while name and name not in parts:
            name = name.rpartition(".")[0]
        if name:
            self._touch_part(facts.path, parts[name])
            return
        for part in set(parts.values()):  # one that stands in no function whose name is known
            self._touch_part(facts.path, part)

    # -- names --------------------------------------------------------------------------------------------------

    def facts(self, module: str) -> FileFacts | None:
        facts = self.modules.get(module)
        if facts is not None:
            self._touch(facts)
        return facts

    def source(self, module: str) -> Source | None:
        """A file, of which its body is looked at; who looks into a function says so (`look_into`), or into all of it (`text`)."""
        facts = self.modules.get(module)
        if facts is None:
            return None
        self._touch_part(facts.path, BODY)
        return self._load(facts.path)

    def text(self, module: str) -> str:
        """All of a file, comments as well; the empty string when it cannot be read."""
        source = self.source(module)
        if source is None:
            return ""
        self._touch_part(source.path, CONTENT)
        return source.text

    @tracked
    def define(self, qualified: str) -> Definition:
        """Follow a qualified name through imports and re-exports to where it is defined."""
        return self._define(qualified, MAX_HOPS, set())

    def _define(self, qualified: str, hops: int, starred: set[str]) -> Definition:
        module, rest = self._split(qualified)
        if module is None or hops <= 0:
            return Definition("external", "", qualified)
        facts = self.modules[module]
        module = facts.module  # one name for what can be imported under several
        self._touch(facts)
        if not rest:
            return Definition("module", module, "")
        head, tail = rest[0], rest[1:]
        if head in facts.classes:
            return self._inside_class(module, facts, rest)
        if head in facts.functions:
            return Definition("function", module, head, tail)
        if head in facts.imports:
            target = self.near(module, ".".join((facts.imports[head], *tail)))
            if target != qualified:
                return self._define(target, hops - 1, starred)
        if head in facts.variables:
            return Definition("variable", module, head, tail)
        # Star imports of packages that star-import each other form graphs: each name is followed once.
        for star in facts.stars:
            target = self.near(module, ".".join((star, *rest)))
            if target not in starred:
                starred.add(target)
                found = self._define(target, hops - 1, starred)
                if found.kind != "external":
                    return found
        outside = [star for star in facts.stars if self._split(star)[0] is None]
        return Definition("external", "", ".".join((outside[0], *rest)) if len(outside) == 1 else qualified)

    def _split(self, qualified: str) -> tuple[str | None, tuple[str, ...]]:
        """The longest prefix that is a module of the project, and what remains; of a module that a variable of its package hides only what
        it declares is there."""
        found = self._splits.get(qualified)
        if found is None:
            found = self._splits[qualified] = self._find_split(qualified)
        self.touched |= found[2]
        return found[0], found[1]

    def _find_split(self, qualified: str) -> tuple[str | None, tuple[str, ...], int]:
        name, _, last = qualified.rpartition(".")
        above = self.modules.get(name) if name else None
        facts = self.modules.get(qualified)
        bits = 0
        if facts is not None and above is not None and facts.module != f"{above.module}.{last}":
            # Another file of the name, of which only its own package could make this one.
            bits = self._bits[above.path][_FACTS] or self._number(above.path, _FACTS)
            facts = None if above.names(last) else facts
        if facts is not None and not (above is not None and facts.module in self._hidden):
            return qualified, (), bits
        if not name:
            return None, (), bits
        if above is not None and above.module in self._hidden and (above.names(last) or above.stars):
            return name, (last,), bits
        module, rest = self._split(name)
        bits |= self._splits[name][2]
        return module, (*rest, last) if module is not None else (), bits

    @staticmethod
    def _inside_class(module: str, facts: FileFacts, rest: tuple[str, ...]) -> Definition:
        for end in range(len(rest), 0, -1):
            name = ".".join(rest[:end])
            if name in facts.classes:
                return Definition("class", module, name, rest[end:])
        return Definition("class", module, rest[0], rest[1:])

    @tracked
    def resolve_in(self, module: str, written: str) -> str:
        """The qualified name of a dotted name as written in a module."""
        facts = self.facts(module)
        if facts is None:
            return written
        head = written.split(".")[0]
        if head in facts.classes or head in facts.functions or head in facts.variables:
            return self._qualified(self.define(f"{module}.{written}"))
        if head in facts.imports:
            target = ".".join((facts.imports[head], *written.split(".")[1:]))
            return self._qualified(self.define(self.near(facts.module, target)))
        if facts.stars:
            return self._qualified(self.define(f"{module}.{written}"))
        return written

    def _qualified(self, found: Definition) -> str:
        if found.kind == "variable":
            return self._variable_type(found)
        name = f"{found.module}.{found.name}" if found.module else self.knowledge.canonical(found.name)
        return ".".join((name, *found.rest))

    def _variable_type(self, found: Definition) -> str:
        """`Base = declarative_base()`, `db = SQLAlchemy()`: the class that the call gives, by the tables."""
        facts = self.modules[found.module]
        self._touch(facts)
        callee = facts.variables.get(found.name, "")
        name = f"{found.module}.{found.name}"
        if callee and callee.split(".")[0] != found.name:
            resolved = self.knowledge.canonical(self.resolve_in(found.module, callee))
            name = self.knowledge.types.get(resolved, resolved)
            if found.rest and self.class_facts(name) is not None:
                name = self._declaring(name, found.rest[0])
        return ".".join((name, *found.rest))

    def _declaring(self, class_name: str, member: str) -> str:
        """Of a project's class and its bases the one that a member is from: with `class Database(SQLAlchemy)` and `db = Database()`
        the `Model` of `db.Model` is the library's."""
        for base in self.lineage(class_name):
            facts = self.class_facts(base)
            if (
                facts is None
                or member in facts.methods
                or any(f.name == member and not _says_only(f) for f in facts.fields)
            ):
                return base
        return class_name

    # -- classes ------------------------------------------------------------------------------------------------

    def class_facts(self, name: str) -> ClassFacts | None:
        found = self._classes.get(name)
        if found is None:
            found = self._classes[name] = self._find_class(name)
        self.touched |= found[1]
        return found[0]

    def _find_class(self, name: str) -> tuple[ClassFacts | None, int]:
        module, rest = self._split(name)
        if module is None or not rest:
            return None, 0
        facts = self.modules[module]
        return facts.classes.get(".".join(rest)), self._bits[facts.path][_FACTS] or self._number(facts.path, _FACTS)

    def module_of(self, class_name: str) -> str:
        return self._split(class_name)[0] or ""

    @tracked
    def lineage(self, class_name: str) -> tuple[str, ...]:
        """The class and its bases in method resolution order (C3, with the written order where C3 has no answer);
        library bases stand under their qualified names."""
        if class_name in self._linearising:
            return (class_name,)
        self._linearising.add(class_name)
        try:
            return self._linearise(class_name)
        finally:
            self._linearising.discard(class_name)

    def _linearise(self, class_name: str) -> tuple[str, ...]:
        facts = self.class_facts(class_name)
        if facts is None:
            return self.knowledge.lineage(class_name)
        bases = [self.base_name(class_name, base) for base in facts.bases]
        merged = _c3([list(self.lineage(base)) for base in bases] + [bases])
        return (class_name, *merged)

    def base_name(self, class_name: str, written: str) -> str:
        resolved = self.resolve_in(self.module_of(class_name), written.removesuffix("()"))
        if written.endswith("()"):
            resolved = self.knowledge.types.get(resolved, resolved)
        return self.knowledge.canonical(resolved)

    @tracked
    def method(self, class_name: str, name: str) -> tuple[str, str] | None:
        """(module, dotted name) of the method that a class of the project has or inherits."""
        for base in self.lineage(class_name):
            facts = self.class_facts(base)
            if facts is not None and name in facts.methods:
                return self.module_of(base), f"{facts.name}.{name}"
        return None

    # -- models -------------------------------------------------------------------------------------------------

    @tracked
    def dialect(self, class_name: str) -> str:
        """The ORM whose model a class is, or the empty string."""
        bases = self.knowledge.model_bases
        base = next((b for b in self.lineage(class_name) if b in bases), "")
        if base == _SQLMODEL and not any(c.meta.get("table") for c in self._own_lineage(class_name)):
            return ""  # a schema: https://sqlmodel.tiangolo.com/tutorial/fastapi/multiple-models/
        return bases.get(base, "") or self.knowledge.models.get(class_name, "") or self._dialect_by_fields(class_name)

    def _dialect_by_fields(self, class_name: str) -> str:
        """The ORM of a class with an ORM's fields that names a table, or has a base that is not known (of a library that the tables do not
        have, or made by a call), which then is a model."""
        lineage = self.lineage(class_name)
        names_table = any(_is_mapped(c) for c in self._own_lineage(class_name))
        if not names_table and all(
            self.class_facts(b) is not None or b in self.knowledge.bases or "." not in b for b in lineage
        ):
            return ""
        for name in lineage:
            facts = self.class_facts(name)
            for field in facts.fields if facts is not None else ():
                callee = field.call.callee if field.call is not None else ""
                home = self.base_name(name, callee) if callee.endswith(_MODEL_FIELDS) else ""
                found = next((orm for prefix, orm in _HOMES_OF_FIELDS.items() if home.startswith(prefix)), "")
                if found:
                    return found
        return ""

    def _own_lineage(self, class_name: str) -> Iterator[ClassFacts]:
        """The classes of the project in a lineage."""
        for name in self.lineage(class_name):
            facts = self.class_facts(name)
            if facts is not None:
                yield facts

    @tracked
    def manager_dialect(self, class_name: str) -> str:
        """The ORM whose manager or query set a class is, or the empty string."""
        return next(
            (self.knowledge.manager_bases[b] for b in self.lineage(class_name) if b in self.knowledge.manager_bases), ""
        )

    @tracked
    def manager_class(self, class_name: str, name: str) -> str | None:
        """The class of the manager under this attribute of a model (no name: of the first manager that it declares, else of
        `objects`): "" for the ORM's own, None when it is no manager."""
        for base in self.lineage(class_name):
            facts = self.class_facts(base)
            for field in facts.fields if facts is not None else ():
                if field.name == (name or field.name) and field.call is not None:
                    found = self._manager_of(self.module_of(base), field.call)
                    if found is not None:
                        return found
        return None

    def _manager_of(self, module: str, call: CallFacts) -> str | None:
        resolved = self.resolve_in(module, call.callee.removesuffix("()"))
        for suffix in (".as_manager", ".from_queryset"):
            if resolved.endswith(suffix):
                if suffix == ".from_queryset" and call.args and call.args[0]:
                    return self.resolve_in(module, call.args[0])
                return resolved.removesuffix(suffix)
        return resolved if self.manager_dialect(resolved) else None

    @tracked
    def relation(self, class_name: str, name: str) -> Relation | None:
        """The relation that a model or one of its bases has under a name."""
        self._touch_graph()
        for base in self.lineage(class_name):
            found = self.relations.get(base, {}).get(name)
            if found is not None:
                return found
        return self._behind_proxy(class_name, name)

    def _behind_proxy(self, class_name: str, name: str) -> Relation | None:
        """The relation that `association_proxy("tags", "name")` goes through: https://docs.sqlalchemy.org/en/20/orm/extensions/associationproxy.html"""
        for facts in self._own_lineage(class_name):
            field = next((f for f in facts.fields if f.name == name), None)
            call = field.call if field is not None else None
            if (
                call is not None
                and call.callee.rpartition(".")[2] == "association_proxy"
                and call.args
                and call.args[0]
            ):
                return self.relations.get(class_name, {}).get(call.args[0])
        return None

    def relations_of(self, class_name: str) -> tuple[Relation, ...]:
        """All relations that a model has or inherits, by name."""
        self._touch_graph()
        found: dict[str, Relation] = {}
        for base in reversed(self.lineage(class_name)):
            found.update(self.relations.get(base, {}))
        return tuple(found[name] for name in sorted(found))

    @tracked
    def is_free_text(self, class_name: str, name: str) -> bool:
        """Whether a model keeps any text that it is given in a field: not one of some choices, nor one whose name says that it is markup."""
        for base in self.lineage(class_name):
            facts = self.class_facts(base)
            field = next((f for f in facts.fields if f.name == name), None) if facts is not None else None
            if field is not None:
                return holds_free_text(field)
        return False

    def model_by_label(self, label: str, near: str) -> str:
        """The Django model of a label (`app.Model`); the empty string when there is none or it is not certain which."""
        self._touch_graph()
        app, _, short = label.rpartition(".")
        candidates = self._short_names().get(short) or self._lowered_names().get(short.lower(), [])
        names = [n for n in candidates if self.dialect(n) == "django"]
        return certain(names, app, near)

    @tracked
    def is_overridden(self, class_name: str, name: str) -> bool:
        """Whether a class of the project that descends from this one has an attribute (or method) of this name of its own."""
        self._touch_graph()
        known = (self.class_facts(heir) for heir in self._heirs_of(class_name))
        return any(facts is not None and facts.declares(name) for facts in known)

    def _heirs_of(self, class_name: str) -> tuple[str, ...]:
        if self._heirs is None:
            self._heirs = {}
            outer = self.touched
            for facts in self.files:
                for own in facts.classes:
                    heir = f"{facts.module}.{own}"
                    for base in self.lineage(heir)[1:]:
                        self._heirs.setdefault(base, []).append(heir)
            self.touched = outer
        return tuple(self._heirs.get(class_name, ()))

    @tracked
    def model_called(self, name: str, near: str) -> str:
        """The model of which a variable of this name, or of one that ends in it (`other_book`), would be a row; the empty string when there is none or it is
        not certain which."""
        self._touch_graph()
        words = name.lower().split("_")
        for start in range(len(words)):
            called = self._lowered_names().get("".join(words[start:]), ())
            models = [n for n in called if self._is_of_program(n) and self.dialect(n)]
            if models:
                return certain(models, "", near)
        return ""

    def _is_of_program(self, class_name: str) -> bool:
        facts = self.modules.get(self.module_of(class_name))
        return facts is not None and context_of(facts.path) not in (FileContext.TEST, FileContext.MIGRATION)

    def modules_with(self, variable: str) -> tuple[str, ...]:
        """The modules that bind a variable at their top level."""
        self._touch_graph()
        return tuple(facts.module for facts in self.files if variable in facts.variables)

    def actions_of(self, view: str) -> frozenset[str] | None:
        """The methods of a view set that routers are given; None where none is, or not by name."""
        self._touch_graph()
        if self._actions is None:
            touched, found = self.touched, dict[str, set[str]]()
            for facts in self.files:
                for written, names in facts.actions.items():
                    found.setdefault(self.resolve_in(facts.module, written), set()).update(names)
            self._actions, self.touched = {view: frozenset(names) for view, names in found.items()}, touched
        return self._actions.get(view)

    def who_hangs(self, place: str) -> tuple[tuple[str, str], ...]:
        """The functions of the program, by module and dotted name, that set an attribute of the object of a request ("g.user")."""
        self._touch_graph()
        if self._hangers is None:
            self._hangers = {}
            for facts in self.files:
                if facts.hung and context_of(facts.path) not in (FileContext.TEST, FileContext.MIGRATION):
                    for where, functions in facts.hung.items():
                        self._hangers.setdefault(where, []).extend((facts.module, f) for f in functions)
        return tuple(self._hangers.get(place, ()))

    def class_by_name(self, module: str, name: str, near: str) -> str:
        """The class of this name in a module or package whose dotted name ends in or goes on from `module`; the empty string when it is none
        or not certain which."""
        self._touch_graph()
        return certain(self._short_names().get(name, []), module, near)

    def user_model(self) -> str:
        """The model that `settings.AUTH_USER_MODEL` names, told by its base class: a setting may come from anywhere."""
        self._touch_graph()
        if self._user is None:
            self._user = self._find_user_model()
        return self._user

    def _find_user_model(self) -> str:
        outer = self.touched
        named = [n for short, names in self._short_names().items() for n in names if short != "AbstractUser"]
        own = [n for n in named if self._may_be_user(n) and not _USER_BASES.isdisjoint(self.lineage(n))]
        self.touched = outer
        users = own if len(own) == 1 else [n for n in own if n.endswith(".User")]
        return users[0] if len(users) == 1 else "django.contrib.auth.models.User"

    def _may_be_user(self, name: str) -> bool:
        facts = self.class_facts(name)
        return facts is not None and not facts.abstract and any("User" in base for base in facts.bases)

    def _short_names(self) -> dict[str, list[str]]:
        if self._by_short_name is None:
            self._by_short_name = {}
            for facts in self.files:
                for name in facts.classes:
                    short = name.rsplit(".", 1)[-1]
                    self._by_short_name.setdefault(short, []).append(f"{facts.module}.{name}")
        return self._by_short_name

    def _lowered_names(self) -> dict[str, list[str]]:
        if self._by_lowered_name is None:
            self._by_lowered_name = {}
            for short, names in self._short_names().items():
                self._by_lowered_name.setdefault(short.lower(), []).extend(names)
        return self._by_lowered_name

    @property
    def relations(self) -> dict[str, dict[str, Relation]]:
        """The relations of every model, by the name of the model: the model graph."""
        if self._graph is None:
            self._graph = self._join_relations()
        return self._graph

    def _join_relations(self) -> dict[str, dict[str, Relation]]:
        outer = self.touched
        graph = self._relations_of_libraries()
        classes = {f"{f.module}.{n}": c for f in self.files for n, c in f.classes.items()}
        declaring = {n: c for n, c in classes.items() if declares_relations(c)}
        for name, cls in declaring.items():
            dialect = self.dialect(name)
            if dialect:
                graph.setdefault(name, {}).update(relations_of(self, name, cls, dialect, self._short_names()))
        for name, cls in declaring.items():
            for target, relation in backrefs(name, cls, dict(graph.get(name, {}))):
                graph.setdefault(target, {}).setdefault(relation.name, relation)
        for name in self._with_descendants(classes, declaring):
            if not classes[name].abstract and self.dialect(name) in ("django", "peewee", "tortoise"):
                for target, relation in reverse_relations(self, name, graph):
                    graph.setdefault(target, {}).setdefault(relation.name, relation)
        self.touched = outer
        return graph

    def _relations_of_libraries(self) -> dict[str, dict[str, Relation]]:
        graph: dict[str, dict[str, Relation]] = {}
        for facts in self.knowledge.relations:
            target = self.user_model() if facts.target == "<user>" else facts.target
            relation = Relation(facts.name, target, facts.many, facts.reverse, back=facts.back)
            for model in facts.models:
                graph.setdefault(model, {})[facts.name] = relation
        return graph

    @staticmethod
    def _with_descendants(classes: dict[str, ClassFacts], of: Iterable[str]) -> list[str]:
        """Those classes and every class that may descend from one, by the short names of bases; in the order of `classes`."""
        short = {name.rsplit(".", 1)[-1] for name in of}
        while True:
            more = {
                name.rsplit(".", 1)[-1]
                for name, cls in classes.items()
                if any(base.rsplit(".", 1)[-1] in short for base in cls.bases)
            }
            if more <= short:
                return [n for n in classes if n.rsplit(".", 1)[-1] in short]
            short |= more

    # -- code ---------------------------------------------------------------------------------------------------

    def function_node(self, module: str, qualname: str) -> FunctionNode | None:
        self.look_into(module, qualname)
        return self.functions(module).get(qualname)

    @tracked
    def class_node(self, class_name: str) -> ast.ClassDef | None:
        """The definition of a class of the project."""
        module = self.module_of(class_name)
        source = self.source(module)
        body: list[ast.stmt] = source.tree.body if source is not None else []
        node: ast.ClassDef | None = None
        for name in class_name[len(module) + 1 :].split("."):
            node = None
            for statement in class_definitions(body):
                if statement.name == name:
                    node = statement  # the last of that name is the one that stays
            if node is None:
                return None
            body = node.body
        return node

    @tracked
    def class_assignments(self, class_name: str) -> dict[str, ast.AST]:
        """The values that a class body binds to names, as written; for a name that is only declared its annotation."""
        node = self.class_node(class_name)
        found: dict[str, ast.AST] = {}
        for statement in node.body if node is not None else ():
            if isinstance(statement, ast.Assign):
                found.update((t.id, statement.value) for t in statement.targets if isinstance(t, ast.Name))
            elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                found[statement.target.id] = statement.value or statement.annotation
        return found

    @tracked
    def unprobed(self) -> str:
        """The first file that puts the project into production, when none of its routes answers for the health of the service;
        else the empty string."""
        if not self.deployments:
            return ""
        for facts in self.files:
            self._touch(facts)
        known = self.knowledge
        has_probe = any(
            any(known.is_probe(route) for route in facts.routes) or not facts.packages.isdisjoint(known.probe_modules)
            for facts in self.files
            if context_of(facts.path) is not FileContext.TEST
        )
        return "" if has_probe else self.deployments[0]

    @tracked
    def stores(self, module: str) -> tuple[Store, ...]:
        """The variables of the project with which a module can ask the database and the cache: of each kind the nearest, when there is no doubt which that is."""
        found: dict[str, list[Store]] = {}
        for facts in self.files:
            self._touch(facts)
            imports_it = any(t == module or t.startswith(f"{module}.") for t in facts.imports.values())
            for name, kind in self._stores_in(facts) if context_of(facts.path) in _SERVED and not imports_it else ():
                found.setdefault(kind, []).append(Store("" if facts.module == module else facts.module, name, kind))
        root = module.split(".")[0]
        everything = [s for stores in found.values() for s in stores]
        near = [s for s in everything if s.module.split(".")[0] in ("", root)] or everything
        nearest = [[s for s in near if s.kind == kind] for kind in found]
        databases = [s[0] for s in nearest if len(s) == 1 and s[0].kind != "redis"]
        caches = [s[0] for s in nearest if len(s) == 1 and s[0].kind == "redis"]
        return (*databases[:1], *caches[:1])

    def _stores_in(self, facts: FileFacts) -> Iterator[tuple[str, str]]:
        """The names of a module that hold, or give, what asks a store, each with its kind."""
        for named, kinds in ((facts.variables, STORES), (facts.connections, CONNECTIONS)):
            for name, callee in named.items():
                kind = kinds.get(self.resolve_in(facts.module, callee), "") if callee else ""
                if kind:
                    yield name, kind

    @tracked
    def urls_beside(self, path: str) -> Site | None:
        """Where `urlpatterns` begins in the `urls.py` beside a file; None when it does not, for certain."""
        beside = f"{path.rpartition('/')[0]}/urls.py".lstrip("/")
        facts = next((f for f in self.files if f.path == beside), None)
        source = self.source(facts.module) if facts is not None else None
        for statement in source.tree.body if source is not None else ():
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.List) and source is not None:
                target = statement.targets[0]
                if isinstance(target, ast.Name) and target.id == "urlpatterns":
                    return Site(source.path, source.span(statement))
        return None

    def settles(self, what: str) -> bool:
        """Whether a file decides this for the whole project: a time limit of all of a kind ("socket", "ldap", "task"), a "transaction" around each request."""
        self._touch_graph()
        if self._settled is None:
            served = [f for f in self.files if context_of(f.path) is not FileContext.TEST]
            self._settled = frozenset([w for f in served for w in f.settles])
        return what in self._settled

    def functions(self, module: str) -> dict[str, FunctionNode]:
        """The functions and methods that a module defines, by dotted name."""
        facts = self.modules.get(module)
        if facts is None:
            return {}
        self._touch_part(facts.path, BODY)
        nodes = self._nodes.get(module)
        if nodes is None:
            source = self._load(facts.path)
            nodes = self._nodes[module] = function_nodes(source.tree) if source is not None else {}
        return nodes

    def url_patterns(self, view: str) -> tuple[tuple[str, str], ...]:
        """The URL patterns under which a framework calls a view, by its qualified name, each with how it is written."""
        if view.rpartition(".")[2] not in self._view_names:
            return ()
        self._touch_graph()
        if self._views is None:
            touched, self.touched = self.touched, 0
            self._views = self._find_views()
            self.touched = touched
        return self._views.get(view, ())

    def _find_views(self) -> dict[str, tuple[tuple[str, str], ...]]:
        found: dict[str, tuple[tuple[str, str], ...]] = {}
        for facts in self.files:
            for written, patterns in facts.patterns.items():
                name = self.resolve_in(facts.module, written)
                found[name] = (*found.get(name, ()), *patterns)
        return found

    def views_digest(self) -> bytes:
        """Changes when what `url_patterns` answers does."""
        return hashlib.sha256(repr(sorted(self._find_views().items())).encode("utf-8", "surrogatepass")).digest()

    @tracked
    def template_tag(self, kind: str, name: str) -> tuple[str, str] | None:
        """The module and function of a tag ("tag") or filter ("filter") that a library of the project's own registers under its name.
        https://docs.djangoproject.com/en/stable/howto/custom-template-tags/"""
        registering = _TAGS if kind == "tag" else _FILTERS
        found = None
        for facts in self.files:
            if "/templatetags/" not in f"/{facts.path}":
                continue
            self._touch(facts)
            function = facts.functions.get(name)
            names = {d.rsplit(".", 1)[-1] for d in function.decorators} if function is not None else set()
            if found is None and names & registering:
                found = (facts.module, name)
        return found

    def template(self, name: str) -> TemplateSource | None:
        """The template of a name as loaders look it up."""
        path = self._templates.get(name)
        if path is None:
            return None
        self._touch_part(path, CONTENT)
        found = self._load(path)
        return found if isinstance(found, TemplateSource) else None

    def forget_code(self) -> None:
        """Let go of syntax trees; they are loaded again when asked for."""
        self._nodes.clear()
        for name in ("class_node", "class_assignments"):
            self.memo.pop(name, None)


def template_names(paths: Iterable[str]) -> dict[str, str]:
    """Paths of templates by the names under which loaders find them: the path below a folder `templates` or `jinja2`, else
    an end of the path that only one template has (a folder of `DIRS`)."""
    found: dict[str, str] = {}
    ends: dict[str, set[str]] = {}
    for path in paths:
        parts = path.split("/")
        for folder in ("templates", "jinja2"):
            if folder in parts[:-1]:
                found.setdefault("/".join(parts[len(parts) - parts[::-1].index(folder) :]), path)
        for start in range(len(parts)):
            ends.setdefault("/".join(parts[start:]), set()).add(path)
    for name, having in ends.items():
        if len(having) == 1:
            found.setdefault(name, next(iter(having)))
    return found


def graph_digest(files: Iterable[FileFacts]) -> bytes:
    """Changes when the model graph may, which models a label can mean, or what a file decides for the whole project."""
    digest = hashlib.sha256()
    for facts in files:
        if facts.settles:
            digest.update(f"{facts.module} settles {facts.settles}\n".encode())
        if facts.actions:
            digest.update(f"{facts.module} {facts.imports} routes {facts.actions}\n".encode("utf-8", "surrogatepass"))
        if facts.hung:
            digest.update(f"{facts.module} hangs {facts.hung}\n".encode("utf-8", "surrogatepass"))
        for name, cls in facts.classes.items():
            digest.update(f"{facts.module} {name} {cls.bases}\n".encode("utf-8", "surrogatepass"))
            if declares_relations(cls):
                digest.update(msgspec.msgpack.encode((cls, facts.imports, facts.stars)))
    return digest.digest()


def function_nodes(tree: ast.Module) -> dict[str, FunctionNode]:
    """Functions and methods by their dotted name. Of several classes with one name the last counts; of several functions the first that
    has a body has the name, and the others have a number behind it."""
    found: dict[str, FunctionNode] = {}
    classes: set[str] = set()
    stack: list[tuple[str, ast.stmt]] = [("", s) for s in reversed(tree.body)]
    while stack:
        prefix, node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            name = key = prefix + own_name(node)
            while key in found and not is_overload(found[key]):
                key = f"{name}.{int(key[len(name) + 1 :] or 1) + 1}"
            found[key] = node
        elif isinstance(node, ast.ClassDef):
            inside = f"{prefix}{node.name}."
            if inside in classes:
                found = {name: function for name, function in found.items() if not name.startswith(inside)}
            classes.add(inside)
            stack.extend((inside, s) for s in reversed(node.body))
        else:
            children = [
                s for field in ("finalbody", "orelse", "body") for s in reversed(getattr(node, field, []) or [])
            ]
            children += [s for handler in getattr(node, "handlers", ()) for s in reversed(handler.body)]
            stack.extend((prefix, s) for s in children if isinstance(s, ast.stmt))
    return found


def class_definitions(body: Iterable[ast.stmt]) -> Iterator[ast.ClassDef]:
    """The classes that a body defines, also under `if`, `try` and `with`, in order."""
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield statement
        elif isinstance(statement, (ast.If, ast.Try, ast.With)):
            yield from class_definitions(statement.body)
            yield from class_definitions(getattr(statement, "orelse", ()))


def view_names(files: Iterable[FileFacts]) -> frozenset[str]:
    """The names, without their modules, of all that a framework is given to call.

    Parameters:
        files: the facts of all files of the project.
    """
    return frozenset(written.rpartition(".")[2] for facts in files for written in facts.patterns)


def hidden_modules(files: Iterable[FileFacts]) -> frozenset[str]:
    """The modules that something else in their package has the name of: with `from .db import db` in the package, `from shop import db`
    gives the variable.

    https://docs.python.org/3/reference/simple_stmts.html#the-import-statement

    Parameters:
        files: the facts of all files of the project.
    """
    packages = {facts.module: facts for facts in files if facts.is_package}
    found = set()
    for facts in files:
        above, _, name = facts.module.rpartition(".")
        package = packages.get(above)
        if package is not None and above and _binds(package, name, facts):
            found.add(facts.module)
    return frozenset(found)


def _binds(package: FileFacts, name: str, module: FileFacts) -> bool:
    """Whether a package has something else than a module under the module's name."""
    if name in package.variables or name in package.classes or name in package.functions:
        return True
    target = package.imports.get(name)
    if target is not None:
        return not f".{module.module}".endswith(f".{target}")
    return any(f".{module.module}".endswith(f".{star}") for star in package.stars) and module.names(name)


def _is_mapped(facts: ClassFacts) -> bool:
    """Whether a class names its table, or a decorator of SQLAlchemy's maps it.

    https://docs.sqlalchemy.org/en/20/orm/declarative_styles.html#declarative-mapping-using-a-decorator-no-declarative-base
    """
    return facts.declares("__tablename__") or any(
        d.rpartition(".")[2] in ("as_declarative", "mapped", "as_declarative_base", "mapped_as_dataclass")
        for d in facts.decorators
    )


def _says_only(field: FieldFacts) -> bool:
    """Whether a class has an annotation for a name, and leaves what it is to its base: `Model: type[Base]`."""
    return bool(field.annotation) and field.call is None and not field.dotted and field.value is None


def module_names(module: str) -> list[str]:
    """Names under which a file can be imported: `src.shop.models` is also `shop.models` when `src` or a folder of a
    monorepo is the import root."""
    parts = module.split(".")
    return [".".join(parts[i:]) for i in range(len(parts))]


def module_name(path: str) -> str:
    """The dotted name of a file by its path below the root."""
    stem = path[:-3] if path.endswith(".py") else path.rsplit(".", 1)[0]
    parts = stem.split("/")
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def _c3(sequences: list[list[str]]) -> list[str]:
    result: list[str] = []
    pending = [s[:] for s in sequences if s]
    while pending:
        head = next((s[0] for s in pending if not any(s[0] in other[1:] for other in pending)), pending[0][0])
        result.append(head)
        pending = [rest for s in pending if (rest := [n for n in s if n != head])]
    return result
