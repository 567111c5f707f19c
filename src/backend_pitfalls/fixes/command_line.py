"""The repair of a command line that is put together for a shell: a list of arguments, which no shell reads."""

from __future__ import annotations

import ast
import re

import libcst as cst

from backend_pitfalls.fixes.edits import Edit
from backend_pitfalls.fixes.piece import Piece, Place, last_name
from backend_pitfalls.fixes.statement import Part, taken_apart
from backend_pitfalls.model.regex import regex

_STARTS = frozenset({"run", "Popen", "call", "check_call", "check_output"})
# What a shell reads as more than text. https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html#tag_18_02
_SPECIAL = regex(r"[|&;<>()$`\\*?\[\]#~!{}\n]|^[A-Za-z_]\w*=")
_IN_QUOTES = regex(r"[$`\\!]")

Word = list[Part]


def list_edits(tree: ast.Module, piece: Piece, place: Place, are_texts: bool, run: str) -> list[Edit] | None:
    """The edits that give a program its arguments as a list; None where the shell does more with the command than to take it apart.

    Parameters:
        tree: of the file.
        piece: that the call stands in.
        place: of the call.
        are_texts: whether all values in the command are texts.
        run: the name of `subprocess.run` in the file, which takes the place of `os.system`.
    """
    call = piece.at(place, cst.Call)
    if not isinstance(call, cst.Call) or not call.args or call.args[0].star or call.args[0].keyword is not None:
        return None
    words = words_of(taken_apart(call.args[0].value)[1])
    if not words or not isinstance(words[0][0], str):
        return None
    written = f"[{', '.join(_source(word, are_texts) for word in words)}]"
    edits = [piece.replaced(call.args[0].value, written)]
    if last_name(call.func) == "system" and len(call.args) == 1 and _stands_alone(tree, place):
        return [*edits, piece.replaced(call.func, run)]
    shell = [i for i, a in enumerate(call.args) if a.keyword is not None and a.keyword.value == "shell"]
    if last_name(call.func) not in _STARTS or not shell:
        return None
    # With the comma before it; what follows keeps its own.
    start, end = piece.position(call.args[shell[0] - 1]).end, piece.position(call.args[shell[0]]).end
    return [*edits, Edit(start.line, start.column, end.line, end.column, "")]


def words_of(parts: list[Part]) -> list[Word]:
    """A command line apart at its spaces and quotes, as a shell does it; none where it does more.

    Parameters:
        parts: the texts and values that the command is put together of.
    """
    words: list[Word] = []
    quote, is_open = "", False
    for part in parts:
        if not isinstance(part, str):
            words = words if is_open else [*words, []]
            words[-1].append(part)
            is_open = True
            continue
        for piece in re.findall(r"""[\'"]|\s+|[^\s'"]+""", part):
            if quote:
                if piece == quote:
                    quote = ""
                    continue
                if quote == '"' and _IN_QUOTES.search(piece):
                    return []
            elif piece in ("'", '"'):
                quote = piece
                words = words if is_open else [*words, []]
                is_open = True
                continue
            elif piece.isspace():
                is_open = False
                continue
            elif _SPECIAL.search(piece):
                return []
            words = words if is_open else [*words, []]
            words[-1].append(piece)
            is_open = True
    return [word or [""] for word in words] if not quote else []


def _source(word: Word, are_texts: bool) -> str:
    """A word as source: a text, a value, or an f-string of both."""
    if all(isinstance(part, str) for part in word):
        return _quoted("".join(str(part) for part in word))
    module = cst.Module([])
    if len(word) == 1 and not isinstance(word[0], str):
        given = module.code_for_node(_unquoted(word[0]))
        return given if are_texts else f"str({given})"
    text = "".join(
        part.replace("{", "{{").replace("}", "}}")
        if isinstance(part, str)
        else f"{{{module.code_for_node(_unquoted(part))}}}"
        for part in word
    )
    return f"f{_quoted(text)}"


def _unquoted(node: cst.BaseExpression) -> cst.BaseExpression:
    """`shlex.quote(x)` is `x` where no shell takes the quotes away."""
    is_quoting = isinstance(node, cst.Call) and last_name(node.func) == "quote" and len(node.args) == 1
    return node.args[0].value if is_quoting and isinstance(node, cst.Call) else node


def _quoted(text: str) -> str:
    quote = "'" if '"' in text else '"'
    return f"{quote}{text}{quote}"


def _stands_alone(tree: ast.Module, place: Place) -> bool:
    """Whether nothing uses what a call gives."""
    return any(
        isinstance(node, ast.Expr) and (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) == place
        for node in ast.walk(tree)
    )
