"""Link the facts of all files into one project: names across modules, class lineages, models and their relations."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from backend_pitfalls.model.knowledge import Knowledge
from backend_pitfalls.project.orm.graph import relations_of, reverse_relations
from backend_pitfalls.semantics.facts import ClassFacts, FileFacts
from backend_pitfalls.semantics.world import Definition, FunctionNode, Relation
from backend_pitfalls.syntax.source import Source

MAX_HOPS = 25


class Project:
    """All that is known of a project's Python files. `load` gives the source of a path when its code is needed."""

    def __init__(self, files: Iterable[FileFacts], knowledge: Knowledge, load: Callable[[str], Source | None]) -> None:
        self.knowledge = knowledge
        self._load = load
        self.modules: dict[str, FileFacts] = {}
        for facts in sorted(files, key=lambda f: f.path):
            for name in module_names(facts.module):
                self.modules.setdefault(name, facts)
        self._definitions: dict[str, Definition] = {}
        self._lineages: dict[str, tuple[str, ...]] = {}
        self._nodes: dict[str, dict[str, FunctionNode]] = {}
        self._relations: dict[str, dict[str, Relation]] | None = None
        self._dialects: dict[str, str] = {}
        self._splits: dict[str, tuple[str | None, tuple[str, ...]]] = {}
        self._starred: dict[str, Definition] = {}
        self._short_names: dict[str, list[str]] | None = None

    # -- names --------------------------------------------------------------------------------------------------

    def facts(self, module: str) -> FileFacts | None:
        return self.modules.get(module)

    def source(self, module: str) -> Source | None:
        facts = self.modules.get(module)
        return self._load(facts.path) if facts is not None else None

    def define(self, qualified: str) -> Definition:
        """Follow a qualified name through imports and re-exports to where it is defined."""
        found = self._definitions.get(qualified)
        if found is None:
            found = self._definitions[qualified] = self._define(qualified, MAX_HOPS)
        return found

    def _define(self, qualified: str, hops: int) -> Definition:
        module, rest = self._split(qualified)
        if module is None or hops <= 0:
            return Definition("external", "", qualified)
        facts = self.modules[module]
        if not rest:
            return Definition("module", module, "")
        head, tail = rest[0], rest[1:]
        if head in facts.classes:
            return self._inside_class(module, facts, rest)
        if head in facts.functions:
            return Definition("function", module, head, tail)
        if head in facts.imports:
            target = ".".join((facts.imports[head], *tail))
            if target != qualified:
                return self._define(target, hops - 1)
        if head in facts.variables:
            return Definition("variable", module, head, tail)
        for star in facts.stars:
            found = self._through_star(".".join((star, *rest)), hops - 1)
            if found.kind != "external":
                return found
        outside = [star for star in facts.stars if self._split(star)[0] is None]
        return Definition("external", "", ".".join((outside[0], *rest)) if len(outside) == 1 else qualified)

    def _through_star(self, qualified: str, hops: int) -> Definition:
        """Star imports of packages that star-import each other form graphs: each name is followed once."""
        found = self._starred.get(qualified)
        if found is None:
            self._starred[qualified] = Definition("external", "", qualified)
            found = self._starred[qualified] = self._define(qualified, hops)
        return found

    def _split(self, qualified: str) -> tuple[str | None, tuple[str, ...]]:
        """The longest prefix that is a module of the project, and what remains."""
        found = self._splits.get(qualified)
        if found is None:
            name, _, last = qualified.rpartition(".")
            if qualified in self.modules:
                found = (qualified, ())
            elif not name:
                found = (None, ())
            else:
                module, rest = self._split(name)
                found = (module, (*rest, last)) if module is not None else (None, ())
            self._splits[qualified] = found
        return found

    @staticmethod
    def _inside_class(module: str, facts: FileFacts, rest: tuple[str, ...]) -> Definition:
        for end in range(len(rest), 0, -1):
            name = ".".join(rest[:end])
            if name in facts.classes:
                return Definition("class", module, name, rest[end:])
        return Definition("class", module, rest[0], rest[1:])

    def resolve_in(self, module: str, written: str) -> str:
        """The qualified name of a dotted name as written in a module."""
        facts = self.modules.get(module)
        if facts is None:
            return written
        head = written.split(".")[0]
        if head in facts.classes or head in facts.functions or head in facts.variables:
            return self._qualified(self.define(f"{module}.{written}"))
        if head in facts.imports:
            return self._qualified(self.define(".".join((facts.imports[head], *written.split(".")[1:]))))
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
        callee = facts.variables.get(found.name, "")
        name = f"{found.module}.{found.name}"
        if callee and callee.split(".")[0] != found.name:
            resolved = self.knowledge.canonical(self.resolve_in(found.module, callee))
            name = self.knowledge.types.get(resolved, resolved)
        return ".".join((name, *found.rest))

    # -- classes ------------------------------------------------------------------------------------------------

    def class_facts(self, name: str) -> ClassFacts | None:
        module, rest = self._split(name)
        return self.modules[module].classes.get(".".join(rest)) if module is not None and rest else None

    def module_of(self, class_name: str) -> str:
        return self._split(class_name)[0] or ""

    def lineage(self, class_name: str) -> tuple[str, ...]:
        """The class and its bases in method resolution order (C3, with the written order where C3 has no answer);
        library bases stand under their qualified names."""
        found = self._lineages.get(class_name)
        if found is None:
            self._lineages[class_name] = (class_name,)
            found = self._lineages[class_name] = self._linearise(class_name)
        return found

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

    def method(self, class_name: str, name: str) -> tuple[str, str] | None:
        """(module, dotted name) of the method that a class of the project has or inherits."""
        for base in self.lineage(class_name):
            facts = self.class_facts(base)
            if facts is not None and name in facts.methods:
                return self.module_of(base), f"{facts.name}.{name}"
        return None

    # -- models -------------------------------------------------------------------------------------------------

    def dialect(self, class_name: str) -> str:
        """The ORM whose model a class is, or the empty string."""
        found = self._dialects.get(class_name)
        if found is None:
            bases = self.knowledge.model_bases
            found = next((bases[b] for b in self.lineage(class_name) if b in bases), "") or self.knowledge.models.get(
                class_name, ""
            )
            self._dialects[class_name] = found
        return found

    def manager_dialect(self, class_name: str) -> str:
        """The ORM whose manager or query set a class is, or the empty string."""
        return next(
            (self.knowledge.manager_bases[b] for b in self.lineage(class_name) if b in self.knowledge.manager_bases), ""
        )

    def manager_class(self, class_name: str, name: str) -> str | None:
        """The class of the manager under this attribute of a model: "" for the ORM's own, None when it is no manager."""
        for base in self.lineage(class_name):
            facts = self.class_facts(base)
            for field in facts.fields if facts is not None else ():
                if field.name == name and field.call is not None:
                    resolved = self.resolve_in(self.module_of(base), field.call.callee.removesuffix("()"))
                    for suffix in (".as_manager", ".from_queryset"):
                        if resolved.endswith(suffix):
                            if suffix == ".from_queryset" and field.call.args and field.call.args[0]:
                                return self.resolve_in(self.module_of(base), field.call.args[0])
                            return resolved.removesuffix(suffix)
                    if self.manager_dialect(resolved):
                        return resolved
        return None

    def relation(self, class_name: str, name: str) -> Relation | None:
        """The relation that a model or one of its bases has under a name."""
        if self._relations is None:
            self._relations = self._build_relations()
        for base in self.lineage(class_name):
            found = self._relations.get(base, {}).get(name)
            if found is not None:
                return found
        return None

    def model_by_label(self, label: str) -> str:
        """The Django model of a label (`app.Model`); the empty string when there is none or it is not certain which."""
        app, _, short = label.rpartition(".")
        names = [n for n in self._by_short_name().get(short, ()) if self.dialect(n) == "django"]
        exact = [n for n in names if f".{app}." in f".{n}"]
        return exact[0] if len(exact) == 1 else names[0] if len(names) == 1 else ""

    def _by_short_name(self) -> dict[str, list[str]]:
        if self._short_names is None:
            self._short_names = {}
            for facts in {f.path: f for f in self.modules.values()}.values():
                for name in facts.classes:
                    self._short_names.setdefault(name.rsplit(".", 1)[-1], []).append(f"{facts.module}.{name}")
        return self._short_names

    def _build_relations(self) -> dict[str, dict[str, Relation]]:
        graph: dict[str, dict[str, Relation]] = {}
        files = {f.path: f for f in self.modules.values()}.values()
        models = [(f"{f.module}.{n}", c) for f in files for n, c in f.classes.items()]
        by_name = self._by_short_name()
        for name, cls in models:
            dialect = self.dialect(name)
            if dialect:
                graph.setdefault(name, {}).update(relations_of(self, name, cls, dialect, by_name))
        for name, cls in models:
            if self.dialect(name) == "django" and not cls.abstract:
                for target, relation in reverse_relations(self, name, graph):
                    graph.setdefault(target, {}).setdefault(relation.name, relation)
        return graph

    # -- code ---------------------------------------------------------------------------------------------------

    def function_node(self, module: str, qualname: str) -> FunctionNode | None:
        if module not in self._nodes:
            source = self.source(module)
            self._nodes[module] = function_nodes(source.tree) if source is not None else {}
        return self._nodes[module].get(qualname)

    def functions(self, module: str) -> dict[str, FunctionNode]:
        """The functions and methods that a module defines, by dotted name."""
        self.function_node(module, "")
        return self._nodes[module]


def function_nodes(tree: ast.Module) -> dict[str, FunctionNode]:
    """Functions and methods by their dotted name; of several with one name the first."""
    found: dict[str, FunctionNode] = {}
    stack: list[tuple[str, ast.stmt]] = [("", s) for s in reversed(tree.body)]
    while stack:
        prefix, node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.setdefault(prefix + node.name, node)
        elif isinstance(node, ast.ClassDef):
            stack.extend((f"{prefix}{node.name}.", s) for s in reversed(node.body))
        else:
            children = [
                s for field in ("finalbody", "orelse", "body") for s in reversed(getattr(node, field, []) or [])
            ]
            children += [s for handler in getattr(node, "handlers", ()) for s in reversed(handler.body)]
            stack.extend((prefix, s) for s in children if isinstance(s, ast.stmt))
    return found


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
