"""Kubernetes workloads in YAML files, with positions."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from backend_pitfalls.model.finding import Span
from backend_pitfalls.syntax.source import Unreadable

MAX_BYTES = 2_000_000
SERVING_KINDS = frozenset(
    {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Rollout", "Pod"}
)
_HINT = re.compile(
    rb"^\s*kind:\s*['\"]?(Deployment|StatefulSet|DaemonSet|ReplicaSet|ReplicationController|Rollout|Pod|List)\b",
    re.MULTILINE,
)


class Container(msgspec.Struct, frozen=True):
    """A container of a workload: its name, the keys that it has, its ports and command, and where it is written."""

    name: str
    keys: frozenset[str]
    ports: tuple[int | str, ...]
    command: str
    image: str
    span: Span


class Workload(msgspec.Struct, frozen=True):
    """A workload that keeps pods running."""

    kind: str
    name: str
    containers: tuple[Container, ...]
    span: Span


def workloads(data: bytes) -> list[Workload]:
    """The workloads of a YAML file, several documents and lists included; a template is no YAML and gives none.

    Raises:
        Unreadable: when the file looks like a manifest but is not valid YAML.
    """
    if not _HINT.search(data) or b"{{" in data or b"{%" in data:
        return []
    if len(data) > MAX_BYTES:
        raise Unreadable(
            f"has {len(data):,} bytes, more than the {MAX_BYTES:,} that are analysed as a manifest; exclude it or split it"
        )
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        documents = list(YAML(typ="safe", pure=True).compose_all(data.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise Unreadable("is not valid UTF-8; save it as UTF-8") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Unreadable(f"is not valid YAML: {error.problem}", line) from None
    except (YAMLError, RecursionError, ValueError) as error:
        raise Unreadable(f"is not valid YAML: {str(error).splitlines()[0]}") from None
    found: list[Workload] = []
    for document in documents:
        _collect(document, found)
    return found


def _collect(node: Any, found: list[Workload]) -> None:
    mapping = _mapping(node)
    kind = _scalar(mapping.get("kind"))
    if kind == "List":
        for item in getattr(mapping.get("items"), "value", ()):
            _collect(item, found)
    elif kind in SERVING_KINDS:
        metadata = _mapping(mapping.get("metadata"))
        spec = _mapping(mapping.get("spec"))
        pod = spec if kind == "Pod" else _mapping(_mapping(spec.get("template")).get("spec"))
        containers = tuple(_container(c) for c in getattr(pod.get("containers"), "value", ()) if _mapping(c))
        if kind == "Pod" and _scalar(pod.get("restartPolicy")) in ("Never", "OnFailure"):
            return
        if containers:
            found.append(Workload(kind, _scalar(metadata.get("name")), containers, _span(node)))


def _container(node: Any) -> Container:
    mapping = _mapping(node)
    ports = []
    for port in getattr(mapping.get("ports"), "value", ()):
        text = _scalar(_mapping(port).get("containerPort"))
        ports.append(int(text) if text.isdigit() else text)
    words = [_scalar(w) for key in ("command", "args") for w in _items(mapping.get(key))]
    return Container(
        _scalar(mapping.get("name")),
        frozenset(mapping),
        tuple(ports),
        " ".join(words),
        _scalar(mapping.get("image")),
        _span(node),
    )


def _items(node: Any) -> list[Any]:
    value = getattr(node, "value", [])
    return value if isinstance(value, list) else [node]


def _mapping(node: Any) -> dict[str, Any]:
    """The entries of a mapping node by scalar key, merge keys (`<<`) followed."""
    if node is None or not isinstance(getattr(node, "value", None), list) or getattr(node, "id", "") != "mapping":
        return {}
    own = {_scalar(k): v for k, v in node.value}
    if "<<" in own:
        merged = own.pop("<<")
        for part in merged.value if getattr(merged, "id", "") == "sequence" else [merged]:
            own = {**_mapping(part), **own}
    return own


def _scalar(node: Any) -> str:
    value = getattr(node, "value", "")
    return value if isinstance(value, str) else ""


def _span(node: Any) -> Span:
    start = node.start_mark
    return Span(start.line + 1, start.column, start.line + 1, start.column + 1)
