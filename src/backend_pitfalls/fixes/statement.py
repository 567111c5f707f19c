"""SQL statements that are put together from text and values, taken apart so that a driver can bind the values.

https://peps.python.org/pep-0249/#paramstyle names the styles of placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import libcst as cst

from backend_pitfalls.model.regex import regex
from backend_pitfalls.syntax.sql import value_place

Part = str | cst.BaseExpression
"""A stretch of a statement as it stands in the source, or the expression that is put in."""

_FORMATTED = regex(r"\{\{|\}\}|\{(\w*)\}")
_PERCENT = regex(r"%%|%[sdi]")


class Bound:
    """A statement with placeholders, as source, and the source of the values in their order."""

    def __init__(self, literal: str, values: list[str]) -> None:
        self.literal = literal
        self.values = values


def bound(node: cst.BaseExpression, placeholder: Callable[[int, str], str]) -> Bound | None:
    """The statement that an expression makes, with its values apart; None where a value is not certainly one (it may be a name or a piece
    of syntax), or where the form of the expression is not known.

    Parameters:
        node: the expression: an f-string, `%`, `.format()`, or a sum.
        placeholder: for the number of a value, from nought, and its source.
    """
    quote, parts = taken_apart(node)
    if not quote or not any(isinstance(p, cst.BaseExpression) for p in parts):
        return None
    texts = _joined(parts)
    if texts is None:
        return None
    return _with_placeholders(quote, texts[0], texts[1], placeholder)


def taken_apart(node: cst.BaseExpression) -> tuple[str, list[Part]]:
    """The quotes of the literals of which a text is put together, and its stretches and values; no quotes where the form is not known.

    Parameters:
        node: the expression: an f-string, `%`, `.format()`, or a sum.
    """
    return _Taken().apart(node)


class _Taken:
    """Takes an expression apart; all its literals must have the same quotes and no prefix but `f`."""

    def __init__(self) -> None:
        self._quote = ""

    def apart(self, node: cst.BaseExpression) -> tuple[str, list[Part]]:
        """The quotes of the literals and the parts; no quotes where the form is not known."""
        parts = self._parts(node)
        return (self._quote, parts) if parts is not None else ("", [])

    def _parts(self, node: cst.BaseExpression) -> list[Part] | None:
        if isinstance(node, cst.SimpleString):
            return [node.raw_value] if self._is_plain(node.prefix, node.quote) else None
        if isinstance(node, cst.FormattedString):
            return self._formatted(node)
        if isinstance(node, cst.ConcatenatedString):
            return self._sum(node.left, node.right)
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
            return self._sum(node.left, node.right)
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Modulo):
            return self._percent(node)
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "format":
            return self._format(node, node.func.value)
        return None

    def _is_plain(self, prefix: str, quote: str) -> bool:
        self._quote = self._quote or quote
        return prefix.lower() in ("", "f") and quote == self._quote

    def _formatted(self, node: cst.FormattedString) -> list[Part] | None:
        if not self._is_plain(node.prefix, node.end):
            return None
        parts: list[Part] = []
        for part in node.parts:
            if isinstance(part, cst.FormattedStringText):
                parts.append(part.value.replace("{{", "{").replace("}}", "}"))
            elif isinstance(part, cst.FormattedStringExpression):
                if part.format_spec is not None or part.equal is not None or part.conversion not in (None, "s"):
                    return None
                parts.append(part.expression)
        return parts

    def _sum(self, left: cst.BaseExpression, right: cst.BaseExpression) -> list[Part] | None:
        found: list[Part] = []
        for side in (left, right):
            parts = self._parts(side)
            if parts is None:
                if isinstance(
                    side, (cst.BinaryOperation, cst.ConcatenatedString, cst.SimpleString, cst.FormattedString)
                ):
                    return None
                parts = [_unwrapped(side)]
            found.extend(parts)
        return found

    def _percent(self, node: cst.BinaryOperation) -> list[Part] | None:
        text = self._parts(node.left)
        if text is None or not all(isinstance(p, str) for p in text) or isinstance(node.right, cst.Dict):
            return None
        values = [e.value for e in node.right.elements] if isinstance(node.right, cst.Tuple) else [node.right]
        if isinstance(node.right, cst.Tuple) and any(isinstance(e, cst.StarredElement) for e in node.right.elements):
            return None
        whole, found, last = "".join(str(p) for p in text), [], 0
        parts: list[Part] = []
        for match in _PERCENT.finditer(whole):
            parts.append(whole[last : match.start()])
            last = match.end()
            if match[0] == "%%":
                parts.append("%")
            else:
                found.append(match)
                if len(found) > len(values):
                    return None
                parts.append(_unwrapped(values[len(found) - 1]))
        parts.append(whole[last:])
        is_all = len(found) == len(values) and "%" not in _PERCENT.sub("", whole)
        return parts if is_all else None

    def _format(self, node: cst.Call, text: cst.BaseExpression) -> list[Part] | None:
        literal = self._parts(text)
        if literal is None or not all(isinstance(p, str) for p in literal) or any(a.star for a in node.args):
            return None
        positional = [a.value for a in node.args if a.keyword is None]
        named = {a.keyword.value: a.value for a in node.args if a.keyword is not None}
        whole, last, count = "".join(str(p) for p in literal), 0, 0
        parts: list[Part] = []
        for match in _FORMATTED.finditer(whole):
            parts.append(whole[last : match.start()])
            last = match.end()
            if match[0] in ("{{", "}}"):
                parts.append(match[0][0])
                continue
            name = match[1]
            index = int(name) if name.isdigit() else count
            count += not name
            value = named.get(name) if name and not name.isdigit() else dict(enumerate(positional)).get(index)
            if value is None:
                return None
            parts.append(_unwrapped(value))
        parts.append(whole[last:])
        return parts if not re.search(r"[{}]", _FORMATTED.sub("", whole)) else None


def _unwrapped(node: cst.BaseExpression) -> cst.BaseExpression:
    """`str(x)` is bound as `x`."""
    if (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Name)
        and node.func.value == "str"
        and len(node.args) == 1
    ):
        return node.args[0].value
    return node


def _joined(parts: list[Part]) -> tuple[list[str], list[cst.BaseExpression]] | None:
    """The texts around the values, one more than those; None where two values meet."""
    texts, values = [""], []
    for part in parts:
        if isinstance(part, str):
            texts[-1] += part
        else:
            values.append(part)
            texts.append("")
    return (texts, values) if all(texts[1:-1]) else None


def _with_placeholders(
    quote: str, texts: list[str], values: list[cst.BaseExpression], placeholder: Callable[[int, str], str]
) -> Bound | None:
    if "\\" in "".join(texts):
        return None
    module, found = cst.Module([]), []
    texts, head = list(texts), ""
    for number, value in enumerate(values):
        place = value_place(head + texts[number], texts[number + 1])
        if place is None:
            return None
        source = module.code_for_node(value)
        if place.prefix or place.suffix:
            inner = "'" if '"' in quote else '"'
            if inner in source or any(c in place.prefix + place.suffix for c in "{}\"'"):
                return None
            source = f"f{inner}{place.prefix}{{{source}}}{place.suffix}{inner}"
        texts[number], texts[number + 1] = place.before[len(head) :], place.after
        head = f"{place.before}?"
        found.append(source)
    shown = "".join(t + (placeholder(i, found[i]) if i < len(found) else "") for i, t in enumerate(texts))
    return Bound(f"{quote}{shown}{quote}", found)
