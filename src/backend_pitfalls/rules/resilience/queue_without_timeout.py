"""A cache or broker client has no time limit.

## What it does
Finds clients of caches and brokers (Redis, memcached, RabbitMQ, Kafka, NATS) without a limit on sockets or blocking reads, where the client has none of its own.

## Why it hurts in production
The cache is there to make things fast. When its machine hangs, every request waits for the cache instead of going to the database.

## Example
```python
import redis

def cache(host):
    return redis.Redis(host=host)
```

## Use instead
```python
import redis

def cache(host):
    return redis.Redis(host=host, socket_timeout=10)
```

## Fix safety
Safe: the keyword is added to the call, with the number of seconds of the configuration. A server that answers within it sees no difference.

## Options
`timeout-seconds` (10): the number that messages and repairs name.

## Known limits
What builds or describes the program (`docs/`, hidden folders such as `.github/`) is silent, as tests are; scripts are not.
A limit in the address (`?socket_timeout=5`) is silent. Blocking pops that are meant to wait are not looked at.

## References
- [redis-py: connections](https://redis.readthedocs.io/en/stable/connections.html)
- [pymemcache](https://pymemcache.readthedocs.io/en/latest/apidoc/pymemcache.client.base.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM, FileContext
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.limits import report_unlimited
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF403",
    name="queue-without-timeout",
    summary="A cache or broker client has no time limit",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM | {FileContext.TOOLING},
    cwe=(1088,),
    fix=Safety.SAFE,
)


@listens(Call)
def client_without_limit(event: Call, report: Report) -> None:
    """A client that would wait for ever."""
    report_unlimited(event, report, "queue")
