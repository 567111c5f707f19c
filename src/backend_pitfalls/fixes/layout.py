"""How a call that has become too long is split over lines, as black and ruff do it."""

from __future__ import annotations

import contextlib
import io
import tokenize

_OPENING, _CLOSING = "([{", ")]}"
_INDENT = 4


def split_call(line: str, open_at: int, close_at: int, arguments: str, limit: int) -> str:
    """The text between the parentheses of a call on one line, once it has these arguments.

    Parameters:
        line: with the call, without its line end.
        open_at: the column of the opening parenthesis.
        close_at: the column of the closing one.
        arguments: what shall stand between them, on one line.
        limit: the longest line.

    Returns:
        The arguments as they are where the line stays short enough; else all of them on a line of their own, or where that is too long each,
        with a trailing comma. A call inside other brackets stays as it is: those are what a formatter would split.
    """
    whole = f"{line[: open_at + 1]}{arguments}{line[close_at:]}"
    if len(whole) <= limit or _is_nested(line, open_at) or line.rstrip().endswith("\\"):
        return arguments
    indent = line[: len(line) - len(line.lstrip())]
    inner = indent + ("\t" if indent.startswith("\t") else " " * _INDENT)
    if len(inner) + len(arguments) <= limit:
        return f"\n{inner}{arguments}\n{indent}"
    parts = _parts(arguments)
    return "\n" + "".join(f"{inner}{part},\n" for part in parts) + indent if parts else arguments


def _is_nested(line: str, at: int) -> bool:
    """Whether a column lies inside brackets that open on the line, or the line holds several statements or a comment."""
    tokens = _tokens(line)
    depth = 0
    for token in tokens:
        if token.type == tokenize.COMMENT or token.string == ";":
            return True
        if token.start[1] < at and token.type == tokenize.OP:
            depth += (token.string in _OPENING) - (token.string in _CLOSING)
    return depth != 0 or not tokens


def _parts(arguments: str) -> list[str]:
    """The arguments apart; nothing when they cannot be told apart."""
    found, start, depth = [], 0, 0
    for token in _tokens(arguments):
        if token.type != tokenize.OP:
            continue
        depth += (token.string in _OPENING) - (token.string in _CLOSING)
        if token.string == "," and depth == 0:
            found.append(arguments[start : token.start[1]].strip())
            start = token.end[1]
    return [part for part in (*found, arguments[start:].strip()) if part]


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    found: list[tokenize.TokenInfo] = []
    with contextlib.suppress(tokenize.TokenError, IndentationError, SyntaxError):
        # A block's first line ends where its block would start; what was read up to there counts.
        found.extend(tokenize.generate_tokens(io.StringIO(text).readline))
    return found
