"""Functions that a call is given to run later, elsewhere, with arguments: threads, executors, background tasks, queues of jobs.

What they run is not part of the caller's time or loop, but what reaches them is the same untrusted data.

https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.submit
https://docs.python.org/3/library/threading.html#threading.Thread
https://docs.celeryq.dev/en/stable/userguide/calling.html
https://www.starlette.io/background/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from backend_pitfalls.semantics.arguments import Arguments
from backend_pitfalls.semantics.values import (
    UNKNOWN,
    BoundMethod,
    Container,
    Function,
    Partial,
    Value,
    deep_labels,
    options,
)
from backend_pitfalls.syntax.names import dotted

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

Handed = tuple[Function, Value | None, Arguments]
"""A function, the object of a method, and what it is run with."""

# Methods that a decorator gives a task: those that take its arguments as they are, and those that take them as `args` and `kwargs`.
_AS_THEY_ARE = frozenset({"delay", "send", "defer", "enqueue", "kiq", "spawn"})
_IN_ONE = frozenset({"apply_async", "apply", "send_with_options"})
_WHAT = ("target", "func", "fn", "function", "callback")
_SAYS_WHAT = frozenset({*_WHAT, "args", "kwargs"})


def over(frame: Frame, node: ast.Call, arguments: Arguments) -> Iterator[Handed]:
    """What a call of something that is not the project's hands over, where untrusted data is among the arguments.

    Parameters:
        frame: in which the call stands.
        node: the call.
        arguments: what it is given.
    """
    yield from _queued(frame, node, arguments)
    yield from _wrapped(frame, node, arguments)
    given = arguments.positional
    behind: list[tuple[Value, tuple[Value, ...]]] = [(value, given[place + 1 :]) for place, value in enumerate(given)]
    behind += [(arguments.keywords[name], ()) for name in _WHAT if name in arguments.keywords]
    for value, following in behind:
        yield from _with(arguments, value, following)


def _function(value: Value) -> tuple[Function, Value | None, tuple[Value, ...], dict[str, Value]] | None:
    """The function behind a value, the object that it is a method of, and what it has been given before."""
    if isinstance(value, Partial):
        inner = _function(value.function)
        return None if inner is None else (inner[0], inner[1], tuple(value.args), dict(value.keywords))
    if isinstance(value, BoundMethod) and value.function is not None:
        return value.function, value.receiver, (), {}
    return (value, None, (), {}) if isinstance(value, Function) else None


def _with(arguments: Arguments, what: Value, following: tuple[Value, ...]) -> Iterator[Handed]:
    """Each function that a value may be, with what a call gives it."""
    for option in options(what):
        found = _function(option)
        if found is None:
            continue
        function, receiver, given, named = found
        keywords = {k: v for k, v in arguments.keywords.items() if k not in _SAYS_WHAT}
        in_args, in_kwargs = _in_one(arguments.keywords.get("args"), arguments.keywords.get("kwargs"))
        positional = (*given, *(in_args or following))
        keywords = {**named, **(in_kwargs or keywords)}
        if any(deep_labels(value) for value in (*positional, *keywords.values())):
            yield function, receiver, Arguments(arguments.node, positional, keywords, False)


def _in_one(args: Value | None, kwargs: Value | None) -> tuple[tuple[Value, ...], dict[str, Value]]:
    positional = tuple(args.items.values()) if isinstance(args, Container) and args.kind != "dict" else ()
    keywords = kwargs.items if isinstance(kwargs, Container) and kwargs.kind == "dict" else {}
    return positional, {str(name): value for name, value in keywords.items()}


def _queued(frame: Frame, node: ast.Call, arguments: Arguments) -> Iterator[Handed]:
    """`send_mail.delay(address)`: a task, by the method that its decorator gave it."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in (_AS_THEY_ARE | _IN_ONE):
        return
    if not isinstance(node.func.value, (ast.Name, ast.Attribute)):
        return
    for task in options(frame.evaluate(node.func.value)):
        if not isinstance(task, Function) or not task.decorators:
            continue
        given = arguments
        if node.func.attr in _IN_ONE:
            whole = dict(zip(("args", "kwargs"), arguments.positional)) | arguments.keywords
            positional, keywords = _in_one(whole.get("args"), whole.get("kwargs"))
            given = Arguments(node, positional, keywords, False)
        if any(deep_labels(value) for value in (*given.positional, *given.keywords.values())):
            bound = task.signature.named[:1] == ("self",) and not task.owner
            yield task, UNKNOWN if bound else None, given


# https://docs.djangoproject.com/en/stable/topics/async/#asgiref.sync.sync_to_async
_WRAPPERS = ("sync_to_async", "async_to_sync")


def _wrapped(frame: Frame, node: ast.Call, arguments: Arguments) -> Iterator[Handed]:
    """`sync_to_async(load)(name)`."""
    made = node.func
    if isinstance(made, ast.Call) and made.args and dotted(made.func).endswith(_WRAPPERS):
        yield from _with(arguments, frame.evaluate(made.args[0]), arguments.positional)
