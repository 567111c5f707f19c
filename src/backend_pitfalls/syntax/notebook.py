"""The code of a Jupyter notebook, with its places in the file.

Notebooks are written with one line of a cell a line: https://nbformat.readthedocs.io/en/latest/format_description.html. One that is not is no code here.
"""

from __future__ import annotations

import ast
import json
import re
import warnings

from backend_pitfalls.model.finding import Span
from backend_pitfalls.model.regex import regex

_CELL_TYPE = regex(r'^\s*"cell_type":\s*"(\w+)"')
_OPENS = regex(r'^\s*"source":\s*\[\s*$')
_STRING = regex(r'^(?P<indent>\s*)(?P<text>"(?:[^"\\]|\\.)*")\s*,?\s*$')
_LINE_END = regex(r'\\n",?\s*$')
# Commands of IPython, which are no Python. https://ipython.readthedocs.io/en/stable/interactive/magics.html
_MAGIC = regex(r"^(\s*)([%!?]|.*\?\s*$)")


class Notebook:
    """The code cells of a notebook as one module, and what else the file says.

    Parameters:
        text: of the file.
    """

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._places: list[int] = []
        code: list[str] = []
        for cell in self._cells():
            lines = [_python(json.loads(_string(self._lines[i])["text"], strict=False).rstrip("\r\n")) for i in cell]
            if _is_python("\n".join(lines)):
                code.extend(lines)
                self._places.extend(cell)
        self.code = "\n".join(code)
        """The code of all cells that are Python."""
        taken = {*self._places}
        self.rest = "\n".join("" if i in taken else _LINE_END.sub("", line) for i, line in enumerate(self._lines))
        """The text of the file without that code, line for line, as the lines of a cell read."""

    def _cells(self) -> list[list[int]]:
        """The lines (from nought) of each code cell."""
        found: list[list[int]] = []
        kind, is_source = "", False
        for number, line in enumerate(self._lines):
            if is_source:
                is_source = _STRING.match(line) is not None
                if is_source and kind == "code":
                    found[-1].append(number)
            elif match := _CELL_TYPE.match(line):
                kind = match[1]
            elif _OPENS.match(line):
                is_source = True
                found.append([])
        return found

    def span(self, span: Span) -> Span:
        """A range of the code as a range of the file."""
        return Span(*self._place(span.line, span.col), *self._place(span.end_line, span.end_col))

    def _place(self, line: int, col: int) -> tuple[int, int]:
        number = self._places[line - 1]
        match = _string(self._lines[number])
        decoded = json.loads(match["text"], strict=False)
        return number + 1, match.end("indent") + len(json.dumps(decoded[:col], ensure_ascii=False)) - 1


def _string(line: str) -> re.Match[str]:
    match = _STRING.match(line)
    assert match is not None
    return match


def _python(line: str) -> str:
    return _MAGIC.sub(r"\1pass  #", line)


def _is_python(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
