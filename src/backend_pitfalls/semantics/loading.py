"""Classes that code loads by their names: `get_class("orders.models", "Order")`, `import_string("orders.models.Order")`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.values import UNKNOWN, ClassRef, Container, Value, constant_text

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

LOADS = regex(r"^(get|load|import|resolve|lookup)_(class|classes|model|string|object)$")
"""What functions are called that give a class by its name, in Django and in projects that let others override their classes."""


def loaded_by_name(frame: Frame, given: tuple[Value, ...]) -> Value:
    """What a call with these arguments loads, when they name one class of the project and no other.

    Parameters:
        frame: where it is called.
        given: the positional arguments: perhaps a module or app, and the name of a class or a list of these.
    """
    texts = [constant_text(value) for value in given]
    if texts and texts[-1] is None and isinstance(given[-1], Container) and given[-1].rest is None and len(given) == 2:
        names = [constant_text(value) for value in given[-1].items.values()]
        return Container("tuple", {i: _class(frame, texts[0] or "", name or "") for i, name in enumerate(names)})
    if len(texts) == 1 and texts[0]:
        module, _, name = texts[0].replace(":", ".").rpartition(".")
        return _class(frame, module, name)
    if len(texts) >= 2 and texts[0] and texts[1]:
        return _class(frame, texts[0], texts[1])
    return UNKNOWN


def _class(frame: Frame, module: str, name: str) -> Value:
    found = frame.world.class_by_name(module, name, frame.module) if name else ""
    if not found and name and module.isidentifier():
        # Django's apps know their models in any case of letters.
        found = frame.world.model_by_label(f"{module}.{name}", frame.module)
    return ClassRef(found) if found else UNKNOWN
