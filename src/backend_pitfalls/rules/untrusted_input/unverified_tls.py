"""A TLS connection trusts whoever answers.

## What it does
Finds HTTP calls and clients (requests, httpx, aiohttp) whose certificate check is switched off: `verify=False`, `ssl=False`, also through a variable or a default.

## Why it hurts in production
The connection is encrypted, but nobody knows to whom. Whoever sits on the way (a proxy, a hostile network, a poisoned name server) reads and changes everything,
credentials included, and no log shows it.

## Example
```python
import requests

def load(url):
    return requests.get(url, timeout=5, verify=False)
```

## Use instead
```python
import requests

def load(url):
    return requests.get(url, timeout=5, verify="/etc/ssl/certs/own-authority.pem")
```

## Fix safety
Unsafe: a server with a certificate of its own authority would not be reached any more until that authority is given.

## Options
None.

## Known limits
A check that is switched off on a session's attribute, or by `ssl._create_unverified_context`, is not seen.

## References
- [CWE-295](https://cwe.mitre.org/data/definitions/295.html)
- [requests: SSL certificate verification](https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import AddKeyword, Fix, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Const

META = RuleMeta(
    code="BPF323",
    name="unverified-tls",
    summary="A TLS connection trusts whoever answers",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(295,),
    security_severity=7.4,
    fix=Safety.UNSAFE,
)

_SWITCHES = ("verify", "ssl", "verify_ssl")


@listens(Call)
def switched_off(event: Call, report: Report) -> None:
    """A client's call whose check of certificates is False."""
    client = report.knowledge.clients.get(event.callee)
    if client is None or client.family != "http" or event.chain:
        return
    for name in _SWITCHES:
        value = event.keywords.get(name)
        if isinstance(value, Const) and value.value is False:
            place = event.site.span
            intent = AddKeyword(*place.corners, name, "True")
            fix = Fix(
                f"pass {name}=True",
                Safety.UNSAFE,
                (intent,),
                "servers with certificates of an unknown authority are refused",
            )
            report(
                event.site,
                f"'{event.callee}' is called with {name}=False and trusts whoever answers; give the authority's file instead",
                fix=fix,
                symbol=event.symbol,
            )
            return
