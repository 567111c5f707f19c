"""Routes that an orchestrator asks for the health of a service: which handler answers, and what that handler does for its answer."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.model.finding import Site, Span, Step
from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.events import Call, Event, Query, Route
from backend_pitfalls.semantics.handlers import route_style
from backend_pitfalls.semantics.records import HealthRoute
from backend_pitfalls.semantics.values import (
    BoundMethod,
    ClassRef,
    Const,
    Function,
    Instance,
    Value,
    constant_text,
    options,
)
from backend_pitfalls.syntax.names import dotted, nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.model.knowledge import RoutingFacts
    from backend_pitfalls.semantics.arguments import Arguments
    from backend_pitfalls.semantics.frame import Frame
    from backend_pitfalls.semantics.interpreter import Interpreter
    from backend_pitfalls.syntax.source import Source

_RESPONSES = regex(
    r"\w*Response|jsonify|json_response|make_response|dict|str|now|utcnow|time|isoformat|status|HTTPStatus"
)
_LOGGED_IN = regex(r"current_(active_)?user|(verify|require|check|get|validate)_\w*(auth|login|token|api_key|user)")
_FAILURES = regex(r"HTTP_[45]\d\d|SERVICE_UNAVAILABLE|INTERNAL_SERVER_ERROR|abort|status_code|ServerError|Unavailable")
_CLOSED_CLASSES = frozenset(
    {"LoginRequiredMixin", "PermissionRequiredMixin", "UserPassesTestMixin", "StaffMemberRequiredMixin"}
)
_CLOSED_PERMISSIONS = frozenset({"IsAuthenticated", "IsAdminUser", "DjangoModelPermissions"})
MAX_ASKED = 3


def decorated(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef, function: Function) -> None:
    """A function whose decorator gives it a path about health."""
    for decorator in node.decorator_list:
        first = decorator.args[0] if isinstance(decorator, ast.Call) and decorator.args else None
        if (
            not isinstance(decorator, ast.Call)
            or not isinstance(first, ast.Constant)
            or not isinstance(first.value, str)
        ):
            continue
        if _is_about_health(frame, first.value) and route_style(frame, decorator):
            _emit(frame, first, first.value, function, _is_application(frame, decorator.func))


def registered(frame: Frame, arguments: Arguments, facts: RoutingFacts) -> None:
    """A call that gives a path to a handler."""
    path = constant_text(arguments.positional[0]) if arguments.positional else None
    if path is None or not _is_about_health(frame, path):
        return
    given = arguments.keywords.get(facts.keyword)
    if given is None and facts.handler < len(arguments.positional):
        given = arguments.positional[facts.handler]
    written = [k.value for k in arguments.node.keywords if k.arg == facts.keyword]
    written.extend(arguments.node.args[facts.handler : facts.handler + 1])
    for handler in _handlers(frame, given, written[0] if written else None):
        _emit(frame, arguments.node, path, handler)


def _is_about_health(frame: Frame, path: str) -> bool:
    """Whether a path is one about the service, and not about something that it manages."""
    return not any(c in path for c in "<{(") and frame.knowledge.probe_of(path) not in (None, "perhaps")


def _handlers(frame: Frame, given: Value | None, node: ast.expr | None) -> list[Function]:
    """The functions that answer: the given one, or the `get` of a class or of what its `as_view()` gives."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "as_view":
        given = frame.evaluate(node.func.value)
    found: list[Function] = []
    for option in options(given) if given is not None else ():
        if isinstance(option, Function):
            found.append(option)
        elif isinstance(option, ClassRef):
            function = frame.interpreter.method(option.name, "get")
            found.extend([function] if function is not None else [])
    return found


def _is_application(frame: Frame, method: ast.expr) -> bool:
    """Whether this is a method of an application, and not of a router that has a prefix."""
    value = frame.evaluate(method)
    receiver = value.receiver if isinstance(value, BoundMethod) else None
    return isinstance(receiver, Instance) and receiver.cls in frame.knowledge.applications


def _emit(frame: Frame, node: ast.AST, path: str, handler: Function, is_whole: bool = False) -> None:
    frame.events.append(Route(frame.site(node), frame.scope, frame.loops, frame.is_async, path, handler, is_whole))


def examine(interpreter: Interpreter, route: Route) -> HealthRoute | None:
    """What the handler of a route does for its answer; None when its code cannot be read."""
    function = route.handler
    source = interpreter.world.source(function.module)
    node = function.node
    if source is None or isinstance(node, ast.Lambda):
        return None
    asked: dict[Site, tuple[Step, ...]] = {}
    for event in interpreter.function_events(function):
        text = _asked(interpreter, event)
        if text:
            asked.setdefault(event.site, (*event.chain, Step(event.site, text)))
    site = Site(source.path, _head(node))
    hiding = _hiding(node, {steps[0].site.span.line for steps in asked.values()})
    return HealthRoute(
        route.path,
        interpreter.knowledge.probe_of(route.path) or "",
        function.qualname,
        site,
        tuple(asked.values())[:MAX_ASKED],
        Site(source.path, source.span(hiding)) if hiding is not None else None,
        _closed(interpreter, function, node, source),
        not asked and _looks_at_nothing(node),
        route.is_whole,
        max((_limit(interpreter, event) for event in interpreter.function_events(function)), default=0),
    )


