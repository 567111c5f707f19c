"""The routes about health that a service is given, in the style of its framework: one that asks nothing but whether the process answers, and one that asks the database and the cache that the project has."""

from __future__ import annotations

import textwrap

import msgspec

from backend_pitfalls.model.fix import AddHandler, AddUrls, Fix, ImportedName, Safety
from backend_pitfalls.project.link import CONNECTIONS
from backend_pitfalls.semantics.events import Application
from backend_pitfalls.semantics.world import Store

LIVE = '"""Whether the process answers; it asks nothing else."""'
READY = '"""Whether what it needs answers, so that requests can be served."""'
CAUTION = "the service answers more paths, to everybody"


class Style(msgspec.Struct, frozen=True):
    """How a framework is given a route: the decorator (with `{path}`), how a function or a class is declared (with `{name}` or `{title}`), what it answers when all is well, and when it is not; what must be imported for that. What
    asks a store may be declared and answer otherwise (`ready_…`); `registered` is the statement that gives it to the application, and `awaits` tells that only what can be awaited is asked."""

    decorator: str
    declared: str
    well: str
    unwell: str
    imports: tuple[tuple[str, str], ...] = ()
    unwell_imports: tuple[tuple[str, str], ...] = ()
    ready_declared: str = ""
    registered: str = ""
    awaits: bool = False
    ready_well: str = ""


STYLES = {
    "flask.Flask": Style(
        'route("{path}")',
        "def {name}() -> dict[str, str]:",
        'return {{"status": "ok"}}',
        'return {{"status": "{why}"}}, 503',
        ready_declared="def {name}() -> tuple[dict[str, str], int]:",
        ready_well='return {{"status": "ok"}}, 200',
    ),
    "quart.Quart": Style(
        'route("{path}")', "async def {name}() -> dict[str, str]:", 'return {{"status": "ok"}}', "", awaits=True
    ),
    "fastapi.FastAPI": Style(
        'get("{path}")',
        "def {name}() -> dict[str, str]:",
        'return {{"status": "ok"}}',
        'response.status_code = 503\nreturn {{"status": "{why}"}}',
        unwell_imports=(("fastapi", "Response"),),
        ready_declared="{is_async}def {name}(response: Response) -> dict[str, str]:",
    ),
    "sanic.Sanic": Style(
        'get("{path}")',
        "async def {name}(request: Request) -> HTTPResponse:",
        'return json({{"status": "ok"}})',
        'return json({{"status": "{why}"}}, status=503)',
        (("sanic", "HTTPResponse"), ("sanic", "Request"), ("sanic", "json")),
        awaits=True,
    ),
    "aiohttp.web.Application": Style(
        "",
        "async def {name}(request: web.Request) -> web.Response:",
        'return web.json_response({{"status": "ok"}})',
        'return web.json_response({{"status": "{why}"}}, status=503)',
        (("aiohttp", "web"),),
        registered='{{app}}.router.add_get("{path}", {name})',
        awaits=True,
    ),
    "starlette.applications.Starlette": Style(
        "",
        "async def {name}(request: Request) -> JSONResponse:",
        'return JSONResponse({{"status": "ok"}})',
        'return JSONResponse({{"status": "{why}"}}, status_code=503)',
        (("starlette.requests", "Request"), ("starlette.responses", "JSONResponse")),
        registered='{{app}}.add_route("{path}", {name})',
        awaits=True,
    ),
    "litestar.Litestar": Style(
        "",
        '@get("/{name}")\nasync def {name}() -> dict[str, str]:',
        'return {{"status": "ok"}}',
        'return Response({{"status": "{why}"}}, status_code=503)',
        (("litestar", "get"),),
        (("litestar", "Response"),),
        '@get("/{name}")\nasync def {name}() -> Response[dict[str, str]]:',
        registered="{{app}}.register({name})",
        awaits=True,
        ready_well='return Response({{"status": "ok"}})',
    ),
    "tornado.web.Application": Style(
        "",
        "class {title}Handler(RequestHandler):\n    async def get(self) -> None:",
        'self.write({{"status": "ok"}})',
        'self.set_status(503)\nself.write({{"status": "{why}"}})\nreturn',
        (("tornado.web", "RequestHandler"),),
        registered='{{app}}.add_handlers(".*", [("{path}", {title}Handler)])',
        awaits=True,
    ),
    "falcon.App": Style(
        "",
        "class {title}:\n    def on_get(self, request: Request, response: Response) -> None:",
        'response.media = {{"status": "ok"}}',
        'response.status = HTTP_503\nresponse.media = {{"status": "{why}"}}\nreturn',
        (("falcon", "Request"), ("falcon", "Response")),
        (("falcon", "HTTP_503"),),
        registered='{{app}}.add_route("{path}", {title}())',
    ),
    "falcon.asgi.App": Style(
        "",
        "class {title}:\n    async def on_get(self, request: Request, response: Response) -> None:",
        'response.media = {{"status": "ok"}}',
        'response.status = HTTP_503\nresponse.media = {{"status": "{why}"}}\nreturn',
        (("falcon.asgi", "Request"), ("falcon.asgi", "Response")),
        (("falcon", "HTTP_503"),),
        registered='{{app}}.add_route("{path}", {title}())',
        awaits=True,
    ),
}
_DJANGO = Style(
    "",
    "def {name}(request: HttpRequest) -> JsonResponse:",
    'return JsonResponse({{"status": "ok"}})',
    'return JsonResponse({{"status": "{why}"}}, status=503)',
    (("django.http", "HttpRequest"), ("django.http", "JsonResponse"), ("django.urls", "path")),
)


