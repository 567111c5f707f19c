"""Names with their values in configuration files: `.env`, INI, properties, TOML, YAML, JSON, Compose, Dockerfiles, Terraform, shell, SQL grants.

What counts is a name beside a value on one line (or `name:` and `value:` on neighbouring ones, as Kubernetes writes environment variables), which all these
formats share; so one reader serves them, also where a file is a template or not quite valid. Comments are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from backend_pitfalls.model.finding import Span
from backend_pitfalls.model.regex import regex

MAX_BYTES = 1_000_000
"""Larger files are data."""
MAX_LINE = 20_000
"""Longer lines are read for pairs of JSON only."""
MAX_SETTINGS = 50_000

_LINE = regex(
    r"""^\s*(?:-\s+)?(?:(?:export|ENV|ARG|set|variable|define)\s+)?["']?(?P<key>[A-Za-z_][\w.\-]*)["']?\s*(?:=>|:=|=|:)\s*(?P<value>\S.*)"""
)
_DOCKER = regex(r"^\s*(?:ENV|ARG)\s+(?P<key>[A-Za-z_]\w*)\s+(?P<value>\S+)\s*$")
_LIST_ITEM = regex(r"""^\s*-\s+["']?(?P<key>[A-Za-z_]\w*)=(?P<value>[^"']+)["']?\s*$""")
_PAIR = regex(r"""\\?"(?P<key>[A-Za-z_][\w.\- ]{0,60})\\?"\s*:\s*\\?"(?P<value>[^"\\]{1,4000})\\?\"""")
_GRANT = regex(r"(?i:identified by|with password|with encrypted password)\s+'(?P<value>[^']+)'")
# `PGPASSWORD=… psql`, `-e DB_PASSWORD=…`, `--token=…`: among the words of a command.
_IN_COMMAND = regex(
    r"(?:^|\s)(?:--(?P<option>[a-z][\w-]*)|(?P<key>[A-Z][A-Z0-9_]{3,}))=(?P<value>[^\s\"'$`<>(){}]+)(?=\s|$)"
)
_SECTION = regex(r"^\[\[?(?P<name>[\w.:\" -]+)\]\]?\s*$")
_COMMENT_BEHIND = regex(r"\s+[#;]|\s+\\$")
# What holds a value without a colon or an equals sign.
_HELD = regex(r"'|ENV|ARG")
_COMMENT = regex(r"^\s*(#|;|//|\*|--)")
_NAMES = frozenset({"name", "key"})
_VALUES = frozenset({"value", "default"})
# `"API_KEY": {`, `variable "api_key" {`, `api_key:`: what follows is told of that name.
_OPENS = regex(r"""^\s*(?:variable\s+)?["']?(?P<key>[A-Za-z_][\w.\-]*)["']?\s*(?::\s*\{?|\{)\s*$""")


class Setting(msgspec.Struct, frozen=True):
    """A name and its value; `span` is the value's range, `line` the whole line where it holds nothing else, `in_command` tells that it is given to
    one command only, `section` is the one of an INI or TOML file in which it stands."""

    name: str
    value: str
    span: Span
    line: str = ""
    in_command: bool = False
    section: str = ""


class SettingFound(msgspec.Struct, frozen=True):
    """A setting of a configuration file."""

    path: str
    setting: Setting


class CommentFound(msgspec.Struct, frozen=True):
    """What reads as a setting, or as a token, in a comment of a Python file."""

    path: str
    setting: Setting


def settings(text: str) -> Iterator[Setting]:
    """The settings of a configuration file.

    Parameters:
        text: its content.
    """
    named = above = section = ""
    count = 0
    for number, line in enumerate(text.splitlines(), 1):
        # What an expression asks for is looked for before it: most of the lines of large files have none of it.
        if ":" not in line and "=" not in line and "[" not in line and "{" not in line and not _HELD.search(line):
            continue
        if _COMMENT.match(line):
            continue
        begun = _SECTION.match(line) if line[:1] == "[" else None
        if begun is not None:
            section = begun["name"]
            continue
        opened = _OPENS.match(line) if line.rstrip()[-1:] in (":", "{") else None
        if opened is not None:
            above = opened["key"]
            continue
        for setting in _of_line(line, number):
            count += 1
            if count > MAX_SETTINGS:
                return
            if setting.name in _NAMES:
                named = setting.value
            elif setting.name in _VALUES and (named or above):
                yield Setting(named or above, setting.value, setting.span, setting.line)
                named = above = ""
            elif section:
                yield msgspec.structs.replace(setting, section=section)
            else:
                yield setting


