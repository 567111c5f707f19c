"""What calls give and nobody looks at: coroutines that are never awaited, tasks that nothing holds, answers whose status is not asked for."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.semantics.events import Call, Dropped, Event
from backend_pitfalls.semantics.values import BoundMethod, Function, Instance, Symbol, Value, options
from backend_pitfalls.syntax.names import nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

# https://docs.python.org/3/library/asyncio-task.html
# https://zopeinterface.readthedocs.io/en/latest/README.html#defining-interfaces
_ZOPE = "zope.interface.Interface"
_COROUTINES = frozenset({"asyncio.sleep", "asyncio.wait_for", "asyncio.to_thread", "asyncio.wait"})
_TASKS = frozenset({"asyncio.create_task", "asyncio.ensure_future"})
_BODY = frozenset({"json", "text", "content", "iter_content", "iter_lines", "iter_bytes"})


def statement(frame: Frame, node: ast.Call, callee: Value) -> None:
    """A call of `callee` that stands alone: what it gives is dropped."""
    several = options(callee)
    for option in several:
        function = option.function if isinstance(option, BoundMethod) else option
        if isinstance(function, Function) and _is_coroutine(frame, function):
            # Of several that it may be the others may be plain functions, and so may what provides an interface.
            if len(several) == 1 and _ZOPE not in frame.world.lineage(function.owner):
                _emit(frame, node, "coroutine", function.qualname)
        elif isinstance(option, Symbol) and option.name in _COROUTINES:
            _emit(frame, node, "coroutine", option.name)
        elif (isinstance(option, Symbol) and option.name in _TASKS) or _is_loop_task(node):
            _emit(frame, node, "task", frame.source.snippet(node.func, 40))
    _answer(frame, node, node, "answer")


def body(frame: Frame, node: ast.Attribute) -> None:
    """`requests.get(url).json()`: the body is used, and nothing was kept that could be asked for the status."""
    if node.attr in _BODY and isinstance(node.value, ast.Call):
        _answer(frame, node.value, node, "body")


def keep(frame: Frame, node: ast.Assign) -> None:
    """A call whose result becomes an attribute or a global variable."""
    last = frame.events[-1] if frame.events else None
    if isinstance(last, Call) and isinstance(node.value, ast.Call) and last.site == frame.site(node.value):
        last.kept = any(isinstance(t, (ast.Attribute, ast.Subscript)) or _is_global(frame, t) for t in node.targets)


def kept(frame: Frame, node: ast.Assign) -> None:
    """`answer = requests.get(url)`, of which the function reads the body, and never looks at the status."""
    target, last = node.targets[0], frame.events[-1] if frame.events else None
    if (
        isinstance(last, Call)
        and isinstance(node.value, ast.Call)
        and isinstance(target, ast.Name)
        and frame.function is not None
        and _asks(frame, last)
        and last.site == frame.site(node.value)
        and _reads_only_the_body(frame.interpreter.read(nodes_in, frame.function.node), target.id)
    ):
        _answer(frame, node.value, node.value, "body")


def _reads_only_the_body(nodes: list[ast.AST], name: str) -> bool:
    attributes = [
        n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == name
    ]
    loads = sum(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in nodes)
    return bool(attributes) and len(attributes) == loads and _BODY.issuperset(attributes)


def unclosed(frame: Frame, node: ast.Assign) -> None:
    """`session = aiohttp.ClientSession()` in a function that neither closes it nor hands it on."""
    last = frame.events[-1] if frame.events else None
    target = node.targets[0]
    if (
        isinstance(last, Call)
        and last.callee in frame.knowledge.closable
        and isinstance(node.value, ast.Call)
        and last.site == frame.site(node.value)
        and isinstance(target, ast.Name)
        and frame.function is not None
        and not _is_global(frame, target)
        and not _is_used_up(frame.interpreter.read(nodes_in, frame.function.node), target.id)
    ):
        _emit(frame, node.value, "client", last.callee)


def unsaved(frame: Frame, node: ast.Assign) -> None:
    """`book = Book(title=…)` that is only shown, a preview: nothing is stored."""
    last, target = frame.events[-1] if frame.events else None, node.targets[0]
    if (
        isinstance(last, Call)
        and last.callee == "django.<row>"
        and isinstance(target, ast.Name)
        and frame.function is not None
        and last.site == frame.site(node.value)
        and _is_only_shown(frame.interpreter.read(nodes_in, frame.function.node), target.id)
    ):
        frame.events.pop()


def _is_only_shown(nodes: list[ast.AST], name: str) -> bool:
    """Whether of a row no more is done than that its attributes are used, and that it is put into the context of a template."""
    shown = {id(value) for n in nodes if isinstance(n, ast.Dict) for value in n.values}
    used = {id(n.value): n.attr for n in nodes if isinstance(n, ast.Attribute)}
    loads = [n for n in nodes if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)]
    return bool(loads) and all(
        id(n) in shown or (id(n) in used and not used[id(n)].startswith(("save", "asave", "full_clean"))) for n in loads
    )


def _is_used_up(nodes: list[ast.AST], name: str) -> bool:
    """Whether a variable is closed, entered by `with`, or handed on: everything but calls of its other methods."""
    methods = {
        id(n.value): n.attr
        for n in nodes
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == name
    }
    return any(
        isinstance(n, ast.Name)
        and n.id == name
        and isinstance(n.ctx, ast.Load)
        and (id(n) not in methods or "close" in methods[id(n)] or methods[id(n)].startswith("__"))
        for n in nodes
    )


def failure(frame: Frame, node: ast.Try, events: list[Event]) -> None:
    """`try: requests.post(…)` with `except Exception: pass`: the failure of the call is passed over.

    Parameters:
        frame: where it stands.
        node: the statement.
        events: what happens in its body.
    """
    hiding = next((h for h in node.handlers if _hides(h)), None)
    # A pool or client that is made asks nobody for anything yet.
    asks = frame.knowledge.outbound - frame.knowledge.pooled if hiding is not None else frozenset()
    called = next((e for e in events if isinstance(e, Call) and e.callee in asks), None)
    if hiding is not None and called is not None:
        _emit(frame, hiding, "failure", called.callee)


def told_at_last(frame: Frame, node: ast.For | ast.AsyncFor, start: int) -> None:
    """`for host in hosts: try: …; break` with `except Exception: pass` and `else: raise`: when each of them failed somebody learns of it.

    Parameters:
        frame: where the loop stands.
        node: the loop.
        start: the position of the first event of its body.
    """
    if any(isinstance(n, ast.Raise) for statement in node.orelse for n in nodes_in(statement)):
        frame.events[start:] = [e for e in frame.events[start:] if not is_failure(e)]


def is_failure(event: Event) -> bool:
    """Whether an event tells that a failure was passed over, in the function itself."""
    return isinstance(event, Dropped) and event.what == "failure" and not event.chain


def _hides(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    is_broad = any(c is None or (isinstance(c, ast.Name) and c.id in ("Exception", "BaseException")) for c in caught)
    return is_broad and all(
        isinstance(s, (ast.Pass, ast.Continue)) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        for s in handler.body
    )


def _is_global(frame: Frame, target: ast.expr) -> bool:
    body = getattr(frame.function.node, "body", ()) if frame.function is not None else ()
    return isinstance(target, ast.Name) and any(
        isinstance(statement, ast.Global) and target.id in statement.names
        for statement in (body if isinstance(body, list) else ())
    )


def _is_coroutine(frame: Frame, function: Function) -> bool:
    """Whether calling the function gives a coroutine: a decorator may make something else of it."""
    frame.world.look_into(function.module, function.qualname)
    node = function.node
    if not isinstance(node, ast.AsyncFunctionDef) or any(
        isinstance(n, (ast.Yield, ast.YieldFrom)) for n in nodes_in(node)
    ):
        return False
    names = {getattr(d, "id", "") for d in node.decorator_list}
    return names <= {"staticmethod", "classmethod"}


def _is_loop_task(node: ast.Call) -> bool:
    """`loop.create_task(…)`; a task group holds its own."""
    function = node.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "create_task"
        and isinstance(function.value, ast.Name)
        and "loop" in function.value.id
    )


def _answer(frame: Frame, node: ast.Call, place: ast.AST, what: str) -> None:
    """An answer of requests or httpx; a client may look at the status by a hook of its own."""
    site = frame.site(node)
    for event in reversed(frame.events[-4:]):
        if isinstance(event, Call) and event.site == site and not event.chain and _asks(frame, event):
            receiver: Value | None = event.receiver
            if not isinstance(receiver, Instance) or frame.world.class_facts(receiver.cls) is None:
                _emit(frame, place, what, event.callee)
            return


def _asks(frame: Frame, event: Call) -> bool:
    facts = frame.knowledge.clients.get(event.callee)
    method = event.callee.rsplit(".", 1)[-1]
    is_http = event.callee.startswith(("requests.", "httpx."))
    return facts is not None and is_http and method in ("get", "post", "put", "patch", "delete", "request")


def _emit(frame: Frame, node: ast.AST, what: str, name: str) -> None:
    symbol = frame.scope
    frame.events.append(Dropped(frame.site(node), symbol, frame.loops, frame.is_async, what, name))
