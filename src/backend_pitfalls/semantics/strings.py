"""Methods of strings whose text is at least partly known."""

from __future__ import annotations

from collections.abc import Mapping

from backend_pitfalls.semantics.values import (
    CLEAN,
    UNKNOWN,
    Const,
    Container,
    Instance,
    Text,
    Unknown,
    Value,
    constant_text,
    deep_labels,
    union_labels,
)

MAX_TEXT = 4000
"""Characters of a known text that are kept."""

_KEEPS_SHAPE = frozenset(
    {"strip", "lstrip", "rstrip", "encode", "decode", "expandtabs", "title", "capitalize", "casefold", "swapcase"}
)
_TESTS = frozenset(
    {
        "startswith",
        "endswith",
        "isdigit",
        "isalpha",
        "isalnum",
        "isnumeric",
        "isidentifier",
        "islower",
        "isupper",
        "isspace",
        "find",
        "index",
        "count",
    }
)


def method(receiver: Value, name: str, positional: tuple[Value, ...], keywords: Mapping[str, Value]) -> Value:
    """The result of a string method."""
    if name == "format":
        return _format(receiver, positional, keywords)
    if name == "join" and positional:
        return _join(receiver, positional[0])
    if name in _TESTS:
        return Instance("builtins.bool")
    if name in ("lower", "upper") and isinstance(receiver, Const) and isinstance(receiver.value, str):
        return Const(getattr(receiver.value, name)())
    if name in _KEEPS_SHAPE:
        return receiver
    labels = receiver.labels.union(*(deep_labels(v) for v in positional)) if positional else receiver.labels
    if isinstance(receiver, (Const, Text)) and name == "replace" and not any(deep_labels(v) for v in positional):
        return receiver if receiver.labels else UNKNOWN
    return Unknown(labels)


def _join(separator: Value, parts: Value) -> Value:
    text = constant_text(separator)
    if not isinstance(parts, Container):
        return Unknown(deep_labels(parts))
    parts = parts.iterated()
    if parts.rest is None and text is not None:
        pieces: list[str | Value] = []
        for index, value in enumerate(parts.items.values()):
            if index:
                pieces.append(text)
            pieces.append(value)
        return text_of(pieces)
    elements = parts.elements()
    return (
        text_of([elements, text or "", elements])
        if elements.labels or isinstance(elements, (Const, Text))
        else Unknown(deep_labels(parts))
    )


def _format(template: Value, positional: tuple[Value, ...], keywords: Mapping[str, Value]) -> Value:
    text = constant_text(template)
    if text is None:
        labels = template.labels.union(CLEAN, *(deep_labels(v) for v in (*positional, *keywords.values())))
        return Text((template,), labels) if labels else UNKNOWN
    pieces: list[str | Value] = []
    rest, auto = text.replace("{{", "\1").replace("}}", "\2"), 0
    while (at := rest.find("{")) >= 0:
        end = rest.find("}", at)
        if end < 0:
            break
        field = rest[at + 1 : end].split(":")[0].split("!")[0]
        head = field.split(".")[0].split("[")[0]
        pieces.append(rest[:at])
        if head == "" or head.isdigit():
            index = auto if head == "" else int(head)
            auto += head == ""
            pieces.append(positional[index] if index < len(positional) else UNKNOWN)
        else:
            pieces.append(keywords.get(head, UNKNOWN))
        rest = rest[end + 1 :]
    pieces.append(rest)
    return text_of([p.replace("\1", "{").replace("\2", "}") if isinstance(p, str) else p for p in pieces if p != ""])


def text_of(parts: list[str | Value]) -> Value:
    """A text from its parts, nested texts spliced in and neighbours merged."""
    flat: list[str | Value] = []
    for part in parts:
        pieces: tuple[str | Value, ...] = (part,)
        if isinstance(part, Text) and part.labels == union_labels(p for p in part.parts if isinstance(p, Value)):
            pieces = part.parts
        elif isinstance(part, Const) and isinstance(part.value, str) and not part.labels:
            pieces = (part.value,)
        for piece in pieces:
            if isinstance(piece, str) and flat and isinstance(flat[-1], str):
                flat[-1] = (flat[-1] + piece)[:MAX_TEXT]
            else:
                flat.append(piece)
    if not flat:
        return Const("")
    if len(flat) == 1 and isinstance(flat[0], str):
        return Const(flat[0])
    return Text(tuple(flat))
