r"""Escapes of half a character (`\ud83d`), which no text that goes to a file or another process can hold. In their place stands the
replacement character, so that all else stays where it is. https://www.unicode.org/glossary/#surrogate_code_point"""

from __future__ import annotations

from backend_pitfalls.model.regex import regex

_IN_SOURCE = regex(r"(\\(?:u|U0000))[dD][89a-fA-F][0-9a-fA-F]{2}")
# JSON writes one character as two of them.
_IN_DATA = regex(rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def replaced_in_source(text: str) -> str:
    """Python without such escapes."""
    return _IN_SOURCE.sub(r"\1fffd", text) if "\\u" in text or "\\U" in text else text


def replaced_in_data(data: bytes) -> bytes:
    """JSON, YAML and the like without such escapes."""
    return _IN_DATA.sub(lambda found: found[1] or rb"\ufffd", data) if b"\\u" in data else data


def is_whole(text: str) -> bool:
    """Whether a text, such as the name of a file, holds none of them."""
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)


def legible(path: str) -> str:
    """The name of a file, with the replacement character for the bytes that are no UTF-8."""
    return path if is_whole(path) else path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
