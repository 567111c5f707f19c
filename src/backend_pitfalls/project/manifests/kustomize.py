"""What kustomize adds to workloads without a file of its own for each: patches within a kustomization, and lists of JSON operations.

https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from backend_pitfalls.model.regex import regex
from backend_pitfalls.project.manifests import kubernetes, yaml_nodes
from backend_pitfalls.project.manifests.kubernetes import Workload
from backend_pitfalls.syntax.source import Unreadable

_NAME = regex(r"(^|/)(kustomization\.ya?ml|Kustomization)$")
# `/spec/template/spec/containers/0/livenessProbe`, and the same of a pod.
_CONTAINER = regex(r"^/spec(?:/template/spec)?/containers/(\d+)/(\w+)$")
_OPERATIONS = regex(rb"^\s*-?\s*[\"']?op[\"']?\s*:", re.MULTILINE)

Added = tuple[tuple[int, str], ...]
"""Keys that operations add, each with the position of its container."""


class Patch(msgspec.Struct, frozen=True):
    """Operations of JSON that change the workload of a kind and a name (empty: any): what they add, or the file in which they are."""

    kind: str
    name: str
    added: Added = ()
    file: str = ""


def is_kustomization(path: str) -> bool:
    """Whether a file is one, by its name."""
    return bool(_NAME.search(path))


def operations(data: bytes) -> Added:
    """What a file of JSON operations adds to containers; empty for any other file.

    Raises:
        Unreadable: when it looks like one and is not valid YAML.
    """
    if b"/containers/" not in data or b"{{" in data or not _OPERATIONS.search(data):
        return ()
    yaml_nodes.check_size(data, "a patch")
    return tuple(key for document in yaml_nodes.documents(data) for key in _added(document))


def patches(path: str, data: bytes) -> tuple[tuple[Patch, ...], tuple[Workload, ...]]:
    """The patches of a kustomization: those by operations, and those that are written as parts of workloads.

    Parameters:
        path: of the kustomization, relative to the project root.
        data: its content.

    Raises:
        Unreadable: when it is not valid YAML.
    """
    yaml_nodes.check_size(data, "a kustomization")
    found: list[Patch] = []
    merged: list[Workload] = []
    for document in yaml_nodes.documents(data):
        entries = yaml_nodes.mapping(document)
        for key in ("patches", "patchesJson6902", "patchesStrategicMerge"):
            for node in yaml_nodes.items(entries[key]) if key in entries else ():
                _patch(path, node, found, merged)
    return tuple(found), tuple(merged)


def _patch(path: str, node: Any, found: list[Patch], merged: list[Workload]) -> None:
    entry = yaml_nodes.mapping(node)
    target = yaml_nodes.mapping(entry.get("target"))
    text = yaml_nodes.scalar(entry.get("patch")) if entry else yaml_nodes.scalar(node)
    kind, name = yaml_nodes.scalar(target.get("kind")), yaml_nodes.scalar(target.get("name"))
    file = yaml_nodes.scalar(entry.get("path"))
    if file:
        found.append(Patch(kind, name, file=posixpath.normpath(posixpath.join(posixpath.dirname(path), file))))
    elif "\n" in text:
        try:
            merged.extend(kubernetes.workloads(text.encode()))
            documents = yaml_nodes.documents(text.encode())
        except Unreadable:
            return  # what kustomize makes of it is not for us to say
        found.extend(Patch(kind, name, tuple(_added(document))) for document in documents)


def _added(document: Any) -> Iterator[tuple[int, str]]:
    if getattr(document, "id", "") != "sequence":
        return
    for node in document.value:
        entry = yaml_nodes.mapping(node)
        at = _CONTAINER.match(yaml_nodes.scalar(entry.get("path")))
        if at and yaml_nodes.scalar(entry.get("op")) in ("add", "replace"):
            yield int(at[1]), at[2]
