"""What web frameworks give the functions that they call: the request, the parts of its URL, values by annotation, what dependencies make of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics import forms
from backend_pitfalls.semantics.annotations import annotated, has_safe_pattern, spelled
from backend_pitfalls.semantics.arguments import Arguments
from backend_pitfalls.semantics.attributes import library_method
from backend_pitfalls.semantics.library import is_request
from backend_pitfalls.semantics.values import (
    UNKNOWN,
    BoundMethod,
    ClassRef,
    Container,
    Function,
    Instance,
    Label,
    Symbol,
    Unknown,
    Value,
    constant_text,
)
from backend_pitfalls.syntax.names import decorators, parameter_defaults

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

_CLEAN_TYPES = frozenset(
    {
        "builtins.int",
        "builtins.float",
        "builtins.bool",
        "uuid.UUID",
        "datetime.date",
        "datetime.datetime",
        "decimal.Decimal",
        "enum.Enum",
    }
)
_TEXTS = frozenset({"builtins.str", "builtins.bytes"})
_FILLED = frozenset({"pydantic.BaseModel", "sqlmodel.SQLModel", "pathlib.Path"})
_NOT_FROM_URL = frozenset(
    {
        "starlette.requests.Request",
        "fastapi.BackgroundTasks",
        "fastapi.Response",
        "starlette.websockets.WebSocket",
        "starlette.responses.Response",
    }
)


# The request that is the first parameter of a handler without an annotation, by what its module imports; the likeliest first.
_REQUESTS = {
    "rest_framework": "rest_framework.request.Request",
    "django": "django.http.HttpRequest",
    "aiohttp.web": "aiohttp.web.Request",
    "sanic": "sanic.Request",
    "pyramid": "pyramid.request.Request",
    "starlette": "starlette.requests.Request",
}
_FALCON = regex(r"on_(get|post|put|patch|delete|head|options|request)(_\w+)?")
# Classes whose methods answer requests: they are given the parts of the URL.
_FLASK_VIEWS = frozenset({"flask.views.View", "flask.views.MethodView", "quart.views.View", "quart.views.MethodView"})


def fill(frame: Frame, function: Function, bound: dict[str, Value], named: list[ast.arg]) -> None:
    """Give the parameters of a function what a framework gives them that calls it.

    Parameters:
        frame: in which the function is evaluated on its own; it learns how what the function returns is sent.
        function: any of the project, but for a lambda.
        bound: its parameters as they are declared; changed.
        named: those that are given by their place, without the receiver of a method.
    """
    node = function.node
    assert not isinstance(node, ast.Lambda)
    patterns = _patterns(frame, function)
    first = named[0].arg if named else ""
    if first and isinstance(bound[first], Unknown):
        if first == "request":
            bound[first] = _request_by_convention(frame)
        elif first == "req" and _FALCON.fullmatch(node.name) and _imports(frame, "falcon"):
            bound[first] = Instance("falcon.Request")
        else:
            bound[first] = forms.given(frame, function)
    style, route = _route(frame, node)
    frame.handles = style or _handles_by_convention(frame, function, bound, patterns)
    if style == "fastapi":
        frame.answers = _response_model(frame, node)
        frame.handles = "fastapi-html" if _answers_html(frame, node) else style
    if style == "ninja":
        frame.answers = _response(frame, node)
        if "request" in bound:
            bound["request"] = Instance("django.http.HttpRequest")
    if style:
        _from_route(frame, function, bound, style, route)
    elif any(kind == "dependency" for kind, _ in patterns):
        _from_route(frame, function, bound, "fastapi", _ANY_PART)
    elif patterns or frame.handles == "django":
        _from_url(frame, function, bound, named, patterns)
    elif node.name in ("lambda_handler", "handler") and [p.arg for p in named] == ["event", "context"]:
        label = Label("the event of the function", frame.site(named[0]), ())
        bound["event"] = Unknown(frozenset({label}))


def _imports(frame: Frame, package: str) -> bool:
    facts = frame.world.facts(frame.module)
    return facts is not None and any(f"{t}.".startswith(f"{package}.") for t in facts.imports.values())


def _request_by_convention(frame: Frame) -> Value:
    """A first parameter called `request` is that of the framework which the module imports from."""
    return next((Instance(cls) for package, cls in _REQUESTS.items() if _imports(frame, package)), UNKNOWN)


def _handles_by_convention(
    frame: Frame, function: Function, bound: dict[str, Value], patterns: tuple[tuple[str, str], ...]
) -> str:
    """Django's views are functions and methods that are given the request; Flask's have a URL or a class of its views."""
    if is_request(frame, bound.get("request", UNKNOWN)):
        return "django"
    if any(kind == "flask" for kind, _ in patterns):
        return "flask"
    answers = function.owner and (function.name in _VERBS or function.name == "dispatch_request")
    return "flask" if answers and _FLASK_VIEWS.intersection(frame.world.lineage(function.owner)) else ""


def _patterns(frame: Frame, function: Function) -> tuple[tuple[str, str], ...]:
    """The patterns of URLs under which a function is called, each with how they are written."""
    found = frame.world.url_patterns(function.owner or f"{function.module}.{function.qualname}")
    if found and function.owner and function.name != "__init__":
        return tuple(pattern for pattern in found if pattern[0] != "dependency")
    return found


def _route(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, str]:
    """The framework style and the paths of the route decorators, empty when there is none, or a path is not known."""
    style, paths = "", []
    for decorator in node.decorator_list:
        found = route_style(frame, decorator)
        if found:
            style = style or found
            given = _path_of(decorator) if isinstance(decorator, ast.Call) else None
            paths.append((constant_text(frame.evaluate(given)) if given is not None else "") or "")
    return style, " ".join(paths) if all(paths) else ""


def _path_of(route: ast.Call) -> ast.expr | None:
    """The path of a route: its first argument, or the one that is named so."""
    named = (k.value for k in route.keywords if k.arg in ("rule", "path", "uri"))
    return route.args[0] if route.args else next(named, None)


def route_style(frame: Frame, decorator: ast.expr) -> str:
    """How the framework fills the parameters of a function that is decorated; empty when it makes no request handler of it."""
    callee = frame.evaluate(decorator.func if isinstance(decorator, ast.Call) else decorator)
    if isinstance(callee, BoundMethod) and isinstance(callee.receiver, Instance):
        return frame.knowledge.routes.get(library_method(frame.interpreter, callee.receiver.cls, callee.name), "")
    return frame.knowledge.routes.get(callee.name, "") if isinstance(callee, Symbol) else ""


def _answers_html(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the text that a handler returns is sent as a page: https://fastapi.tiangolo.com/advanced/custom-response/#html-response"""
    given = [
        k.value for d in node.decorator_list if isinstance(d, ast.Call) for k in d.keywords if k.arg == "response_class"
    ]
    return any(isinstance(v := frame.evaluate(g), Symbol) and v.name.endswith(".HTMLResponse") for g in given)


