"""The texts that a Python file writes and the names that they get: by assignment, argument, key, default, comparison, result, or as the fallback of a setting.

One walk over the tree, and only of files in which a name that means a credential stands before a quote, or a text that may be one. Nothing is evaluated but texts
that are built of texts.
"""

from __future__ import annotations

import ast
import functools
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Site
from backend_pitfalls.model.knowledge import Knowledge
from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.records import Binding
from backend_pitfalls.syntax.names import dotted, parameter_defaults
from backend_pitfalls.syntax.source import Source

# What a field or parameter is documented with, as in `Field(examples=["…"])`.
_SHOWN = frozenset({"example", "examples"})
MAX_BINDINGS = 5_000
MAX_TEXT = 20_000
PAIRED = frozenset({"auth", "basic_auth", "http_auth"})
"""Names of a user with a password: `auth=("user", "password")`."""


def bindings(source: Source, imports: Mapping[str, str], knowledge: Knowledge, context: FileContext) -> list[Binding]:
    """The texts of a file that have a name or may be tokens, in the order of the source.

    Parameters:
        source: the file.
        imports: its local names with their absolute dotted targets.
        knowledge: for the calls that take a credential.
        context: what the file is for.
    """
    signatures = _signatures(source.tree)
    lines = _worth_reading(source.text, signatures, knowledge.credential_callees)
    if not lines:
        return []
    found = _Collector(source, imports, knowledge, context, lines, signatures).all()
    return sorted(found, key=lambda b: (b.site.span.line, b.site.span.col))


