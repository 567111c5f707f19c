"""A pool of connections without a bound.

## What it does
Finds pools whose bound is switched off (`max_overflow=-1`, `limit=0`, `max_connections=None` …), and those that have none unless they are given one.

## Why it hurts in production
When a dependency becomes slow, every request that waits holds a connection. A bound makes the next ones wait or fail at once; without it the service opens connections until the
database refuses everybody's, or its own file descriptors end.

## Example
```python
from sqlalchemy import create_engine

engine = create_engine("postgresql+psycopg://db/shop?connect_timeout=5", max_overflow=-1)
```

## Use instead
```python
from sqlalchemy import create_engine

engine = create_engine("postgresql+psycopg://db/shop?connect_timeout=5", pool_size=5, max_overflow=10)
```

## Fix safety
There is no automatic repair: how many connections the other side bears is for the author to say.

## Options
None. Own pools are rows of `[tool.backend-pitfalls.knowledge]` (`pool`).

## Known limits
What a bound means together with the number of processes is not looked at.

## References
- [SQLAlchemy: connection pool configuration](https://docs.sqlalchemy.org/en/20/core/pooling.html#connection-pool-configuration)
- [CWE-770: allocation of resources without limits](https://cwe.mitre.org/data/definitions/770.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.knowledge import PoolFacts
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Const

META = RuleMeta(
    code="BPF414",
    name="unbounded-pool",
    summary="A pool of connections has no bound",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_SERVICE,
    cwe=(770,),
)


@listens(Call)
def pool(event: Call, report: Report) -> None:
    """A pool that is made with its bound switched off, or without one."""
    if event.chain:
        return
    for facts in report.knowledge.pools.get(event.callee, ()):
        how = _unbounded(event, facts)
        if how:
            message = f"'{event.callee}' {how}; pass {facts.keyword}={facts.value}, or what the other side bears"
            report(event.site, message, symbol=event.symbol)


def _unbounded(event: Call, facts: PoolFacts) -> str:
    """How a call makes a pool without a bound; the empty string when it has one, or that is not certain."""
    value = event.keywords.get(facts.keyword)
    if value is None:
        return "has no bound unless it is given one" if facts.default and not event.spread and not event.args else ""
    if not isinstance(value, Const) or isinstance(value.value, bool):
        return ""
    is_unbounded = facts.none if value.value is None else value.value in facts.unbounded
    return f"has no bound with {facts.keyword}={value.value!r}" if is_unbounded else ""
