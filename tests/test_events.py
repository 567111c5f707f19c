"""An event that a caller sees is the same event: nothing of what it tells is lost on the way."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

from backend_pitfalls.model.finding import Site, Span, Step
from backend_pitfalls.semantics import events
from backend_pitfalls.semantics.events import Call, Event
from backend_pitfalls.semantics.values import Const, Function

SITE = Site("app.py", Span(1, 0, 1, 5))
CALL = Call(SITE, "f", (), False, "requests.get", (), {}, False, None, False)
KINDS = [
    kind
    for _, kind in inspect.getmembers(events, inspect.isclass)
    if issubclass(kind, Event) and kind is not Event and kind.__module__ == events.__name__
]
OF_THE_VIEW = {"symbol", "loops", "is_async", "chain", "inner", "awaited", "handled", "site", "growing"}
"""What an event tells of where it is seen, and not of what happened."""


def annotated(kind: type[Event]) -> dict[str, str]:
    """The parameters of the constructor with their annotations, read from the source: compiled classes do not tell them."""
    source = Path(events.__file__).with_name("events.py").read_text(encoding="utf-8")
    classes = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    for base in kind.__mro__:
        for method in classes[base.__name__].body:
            if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                return {p.arg: ast.unparse(p.annotation) for p in method.args.args if p.annotation is not None}
    raise AssertionError(kind)


def given(name: str, annotation: str) -> Any:
    """A value for a parameter that is not its default."""
    values: dict[str, Any] = {
        "bool": True,
        "str": f"<{name}>",
        "Call": CALL,
        "Function": Function("app", "f", ast.Lambda()),
        "dict[str, Value]": {"timeout": Const(3)},
        "tuple[Value, ...]": (Const(2),),
    }
    if annotation.startswith("Site"):
        return SITE
    if annotation.startswith("Value"):
        return Const(1)
    return () if annotation.startswith("tuple") and "Value" not in annotation else values[annotation]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_an_event_tells_is_the_same_from_everywhere(kind: type[Event]) -> None:
    event = kind(**{name: given(name, annotation) for name, annotation in annotated(kind).items()})
    described = (name for name in dir(kind) if inspect.isdatadescriptor(getattr(kind, name)))
    fields = {name for name in described if not name.startswith("_")} - OF_THE_VIEW
    assert "remembered" in fields
    event.remembered = "shared"
    for name in {"open", "reachable", "atomic"} & fields:
        setattr(event, name, not getattr(event, name))
    step = Step(SITE, "calls 'f'")
    for seen in (event.seen_from(step, "g", (), False, "f"), event.shown_by(step, "g", (), False)):
        assert type(seen) is kind
        assert {name: getattr(seen, name) for name in fields} == {name: getattr(event, name) for name in fields}
        assert (seen.symbol, seen.chain, seen.handled) == ("g", (step,), False)
