"""Compose files: services, their images and what they wait for before they start, with positions."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from backend_pitfalls.model.finding import Span
from backend_pitfalls.model.regex import regex
from backend_pitfalls.project.manifests import yaml_nodes

_HINT = regex(rb"^services:", re.MULTILINE)
_NAME = regex(r"(docker-)?compose[\w.-]*\.ya?ml", re.IGNORECASE)


class Dependency(msgspec.Struct, frozen=True):
    """A service that another one waits for: its name, the condition ("" for the default: that it was started), where it is written."""

    name: str
    condition: str
    span: Span


class Service(msgspec.Struct, frozen=True):
    """A service of a compose file; `checked` tells that it has a health check that is not switched off, `test` what that runs. `build` is the folder
    of its image and `dockerfile` the file in it, as written; `command` is what it starts instead of what its image starts; `command_at` the place of that key where it stands first on a line."""

    name: str
    image: str
    checked: bool
    depends: tuple[Dependency, ...]
    span: Span
    keys: frozenset[str] = frozenset()
    build: str = ""
    dockerfile: str = ""
    command: str = ""
    test: str = ""
    test_span: Span = Span(1, 0, 1, 0)
    command_at: Span | None = None


def is_compose(path: str) -> bool:
    """Whether a file is a compose file by its name: https://docs.docker.com/reference/compose-file/"""
    return bool(_NAME.fullmatch(path.rsplit("/", 1)[-1]))


def services(data: bytes) -> list[Service]:
    """The services of a compose file; none for a template or what is no compose file after all.

    Raises:
        Unreadable: when it is not valid YAML.
    """
    if not _HINT.search(data) or b"{{" in data or b"{%" in data:
        return []
    yaml_nodes.check_size(data, "a compose file")
    found = []
    for document in yaml_nodes.documents(data):
        listed = yaml_nodes.mapping(document).get("services")
        keys = yaml_nodes.keys(listed)
        for name, node in yaml_nodes.mapping(listed).items():
            found.append(_service(name, node, keys.get(name, node)))
    return found


def _service(name: str, node: Any, key: Any) -> Service:
    entries = yaml_nodes.mapping(node)
    check = yaml_nodes.mapping(entries.get("healthcheck"))
    test = [yaml_nodes.scalar(word) for word in yaml_nodes.items(check.get("test"))] if "test" in check else []
    is_off = yaml_nodes.scalar(check.get("disable")).lower() == "true" or test[:1] == ["NONE"]
    build = entries.get("build")
    built = yaml_nodes.mapping(build)
    return Service(
        name,
        yaml_nodes.scalar(entries.get("image")),
        bool(check) and not is_off,
        tuple(_dependencies(entries.get("depends_on"))),
        yaml_nodes.span(key),
        frozenset(entries),
        yaml_nodes.scalar(built.get("context")) or yaml_nodes.scalar(build),
        yaml_nodes.scalar(built.get("dockerfile")),
        " ".join(yaml_nodes.scalar(w) for key in ("entrypoint", "command") for w in yaml_nodes.items(entries.get(key))),
        " ".join(test),
        yaml_nodes.span(check.get("test", node)),
        yaml_nodes.key_at(node, "command"),
    )


def _dependencies(node: Any) -> list[Dependency]:
    conditions = yaml_nodes.mapping(node)
    if conditions:
        keys = yaml_nodes.keys(node)
        return [
            Dependency(
                name,
                yaml_nodes.scalar(yaml_nodes.mapping(value).get("condition")),
                yaml_nodes.span(keys.get(name, value)),
            )
            for name, value in conditions.items()
        ]
    listed = getattr(node, "value", None)
    if not isinstance(listed, list):
        return []
    return [Dependency(yaml_nodes.scalar(n), "", yaml_nodes.span(n)) for n in listed if yaml_nodes.scalar(n)]