def _response_model(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Value:
    """What FastAPI shows the answer as: `response_model`, else the annotated result.

    https://fastapi.tiangolo.com/tutorial/response-model/
    """
    for decorator in node.decorator_list:
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
            if keyword.arg == "response_model":
                return annotated(frame, keyword.value)
    return annotated(frame, node.returns)


def _response(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Value:
    """What Django Ninja shows the answer as: `response`, or the first of those by status.

    https://django-ninja.dev/guides/response/
    """
    given = [k.value for d in node.decorator_list if isinstance(d, ast.Call) for k in d.keywords if k.arg == "response"]
    shown = given[0] if given else None
    if isinstance(shown, ast.Dict):
        shown = shown.values[0] if shown.values else None
    return annotated(frame, shown)


# A route of which only the parts are known: a dependency is used by several.
_ANY_PART = "{*}"


def _from_route(frame: Frame, function: Function, bound: dict[str, Value], style: str, path: str) -> None:
    node = function.node
    assert not isinstance(node, ast.Lambda)
    parameters = node.args
    named = [*parameters.posonlyargs, *parameters.args]
    if function.owner and "staticmethod" not in function.decorators:
        named = named[1:]
    defaults = {p.arg: default for p, default in parameter_defaults(parameters)}
    for parameter in (*named, *parameters.kwonlyargs):
        place, annotation = spelled(frame, parameter.annotation)
        dependency = _annotated_dependency(place, annotation)
        default = dependency or defaults.get(parameter.arg)
        place = place if dependency is not None else frame
        if isinstance(default, ast.Call):
            callee = place.evaluate(default.func)
            is_dependency = isinstance(callee, Symbol) and callee.name in ("fastapi.Depends", "fastapi.Security")
            if is_dependency and not _is_filled(place, default, bound[parameter.arg]):
                bound[parameter.arg] = _dependency(place, default, bound[parameter.arg])
                continue
            if has_safe_pattern(ast.unparse(default)):
                bound[parameter.arg] = UNKNOWN
                continue
        # Without a `path` converter a part of the route's path holds no slash.
        in_path = (path == _ANY_PART and default is None) or any(
            part in path for part in (f"<{parameter.arg}>", f"<string:{parameter.arg}>", f"{{{parameter.arg}}}")
        )
        cleaned = frozenset({"path"}) if in_path else frozenset[str]()
        if (style == "message" and parameter.arg == "self") or (not in_path and _is_injected(node, parameter.arg)):
            continue
        of = "task" if style == "message" else "route"
        label = Label(f"the parameter '{parameter.arg}' of the {of}", frame.site(parameter), (), cleaned)
        if style == "flask":
            if isinstance(bound[parameter.arg], Instance) and parameter.arg == "request":
                continue
            if path and not re.search(rf"[<:]{parameter.arg}\b", path):
                continue  # A decorator gives it.
            if (
                f"int:{parameter.arg}>" not in path
                and f"uuid:{parameter.arg}>" not in path
                and f"float:{parameter.arg}>" not in path
            ):
                bound[parameter.arg] = Unknown(frozenset({label}))
        else:
            bound[parameter.arg] = _by_annotation(frame, bound[parameter.arg], label, annotation)


def _is_injected(node: ast.FunctionDef | ast.AsyncFunctionDef, parameter: str) -> bool:
    """Whether a decorator gives this parameter, as its name says: `@inject_registry`, `@with_user`, `@load_book`."""
    verbs = _INJECTS.fullmatch
    return any(
        (found := verbs(name.rsplit(".", 1)[-1])) is not None and found[1] in (parameter, "dependencies")
        for name in decorators(node)
    )


_INJECTS = regex(r"_?(?:inject|with|load|provide|pass|get|fetch|use|requires?)_(\w+)")
_IN_PATTERN = regex(r"<(?:(\w+)(?:\([^()]*\))?:)?(\w+)>|\(\?P<(\w+)>((?:[^()\\]|\\.|\([^()]*\))*)\)")
_BRACED = regex(r"\{(\w+)(?::(\w+)(?:\([^()]*\))?)?\}")
_GROUP = regex(r"(?<!\\)\((?!\?)((?:[^()\\]|\\.|\([^()]*\))*)\)")
# What Django's converters let through: https://docs.djangoproject.com/en/stable/topics/http/urls/#path-converters
_SAFE_CONVERTERS = frozenset({"int", "uuid", "slug", "float", "any", "dt"})
_ANY_TEXT = regex(r"(?<!\\)\.|\[\^|\\[SWD]")
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "dispatch"})
_OF_ONE_ROW = frozenset({"retrieve", "update", "partial_update", "destroy"})
_VIEWSETS = "rest_framework.viewsets."


