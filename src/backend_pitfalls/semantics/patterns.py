"""What the groups of a regular expression let through."""

from __future__ import annotations

import re
from functools import lru_cache

from backend_pitfalls.semantics.values import CLEAN, Const, Instance, Unknown, Value, constant_text

_WHOLE = frozenset({"group", "groups", "groupdict", "__getitem__", "expand"})
# The parts of patterns that match letters, digits and what stands between them: a word, a number, a date, a version.
_CLASS = r"\[-?(?:[A-Z]-[A-Z]|[a-z]-[a-z]|[0-9]-[0-9]|\\[dw.:-]|[\w .:])+-?\]"
_REST = r"\\[dwbAZ.:-]|[\w :^$|()*+?-]|\(\?P<\w+>|\{\d*,?\d*\}"
_HARMLESS = re.compile(f"(?:{_CLASS}|{_REST})+")


def group(match: Instance, name: str, given: tuple[Value, ...]) -> Value:
    """What a method of a match gives: the text of a group, which is clean when its pattern lets only harmless characters through.

    Parameters:
        match: the object, with its pattern where that is known.
        name: of the method.
        given: its arguments.
    """
    if name not in _WHOLE:
        return Instance("builtins.int") if name in ("start", "end") else Unknown(match.labels)
    pattern = constant_text(match.attributes.get("<pattern>", Unknown()))
    asked = given[0].value if given and isinstance(given[0], Const) else 0
    if pattern is None or not match.labels or name != "group" or len(given) > 1:
        return Unknown(match.labels)
    return Unknown(CLEAN if _is_harmless(pattern, asked) else match.labels)


@lru_cache(maxsize=1024)
def _is_harmless(pattern: str, asked: object) -> bool:
    """Whether a group of a pattern matches nothing but harmless characters, told from the parts that it is made of."""
    return _HARMLESS.fullmatch(_part(pattern, asked)) is not None


def _part(pattern: str, asked: object) -> str:
    """The pattern of a group; the empty string when it cannot be told."""
    if asked == 0:
        return pattern
    number = 0
    opened: list[tuple[int, bool]] = []
    escaped = in_class = False
    for at, letter in enumerate(pattern):
        if escaped or letter == "\\":
            escaped = not escaped
        elif in_class:
            in_class = letter != "]"
        elif letter == "[":
            in_class = True
        elif letter == "(":
            named = re.match(r"\(\?P<(\w+)>", pattern[at:])
            is_group = named is not None or pattern[at + 1 : at + 2] != "?"
            number += is_group
            is_asked = is_group and (asked == number or (named is not None and asked == named[1]))
            opened.append((at + (named.end() if named is not None else 1), is_asked))
        elif letter == ")" and opened:
            start, is_asked = opened.pop()
            if is_asked:
                return pattern[start:at]
    return ""
