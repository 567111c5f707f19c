"""Texts that facts do not keep as they are, for facts are written to the cache: what may be a credential, by its name or its form."""

from __future__ import annotations

import re

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.facts import Scalar

_NAME = regex(
    r"pass(?:word|wd|phrase|code)?$|pwd$|secret|token|key$|credential|auth|cookie|salt|session|dsn$|ur[il]$",
    re.IGNORECASE,
)
_ADDRESS = regex(r"(://[^:/\s]*:)[^@/\s]+(?=@)")
_MADE = regex(r"(?=[A-Za-z_/+-]*[0-9])(?=[^a-z]*[a-z])[A-Za-z0-9_/+-]{20,}")
_SETTING_LIKE = regex(r"^[\w./ -]{0,5}$|^[a-z_./-]+$|^https?://[^@]*$")


def masked(name: str, value: Scalar) -> Scalar:
    """The value, or a text of the same length when it may be a secret.

    Parameters:
        name: of what has the value.
        value: a constant of the source.
    """
    if not isinstance(value, str):
        return value
    value = _ADDRESS.sub(r"\1***", value)
    if _MADE.fullmatch(value) or (_NAME.search(name) and not _SETTING_LIKE.match(value)):
        return "*" * len(value)
    return value
