"""Words that several rules share."""

from __future__ import annotations


def eager_loading(dialect: str, path: str, many: bool, is_async: bool) -> str:
    """What to add where so that a relation is loaded with the rows.

    Parameters:
        dialect: the ORM.
        path: the relations from a row of the query, joined by `__`.
        many: whether a join cannot load it.
        is_async: whether the code is asynchronous.
    """
    if dialect == "sqlalchemy":
        attribute = path.rsplit("__", 1)[-1]
        raises = " (with an async session it raises MissingGreenlet)" if is_async else ""
        return f"add options(selectinload(….{attribute})) to the query{raises}"
    if dialect == "peewee":
        return f"join '{path}' into the query or use prefetch()"
    method = "prefetch_related" if many or dialect == "tortoise" else "select_related"
    return f'add {method}("{path}") to the query set'