def _from_url(
    frame: Frame,
    function: Function,
    bound: dict[str, Value],
    named: list[ast.arg],
    patterns: tuple[tuple[str, str], ...],
) -> None:
    """The parts of the URL that a framework gives a view, but for those that a converter or expression keeps harmless."""
    node = function.node
    assert not isinstance(node, ast.Lambda)
    parameters = {p.arg: p for p in (*named, *node.args.kwonlyargs)}
    rest: dict[object, Value] = {}
    for name, cleaned in _parts_of_url(frame, function, [p.arg for p in named], patterns).items():
        place = parameters.get(name, node.args.kwarg)
        if place is None:
            continue
        label = Label(f"the part '{name}' of the URL", frame.site(place), (), cleaned | _DECLARED)
        if place is node.args.kwarg:
            rest[name] = Unknown(frozenset({label}))
        elif isinstance(bound[name], Unknown) or _is_text(bound[name]):
            bound[name] = Unknown(frozenset({label}))
    if rest and node.args.kwarg is not None:
        bound[node.args.kwarg.arg] = Container("dict", rest, UNKNOWN)


def _is_text(value: Value) -> bool:
    return isinstance(value, Instance) and value.cls == "builtins.str"


def _parts_of_url(
    frame: Frame, function: Function, named: list[str], patterns: tuple[tuple[str, str], ...]
) -> dict[str, frozenset[str]]:
    """The parts that hold text as the client wrote it, each with the harms that it cannot do."""
    name = function.name
    found: dict[str, frozenset[str]] = {}
    takes_key = name in _OF_ONE_ROW or "action" in function.decorators
    if takes_key and any(base.startswith(_VIEWSETS) for base in frame.world.lineage(function.owner)):
        found["pk"] = frozenset({"path"})
    if function.owner and name not in _VERBS and name != "dispatch_request" and not _FALCON.fullmatch(name):
        return found
    for kind, pattern in patterns:
        for part, converter, expression in _parts(kind, pattern, named):
            if expression is None:
                if converter not in _SAFE_CONVERTERS:
                    found[part] = frozenset() if converter == "path" else frozenset({"path"})
            elif _ANY_TEXT.search(expression):
                found[part] = frozenset({"path"}) if _NO_SLASH.fullmatch(expression) else frozenset()
    return found


