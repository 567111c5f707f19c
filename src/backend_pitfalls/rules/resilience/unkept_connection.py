"""The database is connected to anew for every request.

## What it does
Finds Django's `DATABASES` that name a server (PostgreSQL, MySQL, Oracle) and keep no connection (`CONN_MAX_AGE` and a pool are both missing), and SQLAlchemy engines with `NullPool`.

## Why it hurts in production
Every request pays for a connection: a handshake, TLS, the login, a process at the server. Under load that is most of what a small request costs, and the server meets its limit of connections first.

## Example
```python
# shop/settings.py
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "OPTIONS": {"connect_timeout": 5}}}
```

## Use instead
```python
# shop/settings.py
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "shop",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5},
    }
}
```

## Fix safety
There is no automatic repair: behind a pooler of transactions, or with more threads than connections, new ones may be meant.

## Options
None.

## Known limits
Settings that are put together at run time are not read. Engines of tests, scripts and migrations are silent.

## References
- [Django: persistent connections](https://docs.djangoproject.com/en/stable/ref/databases/#persistent-database-connections)
- [SQLAlchemy: switching pool implementations](https://docs.sqlalchemy.org/en/20/core/pooling.html#switching-pool-implementations)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_SERVICE, OF_DEVELOPERS
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Call, Configured
from backend_pitfalls.semantics.values import Container, Symbol, constant_text, options

META = RuleMeta(
    code="BPF413",
    name="unkept-connection",
    summary="The database is connected to anew for every request",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    tokens=(b"DATABASES", b"NullPool"),
    silent_in=NOT_THE_SERVICE,
    cwe=(770,),
)

_MIGRATES = regex(r"migrations?[/.]|alembic|(^|/)env\.py$")
_SERVER = regex(r"(postgresql\w*|mysql|oracle|postgis|psqlextra|postgres)$")


@listens(Configured)
def settings(event: Configured, report: Report) -> None:
    """`DATABASES` that keep no connection."""
    databases = event.value
    if event.name != "DATABASES" or not isinstance(databases, Container) or OF_DEVELOPERS.search(event.site.path):
        return
    for alias, given in databases.items.items():
        for database in options(given):
            if isinstance(database, Container) and _is_new_each_time(database):
                message = (
                    f"every request connects to '{alias}' anew; set CONN_MAX_AGE and CONN_HEALTH_CHECKS, or a pool"
                )
                report(event.site, message, symbol=event.symbol, group=f"{event.site} {alias}")


def _is_new_each_time(database: Container) -> bool:
    engine = constant_text(database.items.get("ENGINE", Container("dict"))) or ""
    given = database.items.get("OPTIONS")
    pooled = isinstance(given, Container) and ("pool" in given.items or given.rest is not None)
    is_whole = database.rest is None and not (given is not None and not isinstance(given, Container))
    return bool(_SERVER.search(engine)) and "CONN_MAX_AGE" not in database.items and not pooled and is_whole


@listens(Call)
def engine(event: Call, report: Report) -> None:
    """`create_engine(…, poolclass=NullPool)`."""
    pool = event.keywords.get("poolclass")
    if event.chain or not isinstance(pool, Symbol) or not pool.name.endswith(".NullPool"):
        return
    if not OF_DEVELOPERS.search(event.site.path) and not _MIGRATES.search(event.site.path):
        message = f"'{event.callee}' with NullPool connects anew for every use; leave poolclass out, unless a pooler stands before the database"
        report(event.site, message, symbol=event.symbol)
