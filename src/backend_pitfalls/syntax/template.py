"""Django and Jinja templates as a small tree: what they show, test, loop over, name, include and extend.

A lexer after Django's (https://docs.djangoproject.com/en/stable/ref/templates/language/) serves both: `{{ … }}` and `{% … %}`. Filters and literals are left
out; what counts here are the variables that are read, where, and inside which loops.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from backend_pitfalls.model.regex import regex
from backend_pitfalls.syntax.source import Source, split_lines

_TOKEN = regex(r"\{\{-?(.*?)-?\}\}|\{%-?(.*?)-?%\}|\{#.*?#\}", re.DOTALL)
_STRING = regex(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
_VARIABLE = regex(r"[A-Za-z_]\w*(?:\s*\.\s*\w+|\(\s*\))*")
_ARGUMENT = regex(r"""(?:(\w+)=)?((?:"[^"]*"|'[^']*'|[^\s"'])+)""")
_WORDS = frozenset(
    [
        "and",
        "or",
        "not",
        "in",
        "is",
        "if",
        "else",
        "elif",
        "as",
        "with",
        "only",
        "by",
        "from",
        "import",
        "reversed",
        "true",
        "false",
        "none",
        "True",
        "False",
        "None",
        "recursive",
        "loop",
        "forloop",
        "block",
        "super",
        "caller",
    ]
)
# Filters after which `safe` says the truth. https://docs.djangoproject.com/en/stable/ref/templates/builtins/#built-in-filter-reference
_ESCAPES = frozenset(
    [
        "e",
        "escape",
        "force_escape",
        "forceescape",
        "escapejs",
        "striptags",
        "urlencode",
        "slugify",
        "length",
        "date",
        "floatformat",
        "int",
        "tojson",
        "json_script",
        "bleach",
        "sanitize",
        "clean",
    ]
)
_FILTER = regex(r"\|\s*(\w+)")
# https://docs.djangoproject.com/en/stable/ref/templates/builtins/#regroup
_REGROUP = regex(r"(?P<rows>\S+)\s+by\s+(?P<by>[\w.]+)\S*\s+as\s+(?P<name>\w+)")
MAX_NODES = 20_000


class Variable:
    """A variable with its attributes, as read at a place: `book.author.name` is ("book", "author", "name"); calls without
    arguments are kept as attributes are."""

    __slots__ = ("node", "path")

    def __init__(self, path: tuple[str, ...], node: ast.Name) -> None:
        self.path = path
        self.node = node


class TemplateNode:
    """One tag or output. `kind` is "show", "test", "for", "with", "include", "extends", "block", "regroup" or "tag" (one that a library or
    the project defines); `names` are bound by it, `reads` are the variables of its expression, `target` is the template of an include or extends, the attribute
    of a regroup or the name of the block or tag, `raw` tells that what it shows is not escaped. `filters` are the names of those that an output goes through,
    `arguments` those of a tag in order, each with its keyword or the empty text; None stands for what is no variable."""

    __slots__ = ("arguments", "body", "filters", "kind", "names", "node", "raw", "reads", "target")

    def __init__(self, kind: str, node: ast.Name, reads: list[Variable]) -> None:
        self.kind = kind
        self.node = node
        self.reads = reads
        self.names: tuple[str, ...] = ()
        self.target = ""
        self.raw = False
        self.filters: tuple[str, ...] = ()
        self.arguments: tuple[tuple[str, Variable | None], ...] = ()
        self.body: list[TemplateNode] = []


class TemplateSource(Source):
    """One template: text, positions and its nodes. `path` is relative to the project root."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.text = data.decode("utf-8", "replace").replace("\r\n", "\n")
        self.tree = ast.Module([], [])
        self._ascii = True  # columns are counted in characters here
        self._starts = [0]
        for line in split_lines(self.text):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self.nodes = _Reader(self).read()

    def node(self, start: int, end: int) -> ast.Name:
        """A node that stands for a stretch of the text, so that it can be a place like any other."""
        line, column = self._place(start)
        end_line, end_column = self._place(end)
        return ast.Name(
            self.text[start:end],
            ast.Load(),
            lineno=line,
            col_offset=column,
            end_lineno=end_line,
            end_col_offset=end_column,
        )

    def _place(self, at: int) -> tuple[int, int]:
        low, high = 0, len(self._starts) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._starts[middle] <= at:
                low = middle
            else:
                high = middle - 1
        return low + 1, at - self._starts[low]


class _Reader:
    def __init__(self, source: TemplateSource) -> None:
        self._source = source
        # How deep the stack is inside each `{% autoescape off %}`.
        self._unescaped: list[int] = []

    def read(self) -> list[TemplateNode]:
        root: list[TemplateNode] = []
        stack: list[tuple[str, list[TemplateNode]]] = [("", root)]
        for count, match in enumerate(_TOKEN.finditer(self._source.text)):
            if count > MAX_NODES:
                break
            if match[1] is not None:
                node = self._node("show", match.start(1), match[1])
                node.filters = tuple(_FILTER.findall(_STRING.sub("", match[1])))
                node.raw = _ESCAPES.isdisjoint(node.filters) and bool("safe" in node.filters or self._unescaped)
                stack[-1][1].append(node)
            elif match[2] is not None:
                self._tag(match.start(2), match[2], stack)
        return root

    def _tag(self, start: int, text: str, stack: list[tuple[str, list[TemplateNode]]]) -> None:
        word, _, rest = text.strip().partition(" ")
        at = start + text.index(word) + len(word) if word else start
        if word.startswith("end"):
            names = [name for name, _ in stack]
            if word[3:] in names[1:]:
                while stack[-1][0] != word[3:]:
                    stack.pop()
                stack.pop()
                while self._unescaped and len(stack) < self._unescaped[-1]:
                    self._unescaped.pop()
        elif word == "autoescape":
            stack.append((word, stack[-1][1]))
            if rest.strip().lower() in ("off", "false"):
                self._unescaped.append(len(stack))
        elif word == "for":
            node = self._for(at, text[at - start :])
            stack[-1][1].append(node)
            stack.append(("for", node.body))
        elif word == "with":
            node = self._node("with", at, text[at - start :])
            node.names = _with_names(rest)
            stack[-1][1].append(node)
            stack.append(("with", node.body))
        elif word == "set" and "=" in rest:
            node = self._node("with", at + rest.index("=") + 1, rest.partition("=")[2])
            node.names = (rest.partition("=")[0].strip(),)
            stack[-1][1].append(node)
            stack[-1] = (stack[-1][0], node.body)
        elif word in ("block", "include", "extends", "import", "from"):
            node = self._node(word, at, text[at - start :])
            literal = _STRING.search(rest)
            node.target = literal[0][1:-1] if literal else rest.split()[0] if rest.split() and word == "block" else ""
            node.names = _with_names(rest.partition(" with ")[2]) if word == "include" else ()
            stack[-1][1].append(node)
            if word == "block":
                stack.append(("block", node.body))
        elif word == "regroup" and (parts := _REGROUP.match(rest)):
            node = self._node("regroup", at + text[at - start :].index(parts["rows"]), parts["rows"])
            node.names, node.target = (parts["name"],), parts["by"]
            stack[-1][1].append(node)
            stack[-1] = (stack[-1][0], node.body)
        elif word in ("if", "elif", "ifequal", "ifnotequal", "ifchanged", "elseif"):
            stack[-1][1].append(self._node("test", at, text[at - start :]))
        elif word not in ("load", "csrf_token", "comment", "else", "empty", "trans", "raw", "verbatim"):
            node = self._node("tag", at, text[at - start :])
            node.target, node.arguments = word, tuple(self._arguments(at, text[at - start :]))
            stack[-1][1].append(node)
            bound = re.search(r"\bas\s+(\w+)\s*-?$", rest)
            if bound:
                node.names = (bound[1],)
                stack[-1] = (stack[-1][0], node.body)

    def _arguments(self, start: int, text: str) -> Iterator[tuple[str, Variable | None]]:
        """The arguments of a tag, split as Django's `simple_tag` does: by space, outside of quotes."""
        for match in _ARGUMENT.finditer(text):
            if match[0] == "as":
                return
            keyword, value = match[1] or "", match[2]
            found = list(self._variables(start + match.start(2), value)) if _VARIABLE.match(value) else []
            yield keyword, found[0] if len(found) == 1 and "|" not in value else None

    def _for(self, start: int, text: str) -> TemplateNode:
        names, found, iterable = text.partition(" in ")
        node = self._node("for", start + len(names) + len(found), iterable)
        node.names = tuple(name.strip(" ()") for name in names.split(","))
        return node

    def _node(self, kind: str, start: int, text: str) -> TemplateNode:
        stripped = text.strip()
        begin = start + (len(text) - len(text.lstrip()))
        return TemplateNode(kind, self._source.node(begin, begin + len(stripped)), list(self._variables(start, text)))

    def _variables(self, start: int, text: str) -> Iterator[Variable]:
        blank = _STRING.sub(lambda m: " " * len(m[0]), text)
        for match in _VARIABLE.finditer(blank):
            before = blank[: match.start()].rstrip()
            after = blank[match.end() :].lstrip()
            path = tuple(part for part in re.split(r"[.\s()]+", match[0]) if part)
            is_keyword = after.startswith("=") and not after.startswith("==")
            if path[0] in _WORDS or before.endswith("|") or is_keyword or (before and before[-1] in "."):
                continue
            yield Variable(path, self._source.node(start + match.start(), start + match.end()))


def _with_names(text: str) -> tuple[str, ...]:
    """`a=b c=d` and `b as a` bind names."""
    as_name = re.search(r"\bas\s+(\w+)", text)
    return tuple(re.findall(r"(\w+)\s*=(?!=)", text)) or ((as_name[1],) if as_name else ())
