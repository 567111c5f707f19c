"""The texts of a file that may be URL paths of its application."""

from __future__ import annotations

import ast

from backend_pitfalls.syntax.names import dotted, nodes_in

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


def patterns(tree: ast.Module, text: str) -> dict[str, tuple[str, ...]]:
    """The URL patterns of each view that a URL configuration of Django names, by the view's dotted name as written.

    https://docs.djangoproject.com/en/stable/topics/http/urls/

    Parameters:
        tree: the syntax tree (read only).
        text: the source.
    """
    if "urlpatterns" not in text:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for node in nodes_in(tree):
        if (
            not isinstance(node, ast.Call)
            or len(node.args) < 2
            or dotted(node.func).rsplit(".", 1)[-1] not in _PATTERNS
        ):
            continue
        route = node.args[0]
        view = _view(node.args[1])
        if view and isinstance(route, ast.Constant) and isinstance(route.value, str):
            found[view] = (*found.get(view, ()), route.value)
    return found


_PATTERNS = frozenset({"path", "re_path", "url"})


def _view(node: ast.expr) -> str:
    """The dotted name of a view: `views.books`, of `Books.as_view()`, of `login_required(views.books)`."""
    while isinstance(node, ast.Call):
        name = dotted(node.func)
        if name.endswith(".as_view"):
            return name.removesuffix(".as_view")
        if not node.args:
            return ""
        node = node.args[0]
    return dotted(node)


def _texts(nodes: list[ast.expr]) -> dict[str, None]:
    return {n.value: None for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
