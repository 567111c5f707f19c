"""Evaluation of expressions, one function a node type."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from backend_pitfalls.semantics import (
    calls,
    checks,
    containers,
    conventions,
    deferral,
    dropped,
    elements,
    emission,
    forms,
    holders,
    narrowing,
    orm,
    overfetch,
    protocols,
    remembered,
    request_state,
    verdicts,
)
from backend_pitfalls.semantics.annotations import FORMS
from backend_pitfalls.semantics.attributes import load_attribute, source_value
from backend_pitfalls.semantics.strings import MAX_TEXT, text_of
from backend_pitfalls.semantics.values import (
    CLEAN,
    KEY,
    UNKNOWN,
    ClassRef,
    Const,
    Container,
    Function,
    Instance,
    Label,
    ModuleRef,
    OneOf,
    Row,
    RowSet,
    Symbol,
    Text,
    TypeForm,
    Unknown,
    Value,
    deep_labels,
    join,
    join_all,
    options,
    tells_nothing,
)
from backend_pitfalls.syntax.source import Source

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame


def _constant(frame: Frame, node: ast.Constant) -> Value:
    return Const(node.value) if node.value is not ... else UNKNOWN


def _name(frame: Frame, node: ast.Name) -> Value:
    return frame.name(node.id)


def _attribute(frame: Frame, node: ast.Attribute) -> Value:
    receiver = frame.evaluate(node.value)
    dropped.body(frame, node)
    found: Value | None = None
    for option in options(receiver):
        if isinstance(option, Const) and option.value is None and len(options(receiver)) > 1:
            continue
        if isinstance(option, Row):
            orm.read_relation(frame, node, option, node.attr)
            deferral.read_field(frame, node, option, node.attr)
        value = calls.attribute(frame, node, option)
        if value.labels and not option.labels:
            value = fresh_source(frame, node, value)
        found = value if found is None else join(found, value)
    if found is None:
        return UNKNOWN
    held = node.value
    of = held.id if type(held) is ast.Name else held.attr if type(held) is ast.Attribute else ""
    if of in request_state.HOLDERS:
        return request_state.read(frame, node, found)
    return orm.manager_of_any(frame, node) if node.attr == "objects" and tells_nothing(found) else found


def fresh_source(frame: Frame, node: ast.AST, value: Value) -> Value:
    """Give a source's label the place where it is read.

    Parameters:
        frame: in which it is.
        node: the expression that reads it.
        value: what was read; as it is where no source is in it.
    """
    if not value.labels:
        return value
    site = frame.site(node)
    frame.tainted = True
    judged = checks.by_decorator(frame)
    return value.with_labels(
        frozenset(
            Label(label.description, site, (), label.cleaned | judged, label.kind)
            if not label.steps and label.site.path == ""
            else label
            for label in value.labels
        )
    )


def _call(frame: Frame, node: ast.Call) -> Value:
    value = calls.call(frame, node)
    return frame.taken_out(node, value) if frame.taken else value


def _await(frame: Frame, node: ast.Await) -> Value:
    frame.waits += 1
    frame.awaited = node.value
    value = frame.evaluate(node.value)
    frame.waits -= 1
    if isinstance(value, RowSet) and value.dialect == "tortoise":
        return orm.awaited(frame, node.value, value)
    if isinstance(value, Row) and value.path and isinstance(node.value, ast.Attribute):
        for holder in options(frame.evaluate(node.value.value)):
            if isinstance(holder, Row) and frame.world.dialect(holder.model) == "tortoise":
                orm.read_relation(frame, node.value, holder, node.value.attr, awaited=True)
    return value


def _joined(frame: Frame, node: ast.JoinedStr) -> Value:
    parts: list[str | Value] = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            value = protocols.text(frame, part.value, frame.evaluate(part.value))
            text = (
                str(value.value)
                if isinstance(value, Const) and part.format_spec is None and part.conversion == -1 and not value.labels
                else None
            )
            parts.append(text if text is not None else value)
        elif isinstance(part, ast.Constant):
            parts.append(str(part.value))
    return text_of(parts)


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


def _binary(frame: Frame, node: ast.BinOp) -> Value:
    # A chain of `+` thousands long is evaluated without recursion on its left spine.
    spine = [node]
    while isinstance(spine[-1].left, ast.BinOp):
        spine.append(spine[-1].left)
    value = frame.evaluate(spine[-1].left)
    for part in reversed(spine):
        right = frame.evaluate(part.right)
        if isinstance(part.op, ast.Mod) and _is_text(value):
            for shown in right.items.values() if isinstance(right, Container) else (right,):
                protocols.text(frame, part.right, shown)
        own = protocols.operated(frame, part, value, right)
        value = own if own is not None else binary(frame, part.op, value, right)
    return value


def binary(frame: Frame, op: ast.operator, left: Value, right: Value) -> Value:
    """The value of a binary operation."""
    if isinstance(left, Const) and isinstance(right, Const) and not left.labels | right.labels:
        folded = _fold(op, left.value, right.value)
        if folded is not None:
            return folded
    if (
        isinstance(op, (ast.Add, ast.Mod))
        and isinstance(right, OneOf)
        and (_is_text(left) or isinstance(left, Unknown))
    ):
        return join_all(binary(frame, op, left, option) for option in right.options)
    if isinstance(op, ast.Add):
        if isinstance(left, Unknown) and not left.labels and isinstance(right, Unknown) and right.labels:
            return text_of([left, right])  # what comes first tells whether the rest can decide a host
        if isinstance(left, (Container)) and isinstance(right, Container) and left.kind == right.kind:
            rests = [r for r in (left.rest, right.rest) if r is not None]
            items = dict(enumerate([*left.items.values(), *right.items.values()]))
            return Container(left.kind, items, join_all(rests) if rests else None)
        if _is_text(left) or _is_text(right):
            return text_of([left, right])
        if _is_list(left) and _is_list(right) and (isinstance(left, RowSet) or isinstance(right, RowSet)):
            return Container("list", rest=join(element_of(left), element_of(right)))
    if isinstance(op, ast.Mod) and _is_text(left):
        return percent_format(left, right)
    if isinstance(op, ast.Div) and isinstance(left, Instance) and left.cls == "pathlib.Path":
        return left.with_labels(left.labels | deep_labels(right))
    if isinstance(op, ast.BitOr) and isinstance(left, RowSet):
        return left
    return Unknown(deep_labels(left) | deep_labels(right))


def _fold(op: ast.operator, left: Any, right: Any) -> Value | None:
    function = _ARITHMETIC.get(type(op))
    if (
        function is None
        or (isinstance(op, ast.Mult) and isinstance(left, (str, bytes)))
        or (isinstance(right, (str, bytes)) and isinstance(op, ast.Mult))
    ):
        return None
    if isinstance(op, ast.Mod) and isinstance(left, (str, bytes)):
        return None
    try:
        result = function(left, right)
    except Exception:
        return None
    if (isinstance(result, int) and result.bit_length() > 256) or (
        isinstance(result, (str, bytes)) and len(result) > MAX_TEXT
    ):
        return None
    return Const(result)


def _is_list(value: Value) -> bool:
    """Whether a value is a list, perhaps one of rows."""
    return isinstance(value, Container) or (isinstance(value, RowSet) and value.shape == "rows")


def _is_text(value: Value) -> bool:
    return isinstance(value, Text) or (isinstance(value, Const) and isinstance(value.value, str))


def percent_format(template: Value, arguments: Value) -> Value:
    """`template % arguments`."""
    text = template.value if isinstance(template, Const) and isinstance(template.value, str) else None
    if text is None:
        return Text((template, arguments))
    holes = (
        [item(arguments, i) for i in range(text.count("%"))]
        if isinstance(arguments, Container) and arguments.kind == "tuple"
        else None
    )
    pieces: list[str | Value] = []
    rest, count = text.replace("%%", "\1"), 0
    while (at := rest.find("%")) >= 0:
        end = at + 1
        key = None
        if rest[end : end + 1] == "(":
            close = rest.find(")", end)
            key, end = rest[end + 1 : close], close + 1
        while end < len(rest) and rest[end] in "-+ #0123456789.*":
            end += 1
        pieces.append(rest[:at])
        kind = rest[end : end + 1]
        if key is not None:
            value = item(arguments, key)
        elif holes is not None:
            value = holes[count] if count < len(holes) else UNKNOWN
        else:
            value = arguments
        pieces.append(Instance("builtins.int") if kind and kind in "diuoxXeEfFgG" else value)
        rest, count = rest[end + 1 :], count + 1
    pieces.append(rest)
    return text_of([p.replace("\1", "%") if isinstance(p, str) else p for p in pieces if p != ""])


def _unary(frame: Frame, node: ast.UnaryOp) -> Value:
    value = frame.evaluate(node.operand)
    if isinstance(node.op, ast.Not):
        decided = truth(value)
        return Const(not decided) if decided is not None else Instance("builtins.bool")
    if isinstance(value, Const) and isinstance(value.value, (int, float)) and isinstance(node.op, ast.USub):
        return Const(-value.value)
    return Unknown(value.labels)


def _boolean(frame: Frame, node: ast.BoolOp) -> Value:
    found: list[Value] = []
    before: Value | None = None
    start, loops = frame.variables, frame.loops
    for index, operand in enumerate(node.values):
        value = frame.evaluate(operand)
        decided = truth(value)
        last = index == len(node.values) - 1
        stops = decided is (isinstance(node.op, ast.Or))
        if last or stops:
            found.append(_left_out(value, before) if before is not None else value)
            break
        before = value
        if decided is None:
            found.append(value)
        frame.variables = narrowing.narrowed(frame, dict(frame.variables), operand, isinstance(node.op, ast.And))
        if isinstance(node.op, ast.And):
            frame.loops = remembered.grown(frame.loops, operand)
    frame.loops = loops
    frame.variables = start | {k: v for k, v in frame.variables.items() if k not in start}
    return join_all(found)


def _compare(frame: Frame, node: ast.Compare) -> Value:
    left = frame.evaluate(node.left)
    rights = [frame.evaluate(c) for c in node.comparators]
    if (
        len(rights) == 1
        and isinstance(left, Const)
        and isinstance(rights[0], Const)
        and not left.labels | rights[0].labels
    ):
        decided = _compare_constants(node.ops[0], left.value, rights[0].value)
        if decided is not None:
            return Const(decided)
    if (
        len(rights) == 1
        and isinstance(node.ops[0], (ast.Is, ast.IsNot))
        and isinstance(rights[0], Const)
        and rights[0].value is None
    ) and _is_never_none(left):
        return Const(isinstance(node.ops[0], ast.IsNot))
    if len(rights) == 1 and rights[0] is frame.keywords and isinstance(left, Const):
        given = _is_given(rights[0], left.value)
        if given is not None and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            return Const(given is isinstance(node.ops[0], ast.In), CLEAN, "" if given else "default")
    overfetch.compared(frame, node, left)
    for right, op in zip(rights, node.ops):
        if isinstance(op, (ast.In, ast.NotIn)) and isinstance(right, RowSet):
            orm.iterate(frame, node, right)
    return Instance("builtins.bool")


def _is_given(keywords: Value, name: object) -> bool | None:
    """Whether a call gave a function this one of its `**options`; None where not all of them are known."""
    known = keywords if isinstance(keywords, Container) and keywords.rest is None else None
    return name in known.items if known is not None else None


def _left_out(value: Value, test: Value) -> Value:
    """What stands in for an argument that was left out is what the call left out: `timeout or None`, `options["timeout"] if "timeout" in options else None`."""
    is_default = isinstance(test, Const) and test.origin == "default"
    return Const(value.value, value.labels, "default") if is_default and isinstance(value, Const) else value


def _is_never_none(value: Value) -> bool:
    """Whether a value is certainly not None: annotations, query sets and library functions give what may be None without saying so here."""
    if isinstance(value, Instance):
        return value.cls == KEY
    return isinstance(value, (ClassRef, Function, Text)) or (isinstance(value, Container) and value.rest is None)


_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


def _compare_constants(op: ast.cmpop, left: Any, right: Any) -> bool | None:
    function = _COMPARE.get(type(op))
    if function is None:
        return None
    try:
        return bool(function(left, right))
    except TypeError:
        return None


def truth(value: Value) -> bool | None:
    """Whether a value is certainly true or false."""
    if isinstance(value, Const):
        return bool(value.value)
    if isinstance(value, (ClassRef, Function, ModuleRef)):
        return True
    return True if isinstance(value, Instance) and value.cls == KEY else None


def _conditional(frame: Frame, node: ast.IfExp) -> Value:
    test = frame.evaluate(node.test)
    decided = truth(test)
    start, told = frame.variables, frame.told
    found = []
    for branch, holds in ((node.body, True), (node.orelse, False)):
        if decided is not (not holds):
            frame.variables = narrowing.narrowed(frame, dict(start), node.test, holds)
            frame.told = {**told, **verdicts.told(frame, node.test, holds)}
            found.append(frame.evaluate(branch))
    frame.variables, frame.told = start, told
    return _left_out(found[0], test) if decided is False else join_all(found)


def _sequence(kind: str) -> Callable[[Frame, Any], Value]:
    def build(frame: Frame, node: ast.List | ast.Tuple | ast.Set) -> Value:
        items: dict[Any, Value] = {}
        rest: Value | None = None
        for index, element in enumerate(node.elts):
            if isinstance(element, ast.Starred):
                value = element_of(frame.evaluate(element.value))
                rest = value if rest is None else join(rest, value)
            else:
                items[index] = frame.evaluate(element)
        return Container(kind, items, rest)

    return build


def _dict(frame: Frame, node: ast.Dict) -> Value:
    items: dict[Any, Value] = {}
    rest: Value | None = None
    keyed: Value | None = None
    for key, value_node in zip(node.keys, node.values):
        value = frame.evaluate(value_node)
        index = frame.evaluate(key) if key is not None else None
        if isinstance(index, Const):
            items[index.value] = value
            if value.labels:
                emission.named(frame, value_node, index.value, value, value_node)
        elif key is None and isinstance(value, Container):
            items.update(value.items)
            rest = value.rest if rest is None else rest
        else:
            rest = value if rest is None else join(rest, value)
            keyed = containers.with_key(keyed, index) if index is not None else keyed
    return Container("dict", items, rest, keyed=keyed)


def _subscript(frame: Frame, node: ast.Subscript) -> Value:
    container = frame.evaluate(node.value)
    if isinstance(node.slice, ast.Slice):
        bounds = [frame.evaluate(b) if b is not None else Const(None) for b in (node.slice.lower, node.slice.upper)]
        return join_all(_sliced(option, bounds) for option in options(container))
    index = frame.evaluate(node.slice)
    found: list[Value] = []
    for option in options(container):
        if isinstance(option, RowSet):
            overfetch.indexed(frame, node, option, index)
            found.append(orm.item(frame, node, option))
        elif isinstance(option, Symbol):
            source = frame.knowledge.sources.get(f"{option.name}[]")
            if source is not None:
                found.append(fresh_source(frame, node, source_value(source)))
                continue
            is_form = option.name in FORMS and isinstance(frame.source, Source)
            found.append(TypeForm(frame.module, node) if is_form else load_attribute(frame.interpreter, option, "[]"))
        elif isinstance(option, Instance) and option.cls in forms.CLEANED:
            found.append(forms.value_of(frame, node, option, index))
        elif isinstance(option, Instance) and (held := holders.item(frame, option, index)) is not None:
            found.append(held)
        elif isinstance(option, Instance) and (source := frame.knowledge.sources.get(f"{option.cls}[]")) is not None:
            found.append(fresh_source(frame, node, source_value(source)))
        elif (own := protocols.special(frame, node, option, "__getitem__", index)) is not None:
            found.append(own)
        else:
            found.append(item(option, index.value if isinstance(index, Const) else None, index))
            if isinstance(option, Unknown):
                found[-1] = checks.part(frame, node.value, index, found[-1])
    return elements.looked_up(frame, node.slice, join_all(found))


def _sliced(value: Value, bounds: list[Value]) -> Value:
    known = [b.value for b in bounds if isinstance(b, Const) and isinstance(b.value, (int, type(None)))]
    if len(known) == 2 and isinstance(value, Const) and isinstance(value.value, str):
        return Const(value.value[known[0] : known[1]])
    if len(known) == 2 and isinstance(value, Container) and value.rest is None and value.kind != "dict":
        return Container(value.kind, dict(enumerate(list(value.items.values())[known[0] : known[1]])))
    if isinstance(value, RowSet):
        return value.evolve(whole=False)
    if isinstance(value, Container):
        return Container(value.kind, rest=value.elements())
    return Unknown(deep_labels(value))


def item(container: Value, index: Any, index_value: Value | None = None) -> Value:
    """`container[index]`; None for an unknown index."""
    if isinstance(container, OneOf):
        return join_all(item(option, index, index_value) for option in container.options)
    if isinstance(container, Container):
        if isinstance(index, int) and index < 0 and container.rest is None and container.kind != "dict":
            index += len(container.items)
        if index_value is None or isinstance(index_value, Const):
            found = container.items.get(index) if index.__hash__ else None
            if found is not None:
                return found.with_labels(found.labels | container.labels)
            if container.rest is not None:
                return container.rest.with_labels(container.rest.labels | container.labels)
            return UNKNOWN if not container.labels else Unknown(container.labels)
        return container.elements()
    if isinstance(container, RowSet):
        return element_of(container)
    if isinstance(
        container, Row
    ):  # one of the rows of `session.execute(select(Book, …))`, of which the model is the first column
        return container if index == 0 else UNKNOWN
    names = protocols.fields_of(container)
    if isinstance(container, Instance) and isinstance(index, int) and -len(names) <= index < len(names):
        return container.attributes.get(names[index], UNKNOWN)
    if isinstance(container, Const) and isinstance(container.value, str) and isinstance(index, int):
        return Const(container.value[index]) if -len(container.value) <= index < len(container.value) else UNKNOWN
    return Unknown(deep_labels(container))


def element_of(value: Value) -> Value:
    """Any element of an iterable, without running a query."""
    if isinstance(value, Container):
        return value.elements()
    if isinstance(value, RowSet):
        return Row(value.model, value.loaded, value.origin) if value.shape != "values" else UNKNOWN
    return Unknown(deep_labels(value))


def _comprehension(kind: str) -> Callable[[Frame, Any], Value]:
    def build(frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
        outer_variables, outer_loops = frame.variables, frame.loops
        frame.variables = dict(outer_variables)
        constant = True
        keyed: Value | None = None
        try:
            for generator in node.generators:
                frame.waits += generator.is_async
                iterable = frame.evaluate(generator.iter)
                loop = frame.make_loop(generator.iter, iterable, generator.target)
                element = frame.iterate(generator.iter, iterable, loop)
                frame.waits -= generator.is_async
                constant = constant and loop.few
                frame.assign(generator.target, conventions.element(frame, generator.target, element, loop), None)
                frame.loops = (*frame.loops, loop)
                for condition in generator.ifs:
                    frame.evaluate(condition)
                    frame.variables = narrowing.narrowed(frame, frame.variables, condition, True)
            if isinstance(node, ast.DictComp):
                key = frame.evaluate(node.key)
                result = containers.under(key, frame.evaluate(node.value))
                keyed = containers.with_key(None, key)
            else:
                result = frame.evaluate(node.elt)
        finally:
            frame.variables, frame.loops = outer_variables, outer_loops
        overfetch.filtered(frame, node, iterable)
        overfetch.column(frame, node, iterable)
        if frame.tainted:
            for generator in node.generators:
                for condition in generator.ifs:
                    checks.looked_at(outer_variables, condition)
        return Container(kind, rest=result, keyed=keyed)

    return build


def _lambda(frame: Frame, node: ast.Lambda) -> Value:
    return frame.nested(node, f"{frame.symbol}.<lambda>".lstrip("."))


def _walrus(frame: Frame, node: ast.NamedExpr) -> Value:
    value = frame.evaluate(node.value)
    frame.assign(node.target, value, node.value)
    return value


def _yield(frame: Frame, node: ast.Yield) -> Value:
    frame.yields.append(frame.evaluate(node.value) if node.value is not None else Const(None))
    return UNKNOWN


def _yield_from(frame: Frame, node: ast.YieldFrom) -> Value:
    frame.yields.append(frame.iterate(node.value, frame.evaluate(node.value)))
    return UNKNOWN


def _starred(frame: Frame, node: ast.Starred) -> Value:
    return element_of(frame.evaluate(node.value))


HANDLERS: dict[type[ast.expr], Callable[[Frame, Any], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Await: _await,
    ast.JoinedStr: _joined,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.IfExp: _conditional,
    ast.List: _sequence("list"),
    ast.Tuple: _sequence("tuple"),
    ast.Set: _sequence("set"),
    ast.Dict: _dict,
    ast.Subscript: _subscript,
    ast.ListComp: _comprehension("list"),
    ast.SetComp: _comprehension("set"),
    ast.GeneratorExp: _comprehension("generator"),
    ast.DictComp: _comprehension("dict"),
    ast.Lambda: _lambda,
    ast.NamedExpr: _walrus,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.Starred: _starred,
}
