"""A broken hash guards a secret.

## What it does
Finds MD5 and SHA-1 of request data, passwords, tokens and keys: in one call, by `hashlib.new()` with the algorithm's name, or part by part with `update()`; with hashlib, pycryptodome and cryptography.

## Why it hurts in production
Both are broken: two inputs with one hash are made in seconds, and a graphics card tries ten thousand million passwords a second.

## Example
```python
import hashlib

def stored(password):
    return hashlib.md5(password.encode()).hexdigest()
```

## Use instead
```python
import hashlib
import os

def stored(password):
    salt = os.urandom(16)
    return salt + hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
```

## Fix safety
Another hash is for the author to choose: those that are stored would not match any more. Where no name says that a secret is hashed, `usedforsecurity=False` is offered. Unsafe: it is right only
where nothing depends on the hash, which stays as weak as it is.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Hashes of other data (checksums of files), of what is named after a cache, a checksum or an avatar, and of passwords that are looked up among leaked ones are silent; so is `usedforsecurity=False`.

## References
- [CWE-328](https://cwe.mitre.org/data/definitions/328.html)
- [hashlib: usedforsecurity](https://docs.python.org/3/library/hashlib.html#hashlib.new)
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import AddKeyword, Fix, Safety
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import report_flow
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Const, Instance, Value

META = RuleMeta(
    code="BPF321",
    name="weak-hash",
    summary="A broken hash guards a secret",
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(
        327,
        328,
    ),
    security_severity=5.9,
    fix=Safety.UNSAFE,
)

_SECRET = regex(r"passw|passphrase|secret|token|credential|api_?key|private_?key|pwd(?![a-z])", re.IGNORECASE)
# What a hash is made for that guards nothing.
_GUARDS_NOTHING = regex(r"cache|etag|checksum|fingerprint|gravatar|avatar|shard|bucket|dedup", re.IGNORECASE)
# The service that knows leaked passwords takes the first characters of a SHA-1: https://haveibeenpwned.com/API/v3#PwnedPasswords
_LOOKS_UP_LEAKS = regex(r"pwn|hibp|breach|leak|compromised", re.IGNORECASE)
_LIBRARIES = ("hashlib.", "Crypto.Hash.", "Cryptodome.Hash.")
_WEAK = frozenset({"md5", "md4", "sha1", "sha-1"})
_MEND = "use hashlib.scrypt() or a password hasher, for signatures SHA-256; usedforsecurity=False where nothing depends on it"


@listens(Call)
def weak(event: Call, report: Report) -> None:
    """A weak hash of request data or of what is called a secret."""
    harm = "weak-hash"
    if not event.callee.startswith(_LIBRARIES) or not (_is_security(event.keywords) and _is_security(_made(event))):
        return
    around = " ".join((event.symbol, event.becomes, *(step.message for step in event.chain)))
    if _GUARDS_NOTHING.search(f"{around} {event.written}") or _LOOKS_UP_LEAKS.search(around):
        return
    if event.callee == "hashlib.new":
        name = event.args[0] if event.args else None
        if not (isinstance(name, Const) and str(name.value).lower() in _WEAK):
            return
        harm = "weak-hash-name"
    is_secret = _SECRET.search(event.written) is not None
    fix = None if is_secret else _says_so(event)
    report_flow(event, report, harm, "weak hash", _MEND, into="it is hashed", fix=fix)
    if is_secret:
        hashed = event.callee.removesuffix(".update")
        told_once = f"{event.site.path} {event.symbol} {hashed}" if event.symbol else ""
        report(event.site, f"weak hash: '{hashed}' of a secret; {_MEND}", symbol=event.symbol, group=told_once)


def _says_so(event: Call) -> Fix | None:
    """`usedforsecurity=False`, for a hash that guards nothing: https://docs.python.org/3/library/hashlib.html#hashlib.new"""
    if event.receiver is not None or not event.callee.startswith("hashlib.") or event.chain:
        return None
    return Fix(
        "pass usedforsecurity=False",
        Safety.UNSAFE,
        (AddKeyword(*event.site.span.corners, "usedforsecurity", "False"),),
        caution="right only where nothing depends on the hash; it stays as weak as it is",
    )


def _made(event: Call) -> Mapping[str, Value]:
    """What the object was made with whose method this is."""
    return event.receiver.attributes if isinstance(event.receiver, Instance) else {}


def _is_security(given: Mapping[str, Value]) -> bool:
    flag = given.get("usedforsecurity")
    return not (isinstance(flag, Const) and flag.value is False)
