"""A client of a network service has no time limit.

## What it does
Finds calls of mail, file transfer, directory, shell and other network clients (smtplib, imaplib, ftplib, paramiko, ldap3, sockets, subprocess, websockets …) without a limit, where the library has none of its own.

## Why it hurts in production
A mail server that accepts and then says nothing holds the worker that sends the mail. Nobody sets a limit on mail, so nobody looks there.

## Example
```python
import smtplib

def send(host, text):
    with smtplib.SMTP(host) as server:
        server.sendmail("a@example.com", ["b@example.com"], text)
```

## Use instead
```python
import smtplib

def send(host, text):
    with smtplib.SMTP(host, timeout=10) as server:
        server.sendmail("a@example.com", ["b@example.com"], text)
```

## Fix safety
Safe: the keyword is added to the call, with the number of seconds of the configuration. A server that answers within it sees no difference.

## Options
`timeout-seconds` (10): the number that messages and repairs name.

## Known limits
What builds or describes the program (`docs/`, hidden folders such as `.github/`) is silent, as tests are; scripts are not.
A limit set with `socket.setdefaulttimeout()` is not seen.

## References
- [smtplib](https://docs.python.org/3/library/smtplib.html)
- [ftplib](https://docs.python.org/3/library/ftplib.html)
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
    code="BPF404",
    name="service-without-timeout",
    summary="A client of a network service has no time limit",
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
    report_unlimited(event, report, "service")
