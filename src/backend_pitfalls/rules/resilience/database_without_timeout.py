"""A database connection has no time limit.

## What it does
Finds connections to databases without a limit on connecting or waiting (MySQL drivers, PostgreSQL drivers, MongoDB, Oracle, ClickHouse, Cassandra, search servers), where the driver has none of its own: calls of
the driver, SQLAlchemy's `create_engine` with an address of such a driver, and (as a note) Django's `DATABASES` with a host.

## Why it hurts in production
A database behind a broken switch does not refuse the connection, it swallows it. Every worker that connects waits for minutes, and the service is down although the database is long back.

## Example
```python
import MySQLdb

def connect(host):
    return MySQLdb.connect(host=host, user="app")
```

## Use instead
```python
import MySQLdb

def connect(host):
    return MySQLdb.connect(host=host, user="app", connect_timeout=10)
```

## Fix safety
Safe: the keyword is added to the call, with the number of seconds of the configuration. A server that answers within it sees no difference.

## Options
`timeout-seconds` (10): the number that messages and repairs name.

## Known limits
What builds or describes the program (`docs/`, hidden folders such as `.github/`) is silent, as tests are; scripts are not.
A limit in an option file or in the server's own settings is not seen. An address that carries the limit (`?connect_timeout=5`) is silent.

## References
- [MySQLdb: connect](https://mysqlclient.readthedocs.io/user_guide.html)
- [libpq: connect_timeout](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-CONNECT-TIMEOUT)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM, OF_DEVELOPERS, FileContext
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import Safety
from backend_pitfalls.model.knowledge import ClientFacts, Knowledge
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.limits import report_unlimited
from backend_pitfalls.semantics.events import Call, Configured
from backend_pitfalls.semantics.values import UNKNOWN, Container, constant_text, options

META = RuleMeta(
    code="BPF402",
    name="database-without-timeout",
    summary="A database connection has no time limit",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM | {FileContext.TOOLING},
    cwe=(1088,),
    fix=Safety.SAFE,
)


# Databases that answer at once or on this machine.
_HERE = ("", "localhost", "127.0.0.1", "::1")


@listens(Configured)
def settings(event: Configured, report: Report) -> None:
    """Django's `DATABASES` with a server elsewhere and without a limit on connecting to it."""
    databases = event.value
    if event.name != "DATABASES" or not isinstance(databases, Container) or OF_DEVELOPERS.search(event.site.path):
        return
    for alias, given in databases.items.items():
        for database in options(given):
            client = _unlimited(database, report.knowledge) if isinstance(database, Container) else None
            if client is not None:
                seconds = f"{report.options.timeout_seconds:g}"
                message = f"connecting to '{alias}' may take for ever; add '{client.entry}': {seconds} to its {client.keyword}"
                report(event.site, message, symbol=event.symbol, group=f"{event.site} {alias}", severity=Severity.NOTE)


def _unlimited(database: Container, knowledge: Knowledge) -> ClientFacts | None:
    """The client of a database that is certainly elsewhere and without a limit."""
    client = knowledge.clients.get(constant_text(database.items.get("ENGINE", UNKNOWN)) or "")
    host = database.items.get("HOST")
    if client is None or host is None or database.rest is not None:
        return None
    address = constant_text(host)
    if address is not None and (address in _HERE or address.startswith("/")):
        return None
    given = database.items.get(client.keyword)
    if given is None:
        return client
    known = (
        isinstance(given, Container)
        and given.rest is None
        and given.items.keys().isdisjoint((client.entry, "pool", *client.alternatives))
    )
    return client if known else None


@listens(Call)
def client_without_limit(event: Call, report: Report) -> None:
    """A client that would wait for ever."""
    report_unlimited(event, report, "database")
