"""A password, key or token written into the source.

## What it does
Finds a text that is given to a name which means a credential (an assignment, an argument, a dictionary key, a parameter's
default, the fallback of an environment look-up), in comments of Python files (where they look made), or in configuration files (`.env`, YAML, JSON, INI, TOML, properties, Compose, Dockerfile, Terraform, shell), a URL with a password in it, and tokens in a provider's known format (a note when they are of a test account, or meant for clients).

## Why it hurts in production
Everyone who can read the repository, a backup, an image layer or a stack trace has the credential; it cannot be changed
without a deployment, and the same value ends up in every environment.

## Example
```python
import psycopg2

connection = psycopg2.connect(host="db", connect_timeout=5, user="shop", password="w9#Kq2vT")
```

## Use instead
```python
import os

import psycopg2

connection = psycopg2.connect(host="db", connect_timeout=5, user="shop", password=os.environ["SHOP_DB_PASSWORD"])
```

## Fix safety
Unsafe: the value moves to `os.environ["NAME"]`, which fails at start-up until the variable is set. The old value stays in the
history of the repository: rotate it.

## Options
None.

## Known limits
Test files are silent. Placeholders, names of fields and headers, sentences, paths and empty strings are no findings.
Only Python files are read so far.

## References
- [CWE-798: use of hard-coded credentials](https://cwe.mitre.org/data/definitions/798.html)
- [The Twelve-Factor App: config](https://12factor.net/config)
"""

from __future__ import annotations

import re

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Confidence, Severity, Site
from backend_pitfalls.model.fix import Fix, ReplaceWithEnvironment, Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.manifests import CommentFound, SettingFound
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Binding
from backend_pitfalls.semantics.values import Const, Text

META = RuleMeta(
    code="BPF201",
    name="hardcoded-credential",
    summary="A credential is written into the source",
    severity=Severity.ERROR,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=frozenset({FileContext.TEST, FileContext.MIGRATION, FileContext.GENERATED}),
    cwe=(798, 259),
    security_severity=7.5,
    fix=Safety.UNSAFE,
)

_PASSWORD = re.compile(r"(^|_)(password|passwd|passphrase|pwd|pass)\d*$")
_KEY = re.compile(
    r"(^|_)(secret|secret_?key|api_?key|apikey|api_?secret|api_?token|api_?hash|access_?key|access_?key_?secret|secret_?access_?key|auth_?token|access_?token|refresh_?token|bot_?token"
    r"|token|private_?key|client_?secret|app_?secret|consumer_?secret|signing_?key|encryption_?key|master_?key|jwt_?key|jwt_?secret|session_?string|credential|salt_?key|webhook_?secret|fernet_?key)\d*$"
)
_NOT_ITS_VALUE = re.compile(
    r"^(is|has|no|use|with|forgot|forgotten|reset|change|changed|invalid|wrong|missing|min|max|show|hide|require|requires|bad|csrf|next|page|pad|eos|bos|unk|sep|cls|mask|design)_|_?placeholder"
)
_PLACEHOLDER = re.compile(
    r"change.?me|change.?this|^x+$|xxx|example|placeholder|^your|[-_ ]your|<.*>|\$\{|\{\{|\}\}|^\{.*\}$|%\(|^%s|todo|dummy|fixme|replace|redacted|^\*+$|\.\.\.|^none$|^null$|^test|insert|enter.?|^undefined$|^-+$|sample|^foo|^bar$|^\W+$|not.?set|no.?password|^__\w+__$",
    re.IGNORECASE,
)
_WORD = re.compile(r"^[A-Za-z]+([ _.:/=-][A-Za-z]+)*[_:-]?$|^[a-z]+[A-Za-z]*$")
_SECRET_WORD = re.compile(r"password|passwd|passphrase|token|secret|key|auth|credential|pwd|bearer", re.IGNORECASE)
_TEMPLATE = re.compile(r"^<.*>$|\$\{|\{\{|\}\}|%\(|^%s$")
_URL_PASSWORD = re.compile(r"^[a-z][a-z0-9+.-]*://[^/\s:@]*:(?P<password>[^/\s@]{3,})@[^\s@]+$", re.IGNORECASE)
_PATH = re.compile(r"^(/|\./|~/|[A-Za-z]:\\)|^https?://|^[\w.-]+\.(py|json|ya?ml|pem|key|txt|html|env)$|^urn:")


