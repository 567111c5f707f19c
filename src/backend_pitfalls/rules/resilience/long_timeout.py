"""A time limit is longer than whoever waits for the answer.

## What it does
Finds clients that a request handler waits for, also through functions that it calls, and whose limit, given as a number or by the library's own default, is longer than `max-timeout-seconds`.

## Why it hurts in production
The proxy in front of the service has answered "504" long before; the worker goes on waiting for minutes, and with a few of them
the service has none left.

## Example
```python
import requests
from flask import Flask

app = Flask(__name__)

@app.get("/price/<int:book>")
def price(book):
    return requests.get(f"https://prices.internal/{book}", timeout=600).json()
```

## Use instead
```python
import requests
from flask import Flask

app = Flask(__name__)

@app.get("/price/<int:book>")
def price(book):
    return requests.get(f"https://prices.internal/{book}", timeout=5).json()
```

## Fix safety
There is no automatic repair: how long a caller waits is for the author to say.

## Options
`max-timeout-seconds` (60): the longest limit that is silent.

## Known limits
Clients that are made when the application starts, and whose methods a handler calls, are silent: their limit is told only where the handler makes the client or the call that takes it. Jobs in the background are silent.

## References
- [requests: timeouts](https://requests.readthedocs.io/en/latest/user/quickstart/#timeouts)
- [CWE-1088: synchronous access of remote resource without timeout](https://cwe.mitre.org/data/definitions/1088.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Const

META = RuleMeta(
    code="BPF405",
    name="long-timeout",
    summary="A time limit is longer than whoever waits for the answer",
    severity=Severity.NOTE,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_SERVICE,
    cwe=(1088,),
)


@listens(Call)
def waits_long(event: Call, report: Report) -> None:
    """A client that a request waits for, whose limit is a number of minutes, by its argument or by its library's default."""
    client = report.knowledge.clients.get(event.callee)
    if client is None or client.handled or client.entry or event.guarded or not event.handled:
        return
    value = event.argument(client.position, client.keyword)
    given = value.value if isinstance(value, Const) and type(value.value) in (int, float) else None
    if isinstance(given, (int, float)):
        seconds, whose = given / client.unit, "its limit"
    elif value is None and not event.spread and not any(name in event.keywords for name in client.alternatives):
        seconds, whose = client.seconds, "its library's limit"
    else:
        return
    most = report.options.max_timeout_seconds
    if seconds > most:
        text = client.value.format(seconds=f"{report.options.timeout_seconds:g}")
        message = f"'{event.callee}' waits for up to {seconds:g} seconds, {whose}; pass {client.keyword}={text}"
        report(event.site, message, trace=event.chain, symbol=event.symbol)
