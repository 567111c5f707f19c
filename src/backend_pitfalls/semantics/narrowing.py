"""What a condition tells about variables on the path that it guards."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics import checks, patterns, predicates, verdicts
from backend_pitfalls.semantics.annotations import object_of
from backend_pitfalls.semantics.values import (
    CLEAN,
    UNKNOWN,
    BoundMethod,
    ClassRef,
    Const,
    Container,
    Function,
    Instance,
    OneOf,
    Row,
    Symbol,
    Text,
    Unknown,
    Value,
    constant_text,
    join_all,
    merged,
    options,
    tells_nothing,
)
from backend_pitfalls.syntax.names import dotted, nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

_SAFE_TYPES = frozenset({"builtins.int", "builtins.float", "builtins.bool"})
_SAFE_TESTS = frozenset({"isdigit", "isalnum", "isalpha", "isnumeric", "isdecimal", "isidentifier"})


def narrowed(frame: Frame, variables: dict[str, Value], test: ast.expr, holds: bool) -> dict[str, Value]:
    """The variables on the path where `test` holds (or does not)."""
    if frame.tainted:
        checks.looked_at(variables, test)
    mark = len(frame.events)
    variables = _narrowed(frame, variables, test, holds)
    del frame.events[mark:]  # What a condition does was told when it was evaluated.
    return variables


def _narrowed(frame: Frame, variables: dict[str, Value], test: ast.expr, holds: bool) -> dict[str, Value]:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _narrowed(frame, variables, test.operand, not holds)
    if isinstance(test, ast.BoolOp):
        if isinstance(test.op, ast.And) is holds:
            for operand in test.values:
                variables = _narrowed(frame, variables, operand, holds)
            return variables
        return _one_of(frame, variables, test.values, holds) if frame.tainted else variables
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _comparison(frame, variables, test.left, test.ops[0], test.comparators[0], holds)
    if isinstance(test, ast.Name):
        asked = verdicts.of_variable(frame, variables, test.id)
        variables = _truthiness(variables, test.id, holds)
        return _narrowed(frame, variables, asked, holds) if asked is not None else variables
    if isinstance(test, ast.Attribute) and test.attr in _HOST and not holds:
        _clean_address(frame, variables, test.value)
    if isinstance(test, ast.Attribute) and frame.tainted and _OUTSIDE.get(test.attr) is holds:
        for name in variables:
            _clean(variables, name, frozenset({"url"}))
    if isinstance(test, ast.NamedExpr):
        return _truthiness(variables, test.target.id, holds)
    if isinstance(test, ast.Call):
        return _tested(frame, variables, test, holds)
    return variables


# What tells that an address, of which the host was looked up, leads out of the own network:
# https://docs.python.org/3/library/ipaddress.html#ipaddress.IPv4Address.is_private
_OUTSIDE = {"is_private": False, "is_loopback": False, "is_global": True}


def _one_of(frame: Frame, variables: dict[str, Value], operands: list[ast.expr], holds: bool) -> dict[str, Value]:
    """The variables where one of several conditions holds (or one does not): the first, or the second and not the first, and so on."""
    outcomes = []
    for operand in operands:
        outcomes.append(_narrowed(frame, dict(variables), operand, holds))
        variables = _narrowed(frame, dict(variables), operand, not holds)
    return merged(outcomes)


def _truthiness(variables: dict[str, Value], name: str, holds: bool) -> dict[str, Value]:
    value = variables.get(name)
    if isinstance(value, OneOf):
        kept = [o for o in value.options if not isinstance(o, Const) or bool(o.value) is holds]
        if kept:
            variables[name] = join_all(kept)
    return variables


def _comparison(
    frame: Frame, variables: dict[str, Value], left: ast.expr, op: ast.cmpop, right: ast.expr, holds: bool
) -> dict[str, Value]:
    if isinstance(op, (ast.In, ast.NotIn)) and isinstance(op, ast.NotIn) is holds:
        _rejected(frame, variables, left, right)
    if isinstance(left, ast.Call) and isinstance(op, (ast.Eq, ast.NotEq)) and isinstance(op, ast.Eq) is holds:
        _shares(frame, variables, left)
    if isinstance(left, ast.Call) and isinstance(op, (ast.Is, ast.IsNot)) and getattr(right, "value", "") is None:
        return _tested(frame, variables, left, isinstance(op, ast.IsNot) is holds)
    if isinstance(left, ast.Attribute):
        return _part_compared(frame, variables, left, op, right, holds)
    if isinstance(op, (ast.In, ast.NotIn, ast.Eq, ast.NotEq)):
        left = _trimmed(left)
    if not isinstance(left, ast.Name) or left.id not in variables:
        return variables
    value = variables[left.id]
    other = frame.evaluate(right)
    equal = (
        isinstance(op, (ast.Eq, ast.Is)) is holds if isinstance(op, (ast.Eq, ast.Is, ast.NotEq, ast.IsNot)) else None
    )
    if equal is not None and isinstance(other, Const):
        if other.value is None or not equal:
            kept = [o for o in options(value) if (isinstance(o, Const) and o.value == other.value) is equal]
            if equal:
                variables[left.id] = other
            elif kept:
                variables[left.id] = join_all(kept)
        else:
            variables[left.id] = other
    accepts = isinstance(op, (ast.In, ast.Eq)) is holds and isinstance(op, (ast.In, ast.NotIn, ast.Eq, ast.NotEq))
    if accepts and value.labels and not _untrusted(other):
        _host_judged(variables, value)
        if isinstance(op, (ast.In, ast.NotIn)):
            variables[left.id] = Unknown(CLEAN)
    return variables


_TRIMS = frozenset({"strip", "lstrip", "rstrip", "lower", "upper", "casefold", "removeprefix", "removesuffix"})


def _trimmed(node: ast.expr) -> ast.expr:
    """`order.lstrip("-")` tells of `order` what it is compared with."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TRIMS:
        node = node.func.value
    return node


