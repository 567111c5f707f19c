"""The texts of a file that may be URL paths of its application."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from backend_pitfalls.syntax.names import dotted, nodes_in, parameter_defaults

MAX_ROUTE = 80
# Files in which none of these occurs have no route, so that the tree needs no walk.
_HINTS = (
    "urlpatterns",
    "rout",
    "Rout",
    "add_get",
    "add_url",
    "add_api",
    "add_view",
    "RequestHandler",
    "INSTALLED_APPS",
    "request.path",
    '"/',
    "'/",
)
_ROUTING = frozenset(
    [
        "path",
        "re_path",
        "url",
        "include",
        "route",
        "get",
        "head",
        "api_route",
        "add_url_rule",
        "add_api_route",
        "add_route",
        "add_get",
        "add_view",
        "Route",
        "Rule",
    ]
)


def actions(tree: ast.Module, text: str) -> dict[str, tuple[str, ...]]:
    """The methods of view sets that are given to a router, by the view set's dotted name: `Books.as_view({"get": "retrieve"})`; what is registered lists rows.

    https://www.django-rest-framework.org/api-guide/viewsets/#binding-the-view-to-urls

    Parameters:
        tree: the syntax tree (read only).
        text: the source.
    """
    if ".as_view({" not in text:
        return {}
    found: dict[str, list[str]] = {}
    for node in nodes_in(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        first = node.args[0]
        if node.func.attr == "as_view" and isinstance(first, ast.Dict):
            named = [value.value for value in first.values if isinstance(value, ast.Constant)]
            found.setdefault(dotted(node.func.value), []).extend(map(str, named))
        elif node.func.attr == "register" and len(node.args) > 1:
            found.setdefault(dotted(node.args[1]), []).append("list")
    return {view: tuple(dict.fromkeys(names)) for view, names in sorted(found.items()) if view}


def routes(tree: ast.Module, text: str) -> tuple[str, ...]:
    """The texts that are written as URL paths (with a slash or as a pattern at the start), that routing functions are given first, and
    the applications that a Django project installs.

    Parameters:
        tree: the syntax tree (read only).
        text: the source.
    """
    if not any(hint in text for hint in _HINTS):
        return ()
    found: dict[str, None] = {}
    for node in nodes_in(tree):
        kind = type(node)
        if kind is ast.Constant:
            value = node.value  # type: ignore[attr-defined]
            if isinstance(value, str) and value[:1] in ("/", "^"):
                found[value] = None
        elif isinstance(node, ast.Call):
            if node.args and dotted(node.func).rsplit(".", 1)[-1] in _ROUTING:
                found.update(_texts(node.args[:1]))
        elif isinstance(node, (ast.Assign, ast.AugAssign)) and isinstance(node.value, (ast.List, ast.Tuple)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if dotted(target) == "INSTALLED_APPS":
                found.update(_texts(node.value.elts))
    return tuple(sorted(route for route in found if 0 < len(route) <= MAX_ROUTE and not any(map(str.isspace, route))))


def patterns(tree: ast.Module, text: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """The URL patterns of each view that is given to a router by its name, by the view's dotted name as written, each with how it is written; and
    what FastAPI fills as it does the handlers, its dependencies ("dependency", without a pattern).

    https://docs.djangoproject.com/en/stable/topics/http/urls/
    https://flask.palletsprojects.com/en/stable/api/#flask.Flask.add_url_rule
    https://flask-restful.readthedocs.io/en/latest/quickstart.html#resourceful-routing
    https://www.starlette.io/routing/
    https://falcon.readthedocs.io/en/stable/api/routing.html
    https://www.tornadoweb.org/en/stable/guide/structure.html#the-application-object
    https://fastapi.tiangolo.com/tutorial/dependencies/

    Parameters:
        tree: the syntax tree (read only).
        text: the source.
    """
    if not any(hint in text for hint in _NAMES_VIEWS):
        return {}
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    in_tornado = "tornado" in text
    for node in nodes_in(tree):
        kind = type(node)
        if isinstance(node, ast.Call):
            named = _named_views(node, text)
        elif in_tornado and kind is ast.Tuple:
            named = _tornado_rule(node.elts)  # type: ignore[attr-defined]
        elif isinstance(node, ast.ClassDef) and node.decorator_list:
            named = _decorated_resource(node)
        elif kind is ast.arguments:
            named = _class_dependencies(node)  # type: ignore[arg-type]
        else:
            continue
        for view, style, pattern in named:
            if view:
                found[view] = (*found.get(view, ()), (style, pattern))
    return found


_NAMES_VIEWS = (
    "urlpatterns",
    "add_url_rule",
    "add_resource",
    "add_route",
    "Route(",
    "tornado",
    ".route(",
    "Depends",
    "Security(",
)
_PATTERNS = frozenset({"path", "re_path", "url"})
_Named = Iterable[tuple[str, str, str]]


def _named_views(node: ast.Call, text: str) -> _Named:
    called = dotted(node.func).rsplit(".", 1)[-1]
    given = node.args
    if called in ("Depends", "Security"):
        return [(dotted(given[0]), "dependency", "")] if given else ()
    if called == "add_resource":
        return [(_view(given[0]), "resource", p) for p in _texts(given[1:])] if given else ()
    if called in _PATTERNS and "urlpatterns" in text:
        return _at(node, 1, "view", "django")
    if called == "add_url_rule":
        return _at(node, 2, "view_func", "flask")
    if called in ("Route", "add_route"):
        return _at(node, 1, "endpoint", "falcon" if "falcon" in text else "starlette")
    return ()


def _at(node: ast.Call, position: int, keyword: str, style: str) -> _Named:
    """The view that a call names at a position or by a keyword, with its pattern, which is the first argument."""
    named = [k.value for k in node.keywords if k.arg == keyword] or node.args[position : position + 1]
    return [(_view(view), style, pattern) for view in named for pattern in _texts(node.args[:1])]


def _tornado_rule(elements: list[ast.expr]) -> _Named:
    if len(elements) < 2 or not isinstance(elements[1], (ast.Name, ast.Attribute)):
        return ()
    return [(dotted(elements[1]), "tornado", p) for p in _texts(elements[:1]) if "(" in p]


def _decorated_resource(node: ast.ClassDef) -> _Named:
    """`@namespace.route("/books/<name>")` of Flask-RESTX."""
    calls = [d for d in node.decorator_list if isinstance(d, ast.Call) and dotted(d.func).endswith(".route")]
    return [(node.name, "resource", p) for call in calls for p in _texts(call.args)]


def _class_dependencies(node: ast.arguments) -> _Named:
    """`paging: Paging = Depends()`: a class that FastAPI makes of the request."""
    found = []
    for parameter, default in parameter_defaults(node):
        if isinstance(default, ast.Call) and not default.args and dotted(default.func).endswith("Depends"):
            found.append((dotted(parameter.annotation) if parameter.annotation is not None else "", "dependency", ""))
    return found


def _view(node: ast.expr) -> str:
    """The dotted name of a view: `views.books`, of `Books.as_view()`, of `login_required(views.books)`, of `Books()`."""
    while isinstance(node, ast.Call):
        name = dotted(node.func)
        if name.endswith(".as_view"):
            return name.removesuffix(".as_view")
        if not node.args:
            return name
        node = node.args[0]
    return dotted(node)


def _texts(nodes: list[ast.expr]) -> dict[str, None]:
    return {n.value: None for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