# A prefilter, not a reading: a word about credentials with a quote behind it on its line or the next, a long word with a digit in it, a password in an address, a
# connection or a grant. All are made to fail fast; the first and the last look at the text in lower case.
# The beginnings that words have in common are written once, so that most places in a text fail at their first letter.
_ROOTS = (
    r"(?:p(?:a(?:ss|rol)|wd|sw)|s(?:e(?:cret|nha|ssion)|al(?:t|asana)|i(?:gn|fre))|token|k(?:ey|odeord)|auth|"
    r"c(?:red|o(?:okie|ntras)|l(?:ave|ient))|l(?:ogin|[oö]sen)|h(?:as(?:h|[lł]o)|eslo)|b(?:ind|ot)|wort|m(?:dp|ima)|şifre|_pw|fernet|redis)"
)
_ROOT = regex(_ROOTS)
_NAMED = regex(_ROOTS + r"""\w*["'\]]*[ \t]*(?:[:=,(]|[!=]=)[^\n]*(?:\n[^\n]*)?["']""")
_TOKEN_LIKE = regex(r"[0-9][A-Za-z0-9_+/=.:-]{12,}")
_WORD_LIKE = regex(r"[A-Za-z_+/.:=-]{0,40}[0-9][A-Za-z0-9_+/=.:-]{12,}")
_PASSWORD_LIKE = regex(r"://[^\s:@/'\"]*:[^\s@/'\"]+@|passw(?:or)?d=|pwd=|identified by|with password")
MEANS_CREDENTIAL = regex(r"pass|pwd|secret|token|key$", re.IGNORECASE)
_ENUMERATION = regex(r"(Enum|Choices|Flag)$")
_SETTING = regex(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$|[A-Z]{6,}$")
_LOOKS_UP = frozenset({"get", "getenv", "setdefault", "pop", "getattr", "setattr", "config", "env"})
_SILENT = (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Pass, ast.Break, ast.Continue)
_BUILDS = frozenset({"encode", "decode", "strip"})


@functools.cache
def _without_root(callees: frozenset[str]) -> frozenset[str]:
    """The names of calls in which no word is that `_NAMED` looks for."""
    return frozenset(name for name in callees if not _ROOT.search(name.lower()))


def _worth_reading(text: str, signatures: Mapping[str, tuple[str, ...]], callees: frozenset[str]) -> list[int]:
    """The numbers of the lines on which something may be found, in their order."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter that is two in lower case
        lowered = text
    searches = ((_NAMED, lowered), (_TOKEN_LIKE, text), (_PASSWORD_LIKE, lowered))
    own = [name for name, parameters in signatures.items() if any(map(MEANS_CREDENTIAL.search, parameters))]
    places = {p for pattern, where in searches for m in pattern.finditer(where) for p in (m.start(), m.end() - 1)}
    for name in {*_without_root(callees), *own}:
        places.update(_calls_of(name, text))
    lines, number, at = [], 1, 0
    for place in sorted(places):
        number, at = number + text.count("\n", at, place), place
        lines.append(number)
    return lines


def _calls_of(name: str, text: str) -> Iterator[int]:
    """Where a call of this name is written."""
    for at in places(f"{name}(", text):
        if not (at and (text[at - 1].isalnum() or text[at - 1] == "_")):
            yield from (at, at + len(name))


def places(word: str, text: str) -> Iterator[int]:
    """Where a word stands in a text, also within others."""
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


class _Collector:
    def __init__(
        self,
        source: Source,
        imports: Mapping[str, str],
        knowledge: Knowledge,
        context: FileContext,
        lines: list[int],
        signatures: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._lines = lines
        self._source = source
        self._imports = imports
        self._knowledge = knowledge
        self._context = context
        self._parameters = signatures
        self._constants: dict[str, ast.expr] = {}
        self._named: set[ast.AST] = set()
        self._found: list[Binding] = []

    def all(self) -> list[Binding]:
        self._body(self._source.tree.body, "", "")
        return self._found

    # -- statements ---------------------------------------------------------------------------------------------

    def _body(self, body: list[ast.stmt], scope: str, function: str) -> None:
        for node in body:
            if len(self._found) >= MAX_BINDINGS:
                return
            at = bisect_left(self._lines, node.lineno)
            if at < len(self._lines) and self._lines[at] <= (node.end_lineno or node.lineno):
                self._statement(node, scope, function)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self._constants[node.targets[0].id] = node.value

    def _statement(self, node: ast.stmt, scope: str, function: str) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for decorator in node.decorator_list:
                self._expression(decorator, scope)
            self._defaults(node.args, scope)
            self._body(node.body, f"{scope}.{node.name}".lstrip("."), node.name)
        elif isinstance(node, ast.ClassDef):
            if not any(_ENUMERATION.search(dotted(base)) for base in node.bases):
                self._body(node.body, f"{scope}.{node.name}".lstrip("."), "")
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._assigned(target, node.value, scope)
            self._expression(node.value, scope)
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
            if node.value is not None:
                self._assigned(node.target, node.value, scope)
                self._expression(node.value, scope)
        elif isinstance(node, ast.Return):
            if node.value is not None:
                self._bound(function, node.value, "result", scope)
                self._expression(node.value, scope)
        elif isinstance(node, ast.Expr):
            if not isinstance(node.value, ast.Constant):
                self._expression(node.value, scope)
        elif not isinstance(node, _SILENT):
            self._compound(node, scope, function)

    def _compound(self, node: ast.AST, scope: str, function: str) -> None:
        """The parts of any other statement: `if`, `for`, `with`, `try`, `match` and the like."""
        for name in node._fields:
            child = getattr(node, name, None)
            if isinstance(child, list) and child and isinstance(child[0], ast.stmt):
                self._body(child, scope, function)
                continue
            for part in child if isinstance(child, list) else [child]:
                if isinstance(part, ast.expr):
                    self._expression(part, scope)
                elif isinstance(part, (ast.ExceptHandler, ast.match_case, ast.withitem)):
                    self._compound(part, scope, function)

    def _defaults(self, arguments: ast.arguments, scope: str) -> None:
        for parameter, default in parameter_defaults(arguments):
            self._bound(parameter.arg, default, "default", scope)
            self._expression(default, scope)

    def _assigned(self, target: ast.expr, value: ast.expr, scope: str) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
                for one, given in zip(target.elts, value.elts):
                    self._assigned(one, given, scope)
            return
        how = "key" if isinstance(target, ast.Subscript) else "assignment"
        if isinstance(target, ast.Name):
            self._constants[target.id] = value
        self._bound(_name(target), value, how, scope)

    # -- expressions --------------------------------------------------------------------------------------------

    def _expression(self, node: ast.expr, scope: str) -> None:
        """Every call, dictionary, comparison and text in an expression."""
        stack: list[ast.AST] = [node]
        while stack:
            part = stack.pop()
            kind = type(part)
            if kind is ast.Constant:
                self._text(part, scope)  # type: ignore[arg-type]
                continue
            if kind is ast.Name or (kind is ast.keyword and part.arg in _SHOWN):  # type: ignore[attr-defined]
                continue
            if kind is ast.Call:
                self._call(part, scope)  # type: ignore[arg-type]
            elif kind is ast.Dict:
                self._dictionary(part, scope)  # type: ignore[arg-type]
            elif kind is ast.Compare:
                self._compared(part, scope)  # type: ignore[arg-type]
            elif kind is ast.Lambda:
                self._defaults(part.args, scope)  # type: ignore[attr-defined]
                stack.append(part.body)  # type: ignore[attr-defined]
                continue
            elif kind is ast.NamedExpr:
                self._assigned(part.target, part.value, scope)  # type: ignore[attr-defined]
            elif kind is ast.JoinedStr:
                self._text(part, scope)  # type: ignore[arg-type]
            for name in kind._fields:
                child = getattr(part, name, None)
                if type(child) is list:
                    stack.extend(c for c in child if isinstance(c, ast.AST))
                elif isinstance(child, ast.AST) and child._fields:
                    stack.append(child)

    def _dictionary(self, node: ast.Dict, scope: str) -> None:
        names = [(self._folded(key) or _name(key)) if key is not None else "" for key in node.keys]
        counts = Counter(v.value for v in node.values if isinstance(v, ast.Constant))
        # What three keys have alike tells of what kind they are: `{"email": "textbox", "password": "textbox", …}`; users and their databases are called alike.
        alike = {text for text, count in counts.items() if count > 2}
        may_tell = bool(alike) and not any(_NAMES_AN_ACCOUNT.search(name) for name in names)
        for name, value in zip(names, node.values):
            if name and not (may_tell and isinstance(value, ast.Constant) and value.value in alike):
                self._bound(name, value, "key", scope)

    def _compared(self, node: ast.Compare, scope: str) -> None:
        sides = [node.left, *node.comparators]
        for operator, left, right in zip(node.ops, sides, sides[1:]):
            if isinstance(operator, (ast.Eq, ast.NotEq)):
                for one, other in ((left, right), (right, left)):
                    if not _is_setting(one):
                        self._bound(_name(one), other, "comparison", scope)

    def _call(self, node: ast.Call, scope: str) -> None:
        for keyword in node.keywords:
            if keyword.arg is not None:
                self._bound(keyword.arg, keyword.value, "argument", scope)
        written = dotted(node.func)
        last = written.rsplit(".", 1)[-1] or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
        given = self._knowledge.credential_calls.get
        facts = given(self._qualified(written)) or given(".".join(written.split(".")[-2:])) or given(f"*.{last}")
        if facts is not None:
            if len(node.args) > facts.position:
                self._bound(facts.keyword, node.args[facts.position], "given", scope)
        else:
            # A function of this file: its parameters tell what the arguments mean.
            for name, value in zip(self._parameters.get(last, ()), node.args):
                self._bound(name, value, "argument", scope)
        self._fallback(node, scope)

    def _fallback(self, node: ast.Call, scope: str) -> None:
        """`os.getenv("API_KEY", "text")`, `config("API_KEY", default="text")`, `getattr(settings, "API_KEY", "text")`: a setting's name and
        the text that stands in for it; `setattr(user, "password", "text")` and `("password", "text")` are alike."""
        last = node.func.attr if isinstance(node.func, ast.Attribute) else dotted(node.func)
        for index, argument in enumerate(node.args[:2]):
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                if _SETTING.match(argument.value) or last in _LOOKS_UP:
                    defaults = [k.value for k in node.keywords if k.arg in ("default", "fallback")]
                    for value in (*defaults, *node.args[index + 1 : index + 2]):
                        self._bound(argument.value, value, "fallback", scope)
                return

    # -- texts --------------------------------------------------------------------------------------------------

    def _bound(self, name: str, value: ast.expr, how: str, scope: str) -> None:
        if not name:
            return
        kind = type(value)
        if kind is ast.Constant:
            text = _constant(value)  # type: ignore[arg-type]
            if text:
                self._named.add(value)
                self._add(name, how, text, value, scope, isinstance(value.value, str))  # type: ignore[attr-defined]
        elif kind is ast.BoolOp:
            for part in value.values:  # type: ignore[attr-defined]
                self._bound(name, part, "fallback", scope)
        elif kind is ast.IfExp:
            self._bound(name, value.body, how, scope)  # type: ignore[attr-defined]
            self._bound(name, value.orelse, how, scope)  # type: ignore[attr-defined]
        elif kind is ast.Tuple:
            self._pair(name, value, how, scope)  # type: ignore[arg-type]
        elif kind is ast.Call and (inner := self._wrapped(value)) is not None:  # type: ignore[arg-type]
            self._bound(name, inner, how, scope)
        elif kind is ast.Name and how != "assignment":
            # What was assigned nearby is told where it is written.
            constant = self._constants.get(value.id)  # type: ignore[attr-defined]
            if isinstance(constant, ast.Constant):
                self._bound(name, constant, how, scope)
        elif kind in (ast.BinOp, ast.JoinedStr, ast.Call):
            text = self._folded(value)
            if text:
                self._add(name, how, text, value, scope, literal=False)

    def _pair(self, name: str, value: ast.Tuple, how: str, scope: str) -> None:
        """`auth=("user", "password")`, and `(str, "text")`: a type with a default, as django-environ takes them."""
        if len(value.elts) != 2:
            return
        first, second = value.elts
        if name in PAIRED:
            self._bound("password", second, "given" if how == "argument" else how, scope)
        elif isinstance(first, ast.Name) and first.id in ("str", "bytes"):
            self._bound(name, second, "fallback", scope)

    def _wrapped(self, node: ast.Call) -> ast.expr | None:
        """What a call hands on as it is."""
        name = self._qualified(dotted(node.func))
        keyword = self._knowledge.credential_wrappers.get(name)
        if keyword is None:
            keyword = self._knowledge.credential_wrappers.get(f"builtins.{name}")
        if keyword is None:
            is_encoded = isinstance(node.func, ast.Attribute) and node.func.attr in _BUILDS
            return node.func.value if isinstance(node.func, ast.Attribute) and is_encoded else None
        named = [k.value for k in node.keywords if keyword and k.arg == keyword]
        return named[0] if named else node.args[0] if node.args else None

    def _qualified(self, name: str) -> str:
        head, dot, rest = name.partition(".")
        return self._knowledge.canonical(f"{self._imports.get(head, head)}{dot}{rest}")

    def _folded(self, node: ast.expr, depth: int = 0) -> str:
        """The text that an expression is for certain; empty for none."""
        if depth > 8:
            return ""
        if isinstance(node, ast.Constant):
            return _constant(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self._folded(node.left, depth + 1), self._folded(node.right, depth + 1)
            return left + right if left and right else ""
        if isinstance(node, ast.JoinedStr):
            parts = [self._folded(p.value if isinstance(p, ast.FormattedValue) else p, depth + 1) for p in node.values]
            return "".join(parts) if all(parts) else ""
        if isinstance(node, ast.Name):
            constant = self._constants.get(node.id)
            return _constant(constant) if isinstance(constant, ast.Constant) else ""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
            given = node.args[0] if node.args else None
            separator = node.func.value
            if isinstance(given, (ast.List, ast.Tuple)) and isinstance(separator, ast.Constant):
                parts = [self._folded(e, depth + 1) for e in given.elts]
                return str(separator.value).join(parts) if all(parts) else ""
        return ""

    def _text(self, node: ast.Constant | ast.JoinedStr, scope: str) -> None:
        """A text without a name, where it may be a token or an address with a password."""
        if node in self._named:
            return
        if isinstance(node, ast.Constant):
            text = _constant(node)
        else:
            text = "".join(p.value if isinstance(p, ast.Constant) else "\0" for p in node.values)  # type: ignore[misc]
            self._named.update(node.values)
        if len(text) >= 12 and (_WORD_LIKE.search(text) or _PASSWORD_LIKE.search(text.lower())):
            self._add("", "text", text, node, scope, isinstance(node, ast.Constant) and isinstance(node.value, str))

    def _add(self, name: str, how: str, text: str, node: ast.expr, scope: str, literal: bool) -> None:
        site = Site(self._source.path, self._source.span(node))
        self._found.append(Binding(name, how, text, site, scope, literal, self._context))


def _constant(node: ast.Constant) -> str:
    """The text of a constant, bytes too; empty for everything else."""
    value = node.value
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value if isinstance(value, str) and len(value) <= MAX_TEXT else ""


_NAMES_AN_ACCOUNT = regex(r"^(user(name)?|name|login|db|database|host)$", re.IGNORECASE)


def _is_setting(node: ast.expr) -> bool:
    """Whether an expression is a constant by its name, which is compared with what it must not be left at: `settings.SECRET_KEY == "changeme"`."""
    return (isinstance(node, ast.Attribute) and node.attr.isupper()) or (
        isinstance(node, ast.Name) and node.id.isupper()
    )


def _name(node: ast.expr) -> str:
    """What an expression is called: a variable, an attribute, a key, a header that is asked for."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        key = node.args[0]
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
    return ""


def _signatures(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    """The parameters of the file's functions and classes, by the names with which they are called."""
    found: dict[str, tuple[str, ...]] = {}
    for node in _definitions(tree.body):
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and not method.decorator_list:
                    name = node.name if method.name == "__init__" else method.name
                    found.setdefault(name, tuple(p.arg for p in method.args.args[1:]))
        else:
            found.setdefault(node.name, tuple(p.arg for p in node.args.args))
    return found


def _definitions(body: list[ast.stmt]) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node
