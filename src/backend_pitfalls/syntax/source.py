"""From bytes to text to a syntax tree, for any bytes."""

from __future__ import annotations

import ast
import codecs
import contextlib
import io
import sys
import tokenize
import warnings

from backend_pitfalls.model.finding import Span
from backend_pitfalls.syntax.newer import rewritten
from backend_pitfalls.syntax.surrogates import replaced_in_source

MAX_BYTES = 4_000_000
"""A Python file above this size is data, not code that a person wrote; it is skipped with a note."""


class Unreadable(Exception):
    """A file that cannot be analysed: why (one line) and the line where that shows."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def decode(data: bytes) -> str:
    """Return the text of Python source bytes, honouring a BOM and a coding cookie (PEP 263).

    Raises:
        Unreadable: when the bytes are not in the encoding they declare (UTF-8 without a cookie).
    """
    if b"\0" in data[:8192]:
        raise Unreadable("is a binary file, not Python source; exclude it or rename it")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        raise Unreadable(
            f"{error.msg}; save it as UTF-8 or declare its encoding in a coding comment on line 1"
        ) from None
    if data.startswith(codecs.BOM_UTF8):
        data = data[len(codecs.BOM_UTF8) :]
        encoding = "utf-8"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"is not valid {encoding}; save it as UTF-8 or declare its encoding in a coding comment on line 1", line
        ) from None
    except LookupError:
        raise Unreadable(f"declares the unknown encoding {encoding!r}; correct the coding comment on line 1") from None


def tree_of(text: str) -> ast.Module:
    """The syntax tree of a source, also of one that only a newer Python reads.

    Raises:
        SyntaxError: when it is not Python.
    """
    try:
        return ast.parse(text)
    except SyntaxError:
        newer = rewritten(text)
        if newer is not None:
            with contextlib.suppress(SyntaxError):
                return ast.parse(newer)
        raise


def parse(text: str, target_version: tuple[int, int] | None = None) -> ast.Module:
    """Parse source text, also such as only a newer Python can read where the target version does not rule that out.

    Parameters:
        text: the source.
        target_version: the oldest Python version whose grammar the source may use, such as (3, 10).

    Raises:
        Unreadable: for a syntax error or source nested too deeply for the parser.
    """
    text = replaced_in_source(text)
    version = target_version if target_version and target_version < sys.version_info[:2] else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if target_version is None or target_version > sys.version_info[:2]:
                return tree_of(text)
            return ast.parse(text, feature_version=version)
    except SyntaxError as error:
        version_read = ".".join(map(str, version or sys.version_info[:2]))
        raise Unreadable(f"syntax error, read as Python {version_read}: {error.msg}", error.lineno or 1) from None
    except (RecursionError, MemoryError):
        raise Unreadable("is nested too deeply to be parsed; split the expression") from None
    except ValueError as error:
        raise Unreadable(f"cannot be parsed: {error}") from None


class Source:
    """One Python file: text, tree and exact positions.

    `path` is relative to the project root, with forward slashes.
    """

    _lines: list[str] | None = None

    def __init__(self, path: str, data: bytes, target_version: tuple[int, int] | None = None) -> None:
        if len(data) > MAX_BYTES:
            raise Unreadable(
                f"has {len(data):,} bytes, more than the {MAX_BYTES:,} that are analysed; exclude it or split it"
            )
        self.path = path
        self.text = decode(data)
        self.tree = parse(self.text, target_version)
        self._ascii = self.text.isascii()

    @property
    def lines(self) -> list[str]:
        """Lines as the parser counts them (a form feed does not end a line)."""
        if self._lines is None:
            self._lines = split_lines(self.text)
        return self._lines

    def span(self, node: ast.AST) -> Span:
        """The node's range in characters (ast counts columns in UTF-8 bytes)."""
        line, col, end_line, end_col = node.lineno, node.col_offset, node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]
        if self._ascii:
            return Span(line, col, end_line, end_col)
        return Span(line, self._characters(line, col), end_line, self._characters(end_line, end_col))

    def _characters(self, line: int, column: int) -> int:
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        return column if text.isascii() else len(text.encode()[:column].decode(errors="replace"))

    def snippet(self, node: ast.AST, limit: int = 60) -> str:
        """The node's source on one line, shortened for a message."""
        span = self.span(node)
        lines = self.lines[span.line - 1 : span.end_line]
        if not lines:
            return ""
        lines[-1] = lines[-1][: span.end_col]
        lines[0] = lines[0][span.col :]
        code = " ".join(" ".join(lines[:limit]).split())
        return code if len(code) <= limit else code[: limit - 1] + "…"


def split_lines(text: str) -> list[str]:
    """Split at the line ends that Python's tokenizer knows: LF, CRLF and CR."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
