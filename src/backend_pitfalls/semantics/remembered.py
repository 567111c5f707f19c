"""Code that runs once and keeps what it found, or that it ran: `if self._rate is None: self._rate = …`, `if code not in rates: rates[code] = …`, `if not self.running: self.running = True`.

What stands in such a branch does not run in every round of a loop, so its queries do not grow with the rounds, nor for every request, so that what waits in it holds others up once.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.events import Call, Loop, Query, RelationLoad
from backend_pitfalls.semantics.values import Instance, Row, Value
from backend_pitfalls.syntax.names import dotted, nodes_in

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

SHARED, OWN = "shared", "own"
"""What is kept outside of an object, and what an object keeps for itself."""

_MISSING = frozenset({"KeyError", "AttributeError", "LookupError", "Exception", "NameError"})


def missing(test: ast.expr, holds: bool) -> frozenset[str]:
    """The places, as written, in which nothing is kept yet when a condition holds, or does not.

    Parameters:
        test: the condition.
        holds: which of both.
    """
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return missing(test.operand, not holds)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is holds:
        return frozenset().union(*(missing(value, holds) for value in test.values))
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compared(test.left, test.ops[0], test.comparators[0], holds)
    if isinstance(test, ast.Call) and dotted(test.func) == "hasattr" and len(test.args) == 2 and not holds:
        name = getattr(test.args[1], "value", None)
        return frozenset({f"{dotted(test.args[0])}.{name}"}) if isinstance(name, str) else frozenset()
    return _place(test) if not holds else frozenset()


def _compared(left: ast.expr, op: ast.cmpop, right: ast.expr, holds: bool) -> frozenset[str]:
    if isinstance(op, (ast.Is, ast.IsNot)) and isinstance(right, ast.Constant) and right.value is None:
        return _place(left) if isinstance(op, ast.Is) is holds else frozenset()
    if isinstance(op, (ast.In, ast.NotIn)) and isinstance(op, ast.NotIn) is holds:
        is_keys = isinstance(right, ast.Call) and isinstance(right.func, ast.Attribute) and right.func.attr == "keys"
        name = dotted(right.func.value if is_keys else right)  # type: ignore[attr-defined]
        return frozenset({f"{name}[{ast.unparse(left)}]"}) if name else frozenset()
    return frozenset()


def _place(node: ast.expr) -> frozenset[str]:
    name = dotted(node)
    return frozenset({name}) if name else frozenset()


def kept(frame: Frame, block: list[ast.stmt], places: frozenset[str]) -> str:
    """How a block keeps something in one of these places: "shared", "own" (by the object of a method), or not ("").

    Parameters:
        frame: in which the block stands.
        block: its statements.
        places: as written.
    """
    if not places:
        return ""
    bound = [frame.interpreter.read(_bound_in, statement) for statement in block]
    assigned = [b for found, _ in bound for b in found if b[0] in places]
    added = [b for _, found in bound for b in found if b[0] in places]
    for written, target, value in (*assigned, *added):
        if frame.self_name and written.startswith(f"{frame.self_name}."):
            return OWN
        if value is not None and _stays(frame, block, target):
            return SHARED
    return ""


def _stays(frame: Frame, block: list[ast.stmt], target: ast.expr) -> bool:
    """Whether what is put into a place is still there in the next round: not what each row gets for itself."""
    if isinstance(target, ast.Name):
        return _is_global(frame, target.id) or _is_stored(frame, block, target.id)
    name = _first(target)
    if isinstance(target, ast.Subscript):
        return not any(name in loop.targets for loop in frame.loops)
    return name not in frame.variables or name in _OF_A_REQUEST


# What lives as long as a request is answered.
_OF_A_REQUEST = frozenset({"request", "cls", "g", "info", "context"})


def read_in(block: list[ast.stmt], handler: ast.ExceptHandler) -> frozenset[str]:
    """The places that a block of `try` reads, and that a handler learns to be empty."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    if not any(node is not None and dotted(node) in _MISSING for node in caught):
        return frozenset()
    reads = [n for s in block for n in nodes_in(s) if isinstance(n, (ast.Subscript, ast.Attribute))]
    return frozenset(ast.unparse(n) for n in reads if isinstance(n.ctx, ast.Load))


_Bound = tuple[str, ast.expr, ast.expr | None]


def _bound_in(statement: ast.stmt) -> tuple[list[_Bound], list[_Bound]]:
    """The targets of a statement and of those in it, as written, with what they get; and `loaded.add(code)` as if it were `loaded[code] = code`."""
    assigned: list[tuple[ast.expr, ast.expr | None]] = []
    added: list[tuple[ast.expr, ast.expr | None]] = []
    for node in nodes_in(statement):
        if isinstance(node, ast.Assign):
            assigned.extend((target, node.value) for target in node.targets)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
            assigned.append((node.target, node.value))
        elif (
            isinstance(node, ast.Call)
            and len(node.args) == 1
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("add", "append")
        ):
            added.append((ast.Subscript(node.func.value, node.args[0], ast.Store()), node.args[0]))
    return [(ast.unparse(t), t, v) for t, v in assigned], [(ast.unparse(t), t, v) for t, v in added]