@listens(Binding)
def credential(event: Binding, report: Report) -> None:
    """A text bound to a credential's name, or that is a credential by its form."""
    text = _text(event)
    if not text or _TEMPLATE.search(text) or (_PLACEHOLDER.search(text) and not _stands_in(event)):
        return
    what = _by_form(text, report)
    if what:
        _report(event, report, text, what, Confidence.HIGH)
    elif _means_credential(event.target, text):
        _report(event, report, text, f"'{event.target}'", META.confidence)


def _by_form(text: str, report: Report) -> str:
    """What kind of credential a text is whatever its name; the empty string for none."""
    token = report.knowledge.token_of(text)
    if token is not None:
        return f"a {token.provider}"
    url = _URL_PASSWORD.match(text)
    return "a password in a URL" if url and not _placeholder_password(url["password"]) else ""


_OF_A_TEST_ACCOUNT = re.compile(r"[_$](test|sandbox)[_$]")


def _severity(text: str, report: Report) -> Severity | None:
    """A note for a token of a test account, and for one that clients are given; None for the rule's own severity."""
    token = report.knowledge.token_of(text)
    is_weak = token is not None and (token.public or _OF_A_TEST_ACCOUNT.search(text) is not None)
    return Severity.NOTE if is_weak else None


_TRANSLATIONS = re.compile(r"(^|/)(locales?|i18n|lang|languages|translations|messages)/", re.IGNORECASE)
_SAMPLE_FILE = re.compile(r"example|exemple|sample|template|dist$|default", re.IGNORECASE)
_CONTINUOUS_INTEGRATION = re.compile(
    r"(^|/)(\.github|\.gitlab|\.circleci|\.buildkite|\.ci|ci|\.devcontainer|[^/]*tests?[^/]*)/|(^|/)(\.gitlab-ci|\.travis|appveyor|azure-pipelines|[^/]*test)[^/]*$"
)
_HASHED = re.compile(r"^(pbkdf2|bcrypt|argon2|scrypt|\$2[aby]\$|\$6\$|sha\d+[:$]|md5[:$]|!)", re.IGNORECASE)
_REFERENCE = re.compile(
    r"^[$%&*!@]|^(secrets?|env|vault|var|local|data|ref|file|ssm|module)[.:(]|^(true|false|yes|no|on|off|null|none|~|-)$",
    re.IGNORECASE,
)


@listens(SettingFound)
def configured(event: SettingFound, report: Report) -> None:
    """A credential written into a configuration file."""
    setting = event.setting
    text = setting.value
    if _TRANSLATIONS.search(event.path) or _TEMPLATE.search(text) or _REFERENCE.search(text) or _HASHED.search(text):
        return
    if _PLACEHOLDER.search(text) and not text.startswith("django-insecure-"):
        return
    what, confidence = _by_form(text, report), Confidence.HIGH
    name = setting.name.rsplit(".", 1)[-1]
    if not what and (_means_credential(name, text) or _is_named_secret(name, text)):
        what, confidence = f"'{setting.name}'", META.confidence
    if not what:
        return
    # What stands in a sample, or guards a database that lives as long as a test run, is no secret unless it looks like one.
    is_sample = _SAMPLE_FILE.search(event.path.rsplit("/", 1)[-1]) or _CONTINUOUS_INTEGRATION.search(event.path)
    if is_sample and not (
        len(text) >= 10 and re.search(r"\d", text) and re.search(r"[A-Z]", text) and re.search(r"[a-z]", text)
    ):
        return
    report(
        Site(event.path, setting.span),
        f"{what} is written into this file ({_shown(text)}); keep it out of the repository, in the environment or a vault, and rotate it",
        confidence=confidence,
        severity=_severity(text, report),
        redact=(setting.span,),
    )


@listens(CommentFound)
def commented(event: CommentFound, report: Report) -> None:
    """A credential in a line that was commented out: it is as public as any other."""
    setting = event.setting
    text = setting.value
    if _TEMPLATE.search(text) or _PLACEHOLDER.search(text) or _REFERENCE.search(text) or _NEAR.search(text):
        return
    what, confidence = _by_form(text, report), Confidence.HIGH
    if not what and setting.name and _looks_made(text) and _means_credential(setting.name, text):
        what, confidence = f"'{setting.name}'", META.confidence
    if what:
        report(
            Site(event.path, setting.span),
            f"{what} is written into a comment ({_shown(text)}); remove it, and rotate it",
            confidence=confidence,
            severity=_severity(text, report),
            redact=(setting.span,),
        )


