"""What a template reads of the rows in its context."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from backend_pitfalls.model.finding import Site, Step
from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics import calls, emission, orm
from backend_pitfalls.semantics.events import Loop
from backend_pitfalls.semantics.values import (
    UNKNOWN,
    BoundMethod,
    Container,
    Row,
    RowSet,
    Unknown,
    Value,
    each_round,
    few_rounds,
    join_all,
    options,
)
from backend_pitfalls.syntax.names import dotted
from backend_pitfalls.syntax.template import TemplateNode, TemplateSource, Variable

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

MAX_INCLUDED = 5
MAX_SHOWN = 4_000
# Filters of Django and Jinja that show a row as it is shown without them.
_SAME_VALUE = frozenset(
    [
        "default",
        "default_if_none",
        "escape",
        "e",
        "force_escape",
        "safe",
        "title",
        "upper",
        "lower",
        "truncatechars",
        "truncatewords",
        "linebreaksbr",
        "capfirst",
    ]
)


def render(frame: Frame, name: str, context: Mapping[str, Value], site: Site, elsewhere: bool = False) -> None:
    """See the events of rendering a template.

    Parameters:
        frame: where it is rendered.
        name: of the template, as loaders look it up.
        context: what it is given.
        site: the place of the rendering.
        elsewhere: whether a framework renders it in a thread, where it holds no coroutine up.
    """
    source = frame.world.template(name)
    if source is None:
        return
    inner = frame.of_template(source)
    inner.variables = {k: v for k, v in context.items() if not isinstance(v, Unknown) or v.labels}
    if inner.variables:
        rendering = _Rendering(inner, 0, _Budget())
        rendering.page(source, {})
        if rendering.budget.left < 0:
            frame.interpreter.memo.cap(name)
    step = Step(site, f"renders '{name}'")
    for event in inner.events:
        frame.events.append(event.shown_by(step, frame.scope, frame.loops, frame.is_async and not elsewhere))


def of_request(frame: Frame, request: Value) -> dict[str, Value]:
    """What Django's context processors of `startproject` put into every context that is rendered for a request.

    https://docs.djangoproject.com/en/stable/ref/templates/api/#built-in-template-context-processors
    """
    return {"request": request, "user": Row(frame.world.user_model())}


class _Budget:
    """How many nodes may still be looked at for one page, those of what it includes counted."""

    def __init__(self) -> None:
        self.left = MAX_SHOWN


class _Rendering:
    def __init__(self, frame: Frame, depth: int, budget: _Budget) -> None:
        self._frame = frame
        self._depth = depth
        self.budget = budget

    def page(self, source: TemplateSource, blocks: dict[str, list[TemplateNode]]) -> None:
        """A template: what it extends with its blocks in place, or its own nodes."""
        extends = next((n for n in source.nodes if n.kind == "extends"), None)
        parent = self._frame.world.template(extends.target) if extends is not None and extends.target else None
        own = {n.target: n.body for n in _blocks(source.nodes)}
        if parent is not None and self._depth < MAX_INCLUDED:
            # Blocks are read where they stand, with the positions of their own file.
            self.nodes([n for n in source.nodes if n.kind not in ("extends", "block")])
            for name, body in own.items():
                if name not in blocks:
                    self.nodes(body)
            inner = self._frame.of_template(parent)
            inner.variables, inner.loops, inner.events = self._frame.variables, self._frame.loops, self._frame.events
            _Rendering(inner, self._depth + 1, self.budget).page(parent, {**own, **blocks})
        else:
            self.nodes(source.nodes, blocks)

    def nodes(self, nodes: list[TemplateNode], blocks: Mapping[str, list[TemplateNode]] | None = None) -> None:
        for node in nodes:
            self.budget.left -= 1
            if self.budget.left < 0:
                return
            if node.kind == "for":
                self._for(node, blocks)
            elif node.kind == "with":
                self._with(node, blocks)
            elif node.kind == "regroup":
                self._regroup(node, blocks)
            elif node.kind == "block":
                if not blocks or node.target not in blocks:
                    self.nodes(node.body, blocks)
            elif node.kind == "include":
                self._include(node)
            elif node.kind == "tag":
                self._tag(node, blocks)
            else:
                for variable in node.reads:
                    self._show(node, self._read(variable), variable)

    def _makes_page(self, node: TemplateNode) -> bool:
        """Whether what is shown becomes a piece of a page as it is."""
        return _KEEPS_TEXT.issuperset(node.filters) and _TAG.search(self._frame.source.text) is not None

    def _show(self, node: TemplateNode, value: Value, variable: Variable) -> None:
        """A row that is shown is shown as its `__str__`; a text that is not escaped may be a piece of the page."""
        if node.raw and (value.labels or self._makes_page(node)):
            emission.unescaped(self._frame, node.node, value)
        for name in node.filters:
            if name in _SAME_VALUE and self._frame.world.template_tag("filter", name) is None:
                continue
            value = self._call(node, "filter", name, [("", value)])
            if isinstance(value, Unknown):
                return
        for option in options(value):
            if node.kind == "show" and isinstance(option, Row):
                self._attribute(variable, option, "__str__")

    def _tag(self, node: TemplateNode, blocks: Mapping[str, list[TemplateNode]] | None) -> None:
        """A tag of the project's own library: what its function does, and the template that it fills."""
        frame = self._frame
        given = [(keyword, self._read(v) if v is not None else UNKNOWN) for keyword, v in node.arguments]
        result = self._call(node, "tag", node.target, given)
        outer = frame.variables
        frame.variables = {**outer, **dict.fromkeys(node.names, result)}
        self.nodes(node.body, blocks)
        frame.variables = outer

    def _call(self, node: TemplateNode, kind: str, name: str, given: Sequence[tuple[str, Value]]) -> Value:
        """What a tag or filter of the project gives; unknown for those of libraries."""
        frame = self._frame
        found = frame.world.template_tag(kind, name)
        function = frame.interpreter.function(*found) if found is not None else None
        if function is None or isinstance(function.node, ast.Lambda):
            return UNKNOWN
        decorator = next((d for d in function.node.decorator_list if isinstance(d, ast.Call)), None)
        wants_context = decorator is not None and any(k.arg == "takes_context" for k in decorator.keywords)
        positional = [v for keyword, v in given if not keyword]
        if wants_context:
            variables = {k: v for k, v in frame.variables.items() if not isinstance(v, Unknown)}
            positional.insert(0, Container("dict", variables, UNKNOWN))
        named = [p.arg for p in (*function.node.args.posonlyargs, *function.node.args.args)]
        bound = {**dict(zip(named, positional)), **{k: v for k, v in given if k in named}}
        result = calls.run(frame, node.node, function, bound)
        template = _filled(decorator)
        if template:
            self._fill(template, result)
        return result

    def _fill(self, name: str, context: Value) -> None:
        source = self._frame.world.template(name)
        if source is None or self._depth >= MAX_INCLUDED:
            return
        for option in options(context):
            if isinstance(option, Container) and any(_matters(v) for v in option.items.values()):
                inner = self._frame.of_template(source)
                inner.variables = {k: v for k, v in option.items.items() if isinstance(k, str)}
                inner.loops, inner.events = self._frame.loops, self._frame.events
                _Rendering(inner, self._depth + 1, self.budget).page(source, {})

    def _for(self, node: TemplateNode, blocks: Mapping[str, list[TemplateNode]] | None) -> None:
        frame = self._frame
        iterable = join_all([self._read(v) for v in node.reads[:1]])
        loop = self._loop(node, iterable, frozenset(node.names))
        element = self._element(node, iterable, loop)
        outer_variables, outer_loops = frame.variables, frame.loops
        frame.variables = {**outer_variables, **_bound(node.names, element)}
        frame.loops = (*outer_loops, loop)
        self.nodes(node.body, blocks)
        frame.variables, frame.loops = outer_variables, outer_loops

    def _regroup(self, node: TemplateNode, blocks: Mapping[str, list[TemplateNode]] | None) -> None:
        """`{% regroup books by author as authors %}`: the attribute is read of every row."""
        frame = self._frame
        iterable = join_all([self._read(v) for v in node.reads[:1]])
        loop = self._loop(node, iterable, frozenset())
        element = self._element(node, iterable, loop)
        outer_variables, outer_loops = frame.variables, frame.loops
        frame.loops = (*outer_loops, loop)
        frame.variables = {**outer_variables, "<row>": element}
        grouper = self._read(Variable(("<row>", *node.target.split(".")), node.node))
        frame.loops = outer_loops
        group = Container("dict", {"grouper": grouper, "list": Container("list", rest=element)})
        frame.variables = {**outer_variables, node.names[0]: Container("list", rest=group)}
        self.nodes(node.body, blocks)
        frame.variables = outer_variables

    def _loop(self, node: TemplateNode, iterable: Value, names: frozenset[str]) -> Loop:
        frame = self._frame
        subject = frame.source.snippet(node.node, 40)
        few = few_rounds(iterable)
        return Loop(frame.site(node.node), subject, names, few, "page_range" in subject, "template")

    def _element(self, node: TemplateNode, iterable: Value, loop: Loop) -> Value:
        found: list[Value] = []
        for option in options(iterable):
            if isinstance(option, RowSet):
                if option.shape == "manager" and option.path:
                    option = option.evolve(shape="query", loops=self._frame.loops)
                found.append(each_round(orm.iterate(self._frame, node.node, option), loop))
            elif isinstance(option, Container):
                element = option.elements()
                if option.kind == "dict":
                    element = Container("tuple", {1: element})
                found.append(each_round(element, loop))
        return join_all(found)

    def _with(self, node: TemplateNode, blocks: Mapping[str, list[TemplateNode]] | None) -> None:
        frame, outer = self._frame, self._frame.variables
        values = [self._read(v) for v in node.reads]
        frame.variables = {**outer, **dict(zip(node.names, values))}
        self.nodes(node.body, blocks)
        frame.variables = outer

    def _include(self, node: TemplateNode) -> None:
        source = self._frame.world.template(node.target) if node.target else None
        if source is None or self._depth >= MAX_INCLUDED:
            return
        frame = self._frame
        inner = frame.of_template(source)
        given = dict(zip(node.names, [self._read(v) for v in node.reads]))
        inner.variables, inner.loops, inner.events = {**frame.variables, **given}, frame.loops, frame.events
        _Rendering(inner, self._depth + 1, self.budget).page(source, {})

    def _read(self, variable: Variable) -> Value:
        value = self._frame.variables.get(variable.path[0])
        if value is None:
            return UNKNOWN
        for name in variable.path[1:]:
            value = join_all([self._attribute(variable, option, name) for option in options(value)])
        return value

    def _attribute(self, variable: Variable, value: Value, name: str) -> Value:
        """`value.name` as templates look it up: key, attribute or index, and called if it can be."""
        frame, node = self._frame, variable.node
        if isinstance(value, Container):
            return value.items.get(name, value.items.get(int(name) if name.isdigit() else name, value.rest or UNKNOWN))
        if isinstance(value, RowSet):
            return orm.template_lookup(frame, node, value, name)
        if isinstance(value, Row):
            orm.read_relation(frame, node, value, name)
        found = calls.attribute_at(frame, node, value, name)
        if isinstance(found, BoundMethod) and found.function is not None:
            parameters = found.function.node.args
            if len(parameters.args) - len(parameters.defaults) <= 1:
                return calls.run(frame, node, found.function, {found.function.signature.first: found.receiver})
        return found


