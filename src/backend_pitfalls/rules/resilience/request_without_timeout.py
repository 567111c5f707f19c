"""An HTTP call that may wait for ever.

## What it does
Finds calls of requests (also on sessions), httpx, aiohttp and urllib that set no time limit where the library has none of its own,
and calls that switch a library's limit off (`timeout=None`). The value is followed through constants, defaults,
`**kwargs`, `functools.partial`, sessions kept in attributes and the project's own wrappers: where a wrapper's
parameter decides, the caller that leaves it out is the finding.

## Why it hurts in production
When the other side hangs, so does the worker that called it. A few slow minutes of one dependency occupy every worker, and
the whole service is down.

## Example
```python
import requests

def price(book):
    return requests.get(f"https://prices.internal/{book}").json()
```

## Use instead
```python
import requests

def price(book):
    return requests.get(f"https://prices.internal/{book}", timeout=5).json()
```

## Fix safety
Safe: a `timeout=` is added, so a call that would have hung raises the library's timeout error instead. The value is
`timeout-seconds` of the configuration.

## Options
`timeout-seconds` (default 10): the value that the repair writes.

## Known limits
`asyncio.timeout`, `anyio.fail_after` and the like around a call count as a limit. A session with a mounted adapter, or of a
subclass that overrides `request` or `send`, is taken to have one.

## References
- [requests: timeouts](https://requests.readthedocs.io/en/latest/user/quickstart/#timeouts)
- [httpx: timeouts](https://www.python-httpx.org/advanced/timeouts/)
- [CWE-1088: synchronous access of remote resource without timeout](https://cwe.mitre.org/data/definitions/1088.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity, Step
from backend_pitfalls.model.fix import AddKeyword, Fix, Safety
from backend_pitfalls.model.knowledge import ClientFacts
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Const, Instance, Text, Value, constant_text, options

META = RuleMeta(
    code="BPF401",
    name="request-without-timeout",
    summary="An HTTP call has no time limit",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(b"requests", b"httpx", b"aiohttp", b"urllib", b"import"),
    silent_in=frozenset({FileContext.TEST, FileContext.MIGRATION, FileContext.GENERATED}),
    cwe=(1088,),
    fix=Safety.SAFE,
)


@listens(Call)
def call_without_limit(event: Call, report: Report) -> None:
    """A client's call that leaves the limit out or switches it off."""
    client = report.knowledge.clients.get(event.callee)
    if client is None or event.guarded:
        return
    value = event.argument(client.position, client.keyword)
    if value is None:
        if (
            not event.chain
            and not event.spread
            and client.default == "unlimited"
            and not _limited_elsewhere(event, client)
        ):
            _report(
                event, report, client, f"'{event.callee}' is called without {client.keyword} and would wait for ever"
            )
    elif any(_is_unlimited(option, client) for option in options(value)):
        if event.chain and any(isinstance(o, Const) and o.origin == "default" for o in options(value)):
            _report(
                event,
                report,
                client,
                f"{event.chain[0].message} without a timeout, so '{event.callee}' would wait for ever",
            )
        elif not event.chain and not any(isinstance(o, Const) and o.origin == "default" for o in options(value)):
            _report(
                event, report, client, f"'{event.callee}' is called with its limit switched off and would wait for ever"
            )


def _limited_elsewhere(event: Call, client: ClientFacts) -> bool:
    if any(name in event.keywords for name in client.alternatives):
        return True
    first = event.args[0] if event.args else None
    if client.local_prefixes and first is not None:
        text = constant_text(first) or (
            first.parts[0] if isinstance(first, Text) and isinstance(first.parts[0], str) else ""
        )
        if text.startswith(client.local_prefixes):
            return True
    receiver = event.receiver
    return isinstance(receiver, Instance) and any(
        name in receiver.attributes for name in (client.inherits, "timeout", "request", "send")
    )


def _is_unlimited(value: Value, client: ClientFacts) -> bool:
    if not isinstance(value, Const) or isinstance(value.value, bool):
        return False
    return client.none == "unlimited" if value.value is None else value.value in client.unlimited


def _report(event: Call, report: Report, client: ClientFacts, what: str) -> None:
    seconds = f"{report.options.timeout_seconds:g}"
    text = client.value.format(seconds=seconds)
    place = event.site.span
    fix = None
    if (not event.chain and event.receiver is None) or (not event.chain and isinstance(event.receiver, Instance)):
        fix = Fix(
            f"add {client.keyword}={text}",
            Safety.SAFE,
            (AddKeyword(place.line, place.col, place.end_line, place.end_col, client.keyword, text, client.imports),),
        )
    site = event.chain[0].site if event.chain else event.site
    trace = (*event.chain, Step(event.site, f"'{event.callee}' waits without a limit")) if event.chain else ()
    report(site, f"{what}; pass {client.keyword}={text}", fix=fix, trace=trace, symbol=event.symbol)