# What a text that does not hold a character cannot do any more.
_REJECTED = {
    "'": ("sql", "xpath", "code"),
    '"': ("sql", "xpath", "code"),
    "..": ("path",),
    "../": ("path",),
    "/": ("path",),
    "<": ("html",),
    "&": ("command",),
    ";": ("command",),
    "|": ("command",),
    "*": ("ldap",),
    "(": ("ldap", "code"),
    "\n": ("header", "log"),
    "\r": ("header", "log"),
}


def _rejected(frame: Frame, variables: dict[str, Value], left: ast.expr, right: ast.expr) -> None:
    """`"../" in name` does not hold on this path."""
    held = right.value if isinstance(right, ast.Subscript) else right
    part = frame.evaluate(left)
    if isinstance(held, ast.Name) and held.id in variables and isinstance(part, Const) and isinstance(part.value, str):
        _clean(variables, held.id, frozenset(_REJECTED.get(part.value, ())))
        if part.value == "//":
            _clean(variables, held.id, _ONE_SLASH)
            _is_path(variables, held.id)


def _inside(variables: dict[str, Value], name: str, test: str) -> None:
    """`path.startswith(folder)`, `path.is_relative_to(folder)` of a path whose `..` were resolved."""
    value = variables.get(name)
    if value is None or test not in ("startswith", "is_relative_to"):
        return
    if all("<resolved>" in label.cleaned for label in value.labels):
        _clean(variables, name, frozenset({"path"}))


_RESOLVES = frozenset({"os.path.realpath", "os.path.abspath", "os.path.normpath"})