# A server that only this machine, or this network, knows by its name: an address to show how one is written.
_NEAR = re.compile(r"@(localhost|127\.|[\w-]+(:\d+)?(/|$))")


def _looks_made(text: str) -> bool:
    """Whether nobody would write such a text to explain something."""
    return len(text) >= 12 and all(re.search(kind, text) for kind in ("[a-z]", "[A-Z]", "[0-9]")) and text.isascii()


def _shown(text: str) -> str:
    """As much of a secret as its owner needs to know it by."""
    return f"'{text[: 4 if len(text) >= 16 else 2 if len(text) >= 6 else 0]}…', {len(text)} characters"


def _words(name: str) -> str:
    """`apiKey` as `api_Key`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)


def _is_named_secret(name: str, text: str) -> bool:
    """In a configuration file a secret of words is used as it stands."""
    lowered = _words(name).lower()
    return (
        bool(re.search(r"(^|_)(jwt|app|session|signing|client|webhook)?_?secret(_key)?$", lowered))
        and len(text) >= 8
        and not any(c.isspace() for c in text)
        and not _PATH.search(text)
        and "-" in text
    )


def _stands_in(event: Binding) -> bool:
    """Whether the text is what the program runs with when nothing else is set: a placeholder then is a key that everyone knows."""
    is_default = event.how == "fallback" or (
        event.how == "assignment" and event.symbol.endswith(("Settings", "Config"))
    )
    return is_default and event.target.upper().endswith("SECRET_KEY")


def _text(event: Binding) -> str:
    value = event.value
    if isinstance(value, Const):
        return value.value.decode("utf-8", "replace") if isinstance(value.value, bytes) else str(value.value)
    # A text with unknown parts is built from something else, which is where the secret would be.
    return value.known_text() if isinstance(value, Text) and "\0" not in value.known_text() else ""


def _placeholder_password(password: str) -> bool:
    return (
        bool(_PLACEHOLDER.search(password)) or password.lower() in ("password", "pass", "pwd") or password[0] in "{$<%["
    )


# How a field is shown or stored, beside its name: `classes["password"] = "input"`.
_KIND = re.compile(
    r"input|text|textarea|string|str|hidden|field|form-control|varchar|char|bytes|required|optional", re.IGNORECASE
)


def _means_credential(target: str, text: str) -> bool:
    if _KIND.fullmatch(text):
        return False
    name = _words(target).replace("-", "_").lower().strip("_")
    if _NOT_ITS_VALUE.search(name) or _PATH.search(text) or any(c.isspace() for c in text):
        return False
    if _PASSWORD.search(name):
        return len(text) >= 3 and not (_SECRET_WORD.search(text) and _WORD.match(text))
    if not _KEY.search(name):
        return False
    if name.endswith("secret_key"):
        return len(text) >= 3 and not (_SECRET_WORD.fullmatch(text) or text.lower() == name)
    return (
        len(text) >= 8
        and not _WORD.match(text)
        and any(c.isalpha() for c in text)
        and not text.startswith(("(", "^", "[", "#"))
    )


def _report(event: Binding, report: Report, text: str, what: str, confidence: Confidence) -> None:
    variable = re.sub(r"\W+", "_", _words(event.target)).upper().strip("_")
    place = event.value_site.span
    fix = None
    if event.literal and event.how in ("assignment", "argument", "key") and variable.isidentifier():
        fix = Fix(
            f'read it from os.environ["{variable}"]',
            Safety.UNSAFE,
            (ReplaceWithEnvironment(place.line, place.col, place.end_line, place.end_col, variable),),
            f"the program fails to start until {variable} is set; the old value stays in the history, so rotate it",
        )
    report(
        event.value_site,
        f"{what} is written into the source ({_shown(text)}); read it from the environment or a vault, and rotate it",
        fix=fix,
        confidence=confidence,
        severity=_severity(text, report),
        symbol=event.symbol,
        redact=(place,),
    )
