"""Kubernetes workloads in YAML files, with positions."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from backend_pitfalls.model.finding import Span
from backend_pitfalls.model.regex import regex
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
_HINT = regex(
    rb"^\s*kind:\s*['\"]?(Deployment|StatefulSet|DaemonSet|ReplicaSet|ReplicationController|Rollout|Pod|List)\b"
    rb"|serving\.knative\.dev/",
    re.MULTILINE,
)


PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


# https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
GRACE = 30


class Probe(msgspec.Struct, frozen=True):
    """A probe of a container: how it asks ("httpGet", "tcpSocket", "exec", "grpc", or "" where that cannot be told), the URL path or the command,
    the port as written, its numbers by name ("failureThreshold" …), where it is written, the names of the headers that it sends, in lower case, and its scheme."""

    name: str
    how: str
    target: str
    port: str
    numbers: dict[str, int]
    span: Span
    headers: frozenset[str] = frozenset()
    scheme: str = ""


class Container(msgspec.Struct, frozen=True):
    """A container of a workload: its name, the keys that it has, its ports (the empty text: one that a template fills in) and their names,
    its command, its probes, and where it is written. `partial` tells that a template may give it more keys, `ports_at` is the place of the key
    of its ports where that stands first on a line. `conditions` are the values of a chart on which probes depend, `left_out` the probes that those leave out; `pause` are the
    seconds for which it waits before it is told to stop."""

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
    conditions: dict[str, str] = {}
    left_out: tuple[str, ...] = ()
    pause: int = 0

    @property
    def is_patch(self) -> bool:
        """Whether this only changes a container that another file has: one without an image cannot run."""
        return "image" not in self.keys and not self.partial

    def probe(self, name: str) -> Probe | None:
        """The probe of a name."""
        return next((p for p in self.probes if p.name == name), None)


class Workload(msgspec.Struct, frozen=True):
    """A workload that keeps pods running. `kind` is "Knative Service" for those of Knative and Cloud Run, `grace` the seconds after which a pod that was told to stop is killed."""

    kind: str
    name: str
    containers: tuple[Container, ...]
    span: Span
    grace: int = GRACE

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
    if (b"kind" not in data and b"knative" not in data) or b"{%" in data or not _HINT.search(data):
        return []
    yaml_nodes.check_size(data, "a manifest")
    is_template = b"{{" in data
    documents = _outlined(data) if is_template else yaml_nodes.documents(data)
    conditions = helm.conditions(data.decode("utf-8-sig")) if is_template and documents else []
    found: list[Workload] = []
    for document in documents[:MAX_DOCUMENTS]:
        _collect(document, found, conditions, 0)
    return found


# Documents, and lists in lists, of one file: more are no manifest that a person wrote.
MAX_DOCUMENTS, MAX_DEPTH, MAX_WORKLOADS = 2_000, 4, 2_000


def _outlined(data: bytes) -> list[Any]:
    try:
        return yaml_nodes.documents(helm.outline(data.decode("utf-8-sig")).encode())
    except (Unreadable, UnicodeDecodeError):
        return []  # what its actions give is needed to read it


def _collect(node: Any, found: list[Workload], conditions: list[str], depth: int) -> None:
    if depth > MAX_DEPTH or len(found) >= MAX_WORKLOADS:
        return
    mapping = yaml_nodes.mapping(node)
    kind = yaml_nodes.scalar(mapping.get("kind"))
    if kind == "List":
        for item in getattr(mapping.get("items"), "value", ()):
            _collect(item, found, conditions, depth + 1)
        return
    if kind == "Service" and yaml_nodes.scalar(mapping.get("apiVersion")).startswith(_KNATIVE):
        kind = KNATIVE_SERVICE
    if kind in SERVING_KINDS:
        metadata = yaml_nodes.mapping(mapping.get("metadata"))
        spec = yaml_nodes.mapping(mapping.get("spec"))
        pod = spec if kind == "Pod" else yaml_nodes.mapping(yaml_nodes.mapping(spec.get("template")).get("spec"))
        listed = getattr(pod.get("containers"), "value", ())
        containers = tuple(_container(c, conditions) for c in listed if yaml_nodes.mapping(c))
        grace = yaml_nodes.scalar(pod.get("terminationGracePeriodSeconds"))
        if kind == "Pod" and yaml_nodes.scalar(pod.get("restartPolicy")) in ("Never", "OnFailure"):
            return
        if containers:
            found.append(
                Workload(kind, _shown(metadata.get("name")), containers, yaml_nodes.span(node), _seconds(grace, GRACE))
            )


def _seconds(text: str, otherwise: int) -> int:
    """A number of seconds; what a template fills in is taken to be long."""
    if helm.RENDERED in text:
        return 10**6
    return int(text) if text.isdigit() and len(text) < 8 else otherwise


_SLEEP = regex(r"\bsleep\s+(\d{1,5})\b")


def _pause(node: Any) -> int:
    """The seconds for which a container waits before it is told to stop.

    https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/
    """
    hook = yaml_nodes.mapping(yaml_nodes.mapping(node).get("preStop"))
    slept = yaml_nodes.scalar(yaml_nodes.mapping(hook.get("sleep")).get("seconds"))
    words = yaml_nodes.items(yaml_nodes.mapping(hook.get("exec")).get("command")) if "exec" in hook else []
    asleep = _SLEEP.search(" ".join(yaml_nodes.scalar(word) for word in words))
    return _seconds(slept, 0) or (int(asleep[1]) if asleep else 0)


def _container(node: Any, conditions: list[str]) -> Container:
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
        _conditional(node, conditions) if conditions else {},
        (),
        _pause(mapping.get("lifecycle")),
    )


def _conditional(node: Any, conditions: list[str]) -> dict[str, str]:
    """The values on which the probes of a container depend, by the probes' names."""
    keys = yaml_nodes.keys(node)
    lines = {name: keys[name].start_mark.line for name in PROBES if name in keys}
    return {name: conditions[line] for name, line in lines.items() if line < len(conditions) and conditions[line]}


def _probe(name: str, node: Any) -> Probe:
    entries = yaml_nodes.mapping(node)
    how = next((key for key in ("httpGet", "tcpSocket", "exec", "grpc") if key in entries), "")
    asked = yaml_nodes.mapping(entries.get(how))
    command = " ".join(yaml_nodes.scalar(word) for word in yaml_nodes.items(asked.get("command")))
    numbers = {key: yaml_nodes.scalar(value) for key, value in entries.items()}
    headers = yaml_nodes.items(asked["httpHeaders"]) if "httpHeaders" in asked else []
    return Probe(
        name,
        how,
        command if how == "exec" else yaml_nodes.scalar(asked.get("path")),
        yaml_nodes.scalar(asked.get("port")),
        {key: int(text) for key, text in numbers.items() if text.isdigit() and len(text) < 10},
        yaml_nodes.span(node),
        frozenset(yaml_nodes.scalar(yaml_nodes.mapping(h).get("name")).lower() for h in headers),
        yaml_nodes.scalar(asked.get("scheme")).upper(),
    )


def _shown(node: Any) -> str:
    return yaml_nodes.scalar(node).replace(helm.RENDERED, "…")