def _inside_resolved(frame: Frame, variables: dict[str, Value], node: ast.expr) -> None:
    """`path.resolve().is_relative_to(folder)`, `os.path.realpath(path).startswith(folder)`: the path itself leads there."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str" and len(node.args) == 1:
        node = node.args[0]
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Attribute) and node.func.attr == "resolve":
        subject: ast.expr | None = node.func.value
    else:
        callee = frame.evaluate(node.func)
        subject = node.args[0] if isinstance(callee, Symbol) and callee.name in _RESOLVES and node.args else None
    if isinstance(subject, ast.Name):
        _clean(variables, subject.id, frozenset({"path"}))


_SHARED = frozenset({"os.path.commonpath", "os.path.commonprefix"})


def _shares(frame: Frame, variables: dict[str, Value], call: ast.Call) -> None:
    """`os.path.commonpath([path, folder]) == folder`: the path lies inside, when its `..` were resolved."""
    callee = frame.evaluate(call.func)
    given = call.args[0] if call.args else None
    if isinstance(callee, Symbol) and callee.name in _SHARED and isinstance(given, (ast.List, ast.Tuple)):
        for element in given.elts:
            if isinstance(element, ast.Name):
                _inside(variables, element.id, "startswith")


_FIXED_START = regex(r"^/[^/\\]|^\w+://[^/?#]+[/?#]")


def _starts(frame: Frame, variables: dict[str, Value], name: str, test: ast.Call) -> None:
    """`target.startswith("/shop")`: an address that starts so stays on a known host; a lone slash could be the first of two."""
    assert isinstance(test.func, ast.Attribute)
    start = frame.evaluate(test.args[0]) if test.func.attr == "startswith" and test.args else None
    if isinstance(start, Const) and isinstance(start.value, str) and _FIXED_START.match(start.value):
        _clean(variables, name, frozenset({"redirect", "url"}))


def _clean(variables: dict[str, Value], name: str, harms: frozenset[str]) -> None:
    value = variables.get(name)
    if value is not None and value.labels and harms:
        variables[name] = checks.cleaned(value, harms)


def _part_compared(
    frame: Frame, variables: dict[str, Value], left: ast.Attribute, op: ast.cmpop, right: ast.expr, holds: bool
) -> dict[str, Value]:
    """`urlparse(target).netloc in ALLOWED`: the address that was taken apart has an allowed host on this path, or none."""
    accepts = isinstance(op, (ast.In, ast.Eq)) is holds and isinstance(op, (ast.In, ast.NotIn, ast.Eq, ast.NotEq))
    if left.attr in _HOST and accepts and not _untrusted(frame.evaluate(right)):
        _clean_address(frame, variables, left.value)
    is_host = isinstance(right, ast.Attribute) and right.attr in _HOST and isinstance(op, (ast.Eq, ast.NotEq))
    if accepts and is_host and not _leads_elsewhere(frame.evaluate(left)):
        _clean_address(frame, variables, right.value)  # type: ignore[attr-defined]
    return variables


def _leads_elsewhere(value: Value) -> bool:
    """Whether an outsider may have chosen the host that a value names."""
    return any(not label.cleaned >= _ADDRESS for label in value.labels)


def _host_judged(variables: dict[str, Value], value: Value) -> None:
    """The host of an address, which a name holds, is an allowed one on this path: `host = urlparse(target).hostname`."""
    for option in options(value):
        if isinstance(option, BoundMethod) and option.name in _HOST and isinstance(option.receiver, Instance):
            of = option.receiver.attributes.get("<of>")
            if isinstance(of, Const):
                _clean(variables, str(of.value), _ADDRESS)


_ADDRESS = frozenset({"redirect", "url"})


_HOST = ("netloc", "hostname")
_TAKES_APART = frozenset({"urllib.parse.urlparse", "urllib.parse.urlsplit", "urllib3.util.parse_url"})


def _clean_address(frame: Frame, variables: dict[str, Value], node: ast.expr) -> None:
    """The address that a name holds taken apart, or that is taken apart here, leads to no other host."""
    names: list[str] = []
    if isinstance(node, ast.Name):
        parsed = variables.get(node.id)
        of = parsed.attributes.get("<of>") if isinstance(parsed, Instance) else None
        names = [node.id, str(of.value)] if isinstance(of, Const) else []
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Name):
        callee = frame.evaluate(node.func)
        if isinstance(callee, Symbol) and frame.knowledge.canonical(callee.name) in _TAKES_APART:
            names = [node.args[0].id]
    for name in names:
        _clean(variables, name, frozenset({"redirect", "url"}))


def _untrusted(value: Value) -> bool:
    return bool(value.all_labels() if isinstance(value, Container) else value.labels)


# A function of the project that says by its name that it judges its argument; what it looks at is its author's affair.
_JUDGES = regex(r"^_?(is|has|can|may|check|validate|verify|allow|accept)s?_|(^|_)(allowed?|safe|valid|trusted)(_|$)")
_OWN_PATH = regex(r"^\^?/(\[(?!.*/)|\(\?!/|\w)")


# A function of the project that raises when its argument is not what its name says.
_RAISES = regex(r"^_?(raise|validate|check|assert|ensure|verify|require|must|reject)(_|$)")
JUDGED = frozenset({"redirect", "url", "path"})
"""What an address or a path that a function of the project has judged cannot do."""


def judged_harms(frame: Frame, test: ast.Call) -> frozenset[str]:
    """What an argument of a call cannot do where the call says yes: by the table of guards, or by the name of a function that says that it judges; empty where the call judges nothing."""
    callee = frame.evaluate(test.func)
    if isinstance(callee, Symbol):
        return frame.knowledge.guards.get(frame.knowledge.canonical(callee.name), frozenset())
    judge = callee.function if isinstance(callee, BoundMethod) else callee
    return JUDGED if isinstance(judge, Function) and _is_judge(frame, judge) else frozenset()


def _is_judge(frame: Frame, function: Function) -> bool:
    """Whether a function judges its argument by what its name says, and by more than can be followed here."""
    frame.world.look_into(function.module, function.qualname)
    name = function.qualname.rsplit(".", 1)[-1]
    return _JUDGES.search(name) is not None and not predicates.is_plain(function.node)


def asserted(frame: Frame, variables: dict[str, Value], call: ast.Call) -> None:
    """`validate_url(url)` as a statement: what comes after it is reached only when it did not raise."""
    given = [a.id for a in (*call.args, *(k.value for k in call.keywords)) if isinstance(a, ast.Name)]
    name = dotted(call.func).rsplit(".", 1)[-1]
    if not given or not _RAISES.search(name):
        return
    callee = frame.evaluate(call.func)
    function = callee.function if isinstance(callee, BoundMethod) else callee
    if not isinstance(function, Function):
        return
    frame.world.look_into(function.module, function.qualname)
    if any(isinstance(n, ast.Raise) for n in nodes_in(function.node)):
        for argument in given:
            _clean(variables, argument, JUDGED)


def _tested(frame: Frame, variables: dict[str, Value], test: ast.Call, holds: bool) -> dict[str, Value]:
    function = test.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.attr in _SAFE_TESTS:
        if holds and function.value.id in variables:
            variables[function.value.id] = Unknown(CLEAN)
        return variables
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.attr == "startswith":
        _slashes(frame, variables, function.value.id, test, holds)
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and holds:
        _inside(variables, function.value.id, function.attr)
        _starts(frame, variables, function.value.id, test)
        if function.attr == "endswith" and test.args and not _untrusted(frame.evaluate(test.args[0])):
            _host_judged(variables, variables.get(function.value.id, UNKNOWN))
    if holds and isinstance(function, ast.Attribute) and function.attr in ("startswith", "is_relative_to"):
        _inside_resolved(frame, variables, function.value)
    callee = frame.evaluate(function)
    given = [*test.args, *(k.value for k in test.keywords)]
    if holds and isinstance(callee, Symbol) and callee.name == "builtins.any" and given:
        _any_start(frame, variables, given[0])
    judge = callee.function if isinstance(callee, BoundMethod) else callee
    if isinstance(judge, Function):
        if frame.tainted:
            predicates.told(frame, variables, test, judge, holds, isinstance(callee, BoundMethod))
        for argument in given if _is_judge(frame, judge) else ():
            if isinstance(argument, ast.Name):
                _clean(variables, argument.id, JUDGED if holds else frozenset())
        return variables
    subject = test.args[-1] if test.args and isinstance(function, ast.Attribute) else given[0] if given else None
    name = callee.name if isinstance(callee, Symbol) else ""
    if holds and name in frame.knowledge.guards and given and isinstance(given[0], ast.Name):
        _clean(variables, given[0].id, frame.knowledge.guards[name])
        return variables
    if not isinstance(subject, ast.Name) or subject.id not in variables or not holds:
        return variables
    if name == "builtins.isinstance" and len(test.args) == 2:
        type_ = frame.evaluate(test.args[1])
        if isinstance(type_, Symbol) and type_.name in _SAFE_TYPES:
            variables[subject.id] = Instance(type_.name)
        elif isinstance(type_, ClassRef):
            variables[subject.id] = _of_class(frame, variables[subject.id], type_)
    elif name.startswith("re.") or _is_compiled(callee):
        _matched(frame, variables, subject.id, test, callee)
    return variables


def _of_class(frame: Frame, value: Value, cls: ClassRef) -> Value:
    """A value that is an object of a class of the project: what it may be of that is known, else any such object, which no client sends."""
    fitting = [option for option in options(value) if _may_be(frame, option, cls.name)]
    known = [option for option in fitting if not tells_nothing(option)]
    return join_all(known) if known else object_of(frame, cls)


def _may_be(frame: Frame, value: Value, cls: str) -> bool:
    if isinstance(value, (Row, Instance)):
        own = value.model if isinstance(value, Row) else value.cls
        return cls in frame.world.lineage(own) or own in frame.world.lineage(cls)
    return not isinstance(value, (Const, Text, Container))


# What is known of the slashes at the beginning of an address: together they tell that it is a path.
_ROOTED, _ONE_SLASH = frozenset({"<rooted>"}), frozenset({"<one slash>"})


def _slashes(frame: Frame, variables: dict[str, Value], name: str, test: ast.Call, holds: bool) -> None:
    """`target.startswith("/") and not target.startswith("//")`: an address that is a path of the application's own."""
    starts = frame.evaluate(test.args[0]) if test.args else UNKNOWN
    given = starts.items.values() if isinstance(starts, Container) else (starts,)
    texts = {constant_text(start) for start in given}
    if holds and texts == {"/"}:
        _clean(variables, name, _ROOTED)
    elif not holds and "//" in texts:
        _clean(variables, name, _ONE_SLASH)
    _is_path(variables, name)