_NO_SLASH = regex(r"\[\^[^\]]*/[^\]]*\][*+]?")


def _parts(kind: str, pattern: str, named: list[str]) -> Iterator[tuple[str, str, str | None]]:
    """The parts of a pattern: the name of each, its converter, and where it is written as a regular expression this one."""
    if kind in ("falcon", "starlette"):
        for name, converter in _BRACED.findall(pattern):
            yield name, converter, None
        return
    for converter, part, group, expression in _IN_PATTERN.findall(pattern):
        yield (part, converter, None) if part else (group, "", expression)
    if kind == "tornado":
        for name, expression in zip(named, _GROUP.findall(pattern)):
            yield name, "", expression


def _annotated_dependency(frame: Frame, annotation: ast.expr | None) -> ast.Call | None:
    """The `Depends(…)` of `Annotated[str, Depends(token)]`."""
    if not isinstance(annotation, ast.Subscript) or not isinstance(annotation.slice, ast.Tuple):
        return None
    for element in annotation.slice.elts[1:]:
        if isinstance(element, ast.Call):
            callee = frame.evaluate(element.func)
            if isinstance(callee, Symbol) and callee.name in ("fastapi.Depends", "fastapi.Security"):
                return element
    return None


def _dependency(frame: Frame, default: ast.Call, declared: Value) -> Value:
    """What `Depends(f)` gives: as it is declared, where that is a class; else what the function makes of the request."""
    is_open = isinstance(declared, (Unknown, Container)) or _is_text(declared)
    if not is_open and not (isinstance(declared, Instance) and _is_made_here(frame, default, declared)):
        return declared
    given = [frame.evaluate(a) for a in default.args]
    if not given and isinstance(declared, Instance):
        given = [ClassRef(declared.cls)]
    found = frame.apply(frame.evaluate(default.func), Arguments(default, tuple(given), {}, False))
    return found if is_open or isinstance(found, Instance) else declared


def _is_filled(frame: Frame, default: ast.Call, declared: Value) -> bool:
    """Whether a dependency is a schema of which the request has the fields: `wanted: Filter = Depends()`."""
    is_schema = isinstance(declared, Instance) and bool(_FILLED.intersection(frame.world.lineage(declared.cls)))
    return is_schema and not default.args


def _is_made_here(frame: Frame, default: ast.Call, declared: Instance) -> bool:
    """Whether a dependency is a class of the project that the request fills: `params: Paging = Depends()`."""
    if not default.args:
        return frame.world.class_facts(declared.cls) is not None
    given = frame.evaluate(default.args[0])
    return isinstance(given, ClassRef) and given.name == declared.cls


# One, or some, of the values that the annotation names.
_OF_LITERALS = regex(
    r"(?:(?:typing\.)?(?:Optional|Annotated|[Ll]ist|[Ss]et|Sequence|[Tt]uple)\[)*(?:typing\.|typing_extensions\.)?Literal\["
)

# What a declared parameter cannot do: it has the type, or the fields, that the code names.
_DECLARED = frozenset({"unchecked", "mass-assignment", "nosql"})


def _by_annotation(frame: Frame, declared: Value, label: Label, annotation: ast.expr | None) -> Value:
    """FastAPI fills a parameter by its annotation: text is as the client sent it, numbers and models are checked, a dictionary is any."""
    written = ast.unparse(annotation) if annotation is not None else "str"
    if re.match(r"(typing\.)?(dict|Dict|Any|Mapping)\b", written):
        return Unknown(frozenset({label}))
    label = label.clean(_DECLARED)
    if has_safe_pattern(written) or _OF_LITERALS.match(written):
        return UNKNOWN
    return _as_sent(frame, declared, label)


def _as_sent(frame: Frame, declared: Value, label: Label) -> Value:
    """A value of a declared type that the client fills: texts, and what is made of them, are as they were sent."""
    if isinstance(declared, Unknown):
        return Unknown(frozenset({label}))
    if isinstance(declared, Container):
        return declared.with_each(lambda held: _as_sent(frame, held, label), declared.labels)
    if not isinstance(declared, Instance) or declared.cls in _CLEAN_TYPES or declared.cls in _NOT_FROM_URL:
        return declared
    lineage = frame.world.lineage(declared.cls)
    if any(base.startswith("enum.") for base in lineage):
        return declared
    if _TEXTS.intersection(lineage) and frame.world.class_facts(declared.cls) is None:
        return Unknown(frozenset({label}))
    if _FILLED.intersection(lineage):
        return declared.with_labels(frozenset({label}))
    return declared
