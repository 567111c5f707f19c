"""Kinds and contexts of files."""

from __future__ import annotations

import enum


class FileContext(str, enum.Enum):
    """What a file is for; rules that make no sense in a context stay silent there. "script" is what people start beside the service, "tooling" what builds, checks or describes it."""

    PRODUCTION = "production"
    TEST = "test"
    MIGRATION = "migration"
    SETTINGS = "settings"
    SCRIPT = "script"
    TOOLING = "tooling"
    GENERATED = "generated"


class FileKind(str, enum.Enum):
    """How a file is read."""

    PYTHON = "python"
    TEMPLATE = "template"
    SETTINGS = "settings"
    YAML = "yaml"
    DOCKERFILE = "dockerfile"
