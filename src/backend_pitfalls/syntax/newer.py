"""Source that only a newer Python parses, written so that this one does: every name stays in its place.

A tool runs under one Python and reads projects of all. What the grammar has got since 3.11 is a matter of writing: type parameters
(PEP 695), quotes and backslashes inside of f-strings (PEP 701), template strings (PEP 750), `except A, B:` (PEP 758).
"""

from __future__ import annotations

import re

from backend_pitfalls.model.regex import regex

_TOKEN = regex(
    r"""(?P<string>(?<!\w)[rRbBuUfFtT]{0,2}(?:\"\"\"|'''|"|'))|(?P<word>[^\W\d]\w*)|(?P<comment>\#[^\n]*)|(?P<open>[(\[{])|(?P<close>[)\]}])"""
)
_STRING = regex(r"""([rRbBuUfFtT]{0,2})(\"\"\"|'''|"|')""")
_ALIAS = regex(r"type[ \t]+([^\W\d]\w*)[ \t]*")
_NAMED = regex(r"[ \t]+[^\W\d]\w*[ \t]*")
_IS_BOUND = regex(r"[ \t]*=(?!=)")
_BEGINS = regex(r"(?:^|[\n;:])[ \t]*$")
_SEVERAL = regex(r" +[\w.]+(?:, *[\w.]+)+ *")
_IN_WORD = regex(r"\w")
_OPPOSITE = {"'": '"', '"': "'"}


class _Beyond(Exception):
    """Something that cannot be written otherwise without moving what stands behind it."""


def rewritten(text: str) -> str | None:
    """The source for an older parser; None where it has nothing that only newer ones know.

    Texts inside of f-strings may lose their backslashes, and an expression there that cannot be written with other quotes becomes a number.

    Parameters:
        text: of a whole file.
    """
    writer = _Writer(text)
    try:
        writer.code(0, len(text))
    except (_Beyond, _Clash, LookupError, ValueError, RecursionError):
        return None
    found = "".join(writer.out)
    return found if found != text else None


class _Clash(Exception):
    """An expression in an f-string that an older grammar has no way to write."""


