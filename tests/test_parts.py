"""Which parts of a file an edit changes."""

from __future__ import annotations

import pytest

from backend_pitfalls.semantics.extract import extract
from backend_pitfalls.syntax.parts import BODY, CONTENT, FIRST, FUNCTIONS, changed, digests, parts_of
from backend_pitfalls.syntax.source import Source

FILE = '''"""What it is for."""

from lib import decorate

LIMIT = 3  # of them


class Shop:
    """Sells."""

    name = "a"

    @decorate
    def open(self, at=8):
        # early
        return at

    def close(self): return 20


# The help of both.
def helper(
    a,
): return a


if LIMIT:

    async def later():
        return 1


def last():
    def inner():
        return 2

    return inner
'''
OPEN, CLOSE, HELPER, LATER, LAST = (1 << FIRST + place for place in range(5))
OF_BODY = 1 << BODY
NAMES = {OF_BODY: "body", OPEN: "open", CLOSE: "close", HELPER: "helper", LATER: "later", LAST: "last"}


def digested(text: str) -> bytes:
    source = Source("shop.py", text.encode())
    return digests(source, extract(source.tree, "shop.py", "shop", text, False).functions)


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ('"""What it is for."""', '"""What it does."""', {"body"}),
        ('"""Sells."""', '"""Buys."""', {"body"}),
        ("LIMIT = 3", "LIMIT = 4", {"body"}),
        ('name = "a"', 'name = "b"', {"body"}),
        ("# The help of both.\n", "", set()),
        ("# The help of both.\n", "# Of one.\n\n\n", set()),
        ("    @decorate\n", "    @undecorate\n", {"body", "open"}),
        ("at=8", "at=9", {"body", "open"}),
        ("return at", "return at + 1", {"open"}),
        ("# early", "# late", {"body", "open"}),
        ("return 20", "return 21", {"body", "close"}),
        ("): return a", "): return -a", {"body", "helper"}),
        ("    a,\n", "    a=1,\n", {"body", "helper"}),
        ("return 1\n", "return 3\n", {"body", "later"}),
        ("return 2\n", "return 3\n", {"last"}),
    ],
)
def test_an_edit_changes_the_parts_that_it_is_in(old: str, new: str, parts: set[str]) -> None:
    assert FILE.count(old) == 1
    bits = changed(digested(FILE), digested(FILE.replace(old, new)))
    assert bits & 1 << CONTENT
    assert {name for bit, name in NAMES.items() if bits & bit} == parts


@pytest.mark.parametrize("text", [FILE.replace("def last", "def first"), f"{FILE}\n\ndef more():\n    pass\n", ""])
def test_other_functions_change_everything_that_they_move(text: str) -> None:
    assert changed(digested(FILE), digested(text)) & LAST


def test_what_cannot_be_compared_is_changed_in_all_parts() -> None:
    assert changed(b"", digested(FILE)) == changed(digested(FILE), b"") == -1


@pytest.mark.parametrize("count", [0, 1, FUNCTIONS - 1, FUNCTIONS, FUNCTIONS + 1, 100])
def test_neighbouring_functions_share_a_part(count: int) -> None:
    parts = parts_of(f"f{number}" for number in range(count))
    assert list(parts.values()) == sorted(parts.values())
    assert set(parts.values()) == set(range(FIRST, FIRST + min(count, FUNCTIONS)))
