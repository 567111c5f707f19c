"""The prefilter of tests, in which only what certainly is a credential is told: whether something in a file may be one, seen in its text alone.

It says yes too often rather than too rarely: what it lets pass is read as code, and judged as all else.
"""

from __future__ import annotations

import functools
import re

from backend_pitfalls.model.knowledge import Knowledge
from backend_pitfalls.model.regex import regex
from backend_pitfalls.rules.credentials import (
    CERTAIN_KINDS,
    GRANT,
    URL_PASSWORD,
    is_placeholder,
    kind_of,
    looks_made,
    stands_for_password,
    token_in,
    within,
)
from backend_pitfalls.semantics.bindings import MEANS_CREDENTIAL, PAIRED, places

NEAR = 300
"""Characters before a text, and behind it, within which what tells of a credential stands."""
_QUOTED = regex(r"""["']([^"'\s]{12,})["']""")
_DIGIT = regex(r"[0-9]")
# Addresses and paths, which are judged as none.
_LEADS_SOMEWHERE = regex(r"https?://|/|\./")
_NAME = regex(r"[^\W\d][\w.-]*")
_FUNCTION = regex(r"def (\w+)\(([^)]*)\)")
_CLASS = regex(r"class (\w+)")
_PARENTHESIS = regex(r"(\w*)\(|\)")
_RETURNS = regex(r"\breturn\b")
_DEFINES = regex(r"\bdef (\w+)\(")
_ASSIGNED = regex(r"(\w+)\s*(?::[^=\n]*)?$")
_IS_GIVEN = regex(r"=\s*\(?\s*[rbuRBU]{0,2}")


# The parts of `URL_PASSWORD` and `GRANT` that are found fast.
_USER_INFO = regex(r"://[^/\s:@'\"]*:[^/\s@'\"]{3,}@")
_PASSWORD_GIVEN = regex(r"password\s+'")


def may_be_certain(text: str, knowledge: Knowledge) -> bool:
    """Whether something in a file may be a credential whatever it is called, or looks made and may be called one.

    Parameters:
        text: of the whole file, in any language.
        knowledge: for the token formats, and the calls that take a credential.
    """
    return (
        "PRIVATE KEY" in text
        or (_USER_INFO.search(text) is not None and _gives_password(URL_PASSWORD, text))
        or (_may_grant(text.lower()) and _gives_password(GRANT, text))
        or token_in(text, knowledge) is not None
        or _Text(text, knowledge).holds_one()
    )


def _may_grant(lowered: str) -> bool:
    return "identified" in lowered or _PASSWORD_GIVEN.search(lowered) is not None


def _gives_password(pattern: re.Pattern[str], text: str) -> bool:
    return any(not stands_for_password(found["password"]) for found in pattern.finditer(text))


_CONTINUED = regex(r"""\s*[+\\]?\s*[rbRB]?["']""")


@functools.lru_cache(maxsize=2)
def _beginnings(knowledge: Knowledge) -> tuple[frozenset[str], tuple[str, ...]]:
    """How tokens begin whose formats begin with letters, and the first three characters of each."""
    literal = [re.match(r"[A-Za-z0-9_-]*(?![{?*+|])", token.pattern) for token in knowledge.tokens]
    beginnings = {found[0] for found in literal if found is not None and len(found[0]) > 2} - {"https"}
    return frozenset(beginning[:3] for beginning in beginnings), tuple(sorted(beginnings))


class _Text:
    """A file as text, and what was found in it so far."""

    def __init__(self, text: str, knowledge: Knowledge) -> None:
        self._text = text
        self._knowledge = knowledge
        self._called: frozenset[str] | None = None
        self._used: dict[str, bool] = {}

    def holds_one(self) -> bool:
        """Whether a text without spaces begins a token, or looks made and stands beside a name, or in a call, that means a credential."""
        firsts, beginnings = _beginnings(self._knowledge)
        return any(
            (quoted[1][:3] in firsts and quoted[1].startswith(beginnings) and self._is_token(quoted))
            or (_DIGIT.search(quoted[1]) is not None and self._is_named(quoted))
            for quoted in _QUOTED.finditer(self._text)
        )

    def _is_token(self, quoted: re.Match[str]) -> bool:
        """Whether a text is a token, or the first of several that are joined to one."""
        is_continued = _CONTINUED.match(self._text, quoted.end()) is not None
        return is_continued or self._knowledge.token_of(quoted[1]) is not None

    def _is_named(self, quoted: re.Match[str]) -> bool:
        """Whether a text looks made, and what is around it says that it is a credential."""
        made = quoted[1]
        if "=" in made and within(made, self._knowledge) is not None:
            return True
        return (
            not _LEADS_SOMEWHERE.match(made)
            and looks_made(made)
            and not is_placeholder(made)
            and (self._stands_beside(quoted.start(), quoted.end()) or self._is_named_before(quoted.start()))
        )

    def _stands_beside(self, start: int, end: int) -> bool:
        """Whether a name on a text's line, or on the one above, means a credential."""
        text = self._text
        above = text.rfind("\n", 0, max(0, text.rfind("\n", 0, start)))
        below = text.find("\n", end)
        first, last = max(above + 1, start - NEAR), min(below if below >= 0 else len(text), end + NEAR)
        return self._means([*_NAME.findall(text, first, start), *_NAME.findall(text, end, last)])

    def _is_named_before(self, start: int) -> bool:
        """Whether a text is an argument, a result or a variable that means a credential."""
        before = self._text[max(0, start - NEAR) : start]
        if not self._takers().isdisjoint(_open_calls(before)):
            return True
        if _RETURNS.search(before) and self._means(_DEFINES.findall(self._text, max(0, start - 10 * NEAR), start)[-1:]):
            return True
        equals = before.rfind("=")
        if equals < 0 or _IS_GIVEN.fullmatch(before, equals) is None:
            return False
        assigned = _ASSIGNED.search(before, before.rfind("\n", 0, equals) + 1, equals)
        return assigned is not None and self._is_used(assigned[1])

    def _is_used(self, name: str) -> bool:
        """Whether a variable stands beside a name that means a credential."""
        found = self._used.get(name)
        if found is None:
            found = self._used[name] = any(self._stands_beside(at, at + len(name)) for at in places(name, self._text))
        return found

    def _means(self, names: list[str]) -> bool:
        return any(
            name in PAIRED or kind_of(name.rpartition(".")[2], self._knowledge) in CERTAIN_KINDS for name in names
        )

    def _takers(self) -> frozenset[str]:
        """What takes a credential when it is called: what the tables know, the functions of the file whose parameters mean one, and
        its classes, whose methods may have such parameters."""
        if self._called is None:
            own = [
                function[1]
                for function in _FUNCTION.finditer(self._text)
                if any(map(MEANS_CREDENTIAL.search, _NAME.findall(function[2])))
            ]
            self._called = self._knowledge.credential_callees.union(own, _CLASS.findall(self._text))
        return self._called


def _open_calls(before: str) -> list[str]:
    """The names of the calls that are not closed yet at the end of a text."""
    found: list[str] = []
    closed = 0
    for parenthesis in reversed(list(_PARENTHESIS.finditer(before))):
        if parenthesis[0] == ")":
            closed += 1
        elif closed:
            closed -= 1
        else:
            found.append(parenthesis[1])
    return found
