"""A database connection has no time limit.

## What it does
Finds connections to databases without a limit on connecting or waiting (MySQL drivers, PostgreSQL drivers, MongoDB, Oracle, ClickHouse, Cassandra, search servers), where the driver has none of its own.

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
A limit in an option file or in the server's own settings is not seen. An address that carries the limit (`?connect_timeout=5`) is silent.

## References
- [MySQLdb: connect](https://mysqlclient.readthedocs.io/user_guide.html)
- [libpq: connect_timeout](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-CONNECT-TIMEOUT)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.limits import report_unlimited
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF402",
    name="database-without-timeout",
    summary="A database connection has no time limit",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST, FileContext.MIGRATION, FileContext.GENERATED}),
    cwe=(1088,),
    fix=Safety.SAFE,
)


@listens(Call)
def client_without_limit(event: Call, report: Report) -> None:
    """A client that would wait for ever."""
    report_unlimited(event, report, "database")
