"""How much of its parameters a function can see, and how a call binds them."""

from __future__ import annotations

import ast

import pytest

from backend_pitfalls.syntax.signature import Signature
from backend_pitfalls.syntax.uses import keys_seen


def function(source: str) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda:
    """The first function of a source."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return next(node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds))


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("def f(a, *b, c=1, **d): pass", {"a": set(), "b": set(), "c": set(), "d": set()}),
        ("def f(a): return a", {}),
        ("def f(a): return a['x'], a.get('y', 1)", {"a": {"x", "y"}}),
        ("def f(a): return a['x'], len(a)", {}),
        ("def f(a, b): return a[b]", {}),
        ("def f(a): a['x'] = 1", {}),
        ("def f(a): del a['x']", {}),
        ("def f(a): return a.pop('x')", {}),
        ("def f(a): a = g(); return 1", {"a": set()}),
        ("def f(a): return lambda: a['x']", {"a": {"x"}}),
        ("def f(a, b): return locals()", {}),
        ("def f(a): return eval('a')", {}),
        ("def f(self, a): return super().f(1)", {"a": set()}),
        ("lambda a, b: a['x']", {"a": {"x"}, "b": set()}),
        ("async def f(a): return await g(a[0])", {"a": {0}}),
    ],
)
def test_what_a_function_sees_of_its_parameters(source: str, seen: dict[str, set[object]]) -> None:
    assert keys_seen(function(source)) == seen


def test_how_parameters_are_bound() -> None:
    signature = Signature(function("def f(a, /, b=1, *c, d, e=None, g=..., **h): pass"))
    assert signature.named == ("a", "b")
    assert signature.accepted == {"a", "b", "d", "e", "g"}
    assert signature.defaults == (("b", 1), ("e", None))
    assert (signature.first, signature.variadic, signature.keyed) == ("a", "c", "h")
    assert Signature(function("lambda: 1")).first == ""
