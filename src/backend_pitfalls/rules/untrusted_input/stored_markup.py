"""Text from the database becomes part of a page without escaping.

## What it does
Finds text fields of models (and rows, which are shown as what their `__str__` gives) that become HTML as they are: in texts with tags that are declared safe (`mark_safe`, `Markup`, `format_html` with a text that was put together before), in answers that are built by hand, and in templates by `|safe` or where
`autoescape` is off.

## Why it hurts in production
What one user wrote runs as a script in the browser of every other one who sees it, with their session: an entry, a name, an error message of another service that was kept.

## Example
```python
from django.db import models
from django.utils.safestring import mark_safe

class Author(models.Model):
    name = models.CharField(max_length=80)
    homepage = models.URLField()

    def link(self):
        author = Author.objects.get(pk=self.pk)
        return mark_safe(f'<a href="{author.homepage}">{author.name}</a>')
```

## Use instead
```python
from django.db import models
from django.utils.html import format_html

class Author(models.Model):
    name = models.CharField(max_length=80)
    homepage = models.URLField()

    def link(self):
        author = Author.objects.get(pk=self.pk)
        return format_html('<a href="{}">{}</a>', author.homepage, author.name)
```

## Fix safety
Unsafe: `mark_safe()` of a text that is put together becomes `format_html()`, which escapes the values. Elsewhere there is no repair: a text that is meant to be HTML needs a sanitizer (nh3), any other one escaping.

## Options
None.

## Known limits
Fields with choices, and those whose name says that they hold markup (`html`, `svg`, `rendered`), are silent; so are editors' own kinds of fields. What is cleaned before it is stored is not known.

## References
- [CWE-79: cross-site scripting](https://cwe.mitre.org/data/definitions/79.html)
- [Django: format_html()](https://docs.djangoproject.com/en/stable/ref/utils/#django.utils.html.format_html)
"""

from __future__ import annotations

from collections.abc import Iterator

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.fix import Safety
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.advice import formatted
from backend_pitfalls.rules.flow import sink_value
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import BoundMethod, Field, Row, Text, Value, options

META = RuleMeta(
    code="BPF326",
    name="stored-markup",
    summary="Text from the database becomes part of a page without escaping",
    severity=Severity.WARNING,
    confidence=Confidence.LOW,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(79,),
    security_severity=5.4,
    fix=Safety.UNSAFE,
)


@listens(Call, at_sinks=True)
def shown(event: Call, report: Report) -> None:
    """A text that goes to the browser as HTML, made of what rows hold."""
    for sink in report.knowledge.sinks.get(event.callee, ()):
        given = sink_value(event, sink) if sink.harm == "html" else None
        declared_safe = event.callee.rsplit(".", 1)[-1] in _DECLARES_SAFE
        kept = next((w for o in options(given) for w in _stored(o, declared_safe)), "") if given is not None else ""
        if kept:
            where = "the page" if "<" in event.callee else f"'{event.callee.rsplit('.', 1)[-1]}'"
            message = f"cross-site scripting: {kept} comes from the database and reaches {where} unescaped; escape it, or clean it with a sanitizer such as nh3"
            report(
                event.site,
                message,
                trace=event.chain,
                symbol=event.symbol,
                group=str(event.site),
                fix=formatted(event),
            )
            return


_DECLARES_SAFE = frozenset({"mark_safe", "SafeString", "Markup", "<unescaped>"})


def _stored(value: Value, declared_safe: bool) -> Iterator[str]:
    """The fields and rows that are shown in a text with tags, or, declared safe, as they are."""
    if isinstance(value, Text):
        if any(isinstance(p, str) and "<" in p for p in value.parts):
            for part in value.parts:
                if isinstance(part, Row):
                    yield f"a row of {part.model.rsplit('.', 1)[-1]}"
                elif isinstance(part, Value):
                    yield from (name for o in options(part) for name in _field(o))
    elif declared_safe:
        yield from _field(value)


def _field(value: Value) -> Iterator[str]:
    kept = value.receiver if isinstance(value, BoundMethod) else value
    if isinstance(kept, Field):
        yield f"'{kept.model.rsplit('.', 1)[-1]}.{kept.name}'"
