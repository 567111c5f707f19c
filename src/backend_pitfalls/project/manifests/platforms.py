"""Services as platforms are told of them: Fly.io, Render, DigitalOcean, Railway, App Engine, tasks of Amazon ECS, jobs of Nomad, units of systemd, with positions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from backend_pitfalls.model.finding import Span
from backend_pitfalls.model.regex import regex
from backend_pitfalls.project.manifests import yaml_nodes
from backend_pitfalls.project.manifests.dockerfile import server_in
from backend_pitfalls.project.toml import TOMLDecodeError, loads
from backend_pitfalls.syntax.source import Unreadable

_START = Span(1, 0, 1, 1)


class Hosted(msgspec.Struct, frozen=True):
    """A service that takes requests: its name, the platform, the key under which that platform is told of a health check, whether it is there, and where the service is written."""

    name: str
    platform: str
    key: str
    checked: bool
    span: Span


def hosted(path: str, data: bytes) -> list[Hosted]:
    """The services of a platform's file; none for other files.

    Parameters:
        path: relative to the project root; its name tells whose file it is.
        data: its content.

    Raises:
        Unreadable: when it is such a file and is not valid.
    """
    read = next((reader for pattern, reader in _READERS if pattern.search(path)), None)
    is_template = b"{{" in data and read is not _nomad  # whose jobs hold templates as texts
    return list(read(data)) if read is not None and not is_template else []


def _fly(data: bytes) -> Iterator[Hosted]:
    """https://fly.io/docs/reference/configuration/#the-http_service-section"""
    text, content = _toml(data)
    service = content.get("http_service")
    if isinstance(service, dict):
        yield Hosted(
            "http_service",
            "Fly.io",
            "[[http_service.checks]]",
            "checks" in service,
            _line(text, r"\[http_service\]", 0),
        )
    services = content.get("services")
    for number, one in enumerate(services if isinstance(services, list) else ()):
        if isinstance(one, dict) and one.get("ports"):
            checked = "http_checks" in one or "tcp_checks" in one
            yield Hosted(
                "services", "Fly.io", "[[services.http_checks]]", checked, _line(text, r"\[\[services\]\]", number)
            )


def _railway(data: bytes) -> Iterator[Hosted]:
    """https://docs.railway.com/reference/config-as-code"""
    text, content = _toml(data)
    deploy = content.get("deploy")
    if isinstance(deploy, dict) and "startCommand" in deploy and "cronSchedule" not in deploy:
        yield Hosted("deploy", "Railway", "healthcheckPath", "healthcheckPath" in deploy, _line(text, r"\[deploy\]", 0))


def _railway_json(data: bytes) -> Iterator[Hosted]:
    for document in yaml_nodes.documents(data):
        node = yaml_nodes.mapping(document).get("deploy")
        deploy = yaml_nodes.mapping(node)
        if "startCommand" in deploy and "cronSchedule" not in deploy:
            yield Hosted("deploy", "Railway", "healthcheckPath", "healthcheckPath" in deploy, yaml_nodes.span(node))


def _render(data: bytes) -> Iterator[Hosted]:
    """https://render.com/docs/blueprint-spec"""
    for node, service in _listed(data, "services"):
        kind = yaml_nodes.scalar(service.get("type"))
        runtime = yaml_nodes.scalar(service.get("runtime")) or yaml_nodes.scalar(service.get("env"))
        if kind == "web" and runtime != "static":
            name = yaml_nodes.scalar(service.get("name")) or "web"
            yield Hosted(name, "Render", "healthCheckPath", "healthCheckPath" in service, yaml_nodes.span(node))


def _digitalocean(data: bytes) -> Iterator[Hosted]:
    """https://docs.digitalocean.com/products/app-platform/reference/app-spec/"""
    for node, service in _listed(data, "services"):
        name = yaml_nodes.scalar(service.get("name")) or "service"
        yield Hosted(name, "DigitalOcean", "health_check", "health_check" in service, yaml_nodes.span(node))


def _ecs(data: bytes) -> Iterator[Hosted]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#container_definition_healthcheck"""
    if b'"containerDefinitions"' not in data:
        return
    yaml_nodes.check_size(data, "a task definition")
    for node, container in _listed(data, "containerDefinitions"):
        if yaml_nodes.items(container.get("portMappings")) and "portMappings" in container:
            name = yaml_nodes.scalar(container.get("name")) or "container"
            yield Hosted(name, "ECS", "healthCheck", "healthCheck" in container, yaml_nodes.span(node))