class Check(msgspec.Struct, frozen=True):
    """What is asked of a store, and what that is for a person: the statements, the exceptions that tell that it does not answer, what must be imported."""

    what: str
    asked: str
    failures: str
    imports: tuple[tuple[str, str], ...]
    awaits: bool = False


_OF_SQLALCHEMY = (("sqlalchemy", "text"), ("sqlalchemy.exc", "SQLAlchemyError"))
CHECKS = {
    "engine": Check(
        "the database",
        'with {name}.connect() as connection:\n    connection.execute(text("SELECT 1"))',
        "SQLAlchemyError",
        _OF_SQLALCHEMY,
    ),
    "async engine": Check(
        "the database",
        'async with {name}.connect() as connection:\n    await connection.execute(text("SELECT 1"))',
        "(OSError, SQLAlchemyError)",
        _OF_SQLALCHEMY,
        awaits=True,
    ),
    "flask-sqlalchemy": Check(
        "the database",
        '{name}.session.execute(text("SELECT 1"))',
        "SQLAlchemyError",
        _OF_SQLALCHEMY,
    ),
    "redis": Check("the cache", "{name}.ping()", "RedisError", (("redis", "RedisError"),)),
    "django": Check(
        "the database",
        'with connection.cursor() as cursor:\n    cursor.execute("SELECT 1")',
        "DatabaseError",
        (("django.db", "DatabaseError"), ("django.db", "connection")),
    ),
    **{
        # Functions that give a connection: https://peps.python.org/pep-0249/
        driver: Check(
            "the database",
            'with closing({name}().cursor()) as cursor:\n    cursor.execute("SELECT 1")',
            "Error",
            (("contextlib", "closing"), (driver, "Error")),
        )
        for driver in CONNECTIONS.values()
    },
}


def answering(event: Application) -> Fix | None:
    """The repair that gives a service its routes about health; None for frameworks whose services are put together otherwise."""
    if event.group == "Django":
        return _of_django(event)
    style = STYLES.get(event.callee)
    if style is None:
        return None
    parts = [_function(style, "livez", LIVE, style.well, "")]
    names = [*style.imports]
    asked = _askable(style, event.stores)
    if asked:
        parts.append(_ready(style, asked))
        names.extend((*style.unwell_imports, *(i for s in asked for i in CHECKS[s.kind].imports)))
    imported = {ImportedName(module, name) for module, name in names}
    imported.update(ImportedName(s.module, s.name, False) for s in asked if s.module)
    handlers = tuple((style.decorator.format(path=f"/{name}") if style.decorator else "", code) for name, code in parts)
    intent = AddHandler(*event.site.span.corners, handlers, tuple(sorted(imported)))
    return Fix(_title(bool(asked)), Safety.UNSAFE, (intent,), CAUTION)


def _title(is_ready: bool) -> str:
    return "add /livez and /readyz" if is_ready else "add /livez"


def _askable(style: Style, stores: tuple[Store, ...]) -> list[Store]:
    """The stores that a handler of this style can ask without holding the event loop."""
    if not style.unwell:
        return []
    awaited = [s for s in stores if CHECKS[s.kind].awaits]
    if style.awaits or (awaited and "{is_async}" in style.ready_declared):
        return awaited
    return [s for s in stores if not CHECKS[s.kind].awaits]


def _ready(style: Style, stores: list[Store]) -> tuple[str, str]:
    """The handler that asks each store in turn."""
    lines: list[str] = []
    for store in stores:
        check = CHECKS[store.kind]
        why = f"{check.what} does not answer"
        asked = textwrap.indent(check.asked.format(name=store.name), "    ")
        lines.append(
            f"try:\n{asked}\nexcept {check.failures}:\n{textwrap.indent(style.unwell.format(why=why), '    ')}"
        )
    is_async = "async " if any(CHECKS[s.kind].awaits for s in stores) else ""
    return _function(style, "readyz", READY, style.ready_well or style.well, "\n".join(lines), is_async)


def _function(style: Style, name: str, doc: str, well: str, before: str, is_async: str = "") -> tuple[str, str]:
    declared = (style.ready_declared if before and style.ready_declared else style.declared).format(
        name=name, title=name.title(), is_async=is_async
    )
    head = declared.split("\n")[-1]
    body = "\n".join(filter(None, (doc, before, well.format())))
    code = f"{declared}\n{textwrap.indent(body, ' ' * (len(head) - len(head.lstrip()) + 4))}\n"
    if style.registered:
        registered = style.registered.format(path=f"/{name}", name=name, title=name.title())
        code += f"\n\n{registered.format(app='{app}')}\n"
    return name, code


def _of_django(event: Application) -> Fix | None:
    """Views and their entries in the project's own URL configuration, which must be known."""
    if event.urls is None:
        return None
    _, live = _function(_DJANGO, "livez", LIVE, _DJANGO.well, "")
    _, ready = _ready(_DJANGO, [Store("", "connection", "django")])
    names = (*_DJANGO.imports, *CHECKS["django"].imports)
    entries = ('path("livez", livez)', 'path("readyz", readyz)')
    intent = AddUrls(
        event.urls.span.line, f"{live}\n\n{ready}", entries, tuple(sorted(ImportedName(m, n) for m, n in names))
    )
    return Fix(_title(True), Safety.UNSAFE, (intent,), CAUTION, path=event.urls.path)
