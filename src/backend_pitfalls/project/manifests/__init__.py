"""Dockerfiles, compose files and Kubernetes workloads as facts with positions, and the events that tell rules of them."""

from __future__ import annotations

import msgspec

from backend_pitfalls.project.manifests.compose import Service
from backend_pitfalls.project.manifests.dockerfile import Image
from backend_pitfalls.project.manifests.kubernetes import Workload
from backend_pitfalls.project.manifests.settings import Setting, SettingFound

__all__ = ["ComposeFound", "ImageFound", "Setting", "SettingFound", "WorkloadFound"]


class WorkloadFound(msgspec.Struct, frozen=True):
    """A Kubernetes workload in a file."""

    path: str
    workload: Workload


class ComposeFound(msgspec.Struct, frozen=True):
    """A compose file's services."""

    path: str
    services: tuple[Service, ...]


class ImageFound(msgspec.Struct, frozen=True):
    """A Dockerfile's final stage."""

    path: str
    image: Image
