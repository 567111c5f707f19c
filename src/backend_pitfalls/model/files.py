"""Kinds and contexts of files."""

from __future__ import annotations

import enum
import re

from backend_pitfalls.model.regex import regex


class FileContext(str, enum.Enum):
    """What a file is for; rules that make no sense in a context stay silent there. "script" is what people start beside the service, "tooling" what builds, checks or describes it."""

    PRODUCTION = "production"
    TEST = "test"
    MIGRATION = "migration"
    SETTINGS = "settings"
    SCRIPT = "script"
    TOOLING = "tooling"
    GENERATED = "generated"


NOT_THE_PROGRAM = frozenset({FileContext.TEST, FileContext.MIGRATION, FileContext.GENERATED})
"""What is not written to be run again and again."""
NOT_THE_SERVICE = NOT_THE_PROGRAM | {FileContext.SCRIPT, FileContext.TOOLING}
"""What answers no requests."""


OF_DEVELOPERS = regex(
    r"(^|[/_.])(dev|development|devstack|local|tests?|testing|ci|example|sandbox|docs)([/_.]|$)", re.IGNORECASE
)
"""The paths of settings with which nobody is served."""


class FileKind(str, enum.Enum):
    """How a file is read."""

    PYTHON = "python"
    TEMPLATE = "template"
    SETTINGS = "settings"
    YAML = "yaml"
    DOCKERFILE = "dockerfile"
