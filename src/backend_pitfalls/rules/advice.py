"""Words that several rules share."""

from __future__ import annotations

from backend_pitfalls.model.finding import Site
from backend_pitfalls.model.fix import EagerLoad, Fix, FormatHtml, Safety
from backend_pitfalls.semantics.events import Call, Query, RelationLoad


def eager_loading(dialect: str, path: str, many: bool, is_async: bool, origin: Site | None = None) -> str:
    """What to add where so that a relation is loaded with the rows.

    Parameters:
        dialect: the ORM.
        path: the relations from a row of the query, joined by `__`.
        many: whether a join cannot load it.
        is_async: whether the code is asynchronous.
        origin: where the query set is made.
    """
    if dialect == "sqlalchemy":
        attribute = path.rsplit("__", 1)[-1]
        raises = " (with an async session it raises MissingGreenlet)" if is_async else ""
        return f"add options(selectinload(….{attribute})) to the query{raises}"
    if dialect == "peewee":
        return f"join '{path}' into the query or use prefetch()"
    method = "prefetch_related" if many or dialect == "tortoise" else "select_related"
    if _in_template(origin):
        return f'let the view hand over rows with {method}("{path}")'
    return f'add {method}("{path}") to the query set'


def eager_fix(event: RelationLoad | Query, many: bool) -> Fix | None:
    """The repair at the query set, for Django, and for relations of SQLAlchemy's rows themselves; None where it is not known or is another ORM's."""
    origin, path = event.origin, event.path
    if event.dialect == "sqlalchemy" and origin is not None and path and "__" not in path:
        place = origin.span
        load = EagerLoad(*place.corners, "selectinload", (path,))
        return Fix(f"add selectinload to the query in {origin.path}", Safety.SAFE, (load,), path=origin.path)
    if event.dialect != "django" or origin is None or not path or event.narrowed or _in_template(origin):
        return None
    method = "prefetch_related" if many else "select_related"
    place = origin.span
    intent = EagerLoad(*place.corners, method, (path,))
    return Fix(f'add {method}("{path}") in {origin.path}', Safety.SAFE, (intent,), path=origin.path)


def formatted(event: Call) -> Fix | None:
    """The repair of HTML that is put together and given to `mark_safe()`; None for other calls."""
    if event.chain or not event.callee.endswith(".mark_safe"):
        return None
    place = event.site.span
    intent = FormatHtml(*place.corners)
    return Fix(
        "use format_html()",
        Safety.UNSAFE,
        (intent,),
        "a value that holds HTML is escaped then, unless it is declared safe itself",
    )


def _in_template(origin: Site | None) -> bool:
    """Whether a template asks for the rows, `user.books.all`: what it takes no arguments for it cannot load."""
    return origin is not None and not origin.path.endswith(".py")
