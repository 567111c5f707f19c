"""Fields of models that keep any text."""

from __future__ import annotations

from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.facts import COLUMN_TYPE, FieldFacts

# https://docs.djangoproject.com/en/stable/ref/models/fields/#field-types, https://docs.sqlalchemy.org/en/20/core/type_basics.html,
# https://docs.peewee-orm.com/en/latest/peewee/models.html#fields, https://tortoise.github.io/fields.html
_TEXTS = frozenset({"CharField", "TextField", "URLField", "CICharField", "CITextField", "JSONField"})
_COLUMN_TEXTS = frozenset({"String", "Text", "Unicode", "UnicodeText"})
_MARKUP = regex(
    r"html|markup|svg|rendered|richtext|script|css|style|template|embed|iframe|color|icon|slug|uuid|hash|token"
)


def holds_free_text(field: FieldFacts) -> bool:
    """Whether a field keeps any text that it is given.

    Parameters:
        field: as its class declares it.
    """
    call = field.call
    if call is None or _MARKUP.search(field.name.lower()) or "choices" in call.keywords or "choices" in call.names:
        return False
    kind = call.callee.rsplit(".", 1)[-1]
    if kind in _TEXTS:
        return True
    return call.keywords.get(COLUMN_TYPE) in _COLUMN_TEXTS
