"""The parameters of a function as a call binds them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import EllipsisType

from backend_pitfalls.syntax.names import parameter_defaults

Scalar = str | bytes | int | float | complex | None
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Signature:
    """The parameters of a function: `named` are those that take an argument by position, `accepted` all that have a name of their own,
    `defaults` the constants of those that have one, `variadic` and `keyed` the names of `*args` and `**options` (empty for none).

    Parameters:
        function: read only.
    """

    __slots__ = ("accepted", "defaults", "keyed", "named", "variadic")

    def __init__(self, function: Function) -> None:
        arguments = function.args
        self.named = tuple([p.arg for p in (*arguments.posonlyargs, *arguments.args)])
        self.accepted = frozenset((*self.named, *(p.arg for p in arguments.kwonlyargs)))
        self.defaults = tuple(_constants(arguments))
        self.variadic = arguments.vararg.arg if arguments.vararg is not None else ""
        self.keyed = arguments.kwarg.arg if arguments.kwarg is not None else ""

    @property
    def first(self) -> str:
        """The first parameter, which is the object of a method; the empty string where there is none."""
        return self.named[0] if self.named else ""


def _constants(arguments: ast.arguments) -> Iterator[tuple[str, Scalar]]:
    for parameter, default in parameter_defaults(arguments):
        if isinstance(default, ast.Constant) and not isinstance(default.value, EllipsisType):
            yield parameter.arg, default.value