def _app_engine(data: bytes) -> Iterator[Hosted]:
    """https://cloud.google.com/appengine/docs/flexible/reference/app-yaml#updated_health_checks: without a path nobody asks the application itself."""
    for document in yaml_nodes.documents(data):
        entries = yaml_nodes.mapping(document)
        if yaml_nodes.scalar(entries.get("env")) in ("flex", "flexible") and "runtime" in entries:
            checked = any(
                "path" in yaml_nodes.mapping(entries.get(key)) for key in ("readiness_check", "liveness_check")
            )
            name = yaml_nodes.scalar(entries.get("service")) or "default"
            yield Hosted(
                name, "App Engine", "readiness_check and liveness_check with a path", checked, yaml_nodes.span(document)
            )


def _systemd(data: bytes) -> Iterator[Hosted]:
    """https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html: a service that ends stays down without `Restart=`, one that hangs is left alone without `WatchdogSec=`."""
    text = data.decode("utf-8", "replace")
    section, options = "", dict[str, str]()
    for line in text.split("\n"):
        if line.startswith("["):
            section = line.strip()
        elif section == "[Service]" and "=" in line and not line.lstrip().startswith(("#", ";")):
            name, _, value = line.partition("=")
            options[name.strip()] = value.strip()
    server = server_in(options.get("ExecStart", ""))
    if server and options.get("Type") != "oneshot":
        checked = options.get("Restart", "no") != "no" or "WatchdogSec" in options
        yield Hosted(server, "systemd", "Restart=on-failure", checked, _line(text, r"ExecStart=", 0))


def _nomad(data: bytes) -> Iterator[Hosted]:
    """https://developer.hashicorp.com/nomad/docs/job-specification/check"""
    try:
        import hcl2
    except ImportError:  # comes with the extra `nomad`
        return
    text = data.decode("utf-8", "replace")
    try:
        job = hcl2.loads(text)
    except Exception as error:  # the library has no error of its own
        raise Unreadable(f"is not valid HCL: {str(error).splitlines()[0]}") from None
    for number, service in enumerate(_services(job)):
        name = str(service.get("name", "service")).strip('"')
        if "port" in service:
            yield Hosted(name, "Nomad", "check", "check" in service, _line(text, r"service\s*\{", number))


def _services(node: Any) -> Iterator[dict[str, Any]]:
    """The service blocks of a job, in the order of the file."""
    for key, value in node.items() if isinstance(node, dict) else ():
        for block in value if isinstance(value, list) else [value]:
            if key == "service" and isinstance(block, dict):
                yield block
            else:
                yield from _services(block)


def _listed(data: bytes, key: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The mappings of a list, each with its node."""
    for document in yaml_nodes.documents(data):
        listed = yaml_nodes.mapping(document).get(key)
        for node in yaml_nodes.items(listed) if listed is not None else ():
            entry = yaml_nodes.mapping(node)
            if entry:
                yield node, entry


def _toml(data: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text = data.decode("utf-8")
        return text, loads(text)
    except (UnicodeDecodeError, TOMLDecodeError) as error:
        raise Unreadable(f"is not valid TOML: {str(error).splitlines()[0]}") from None


def _line(text: str, header: str, number: int) -> Span:
    """The place of the table of this header, of several the one of this number."""
    found = list(re.finditer(rf"^\s*{header}", text, re.MULTILINE))
    if number >= len(found):
        return _START
    line = text.count("\n", 0, found[number].end()) + 1
    return Span(line, 0, line, 1)


_READERS: tuple[tuple[re.Pattern[str], Callable[[bytes], Iterator[Hosted]]], ...] = (
    (regex(r"(^|/)fly\.toml$"), _fly),
    (regex(r"(^|/)railway\.toml$"), _railway),
    (regex(r"(^|/)railway\.json$"), _railway_json),
    (regex(r"(^|/)render\.ya?ml$"), _render),
    (regex(r"(^|/)\.do/[^/]+\.ya?ml$"), _digitalocean),
    (regex(r"(^|/)app\.ya?ml$"), _app_engine),
    (regex(r"\.service$"), _systemd),
    (regex(r"\.nomad(\.hcl)?$"), _nomad),
    (regex(r"\.json$"), _ecs),
)