def _is_path(variables: dict[str, Value], name: str) -> None:
    value = variables.get(name)
    if value is not None and value.labels and all(label.cleaned >= _ROOTED | _ONE_SLASH for label in value.labels):
        _clean(variables, name, _ADDRESS)


def _any_start(frame: Frame, variables: dict[str, Value], node: ast.expr) -> None:
    """`any(target.startswith(start) for start in ALLOWED)`."""
    if not isinstance(node, (ast.GeneratorExp, ast.ListComp)) or len(node.generators) != 1:
        return
    test, over = node.elt, frame.evaluate(node.generators[0].iter)
    is_start = isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr == "startswith"
    if is_start and isinstance(test.func.value, ast.Name) and isinstance(over, Container):  # type: ignore[attr-defined]
        starts = [constant_text(start) or "" for option in over.items.values() for start in options(option)]
        if starts and over.rest is None and all(map(_FIXED_START.match, starts)):
            _clean(variables, test.func.value.id, _ADDRESS)  # type: ignore[attr-defined]


def _is_compiled(callee: Value) -> bool:
    receiver = callee.receiver if isinstance(callee, BoundMethod) else None
    return isinstance(receiver, Instance) and receiver.cls == patterns.COMPILED


def _matched(frame: Frame, variables: dict[str, Value], subject: str, test: ast.Call, callee: Value) -> None:
    """A text that matches a pattern, `re.fullmatch("[a-z]+", text)` or `PATTERN.match(text)`, is made of what the pattern lets through."""
    if isinstance(callee, BoundMethod):
        how, pattern = callee.name, getattr(callee.receiver, "attributes", {}).get("<pattern>")
    else:
        how, pattern = getattr(callee, "name", "")[3:], frame.evaluate(test.args[0]) if test.args else None
    text = (constant_text(pattern) if pattern is not None else None) or ""
    if how not in ("match", "search", "fullmatch"):
        return
    _host_judged(variables, variables[subject])
    if _OWN_PATH.match(text) and (how != "search" or text.startswith("^")):
        _clean(variables, subject, frozenset({"redirect"}))
    if patterns.holds_whole(text, how):
        variables[subject] = Unknown(CLEAN)
