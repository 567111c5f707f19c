"""The arguments of a call, evaluated."""

from __future__ import annotations

import ast

from backend_pitfalls.semantics.values import UNKNOWN, Value


class Arguments:
    """Evaluated arguments of one call; `spread` tells that some of them are unknown, `rest` what is known of these."""

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

    @property
    def first(self) -> Value:
        """The first positional argument; Unknown where there is none."""
        return self.positional[0] if self.positional else UNKNOWN


def written_name(node: ast.Call) -> str:
    """The last part of the name under which something is called."""
    function = node.func
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )
