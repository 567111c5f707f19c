"""What a function knows of its parameters on its own: by annotation, by being a method, by the framework's conventions."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from backend_pitfalls.model.regex import regex
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
    Row,
    RowSet,
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
        "fastapi.WebSocket",
        "starlette.responses.Response",
    }
)


def bind_own(frame: Frame, function: Function) -> dict[str, Value]:
    """The parameters of a function evaluated on its own."""
    if isinstance(function.node, ast.Lambda):
        return {a.arg: UNKNOWN for a in (*function.node.args.posonlyargs, *function.node.args.args)}
    parameters = function.node.args
    everything = [*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs]
    bound = {p.arg: annotated(frame, p.annotation) for p in everything}
    named = [*parameters.posonlyargs, *parameters.args]
    if function.owner and named and "staticmethod" not in function.decorators:
        bound[named[0].arg] = _receiver(frame, function)
        named = named[1:]
    if named and named[0].arg == "request" and isinstance(bound["request"], Unknown):
        bound["request"] = _request_by_convention(frame)
    style, route = _route(frame, function.node)
    frame.handles = style or _handles_by_convention(frame, bound)
    if style == "fastapi":
        frame.answers = _response_model(frame, function.node)
        frame.handles = "fastapi-html" if _answers_html(frame, function.node) else style
    if style == "ninja":
        frame.answers = _response(frame, function.node)
    if style == "ninja" and "request" in bound:
        bound["request"] = Instance("django.http.HttpRequest")
    if style:
        _from_route(frame, function, bound, style, route)
    elif frame.handles == "django":
        _from_url(frame, function, bound)
    elif function.node.name in ("lambda_handler", "handler") and [p.arg for p in named] == ["event", "context"]:
        label = Label("the event of the function", frame.site(named[0]), ())
        bound["event"] = Unknown(frozenset({label}))
    if parameters.vararg is not None:
        bound[parameters.vararg.arg] = Container("tuple", rest=UNKNOWN)
    if parameters.kwarg is not None:
        bound[parameters.kwarg.arg] = Container("dict", rest=UNKNOWN)
    return bound


def _receiver(frame: Frame, function: Function) -> Value:
    if "classmethod" in function.decorators:
        return ClassRef(function.owner)
    world = frame.world
    if world.dialect(function.owner):
        return Row(function.owner)
    dialect = world.manager_dialect(function.owner)
    if dialect:
        return RowSet("", dialect, "manager")
    return Instance(function.owner)


def _request_by_convention(frame: Frame) -> Value:
    """A first parameter called `request` is Django's or DRF's in a module that imports from them."""
    facts = frame.world.facts(frame.module)
    if facts is None:
        return UNKNOWN
    roots = {target.split(".")[0] for target in facts.imports.values()}
    if "rest_framework" in roots:
        return Instance("rest_framework.request.Request")
    if "django" in roots:
        return Instance("django.http.HttpRequest")
    if any(target.startswith("aiohttp.web") or target == "aiohttp.web" for target in facts.imports.values()):
        return Instance("aiohttp.web.Request")
    return UNKNOWN


def _handles_by_convention(frame: Frame, bound: dict[str, Value]) -> str:
    """Django's views are functions and methods that are given the request."""
    return "django" if is_request(frame, bound.get("request", UNKNOWN)) else ""


def _route(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, str]:
    """The framework style and path of a route decorator, empty when there is none."""
    for decorator in node.decorator_list:
        style = route_style(frame, decorator)
        if style:
            given = decorator.args if isinstance(decorator, ast.Call) else []
            return style, (constant_text(frame.evaluate(given[0])) if given else "") or ""
    return "", ""


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


def _from_route(frame: Frame, function: Function, bound: dict[str, Value], style: str, path: str) -> None:
    node = function.node
    assert not isinstance(node, ast.Lambda)
    parameters = node.args
    named = [*parameters.posonlyargs, *parameters.args]
    defaults = {p.arg: default for p, default in parameter_defaults(parameters)}
    for parameter in (*named, *parameters.kwonlyargs):
        place, annotation = spelled(frame, parameter.annotation)
        dependency = _annotated_dependency(place, annotation)
        default = dependency or defaults.get(parameter.arg)
        place = place if dependency is not None else frame
        if isinstance(default, ast.Call):
            callee = place.evaluate(default.func)
            if isinstance(callee, Symbol) and callee.name in ("fastapi.Depends", "fastapi.Security"):
                bound[parameter.arg] = _dependency(place, default, bound[parameter.arg])
                continue
            if has_safe_pattern(ast.unparse(default)):
                bound[parameter.arg] = UNKNOWN
                continue
        # Without a `path` converter a part of the route's path holds no slash.
        in_path = any(
            part in path for part in (f"<{parameter.arg}>", f"<string:{parameter.arg}>", f"{{{parameter.arg}}}")
        )
        cleaned = frozenset({"path"}) if in_path else frozenset[str]()
        if (style == "message" and parameter.arg == "self") or (not in_path and _is_injected(node, parameter.arg)):
            continue
        of = "task" if style == "message" else "route"
        label = Label(f"the parameter '{parameter.arg}' of the {of}", frame.site(parameter), (), cleaned)
        if style == "flask":
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
_IN_PATTERN = regex(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>((?:[^()\\]|\\.|\([^()]*\))*)\)")
# What Django's converters let through: https://docs.djangoproject.com/en/stable/topics/http/urls/#path-converters
_SAFE_CONVERTERS = frozenset({"int", "uuid", "slug"})
_ANY_TEXT = regex(r"(?<!\\)\.|\[\^|\\[SWD]")
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "dispatch"})
_OF_ONE_ROW = frozenset({"retrieve", "update", "partial_update", "destroy"})
_VIEWSETS = "rest_framework.viewsets."


def _from_url(frame: Frame, function: Function, bound: dict[str, Value]) -> None:
    """The parts of the URL that Django gives a view, but for those that a converter or expression keeps harmless."""
    node = function.node
    assert not isinstance(node, ast.Lambda)
    parameters = {p.arg: p for p in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    for name, cleaned in _parts_of_url(frame, function).items():
        if name in parameters and isinstance(bound[name], Unknown):
            label = Label(f"the part '{name}' of the URL", frame.site(parameters[name]), (), cleaned | _DECLARED)
            bound[name] = Unknown(frozenset({label}))


def _parts_of_url(frame: Frame, function: Function) -> dict[str, frozenset[str]]:
    """The parts that hold text as the client wrote it, each with the harms that it cannot do."""
    view = function.owner or f"{function.module}.{function.qualname}"
    name = function.qualname.rsplit(".", 1)[-1]
    found: dict[str, frozenset[str]] = {}
    takes_key = name in _OF_ONE_ROW or "action" in function.decorators
    if takes_key and any(base.startswith(_VIEWSETS) for base in frame.world.lineage(function.owner)):
        found["pk"] = frozenset({"path"})
    if function.owner and name not in _VERBS:
        return found
    for pattern in frame.world.url_patterns(view):
        for converter, part, named, expression in _IN_PATTERN.findall(pattern):
            if part and converter not in _SAFE_CONVERTERS:
                found[part] = frozenset() if converter == "path" else frozenset({"path"})
            elif named and _ANY_TEXT.search(expression):
                found[named] = frozenset()
    return found


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
    if not isinstance(declared, Unknown) and not (isinstance(declared, Instance) and declared.cls == "builtins.str"):
        return declared
    return frame.apply(
        frame.evaluate(default.func),
        Arguments(default, tuple(frame.evaluate(a) for a in default.args), {}, False),
    )


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
        items = {key: _as_sent(frame, item, label) for key, item in declared.items.items()}
        rest = _as_sent(frame, declared.rest, label) if declared.rest is not None else None
        return Container(declared.kind, items, rest, declared.labels)
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
