"""Request data decides which address the server calls.

## What it does
Follows request data into the address of outbound calls (requests, httpx, aiohttp, urllib), unless the host before it is fixed.

## Why it hurts in production
The server sits inside the network: `http://169.254.169.254/` gives its cloud credentials, `http://localhost:6379/` its cache, `http://10.0.0.5/` the admin page that nobody else reaches.

## Example
```python
from flask import Flask, request
import requests

app = Flask(__name__)

@app.route("/x")
def view():
    url = request.args["url"]
    requests.get(url, timeout=5)
    return "done"
```

## Use instead
```python
from flask import Flask, request
from urllib.parse import urlparse

import requests

app = Flask(__name__)

@app.route("/x")
def view():
    url = request.args["url"]
    parsed = urlparse(url)
    if parsed.netloc not in ("api.example.com",):
        return "no", 400
    requests.get(url, timeout=5)
    return "done"
```

## Fix safety
There is no automatic repair: what is allowed is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep. A host name that resolves to an inside address is not seen.

## References
- [CWE-918](https://cwe.mitre.org/data/definitions/918.html)
- [OWASP: SSRF prevention](https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import decides_host, report_flow
from backend_pitfalls.semantics.events import Call

META = RuleMeta(
    code="BPF305",
    name="server-side-request-forgery",
    summary="Request data decides which address the server calls",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(918,),
    security_severity=8.6,
)

_FIXED_HOST = regex(r"^\w+://[^/?#]+[/?#]")


@listens(Call, at_sinks=True)
def untrusted(event: Call, report: Report) -> None:
    """A sink that request data reaches."""
    report_flow(
        event,
        report,
        "url",
        "server-side request forgery",
        "compare its host with a list of allowed ones before the call",
        into="it decides the address",
        is_harmful=lambda value: decides_host(value, _FIXED_HOST, "url"),
    )
