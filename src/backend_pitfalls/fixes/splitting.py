"""How a line that has become too long is split, by the rules that black and ruff format with.

https://black.readthedocs.io/en/stable/the_black_code_style/current_style.html#how-black-wraps-lines
"""

from __future__ import annotations

import contextlib
import io
import keyword
import tokenize
from collections.abc import Sequence
from itertools import pairwise

import msgspec

_OPENING, _CLOSING = "([{", ")]}"
_INDENT = 4
# What binds least is where a line is split first.
_COMMA, _LOOP, _CHOICE, _LOGIC, _STRINGS, _COMPARISON, _CHAIN = 20, 18, 16, 14, 12, 10, 1
_OPERATORS = {
    **dict.fromkeys(("for", "async"), _LOOP),
    **dict.fromkeys(("if", "else"), _CHOICE),
    **dict.fromkeys(("and", "or"), _LOGIC),
    **dict.fromkeys(("in", "is", "<", ">", "==", "!=", "<=", ">="), _COMPARISON),
    "|": 9,
    "^": 8,
    "&": 7,
    "<<": 6,
    ">>": 6,
    "+": 5,
    "-": 5,
    "*": 4,
    "/": 4,
    "//": 4,
    "%": 4,
    "@": 4,
}
_ASSIGNS = frozenset(["=", "+=", "-=", "*=", "/=", "|=", "&=", "%="])
# Black puts what stands behind these in parentheses of its own when it has to.
_WRAPPED = frozenset(["return", "if", "elif", "while", "assert"])
_HEADERS = frozenset(["with", "async", "for", "def", "class", "except", "match", "case", "else", "try", "finally"])


class _Token(msgspec.Struct, frozen=True):
    text: str
    kind: int
    start: int
    end: int
    depth: int


def split_line(line: str, limit: int, is_statement: bool) -> list[str]:
    """The lines that a formatter would make of one that is too long; the line alone where it cannot be split, or only by a person.

    Parameters:
        line: without its line end.
        limit: the longest line.
        is_statement: whether the line is a statement or the head of one, and not a part of it.
    """
    tokens = _tokens(line, is_statement)
    indent = line[: len(line) - len(line.lstrip())]
    if not tokens or len(line) <= limit or (tokens[-1].end <= limit and "#" in line[tokens[-1].end :]):
        return [line]
    first, last = _expression(tokens, is_statement)
    head, body, tail = _cut(line, tokens, first, last)
    if not is_statement and not head.strip() and (parts := _at_delimiters(body)):
        parts[-1] += tail if not parts[-1].endswith(",") else ""
        return [made for part in parts for made in split_line(indent + part, limit, is_statement=False)]
    is_wrappable = is_statement and first > 0 and tokens[first - 1].text in (_WRAPPED | _ASSIGNS)
    if is_wrappable and _needs_parentheses(tokens[first:last], limit, len(_inner(indent)) + len(body)):
        return [f"{head}(", *_between(body, _inner(indent), limit, is_literal=False), f"{indent}){tail}"]
    return _at_bracket(line, tokens, last, indent, limit)


def _tokens(line: str, is_statement: bool = True) -> list[_Token]:
    """The tokens of a line by their depth in brackets; none where it is not whole by itself. What is no statement may begin with what closes
    brackets of lines above."""
    found: list[_Token] = []
    depth = in_text = text_start = 0
    stripped = line.strip() if is_statement else line.strip().lstrip(_CLOSING)
    offset = len(line.rstrip()) - len(stripped)
    for token in _read(stripped):
        name = tokenize.tok_name[token.type]
        if name.endswith("STRING_START"):
            # An f-string is several tokens since Python 3.12; here it is one.
            text_start = token.start[1] if not in_text else text_start
            in_text += 1
        if token.type == tokenize.ERRORTOKEN or token.string == ";" or token.string == "\\":
            return []
        if not in_text and token.string.strip() and token.type not in (tokenize.COMMENT, tokenize.ENDMARKER):
            depth -= token.string in _CLOSING
            found.append(
                _Token(token.string, token.type, token.start[1] + offset, token.end[1] + offset, max(depth, 0))
            )
            if token.start[0] != 1 or depth < 0:
                return []
            depth += token.string in _OPENING
        elif in_text == 1 and name.endswith("STRING_END"):
            found.append(_Token('""', tokenize.STRING, text_start + offset, token.end[1] + offset, depth))
        in_text -= name.endswith("STRING_END")
    return found if depth == 0 and not line.endswith("\\") else []


def _read(text: str) -> list[tokenize.TokenInfo]:
    found: list[tokenize.TokenInfo] = []
    with contextlib.suppress(tokenize.TokenError, IndentationError, SyntaxError):
        # A block's first line ends where its block would start; what was read up to there counts.
        found.extend(tokenize.generate_tokens(io.StringIO(text).readline))
    return found


def _expression(tokens: Sequence[_Token], is_statement: bool) -> tuple[int, int]:
    """From which token to which (exclusive) the expression reaches that may be split: behind the last `=` or a keyword, before a colon or comma."""
    last = len(tokens)
    while last and tokens[last - 1].text in (":", ",") and tokens[last - 1].depth == 0:
        last -= 1
    if not is_statement:
        return 0, last
    assigned = [i for i, t in enumerate(tokens[:last]) if t.depth == 0 and t.text in _ASSIGNS]
    if assigned:
        return assigned[-1] + 1, last
    return int(tokens[0].text in _WRAPPED or tokens[0].text in _HEADERS), last


