"""What class-based views of Django do: hand rows to a template under the names that the template knows.
https://docs.djangoproject.com/en/stable/ref/class-based-views/"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend_pitfalls.semantics import serializers, templates
from backend_pitfalls.semantics.values import (
    UNKNOWN,
    Const,
    Container,
    Instance,
    Row,
    RowSet,
    Value,
    constant_text,
    options,
)

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

_TEMPLATE = "django.views.generic.base.TemplateResponseMixin"
_LIST = "django.views.generic.list.MultipleObjectMixin"
_DETAIL = "django.views.generic.detail.SingleObjectMixin"


def view_events(frame: Frame, view: str) -> None:
    """See the events of rendering a class-based view's template."""
    lineage = frame.world.lineage(view)
    if _TEMPLATE not in lineage:
        return
    instance = Instance(view)
    context = {**templates.of_request(frame, Instance("django.http.HttpRequest")), **own_context(frame, instance)}
    given = _context_data(frame, instance)
    context.update({k: v for k, v in given.items.items() if isinstance(k, str)} if given is not None else {})
    for name in _template_names(frame, instance, context):
        templates.render(frame, name, context, frame.class_site(view))
    for event in frame.events:
        event.handled = True


def own_context(frame: Frame, view: Instance) -> dict[str, Value]:
    """The names that a list or detail view gives to its template by itself."""
    lineage = frame.world.lineage(view.cls)
    rows = serializers.query_set_of(frame, view) if {_LIST, _DETAIL}.intersection(lineage) else UNKNOWN
    context: dict[str, Value] = {"view": view}
    for option in options(rows):
        if isinstance(option, RowSet) and option.model:
            if option.origin is None:
                option = option.evolve(origin=frame.class_site(view.cls), shape="query")
            if _LIST in lineage and _is_paginated(frame, view):
                option = option.evolve(whole=False)
            short = option.model.rsplit(".", 1)[-1].lower()
            own = constant_text(_attribute(frame, view, "context_object_name"))
            if _LIST in lineage:
                context.update(dict.fromkeys(("object_list", "page_obj", own or f"{short}_list"), option))
                context["paginator"] = Container("dict", {"object_list": option})
            else:
                row = Row(option.model, option.loaded, option.origin)
                context.update(dict.fromkeys(("object", own or short), row))
    return context


def own_object(frame: Frame, view: Instance, name: str) -> Value | None:
    """`self.object` and `self.object_list` of a detail or list view, where no method of the project sets them; None for anything else."""
    if not {_LIST, _DETAIL}.intersection(frame.world.lineage(view.cls)):
        return None
    set_here = frame.interpreter.instance_attribute(view.cls, name) is not None
    return None if set_here else own_context(frame, view).get(name)


def _is_paginated(frame: Frame, view: Instance) -> bool:
    """Whether a list view shows its rows page by page."""
    world = frame.world
    own = [base for base in world.lineage(view.cls) if world.class_facts(base) is not None]
    return any("paginate_by" in frame.interpreter.class_body(base) for base in own) or any(
        world.method(view.cls, name) is not None for name in ("get_paginate_by", "paginate_queryset")
    )


def _context_data(frame: Frame, view: Instance) -> Container | None:
    """What `get_context_data` of the project adds."""
    function = frame.interpreter.method(view.cls, "get_context_data")
    if function is None:
        return None
    result = frame.interpreter.summarize(function, {"self": view}).result
    return next((o for o in options(result) if isinstance(o, Container) and o.kind == "dict"), None)


def _template_names(frame: Frame, view: Instance, context: dict[str, Value]) -> list[str]:
    written = _attribute(frame, view, "template_name")
    names = [text for o in options(written) if (text := constant_text(o))]
    if names:
        return names
    rows = context.get("object_list", context.get("object"))
    if not isinstance(rows, (RowSet, Row)):
        return []
    module, _, model = rows.model.rpartition(".")
    app = module.removesuffix(".models").rsplit(".", 1)[-1]
    suffix = constant_text(_attribute(frame, view, "template_name_suffix"))
    return [f"{app}/{model.lower()}{suffix or ('_list' if isinstance(rows, RowSet) else '_detail')}.html"]


def _attribute(frame: Frame, view: Instance, name: str) -> Value:
    found = frame.interpreter.instance_attribute(view.cls, name)
    return found if found is not None else Const(None)
