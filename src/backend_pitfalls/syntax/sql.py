"""Where in the text of an SQL statement a value may stand that a driver can bind."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backend_pitfalls.model.regex import regex

_COMPARED = regex(r"(?:=|<|>|!=|\blike|\bilike)\s*$", re.IGNORECASE)
_VALUES = regex(r"\bvalues\s*\([^)]*$", re.IGNORECASE)
_ENDS = regex(r"\s|[),;]|$")


class Place:
    """Where a value stands: the texts around it without the quotes that it stands in, and what stands in those quotes before and behind it."""

    def __init__(self, before: str, prefix: str, suffix: str, after: str) -> None:
        self.before = before
        self.prefix = prefix
        self.suffix = suffix
        self.after = after


def value_place(before: str, after: str) -> Place | None:
    """The place of a value between two texts of a statement; None where it may be a name or a piece of syntax.

    Parameters:
        before: all text before the value, with `?` for other values.
        after: the text to the next value, or to the end.
    """
    prefix = suffix = ""
    if before.count("'") % 2 == 1:
        closing = after.find("'")
        if closing < 0:
            return None
        opening = before.rfind("'")
        prefix, suffix = before[opening + 1 :], after[:closing]
        before, after = before[:opening], after[closing + 1 :]
    if not (_COMPARED.search(before) or _VALUES.search(before)) or not _ENDS.match(after):
        return None
    return Place(before, prefix, suffix, after)


def are_values(texts: Sequence[str]) -> bool:
    """Whether all that stands between the texts of a statement is a value."""
    rest, head = list(texts), ""
    for number in range(len(rest) - 1):
        place = value_place(head + rest[number], rest[number + 1])
        if place is None:
            return False
        head, rest[number + 1] = f"{place.before}?", place.after
    return len(rest) > 1 and all(rest[1:-1])
