"""What other files need to know of a file: plain serialisable records, extracted in one walk."""

from __future__ import annotations

import msgspec

Scalar = str | int | float | bool | None


class CallFacts(msgspec.Struct, frozen=True):
    """A call as written: the callee's dotted name in the file's own names, and its literal or dotted arguments."""

    callee: str
    args: tuple[str | None, ...] = ()
    keywords: dict[str, Scalar] = {}
    names: dict[str, str] = {}


FOREIGN_KEY = "<foreign key>"
"""The keyword under which a column keeps what its `ForeignKey` points to."""


BACKREF_LAZY = "<lazy of backref>"
"""The keyword under which a relation keeps how the other side loads it: `backref("books", lazy="joined")`."""


USERS = "AUTH_USER_MODEL"
"""What is written for the model of users: the end of `settings.AUTH_USER_MODEL`, and what `get_user_model()` counts as where a field is given it."""


COLUMN_TYPE = "<column type>"
"""The keyword under which a column keeps the last name of its type."""


class FieldFacts(msgspec.Struct, frozen=True):
    """A name assigned or annotated in a class body."""

    name: str
    call: CallFacts | None = None
    annotation: str = ""
    value: Scalar = None
    dotted: str = ""


class ClassFacts(msgspec.Struct, frozen=True):
    """A class: bases as written, fields of its body, methods, attributes that methods assign (`self.x = …`)."""

    name: str
    bases: tuple[str, ...] = ()
    fields: tuple[FieldFacts, ...] = ()
    methods: tuple[str, ...] = ()
    self_attributes: dict[str, tuple[str, ...]] = {}
    decorators: tuple[str, ...] = ()
    abstract: bool = False
    proxy: bool = False
    meta: dict[str, Scalar] = {}

    def declares(self, name: str) -> bool:
        """Whether the class itself has a method or an attribute of this name."""
        return name in self.methods or name in self.self_attributes or any(f.name == name for f in self.fields)


class FunctionFacts(msgspec.Struct, frozen=True):
    """A function or method as declared: parameters as written (`*args`, `**options`, `/` and `*` left out), the constant
    defaults among them, annotations and the result's annotation as text, decorators by their dotted names."""

    parameters: tuple[str, ...] = ()
    defaults: dict[str, Scalar] = {}
    annotations: dict[str, str] = {}
    returns: str = ""
    decorators: tuple[str, ...] = ()
    is_async: bool = False


class FileFacts(msgspec.Struct, frozen=True):
    """One Python file.

    `imports` maps local names to absolute dotted targets (those under `if TYPE_CHECKING` and in `try` included), `stars` lists
    the modules of star imports; `classes` and `functions` are keyed by their dotted name inside the module
    (`Outer.method`); `variables` are the other names that the module binds, with the callee's dotted name where a call's
    result is bound, `constants` those bound to a number, text, truth value or None; `routes` are the texts that may be URL paths
    of the application or modules that bring some, `patterns` those under which a router is given a view, by its dotted name, each with how it is written, and the dependencies of FastAPI; `settles` are what the file decides
    for the whole project: time limits of all of a kind ("socket", "ldap", "task"), a "transaction" around each request, the "hosts" for which Django answers; `tasks` is the line on which an application of Celery is made, and `endless` that of the first loop that
    nothing ends, nought for none. `written` are the variables that functions of the module write into, with these functions; `connections` are the functions without parameters that keep a connection in Flask's `g`, with the dotted name of what opens it; `hung` are the attributes that functions set on the object of a request
    ("g.user", "request.tenant"), with these functions; `actions` are the methods of view sets that a router is given, by the view set's dotted name.
    """

    path: str
    module: str
    is_package: bool
    imports: dict[str, str] = {}
    stars: tuple[str, ...] = ()
    exports: tuple[str, ...] | None = None
    classes: dict[str, ClassFacts] = {}
    functions: dict[str, FunctionFacts] = {}
    variables: dict[str, str] = {}
    constants: dict[str, Scalar] = {}
    routes: tuple[str, ...] = ()
    patterns: dict[str, tuple[tuple[str, str], ...]] = {}
    settles: tuple[str, ...] = ()
    written: dict[str, tuple[str, ...]] = {}
    endless: int = 0
    tasks: int = 0
    connections: dict[str, str] = {}
    hung: dict[str, tuple[str, ...]] = {}
    actions: dict[str, tuple[str, ...]] = {}

    def names(self, name: str) -> bool:
        """Whether the module has something under a name, as far as its own text tells: star imports are not followed."""
        return name in self.variables or name in self.classes or name in self.functions or name in self.imports

    @property
    def packages(self) -> frozenset[str]:
        """The packages at the top from which the file imports."""
        return frozenset(target.split(".")[0] for target in (*self.imports.values(), *self.stars))
