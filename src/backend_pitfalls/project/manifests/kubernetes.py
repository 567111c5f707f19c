"""Kubernetes workloads in YAML files, with positions."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from backend_pitfalls.model.finding import Span
from backend_pitfalls.project.manifests import helm, yaml_nodes
from backend_pitfalls.syntax.source import Unreadable

SERVING_KINDS = frozenset(
    {
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "ReplicationController",
        "Rollout",
        "Pod",
        "Knative Service",
    }
)
KNATIVE_SERVICE = "Knative Service"
_KNATIVE = "serving.knative.dev/"
_HINT = re.compile(
    rb"^\s*kind:\s*['\"]?(Deployment|StatefulSet|DaemonSet|ReplicaSet|ReplicationController|Rollout|Pod|List)\b"
    rb"|serving\.knative\.dev/",
    re.MULTILINE,
)


PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


class Probe(msgspec.Struct, frozen=True):
    """A probe of a container: how it asks ("httpGet", "tcpSocket", "exec", "grpc", or "" where that cannot be told), the URL path or the command,
    the port as written, its numbers by name ("failureThreshold" …), and where it is written."""

    name: str
    how: str
    target: str
    port: str
    numbers: dict[str, int]
    span: Span


class Container(msgspec.Struct, frozen=True):
    """A container of a workload: its name, the keys that it has, its ports (the empty text: one that a template fills in) and their names,
    its command, its probes, and where it is written. `partial` tells that a template may give it more keys, `ports_at` is the place of the key
    of its ports where that stands first on a line."""

    name: str
    keys: frozenset[str]
    ports: tuple[int | str, ...]
    command: str
    image: str
    span: Span
    partial: bool = False
    port_names: frozenset[str] = frozenset()
    probes: tuple[Probe, ...] = ()
    ports_at: Span | None = None

    @property
    def is_patch(self) -> bool:
        """Whether this only changes a container that another file has: one without an image cannot run."""
        return "image" not in self.keys and not self.partial

    def probe(self, name: str) -> Probe | None:
        """The probe of a name."""
        return next((p for p in self.probes if p.name == name), None)


class Workload(msgspec.Struct, frozen=True):
    """A workload that keeps pods running. `kind` is "Knative Service" for those of Knative and Cloud Run."""

    kind: str
    name: str
    containers: tuple[Container, ...]
    span: Span

    @property
    def symbol(self) -> str:
        """Its name among the objects of a cluster, as `kubectl` writes it."""
        return f"{self.kind}/{self.name}"


def workloads(data: bytes) -> list[Workload]:
    """The workloads of a YAML file, several documents and lists included. Of a Helm template those that can be told without
    rendering it; other templates are no YAML and give none.

    Raises:
        Unreadable: when the file looks like a manifest but is not valid YAML.
    """
    if not _HINT.search(data) or b"{%" in data:
        return []
    yaml_nodes.check_size(data, "a manifest")
    documents = _outlined(data) if b"{{" in data else yaml_nodes.documents(data)
    found: list[Workload] = []
    for document in documents:
        _collect(document, found)
    return found


def _outlined(data: bytes) -> list[Any]:
    try:
        return yaml_nodes.documents(helm.outline(data.decode("utf-8-sig")).encode())
    except (Unreadable, UnicodeDecodeError):
        return []  # what its actions give is needed to read it


def _collect(node: Any, found: list[Workload]) -> None:
    mapping = yaml_nodes.mapping(node)
    kind = yaml_nodes.scalar(mapping.get("kind"))
    if kind == "List":
        for item in getattr(mapping.get("items"), "value", ()):
            _collect(item, found)
        return
    if kind == "Service" and yaml_nodes.scalar(mapping.get("apiVersion")).startswith(_KNATIVE):
        kind = KNATIVE_SERVICE
    if kind in SERVING_KINDS:
        metadata = yaml_nodes.mapping(mapping.get("metadata"))
        spec = yaml_nodes.mapping(mapping.get("spec"))
        pod = spec if kind == "Pod" else yaml_nodes.mapping(yaml_nodes.mapping(spec.get("template")).get("spec"))
        containers = tuple(_container(c) for c in getattr(pod.get("containers"), "value", ()) if yaml_nodes.mapping(c))
        if kind == "Pod" and yaml_nodes.scalar(pod.get("restartPolicy")) in ("Never", "OnFailure"):
            return
        if containers:
            found.append(Workload(kind, _shown(metadata.get("name")), containers, yaml_nodes.span(node)))


def _container(node: Any) -> Container:
    mapping = yaml_nodes.mapping(node)
    ports, names = [], set()
    for port in getattr(mapping.get("ports"), "value", ()):
        entry = yaml_nodes.mapping(port)
        text = yaml_nodes.scalar(entry.get("containerPort"))
        ports.append(int(text) if text.isdigit() else text.replace(helm.RENDERED, ""))
        names.add(yaml_nodes.scalar(entry.get("name")))
    words = [yaml_nodes.scalar(w) for key in ("command", "args") for w in yaml_nodes.items(mapping.get(key))]
    return Container(
        _shown(mapping.get("name")),
        frozenset(mapping),
        tuple(ports),
        " ".join(words),
        yaml_nodes.scalar(mapping.get("image")),
        yaml_nodes.span(node),
        any(key.startswith(helm.RENDERED) for key in mapping),
        frozenset(names - {""}),
        tuple(_probe(name, mapping[name]) for name in PROBES if name in mapping),
        yaml_nodes.key_at(node, "ports"),
    )


def _probe(name: str, node: Any) -> Probe:
    entries = yaml_nodes.mapping(node)
    how = next((key for key in ("httpGet", "tcpSocket", "exec", "grpc") if key in entries), "")
    asked = yaml_nodes.mapping(entries.get(how))
    command = " ".join(yaml_nodes.scalar(word) for word in yaml_nodes.items(asked.get("command")))
    numbers = {key: yaml_nodes.scalar(value) for key, value in entries.items()}
    return Probe(
        name,
        how,
        command if how == "exec" else yaml_nodes.scalar(asked.get("path")),
        yaml_nodes.scalar(asked.get("port")),
        {key: int(text) for key, text in numbers.items() if text.isdigit() and len(text) < 10},
        yaml_nodes.span(node),
    )


def _shown(node: Any) -> str:
    return yaml_nodes.scalar(node).replace(helm.RENDERED, "…")
