"""Token formats: each has a token made by its rule, and a near miss that is none."""

from __future__ import annotations

import random
import re
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend_pitfalls.knowledge import load
from backend_pitfalls.model.knowledge import TokenFacts

TOKENS = load(()).tokens
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = DIGITS[digit] + text
    return text.rjust(6, "0")


def made(token: TokenFacts, text: str) -> str:
    """The text with the checksum that its format asks for."""
    if not token.checksum:
        return text
    prefix, _, rest = text.partition("_")
    return f"{prefix}_{rest[:-6]}{base62(zlib.crc32(rest[:-6].encode()))}"


def test_there_are_at_least_150() -> None:
    assert len(TOKENS) >= 150
    assert len({t.provider for t in TOKENS}) >= 140


@pytest.mark.parametrize("token", TOKENS, ids=lambda t: t.provider)
def test_a_token_made_by_the_rule_fits_and_with_a_foreign_character_does_not(token: TokenFacts) -> None:
    @settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @given(st.from_regex(token.pattern, fullmatch=True))
    def fits(text: str) -> None:
        text = made(token, text.rstrip("\n"))
        assert token.fits(text)
        assert not token.fits(f"\u00e9{text}")

    fits()


def test_a_wrong_checksum_is_no_token() -> None:
    generator = random.Random(1)
    for token in (t for t in TOKENS if t.checksum):
        prefix = re.split(r"[\[(]", token.pattern)[0]
        body = "".join(generator.choice(DIGITS) for _ in range(30))
        right = made(token, f"{prefix}{body}000000")
        assert token.fits(right)
        assert not token.fits(right[:-1] + ("0" if right[-1] != "0" else "1"))


def test_a_token_of_a_test_account_or_of_clients_is_a_note() -> None:
    from backend_pitfalls.fixes.api import check_source

    body = "4eC39HqLyjWDarjtT1zdp7dc"
    lines = [f"KEY_{kind} = 'sk_{kind}_{body}'" for kind in ("test", "live")]
    lines.append(f"DSN = 'https://{'0a1b2c3d' * 4}@o1.ingest.sentry.io/1234567'")
    found = check_source("\n".join(lines) + "\n")
    assert [(f.span.line, f.code, f.severity.value) for f in found] == [
        (1, "BPF201", "note"),
        (2, "BPF201", "error"),
        (3, "BPF201", "note"),
    ]
