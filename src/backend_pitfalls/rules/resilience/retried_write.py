"""A call that changes something is made again when it failed.

## What it does
Finds `post()` calls of HTTP clients in loops and under decorators that try again, and urllib3's `Retry` that is told to repeat POST or PATCH. A call with an idempotency key is silent, as are addresses that say that the call only reads or logs in.

## Why it hurts in production
A timeout does not tell whether the other side did what it was asked. Tried again, the payment is made twice, the mail is sent twice, the order exists twice.

## Example
```python
import requests
from tenacity import retry, stop_after_attempt, wait_exponential

@retry(stop=stop_after_attempt(3), wait=wait_exponential(max=5))
def pay(order):
    requests.post("https://payments.internal/charges", json=order, timeout=5).raise_for_status()
```

## Use instead
```python
import requests
from tenacity import retry, stop_after_attempt, wait_exponential

@retry(stop=stop_after_attempt(3), wait=wait_exponential(max=5))
def pay(order):
    headers = {"Idempotency-Key": order["id"]}
    requests.post("https://payments.internal/charges", json=order, headers=headers, timeout=5).raise_for_status()
```

## Fix safety
There is no automatic repair: the other side must know the key.

## Options
None.

## Known limits
A key in the body is not seen. A `post()` that only reads is told from others by its address only.

## References
- [RFC 9110: idempotent methods](https://www.rfc-editor.org/rfc/rfc9110#name-idempotent-methods)
- [urllib3: Retry, allowed_methods](https://urllib3.readthedocs.io/en/stable/reference/urllib3.util.html#urllib3.util.Retry)
"""

from __future__ import annotations

import re

from backend_pitfalls.model.files import NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Call, Retry
from backend_pitfalls.semantics.values import Const, Container, Text, Value, constant_text

META = RuleMeta(
    code="BPF410",
    name="retried-write",
    summary="A call that changes something is made again when it failed",
    severity=Severity.NOTE,
    confidence=Confidence.LOW,
    since="0.1.0",
    silent_in=NOT_THE_SERVICE,
    cwe=(837,),
)

_ONLY_READS = regex(
    r"search|query|graphql|token|oauth|login|auth|embed|complet|predict|translat|analy|batchget", re.IGNORECASE
)
_HAS_KEY = regex(r"idempot|request-?id|dedup", re.IGNORECASE)


@listens(Retry)
def repeated(event: Retry, report: Report) -> None:
    """A `post()` that a loop or a decorator makes again."""
    call = event.call
    facts = report.knowledge.clients.get(call.callee)
    if facts is None or facts.family != "http" or not call.callee.endswith(".post") or _HAS_KEY.search(call.written):
        return
    if _ONLY_READS.search(_address(call)) or _ONLY_READS.search(event.symbol) or _has_key(call.keywords.get("headers")):
        return
    by = "a decorator makes the function try again" if event.how == "decorated" else "the loop tries again"
    message = f"'{call.callee}' may be done twice: {by} when it fails; send an idempotency key, or repeat only what is known not to have happened"
    report(call.site, message, symbol=event.symbol)


@listens(Call)
def allowed(event: Call, report: Report) -> None:
    """`Retry(allowed_methods=…)` with methods that are not idempotent."""
    if not event.callee.endswith(".Retry") or event.chain:
        return
    for keyword in ("allowed_methods", "method_whitelist"):
        given = event.keywords.get(keyword)
        if given is not None and _repeats_writes(given):
            message = (
                f"{keyword} lets every failed POST be sent again, which may be done twice; leave POST and PATCH out"
            )
            report(event.site, message, symbol=event.symbol)


def _repeats_writes(given: Value) -> bool:
    if isinstance(given, Container):
        return any(constant_text(v) in ("POST", "PATCH") for v in given.items.values())
    return isinstance(given, Const) and given.value in (None, False)


def _address(call: Call) -> str:
    first = call.argument(0, "url")
    if isinstance(first, Text):
        return "".join(p for p in first.parts if isinstance(p, str))
    return (constant_text(first) or "") if first is not None else ""


def _has_key(headers: Value | None) -> bool:
    """Whether headers have an idempotency key, or are not known."""
    if isinstance(headers, Container):
        return any(_HAS_KEY.search(str(k)) for k in headers.items)
    return False