# A template without one makes a message, not a page.
_TAG = regex(r"<[A-Za-z!/]")
# Filters after which a text may still hold tags, for certain. https://docs.djangoproject.com/en/stable/ref/templates/builtins/
_KEEPS_TEXT = frozenset(
    {"safe", "default", "default_if_none", "trim", "lower", "upper", "capfirst", "join", "first", "last"}
)


def _matters(value: Value) -> bool:
    """Whether a template that shows a value may run queries for it once a round, or show what a request sent."""
    if isinstance(value, Container):
        return any(_matters(v) for v in value.items.values()) or (value.rest is not None and _matters(value.rest))
    return bool(value.labels) or isinstance(value, RowSet) or (isinstance(value, Row) and bool(value.loops))


def _filled(decorator: ast.expr | None) -> str:
    """The template of an inclusion tag; empty for other tags."""
    if not isinstance(decorator, ast.Call) or not dotted(decorator.func).endswith("inclusion_tag"):
        return ""
    given = [*decorator.args[:1], *(k.value for k in decorator.keywords if k.arg == "filename")]
    return next((a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)), "")


def _blocks(nodes: list[TemplateNode]) -> list[TemplateNode]:
    found = []
    for node in nodes:
        if node.kind == "block":
            found.append(node)
        found.extend(_blocks(node.body))
    return found


def _bound(names: tuple[str, ...], element: Value) -> dict[str, Value]:
    if len(names) == 1:
        return {names[0]: element}
    parts = element.items if isinstance(element, Container) else {}
    return {name: parts.get(i, UNKNOWN) for i, name in enumerate(names)}
