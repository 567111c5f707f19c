"""Dockerfiles, compose files and Kubernetes workloads as facts with positions, and the events that tell rules of them."""

from __future__ import annotations

import msgspec

from backend_pitfalls.model.finding import Site, Step
from backend_pitfalls.project.manifests.compose import Service
from backend_pitfalls.project.manifests.dockerfile import Image
from backend_pitfalls.project.manifests.kubernetes import Container, Probe, Workload
from backend_pitfalls.project.manifests.kustomize import Added, Patch
from backend_pitfalls.project.manifests.platforms import Hosted
from backend_pitfalls.project.manifests.settings import CommentFound, Setting, SettingFound
from backend_pitfalls.semantics.records import HealthRoute

__all__ = [
    "CheckFound",
    "CommentFound",
    "ComposeFound",
    "HealthAsked",
    "HostedFound",
    "ImageFound",
    "LoopFound",
    "Manifest",
    "OperationsFound",
    "PatchesFound",
    "ProbeFound",
    "Setting",
    "SettingFound",
    "ValuesFound",
    "WorkersFound",
    "WorkloadFound",
]


class Ways(msgspec.Struct, frozen=True):
    """The paths at which a service answers whether it lives, and whether it is ready; empty where none is known for certain."""

    live: str = ""
    ready: str = ""


class WorkloadFound(msgspec.Struct, frozen=True, tag=True):
    """A Kubernetes workload in a file; `ways` are those of the services in its containers, `commands` what they start, also by their images, both by the containers' names; `unwatched` are those whose service certainly
    shows no metrics."""

    path: str
    workload: Workload
    ways: dict[str, Ways] = {}
    commands: dict[str, str] = {}
    unwatched: frozenset[str] = frozenset()


class ComposeFound(msgspec.Struct, frozen=True, tag=True):
    """A compose file's services; `images` are those of them that are built in the project, `checks` commands that ask them, by their names."""

    path: str
    services: tuple[Service, ...]
    images: dict[str, Image] = {}
    checks: dict[str, str] = {}


class ImageFound(msgspec.Struct, frozen=True, tag=True):
    """A Dockerfile's final stage; `check` is a command that asks the service in it, where one is known for certain."""

    path: str
    image: Image
    check: str = ""


class HostedFound(msgspec.Struct, frozen=True, tag=True):
    """A service in the file of a platform."""

    path: str
    service: Hosted


class ValuesFound(msgspec.Struct, frozen=True, tag=True):
    """The values of a chart by their paths: whether they are there, as a condition of its templates sees them."""

    path: str
    values: dict[str, bool]


class PatchesFound(msgspec.Struct, frozen=True, tag=True):
    """What a kustomization changes by operations of JSON."""

    path: str
    patches: tuple[Patch, ...]


class OperationsFound(msgspec.Struct, frozen=True, tag=True):
    """A file of operations of JSON that add keys to containers."""

    path: str
    added: Added


class LoopFound(msgspec.Struct, frozen=True):
    """A program of the project that a container starts (`command`, at `started`), and that goes round for ever without hearing that it is to stop."""

    site: Site
    command: str
    started: Site


class WorkersFound(msgspec.Struct, frozen=True):
    """An application of Celery whose workers something starts (`started`), and that nothing asks whether they live."""

    site: Site
    started: Site


class ProbeFound(msgspec.Struct, frozen=True):
    """A probe of a container. `served` tells whether a service that is certainly the one in the container has a route of that path (None:
    it is not certain which service that is); `folder` is where that service lives, `command` what the container starts, also by its image, `refused` why the service does
    not let the probe in, with the file that says so."""

    path: str
    workload: Workload
    container: Container
    probe: Probe
    served: bool | None
    folder: str = ""
    command: str = ""
    refused: Step | None = None


class CheckFound(msgspec.Struct, frozen=True):
    """A command that checks a container from the inside, and the image in which it runs."""

    site: Site
    command: str
    image: Image


class HealthAsked(msgspec.Struct, frozen=True):
    """A route about health, where probes ask for it (by their names) and for how many seconds each waits, and a service beside it (a database, a broker) that it cannot work
    without."""

    health: HealthRoute
    probes: dict[str, Site]
    needs: Site | None
    limits: dict[str, int] = {}


Manifest = WorkloadFound | ComposeFound | ImageFound | HostedFound | ValuesFound | PatchesFound | OperationsFound