def _needs_parentheses(body: Sequence[_Token], limit: int, alone: int) -> bool:
    """Whether an expression gets parentheses of its own, to be split at its operators or to have a line of its own, of length `alone`; else it
    is split in its last brackets."""
    found = _delimiters(body)
    if not found:
        return alone <= limit and not any(close > opening + 1 for opening, close in _pairs(body))
    if any(priority == _COMMA for _, priority in found):
        return False
    highest = max(priority for _, priority in found)
    count = sum(priority == highest for _, priority in found)
    if count > 1:
        return True
    if highest == _CHAIN:
        return False
    pairs = _pairs(body)
    if not pairs or pairs[-1][1] != len(body) - 1 or pairs[-1][0] == len(body) - 2:
        return True
    return body[pairs[-1][0]].end > limit


def _delimiters(body: Sequence[_Token]) -> list[tuple[int, int]]:
    """The tokens before which an expression may be split (a comma: behind which), with their priorities."""
    found: list[tuple[int, int]] = []
    if not body:
        return found
    outer = min(token.depth for token in body)
    is_loop = in_names = in_lambda = False
    for index, (before, token) in enumerate(pairwise(body), start=1):
        if token.depth != outer:
            continue
        in_lambda = (in_lambda or before.text == "lambda") and (in_names or token.text != ",")
        in_names = (in_names or before.text in ("lambda", "for")) and token.text not in ("in", ":")
        is_loop = is_loop or token.text == "for"
        priority = 0 if in_lambda or in_names else _priority(before, token, is_loop)
        if priority:
            found.append((index, priority))
    return found


def _priority(before: _Token, token: _Token, is_loop: bool) -> int:
    if token.text == ",":
        return _COMMA
    if token.text == ".":
        # The dots of `a.b.c` hold together, those behind a call do not.
        return _CHAIN if before.text in _CLOSING or before.kind == tokenize.STRING else 0
    if token.kind == before.kind == tokenize.STRING:
        return _STRINGS
    if token.text == "if" and is_loop:
        return _LOOP
    if (before.text, token.text) in (("is", "not"), ("not", "in")) or (token.text == "in" and is_loop):
        return 0
    if token.text == "not":
        return 0
    is_binary = before.text not in _OPERATORS and before.text not in (
        ",",
        "(",
        "[",
        "{",
        "=",
        "**",
        ":",
        "not",
        "await",
    )
    is_binary = is_binary and not (keyword.iskeyword(before.text) and before.text not in ("None", "True", "False"))
    return _OPERATORS.get(token.text, 0) if is_binary else 0


def _at_bracket(line: str, tokens: Sequence[_Token], last: int, indent: str, limit: int) -> list[str]:
    """The line split in its last brackets that hold something and whose head is short enough."""
    pairs = [(opening, close) for opening, close in _pairs(tokens[:last]) if close > opening + 1]
    if not pairs:
        return [line]
    opening, close = next((pair for pair in reversed(pairs) if tokens[pair[0]].end <= limit), pairs[0])
    head, body, tail = _cut(line, tokens, opening + 1, close)
    is_literal = opening == 0 or not _is_called(tokens[opening - 1])
    return [head.rstrip(), *_between(body, _inner(indent), limit, is_literal), f"{indent}{tail.lstrip()}"]


def _pairs(tokens: Sequence[_Token]) -> list[tuple[int, int]]:
    """The outermost brackets, from left to right."""
    opening = [i for i, token in enumerate(tokens) if token.depth == 0 and token.text in _OPENING]
    closing = [i for i, token in enumerate(tokens) if token.depth == 0 and token.text in _CLOSING]
    return [*zip(opening, closing)]


def _is_called(token: _Token) -> bool:
    return token.text in (")", "]") or (token.kind == tokenize.NAME and not keyword.iskeyword(token.text))


def _cut(line: str, tokens: Sequence[_Token], first: int, last: int) -> tuple[str, str, str]:
    """A line before, between and behind two tokens."""
    start = tokens[first - 1].end if first else tokens[0].start
    end = tokens[last - 1].end
    between = line[start:end]
    space = between[: len(between) - len(between.lstrip())]
    return line[:start] + space, between.strip(), line[end:]


def _inner(indent: str) -> str:
    return indent + ("\t" if indent.startswith("\t") else " " * _INDENT)


def _between(body: str, indent: str, limit: int, is_literal: bool) -> list[str]:
    """What stands between brackets, on one line where that is short enough, else split; elements of a list, dictionary or tuple always are."""
    parts = _at_delimiters(body)
    is_short = len(indent) + len(body) <= limit and not body.endswith(",")
    if not parts or (is_short and not (is_literal and parts[0].endswith(","))):
        parts = [body]
    return [made for part in parts for made in split_line(indent + part, limit, is_statement=False)]


def _at_delimiters(body: str) -> list[str]:
    """An expression, or several, split at what binds least; a comma stands behind each of several. None where nothing is to be split there."""
    tokens = _tokens(body)
    found = _delimiters(tokens)
    highest = max((priority for _, priority in found), default=0)
    at = [tokens[i] for i, priority in found if priority == highest]
    if highest == _COMMA:
        parts = _apart(body, [token.end for token in at])
        return [*parts[:-1], parts[-1] + ("," if not body.endswith(",") else "")]
    parts = _apart(body, [token.start for token in at]) if highest > _CHAIN or len(at) > 1 else []
    return parts if len(parts) > 1 else []


def _apart(text: str, places: Sequence[int]) -> list[str]:
    cut = [0, *places, len(text)]
    return [part for start, end in pairwise(cut) if (part := text[start:end].strip())]