def commented(text: str) -> Iterator[Setting]:
    """The settings, and the words that may be tokens (without a name), of a Python file's lines that are comments.

    Parameters:
        text: the source.
    """
    number, at, quotes = 1, 0, [0] * len(_LONG_QUOTES)
    told = (m for m in _PYTHON_COMMENT.finditer(text) if _may_tell(m[1]) and _stands_alone(text, m.start()))
    for count, match in enumerate(told):
        if count > MAX_SETTINGS:
            return
        start = match.start(1)
        number += text.count("\n", at, start)
        quotes = [n + text.count(q, at, start) for n, q in zip(quotes, _LONG_QUOTES)]
        at = start
        if len(match[1]) > MAX_LINE or any(n % 2 for n in quotes):
            continue
        column = match.start(1) - (text.rfind("\n", 0, match.start(1)) + 1)
        found = [s for s in _of_line(match[1], number) if s.name]
        words = [Setting("", w[0], Span(number, w.start(), number, w.end())) for w in _TOKEN_LIKE.finditer(match[1])]
        for setting in (*found, *words):
            span = setting.span
            yield Setting(setting.name, setting.value, Span(number, column + span.col, number, column + span.end_col))


_PYTHON_COMMENT = regex(r"#([^\n]+)")
_LONG_WORD = regex(r"[A-Za-z0-9_-]{20}")
_UNBROKEN = regex(r"\S{12}")
_DIGIT = regex(r"[0-9]")
_LONG_QUOTES = ('"""', "'''")
_TOKEN_LIKE = regex(r"[A-Za-z0-9_.:/+=@~-]{20,}")


def _stands_alone(text: str, at: int) -> bool:
    """Whether nothing but spaces stands before a place on its line."""
    return not text[text.rfind("\n", 0, at) + 1 : at].strip(" \t")


def _may_tell(comment: str) -> bool:
    """Whether a comment may hold a credential: a long word, or a pair whose value is quoted, an address, or long and with a digit."""
    if _LONG_WORD.search(comment):
        return True
    return ("=" in comment or ":" in comment) and (
        "'" in comment
        or "://" in comment
        or (_DIGIT.search(comment) is not None and _UNBROKEN.search(comment) is not None)
    )


def _of_line(line: str, number: int) -> Iterator[Setting]:
    pairs = list(_PAIR.finditer(line)) if '"' in line else []
    if pairs or len(line) > MAX_LINE:
        for match in pairs:
            yield _setting(match["key"], match["value"], match.start("value"), number)
        return
    for grant in _GRANT.finditer(line) if "'" in line else ():
        yield _setting("password", grant["value"], grant.start("value"), number)
        return
    item = _LIST_ITEM.match(line) if "=" in line and "-" in line else None
    found = item or (_DOCKER.match(line) if "ENV" in line or "ARG" in line else None) or _LINE.match(line)
    value, at = _plain(_without_comma(found["value"]), found.start("value")) if found is not None else ("", 0)
    given = list(_IN_COMMAND.finditer(line)) if "=" in line and (not value or " " in value) else []
    for match in given:
        span = Span(number, match.start("value"), number, match.end("value"))
        yield Setting(match["key"] or match["option"], match["value"], span, in_command=True)
    if found is not None and value and not given:
        yield _setting(found["key"], value, at, number, "" if line.endswith("\\") else line)


def _without_comma(written: str) -> str:
    """A value without the comma and the spaces behind it."""
    text = written.rstrip()
    return text[:-1].rstrip() or text if text[-1:] == "," else text


def _plain(written: str, at: int) -> tuple[str, int]:
    """A value without its quotes and the comment behind it."""
    quote = written[0]
    if quote in "\"'":
        end = written.find(quote, 1)
        return (written[1:end], at + 1) if end > 0 else (written[1:], at + 1)
    if "#" not in written and ";" not in written and written[-1:] != "\\":
        return written.rstrip(), at
    return _COMMENT_BEHIND.split(written, maxsplit=1)[0].rstrip(), at


def _setting(name: str, value: str, at: int, number: int, line: str = "") -> Setting:
    return Setting(name, value, Span(number, at, number, at + len(value)), line)