class _Writer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.out = list(text)
        # Of fields inside of fields some are read twice; what is nested to be read for ever is no program.
        self.fields_left = 1_000 + len(text)

    def code(self, at: int, end: int) -> int:
        """Code up to `end`, or to the bracket that closes what was opened before `at`; where that is."""
        depth = 0
        while at < end and (found := _TOKEN.search(self.text, at, end)) is not None:
            kind = found.lastgroup
            if kind == "string":
                at = self.string(found.start(), ())
            elif kind == "word":
                at = self.word(found, end)
            elif kind == "close":
                if depth == 0:
                    return found.start()
                depth -= 1
                at = found.end()
            else:
                depth += kind == "open"
                at = found.end()
        return end

    def word(self, found: re.Match[str], end: int) -> int:
        """A word and what a newer grammar lets stand behind it."""
        word, at = found[0], found.end()
        if word in ("class", "def"):
            named = _NAMED.match(self.text, at, end)
            if named is not None and self.text.startswith("[", named.end()):
                at = self.code(named.end() + 1, end) + 1
                self.blank(named.end(), at)
        elif word == "type" and (alias := _ALIAS.match(self.text, found.start(), end)) is not None:
            stop = alias.end()
            if self.text.startswith("[", stop):
                stop = self.code(stop + 1, end) + 1
            if _IS_BOUND.match(self.text, stop, end) and self.begins(found.start()):
                self.blank(found.start(), stop)
                self.out[found.start() : found.start() + len(alias[1])] = alias[1]
                at = stop
        elif word == "except":
            self.several(at)
        return at

    def begins(self, at: int) -> bool:
        """Whether a statement begins here."""
        return _BEGINS.search(self.text, max(0, self.text.rfind("\n", 0, at)), at) is not None

    def several(self, at: int) -> None:
        """`except A, B:` as `except(A,B):`."""
        stop = self.text.find(":", at)
        line = self.text[at:stop] if stop >= 0 else ""
        if ", " in line and _SEVERAL.fullmatch(line):
            self.out[at:stop] = f"({line.strip().replace(', ', ',', 1)})".ljust(len(line))

    def string(self, at: int, around: tuple[str, ...]) -> int:
        """A string, in f-strings with the quotes `around` it; where it ends."""
        begin = _STRING.match(self.text, at)
        if begin is None:
            raise _Beyond
        prefix, quote = begin[1].lower(), begin[2]
        own = _with_others(quote, around)
        if {"f", "t"}.isdisjoint(prefix):
            stop = self.plain(begin.end(), quote)
            self.keep(range(begin.end(), stop - len(quote)), own, around)
        else:
            stop = self.rest_of(begin.end(), quote, "r" in prefix, own, around)
        for place, letter in enumerate(begin[1], at):
            if letter in "tT":
                self.out[place] = "f"
        if own != quote:
            self.out[begin.start(2) : begin.end()] = self.out[stop - len(quote) : stop] = own
        return stop

    def plain(self, at: int, quote: str) -> int:
        while not self.text.startswith(quote, at):
            if self.text[at] == "\n" and len(quote) == 1:
                raise _Beyond
            at += 2 if self.text[at] == "\\" else 1
        return at + len(quote)

    def rest_of(self, at: int, quote: str, is_raw: bool, own: str, around: tuple[str, ...]) -> int:
        """The rest of an f-string, from behind its quote, which becomes `own`."""
        while not self.text.startswith(quote, at):
            here = self.text[at]
            if here == "\n" and len(quote) == 1:
                raise _Beyond
            if here == "{" and self.text[at + 1] != "{":
                at = self.field(at + 1, (*around, own))
                continue
            stop = at + 1
            if self.text.startswith(("{{", "}}"), at) or (here == "\\" and self.text[at + 1] != "{"):
                stop = at + 2
            if here == "\\" and not is_raw and self.text.startswith("N{", at + 1):
                stop = self.text.index("}", at) + 1
                if around:
                    self.blank(at, stop)
            self.keep(range(at, stop), own, around)
            at = stop
        return at + len(quote)

    def keep(self, places: range, own: str, around: tuple[str, ...]) -> None:
        """The text of a string: inside of others without backslashes and without quotes that end one of them."""
        ending = {own[0], *(quote for quote in around if len(quote) == 1)}
        for place in places if around else ():
            if self.out[place] == "\\":
                self.out[place] = "/"
            elif self.out[place] in ending:
                self.out[place] = " "

    def field(self, at: int, around: tuple[str, ...]) -> int:
        """A replacement field, from behind its brace: an expression, a conversion, a format with fields of its own."""
        start = at
        self.fields_left -= 1
        if self.fields_left < 0:
            raise _Beyond
        try:
            at = self.expression(at, around)
        except _Clash:
            at = self.expression(start, ())
            if "\n" in self.text[start:at] and len(around[-1]) == 1:
                at = self.text.index("}", at) + 1  # lines only go on in the text of a string
                self.blank(start - 1, at)
                return at
            self.blank(start, at)
            self.out[start] = "0"
        while self.text[at] != "}":
            at = self.field(at + 1, around) if self.text[at] == "{" else at + 1
        return at + 1

    def expression(self, at: int, around: tuple[str, ...]) -> int:
        """Where the expression of a field ends; without quotes `around` it, of one of which nothing is kept."""
        depth = 0
        while depth or not self.ends_expression(at):
            here = self.text[at]
            if self.begins_string(at):
                at = self.string(at, around)
                continue
            if around and (here == "#" or (here == "\n" and len(around[-1]) == 1)):
                raise _Clash
            if here == "#":
                at = self.text.index("\n", at)
                continue
            if here == "\\":
                self.out[at] = " "
            depth += (here in "([{") - (here in ")]}")
            at += 1
        return at

    def ends_expression(self, at: int) -> bool:
        here = self.text[at]
        return here in "}:" or (here == "!" and self.text[at + 1] != "=")

    def begins_string(self, at: int) -> bool:
        here = self.text[at]
        if here in "\"'":
            return True
        return (
            here in "rRbBuUfFtT" and not _IN_WORD.match(self.text, at - 1) and _STRING.match(self.text, at) is not None
        )

    def blank(self, start: int, stop: int) -> None:
        """Spaces for everything, as many as there are bytes; lines go on in the next one."""
        for place in range(start, stop):
            if self.text[place] != "\n":
                self.out[place] = " " * len(self.text[place].encode("utf-8", "surrogatepass"))
            elif place == start or self.text[place - 1] == "\n":
                raise _Beyond
            else:
                self.out[place - 1] = self.out[place - 1][1:] + "\\"


def _with_others(quote: str, around: tuple[str, ...]) -> str:
    """The quotes of a string inside of others, which have those `around` it."""
    taken = {other[0] for other in around if len(other) == 1 or other == quote}
    if quote[0] not in taken:
        return quote
    if _OPPOSITE[quote[0]] in taken:
        raise _Clash
    return _OPPOSITE[quote[0]] * len(quote)
