"""What regular expressions let through: their groups, texts that match as a whole, texts of which the rest is replaced."""

from __future__ import annotations

import re
from functools import lru_cache

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.values import CLEAN, Const, Instance, Labels, Unknown, Value, constant_text

COMPILED = "re.Pattern"
"""The class of what `re.compile()` gives; an attribute `<pattern>` holds the text."""
METHODS = frozenset({"match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"})
"""Its methods that the module has as functions, with the pattern before the other arguments."""

_WHOLE = frozenset({"group", "groups", "groupdict", "__getitem__", "expand"})
# The parts of patterns that match letters, digits and what stands between them: a word, a number, a date, a version.
_CLASS = r"\[-?(?:[A-Z]-[A-Z]|[a-z]-[a-z]|[0-9]-[0-9]|\\[dw.:-]|[\w .:])+-?\]"
_REST = r"\\[dwbAZ.:-]|[\w :^$|()*+?-]|\(\?P<\w+>|\{\d*,?\d*\}"
_HARMLESS = regex(f"(?:{_CLASS}|{_REST})+")


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


_CLASS_OF_FEW = regex(r"\[(?!\^)(?:[^\]\\]|\\.)+\]")
_ANY = regex(r"(?<!\\)\.|\[\^")
_COMPLEMENT = regex(r"\\[SWD]")


def holds_whole(pattern: str, how: str) -> bool:
    """Whether a text that matches is made of the characters that the pattern names, from its beginning to its end.

    Parameters:
        pattern: the expression.
        how: "match", "search" or "fullmatch".
    """
    begins = how in ("match", "fullmatch") or pattern.startswith(("^", r"\A"))
    ends = how == "fullmatch" or pattern.endswith(("$", r"\Z"))
    return bool(pattern) and begins and ends and names_its_characters(pattern)


@lru_cache(maxsize=1024)
def names_its_characters(pattern: str) -> bool:
    """Whether no part of a pattern matches any character, or any but some."""
    return not _COMPLEMENT.search(pattern) and not _ANY.search(_CLASS_OF_FEW.sub("", pattern))


_ALL_BUT = regex(r"\[\^((?:\\[wds.\-]|A-Z|a-z|0-9|[\w .-])+)\][+*]?")
# What a text of letters, digits, dots, dashes and spaces cannot do; it may be `..`, or a host.
_OF_A_NAME = frozenset(
    {
        "html",
        "sql",
        "xpath",
        "ldap",
        "command",
        "code",
        "header",
        "mail-header",
        "log",
        "template",
        "redirect",
        "nosql",
        "format",
        "regex",
        "unchecked",
    }
)


def without(pattern: str, replacement: str, labels: Labels) -> Labels:
    """The labels of a text of which all that a pattern matches was replaced: none when only harmless characters stay.

    Parameters:
        pattern: the expression, `[^a-z0-9]` for one.
        replacement: what stands in its place.
        labels: of the text.
    """
    found = _ALL_BUT.fullmatch(pattern)
    if found is None or not re.fullmatch(r"[\w -]*", replacement):
        return labels
    if "." in found[1]:  # which leaves `..`
        return frozenset(label.clean(_OF_A_NAME) for label in labels)
    return frozenset(label for label in labels if label.kind != "input")


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