def _is_global(frame: Frame, name: str) -> bool:
    node = frame.function.node if frame.function is not None else None
    return node is not None and any(
        isinstance(n, (ast.Global, ast.Nonlocal)) and name in n.names for n in nodes_in(node)
    )


def _is_stored(frame: Frame, block: list[ast.stmt], name: str) -> bool:
    """Whether a variable is put into something that stays: `rates[code] = rate`, `cache.set(key, rate)`."""
    bound = frozenset().union(*(loop.bound for loop in frame.loops)) if frame.loops else frozenset()
    for statement in block:
        for node in nodes_in(statement):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id == name:
                # What is set on an object that each round has another of is gone with it.
                if any(isinstance(t, (ast.Subscript, ast.Attribute)) and _first(t) not in bound for t in node.targets):
                    return True
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("set", "add", "setdefault")
                and not _SESSION.search(dotted(node.func.value))
            ) and any(isinstance(a, ast.Name) and a.id == name for a in node.args):
                return True
    return False


# What a session of SQLAlchemy is given is written, and not looked up there.
_SESSION = regex(r"(?:^|[._])(?:session|db)$")


def _first(target: ast.expr) -> str:
    """The variable with which a place begins."""
    while isinstance(target, (ast.Attribute, ast.Subscript)):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


def pinned(test: ast.expr) -> frozenset[str]:
    """The variables that a condition compares with a constant: in `for kind in kinds: if kind == "book": …` the branch runs once for that kind."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return frozenset().union(*map(pinned, test.values))
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        left, right = test.left, test.comparators[0]
        if isinstance(left, ast.Name) and isinstance(right, ast.Constant):
            return frozenset({left.id})
    return frozenset()


def grown(loops: tuple[Loop, ...], test: ast.expr) -> tuple[Loop, ...]:
    """The loops around for whose rounds a condition may hold more than once."""
    names = pinned(test) if loops else frozenset()
    return tuple(loop for loop in loops if loop.targets.isdisjoint(names)) if names else loops


def mark(frame: Frame, start: int, kind: str) -> None:
    """The queries and calls among the events from a position on run once, and not in each round of the loops around."""
    for event in frame.events[start:]:
        if isinstance(event, (Query, RelationLoad, Call)):
            event.remembered = event.remembered or kind
            if kind == SHARED and not isinstance(event, Call):
                event.loops = tuple(loop for loop in event.loops if loop not in frame.loops)


def rounds(frame: Frame, kind: str, node: ast.AST, receiver: Value | None) -> tuple[Loop, ...]:
    """The loops around in whose rounds something runs: what is remembered only where a row does that, and each round may have another row.

    Parameters:
        frame: that calls the function which remembers.
        kind: of its memory.
        node: the call.
        receiver: the object whose method is called.
    """
    if not kind:
        return frame.loops
    if kind == SHARED or not isinstance(receiver, Row):
        return ()
    name = _root(node)
    return tuple(loop for loop in frame.loops if not name or name in loop.bound)


def seen_from(frame: Frame, kind: str, node: ast.AST) -> str:
    """How what a called function remembers is kept as its caller sees it: by an object that all share, by one of several, or not, where the object is made anew.

    Parameters:
        frame: that calls the function which remembers.
        kind: of its memory.
        node: the call.
    """
    owner = _owner(node)
    if kind != OWN or not owner:
        return kind
    held = frame.variables.get(owner)
    if frame.function is not None and owner in frame.function.signature.accepted:
        return OWN
    # A variable of the module, or an object of a class that gives the same one again.
    if held is None or (isinstance(held, Instance) and frame.world.method(held.cls, "__new__") is not None):
        return SHARED
    return ""


def _root(node: ast.AST) -> str:
    """The variable with which the way to the object begins whose method is called, or whose property is read; the empty string where there is none."""
    way = _object(node)
    while isinstance(way, ast.Attribute):
        way = way.value
    return way.id if isinstance(way, ast.Name) else ""


def _owner(node: ast.AST) -> str:
    """The variable whose method is called, or whose property is read; the empty string for any other object."""
    owner = _object(node)
    return owner.id if isinstance(owner, ast.Name) else ""


def _object(node: ast.AST) -> ast.expr | None:
    """The object whose method is called, or whose property is read."""
    found: ast.expr | None = getattr(getattr(node, "func", node), "value", None)
    return found