def _limit(interpreter: Interpreter, event: Event) -> float:
    """For how many seconds a call waits for its answer, as it is told; nought where that is not known."""
    client = interpreter.knowledge.clients.get(event.callee) if isinstance(event, Call) else None
    value = event.argument(client.position, client.keyword) if client is not None and isinstance(event, Call) else None
    given = value.value if isinstance(value, Const) and type(value.value) in (int, float) else 0
    return given / client.unit if client is not None and isinstance(given, (int, float)) else 0


def _head(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Span:
    """The range of `def name`."""
    width = len("async def " if isinstance(node, ast.AsyncFunctionDef) else "def ") + len(node.name)
    return Span(node.lineno, node.col_offset, node.lineno, node.col_offset + width)


def _asked(interpreter: Interpreter, event: Event) -> str:
    """What an event asks of another process; the empty string for nothing."""
    if isinstance(event, Query):
        return f"'{event.operation}' runs a query"
    if isinstance(event, Call):
        knowledge = interpreter.knowledge
        what = knowledge.dependencies.get(event.callee)
        if what is not None:
            return f"'{event.written}' asks {what}"
        if event.callee in knowledge.outbound:
            return f"'{event.written}' asks another service"
    return ""


def _hiding(node: ast.FunctionDef | ast.AsyncFunctionDef, asked: set[int]) -> ast.Return | None:
    """The answer given after a check failed, in a handler that knows no answer for a failure."""
    if any(_tells_failure(n) for n in nodes_in(node)):
        return None
    for tried in nodes_in(node):
        if not isinstance(tried, ast.Try) or not any(_holds(statement, asked) for statement in tried.body):
            continue
        for handler in tried.handlers:
            if not any(isinstance(n, ast.Raise) for n in nodes_in(handler)):
                answer = next((n for n in nodes_in(handler) if isinstance(n, ast.Return) and n.value is not None), None)
                if answer is not None:
                    return answer
    return None


def _holds(statement: ast.stmt, lines: set[int]) -> bool:
    return any(statement.lineno <= line <= (statement.end_lineno or statement.lineno) for line in lines)


def _tells_failure(node: ast.AST) -> bool:
    """Whether a status of failure is named: 503, HTTP_503_SERVICE_UNAVAILABLE, `abort` …"""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int) and 400 <= node.value < 600
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return bool(name and _FAILURES.search(name))


def _closed(
    interpreter: Interpreter, function: Function, node: ast.FunctionDef | ast.AsyncFunctionDef, source: Source
) -> Step | None:
    """Why only some requests reach a handler."""
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        why = interpreter.knowledge.logins.get(dotted(target).rsplit(".", 1)[-1], "")
        if not why and isinstance(decorator, ast.Call):
            given = [k.value for k in decorator.keywords if k.arg == "dependencies"]
            why = _ASKS_WHO if any(_asks_who(value) for value in given) else ""
        if why:
            return Step(Site(source.path, source.span(decorator)), f"it {why}")
    for default in (*node.args.defaults, *node.args.kw_defaults):
        if isinstance(default, ast.Call) and _asks_who(default):
            return Step(Site(source.path, source.span(default)), f"it {_ASKS_WHO}")
    return _closed_class(interpreter, function, source) if function.owner else None


_ASKS_WHO = "answers only those who are logged in"


def _asks_who(node: ast.expr) -> bool:
    """Whether a dependency of FastAPI asks who sends the request."""
    return any(
        isinstance(n, ast.Call)
        and dotted(n.func).rsplit(".", 1)[-1] in ("Depends", "Security")
        and n.args
        and _LOGGED_IN.search(dotted(n.args[0]))
        for n in nodes_in(node)
    )


def _closed_class(interpreter: Interpreter, function: Function, source: Source) -> Step | None:
    body = interpreter.world.class_node(function.owner)
    if body is None:
        return None
    for base in body.bases:
        if dotted(base).rsplit(".", 1)[-1] in _CLOSED_CLASSES:
            return Step(Site(source.path, source.span(base)), f"it {_ASKS_WHO}")
    for statement in body.body:
        if isinstance(statement, ast.Assign) and dotted(statement.targets[0]) == "permission_classes":
            names = {dotted(n).rsplit(".", 1)[-1] for n in nodes_in(statement.value) if isinstance(n, ast.expr)}
            if names & _CLOSED_PERMISSIONS:
                return Step(Site(source.path, source.span(statement)), f"it {_ASKS_WHO}")
    return None


def _looks_at_nothing(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a handler only answers: nothing that it does could tell that the service does not work."""
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return all(isinstance(s, (ast.Return, ast.Pass)) for s in body) and all(
        bool(_RESPONSES.fullmatch(dotted(n.func).rsplit(".", 1)[-1]))
        for s in body
        for n in nodes_in(s)
        if isinstance(n, ast.Call)
    )
