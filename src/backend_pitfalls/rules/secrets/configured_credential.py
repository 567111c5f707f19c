"""A password, key or token written into a configuration file.

## What it does
Reads names with their values in `.env`, YAML, JSON, INI, TOML, properties, Compose files, Dockerfiles, Terraform, shell, SQL and notebooks, and finds values that are credentials: by the
name, by the format of a provider's token, or as the password of an address.

## Why it hurts in production
A file that is committed, or copied into an image, is read by far more people and machines than the service that it configures; and the value is the same
in every environment.

## Example
```yaml
# docker-compose.yml
services:
  web:
    environment:
      DB_PASSWORD: Zk81mQx7Lr
```

## Use instead
```yaml
# docker-compose.yml
services:
  web:
    environment:
      DB_PASSWORD: ${DB_PASSWORD:?}
```

## Fix safety
Unsafe. In compose files the value becomes `${NAME:?}`, so that compose stops until `NAME` is set in the environment or in an `.env` that is not committed. A line `ENV NAME=value` of a
Dockerfile goes, `ARG NAME=value` loses its default. The `value:` of a container's environment variable in Kubernetes becomes a `secretKeyRef` to a Secret that must be made. In other files there
is no repair: what reads the file decides how a reference is written there.

## Options
See BPF201.

## Known limits
Samples (`.env.example`, templates) and files of a continuous integration only count where the value looks made by a machine. Files above one megabyte are passed over.

## References
- [CWE-260: password in configuration file](https://cwe.mitre.org/data/definitions/260.html)
- [The Twelve-Factor App: config](https://12factor.net/config)
"""

from __future__ import annotations

import base64
import re

from backend_pitfalls.model.files import FileContext, FileKind
from backend_pitfalls.model.finding import Confidence, Severity, Site
from backend_pitfalls.model.fix import Fix, NameSetting, Safety
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.discover import context_of, kind_of
from backend_pitfalls.project.manifests import Setting, SettingFound
from backend_pitfalls.project.manifests.compose import is_compose
from backend_pitfalls.rules import Report, credentials, listens
from backend_pitfalls.rules.credentials import Judgement

META = RuleMeta(
    code="BPF202",
    name="configured-credential",
    summary="A credential is written into a configuration file",
    severity=Severity.ERROR,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    cwe=(260, 798),
    security_severity=7.5,
    fix=Safety.UNSAFE,
)

_TRANSLATIONS = regex(
    r"(^|/)(locales?|i18n|lang|languages|translations|messages)(/|([._-]\w+)*\.(json5?|ya?ml|properties)$)",
    re.IGNORECASE,
)
# Where documentation keeps what requests and answers look like.
_SAMPLES = regex(r"(?:^|/)(?:(?:api[-_]ref|samples?)/|[^/]*(?:openapi|swagger)[^/]*$)")
_SAMPLE_FILE = regex(r"example|exemple|sample|template|dist$|default", re.IGNORECASE)
_CONTINUOUS_INTEGRATION = regex(
    r"(^|/)(\.github|\.gitlab|\.circleci|\.buildkite|\.ci|ci|\.devcontainer|[^/]*tests?[^/]*)/|(^|/)(\.gitlab-ci|\.travis|appveyor|azure-pipelines|[^/]*test)[^/]*$"
)


# Sections of what runs tests: https://docs.pytest.org/en/stable/reference/customize.html, https://tox.wiki/en/latest/config.html
_FOR_TESTS = regex(r"(^|\W)(pytest|testenv|tox|coverage|nox|pytest_env)(\W|$)")


