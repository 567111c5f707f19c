"""What the interpreter may ask of the project; `backend_pitfalls.project.link` answers."""

from __future__ import annotations

import ast
from typing import Protocol

import msgspec

from backend_pitfalls.model.knowledge import Knowledge
from backend_pitfalls.semantics.facts import ClassFacts, FileFacts
from backend_pitfalls.syntax.source import Source
from backend_pitfalls.syntax.template import TemplateSource


class Definition(msgspec.Struct, frozen=True):
    """What a qualified name stands for: `kind` is "module", "class", "function", "variable" or "external".

    For the project's own, `module` and `name` (dotted inside the module) tell where it is defined; for what is
    outside, `name` is its qualified name. `rest` are attributes that remain after a class or variable was reached.
    """

    kind: str
    module: str
    name: str
    rest: tuple[str, ...] = ()


class Relation(msgspec.Struct, frozen=True):
    """A relation of a model: its target model (empty when only the data tells), whether it gives many rows, whether the other
    side declares it, how SQLAlchemy loads it (`lazy=`: "select" when not given), and the name under which what it gives knows the
    model again."""

    name: str
    target: str
    many: bool
    reverse: bool
    lazy: str = "select"
    back: str = ""


FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class World(Protocol):
    """The linked project. `touched` is the bit set of files that answers rested on."""

    knowledge: Knowledge
    touched: int

    def facts(self, module: str) -> FileFacts | None: ...
    def define(self, qualified: str) -> Definition: ...
    def class_facts(self, name: str) -> ClassFacts | None: ...
    def module_of(self, class_name: str) -> str: ...
    def lineage(self, class_name: str) -> tuple[str, ...]: ...
    def method(self, class_name: str, name: str) -> tuple[str, str] | None: ...
    def dialect(self, class_name: str) -> str: ...
    def manager_dialect(self, class_name: str) -> str: ...
    def relation(self, class_name: str, name: str) -> Relation | None: ...
    def manager_class(self, class_name: str, name: str) -> str | None: ...
    def model_by_label(self, label: str) -> str: ...
    def user_model(self) -> str: ...
    def modules_with(self, variable: str) -> tuple[str, ...]: ...
    def class_by_name(self, module: str, name: str) -> str: ...
    def source(self, module: str) -> Source | None: ...
    def relations_of(self, class_name: str) -> tuple[Relation, ...]: ...
    def class_node(self, class_name: str) -> ast.ClassDef | None: ...
    def class_assignments(self, class_name: str) -> dict[str, ast.AST]: ...
    def template(self, name: str) -> TemplateSource | None: ...
    def unprobed(self) -> str: ...
    def function_node(self, module: str, qualname: str) -> FunctionNode | None: ...