@listens(SettingFound)
def configured(event: SettingFound, report: Report) -> None:
    """A credential written into a configuration file."""
    setting = event.setting
    text = setting.value
    if not _may_be_one(setting, report):
        return
    judged = _judged(setting, report)
    if judged is None or (
        _TRANSLATIONS.search(event.path)
        or credentials.is_template(text)
        or credentials.is_reference(text)
        or credentials.is_hashed(text)
        or text.startswith("!")
        or credentials.is_elsewhere(setting.name)
    ):
        return
    in_test = context_of(event.path) is FileContext.TEST or bool(_FOR_TESTS.search(setting.section))
    if judged.score < (credentials.CERTAIN if in_test else credentials.THRESHOLD):
        return
    if credentials.is_placeholder(_decoded(text)) and not text.startswith("django-insecure-"):
        return
    # What stands in a sample, or guards a database that lives as long as a test run, is no secret unless it looks like one.
    is_sample = (
        _SAMPLE_FILE.search(event.path.rsplit("/", 1)[-1])
        or _SAMPLES.search(event.path)
        or _CONTINUOUS_INTEGRATION.search(event.path)
    )
    if is_sample and not (
        len(text) >= 10 and re.search(r"\d", text) and re.search(r"[A-Z]", text) and re.search(r"[a-z]", text)
    ):
        return
    report(
        Site(event.path, setting.span),
        f"{judged.what} is written into this file ({credentials.shown(text)}): {credentials.because(judged)}; "
        f"keep it out of the repository, in the environment or a vault, and {credentials.rotation(judged, report.knowledge)}",
        confidence=judged.confidence,
        severity=Severity.NOTE if judged.is_weak or in_test else None,
        fix=None if in_test else _fix(event),
        redact=(setting.span,),
    )


def _fix(event: SettingFound) -> Fix | None:
    """A reference, in the files whose readers have one: compose files, Dockerfiles, environment variables of a Kubernetes container."""
    setting, place = event.setting, event.setting.span
    name, variable = event.path.rsplit("/", 1)[-1], event.setting.name
    kind = kind_of(name)
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", variable):
        return None
    if is_compose(name):
        intent = NameSetting(*place.corners, variable, f"${{{variable}:?}}")
        return _unsafe(
            f"let compose take {variable} from the environment", intent, f"compose stops until {variable} is set"
        )
    if not setting.line:
        return None
    whole = (place.line, 0, place.line, len(setting.line))
    if kind is FileKind.DOCKERFILE:
        left = (
            f"ARG {variable}"
            if re.match(r"\s*ARG\b", setting.line)
            else f"# {variable} is given to the container when it is started."
        )
        caution = f"the image no longer has {variable}: what builds or starts it must give it"
        return _unsafe(f"leave {variable} to what runs the image", NameSetting(*whole, variable, left), caution)
    written = re.match(r"(?P<indent>\s+)value:\s", setting.line)
    if kind is FileKind.YAML and written is not None:
        secret = variable.lower().replace("_", "-")
        text = f"{written['indent']}valueFrom: {{secretKeyRef: {{name: {secret}, key: {variable}}}}}"
        caution = f"pods do not start until there is a Secret '{secret}' with the key {variable}"
        return _unsafe(f"take {variable} from a Secret", NameSetting(*whole, variable, text), caution)
    return None


def _unsafe(title: str, intent: NameSetting, caution: str) -> Fix:
    return Fix(title, Safety.UNSAFE, (intent,), f"{caution}; the old value stays in the history, so rotate it")


def _decoded(text: str) -> str:
    """What a value says that is written in base 64, as Kubernetes keeps secrets; the value itself where it is not."""
    try:
        decoded = base64.b64decode(text, validate=True).decode("utf-8")
    except ValueError:
        return text
    return decoded if len(decoded) >= 6 and decoded.isprintable() else text


def _may_be_one(setting: Setting, report: Report) -> bool:
    """Whether a setting has a name that means a credential, or a form that one may have: most of the thousands in a file have neither."""
    text, name = setting.value, setting.name.rsplit(".", 1)[-1]
    return (
        len(text) >= credentials.SHORTEST
        or bool(credentials.kind_of(name, report.knowledge))
        or "secret" in name.lower()
    )


def _judged(setting: Setting, report: Report) -> Judgement | None:
    name, text = setting.name.rsplit(".", 1)[-1], setting.value
    judged = credentials.by_form(text, report.knowledge) or credentials.judge(name, text, "setting", report.knowledge)
    if setting.in_command and name.endswith("SECRET_KEY") and text.replace("-", "").isalpha():
        return None  # what lets an image be built
    if (judged is None or judged.score < credentials.THRESHOLD) and _is_named_secret(name, text):
        return Judgement(f"'{name}'", credentials.THRESHOLD, ("in such a file words are used as they stand",))
    return judged


def _is_named_secret(name: str, text: str) -> bool:
    """In a configuration file a secret of words is used as it stands."""
    lowered = credentials.snake_case(name)
    return (
        bool(re.search(r"(^|_)(jwt|app|session|signing|client|webhook)?_?secret(_key)?$", lowered))
        and len(text) >= 8
        and not any(c.isspace() for c in text)
        and not re.match(r"[./~]|https?://", text)
        and "-" in text
    )
