"""Whoever sends the request chooses which fields are set.

## What it does
Finds rows that are built or changed with `**` of request data, and `setattr` with a name out of it. Data that a schema, a form or a constant list of names narrowed is silent.

## Why it hurts in production
A request may then hold `is_admin`, `owner_id` or `price` besides what the form shows, and the row takes it.

## Example
```python
from django.db import models
from django.http import HttpResponse
import json

class Account(models.Model):
    name = models.CharField(max_length=50)
    is_admin = models.BooleanField(default=False)

def register(request):
    Account.objects.create(**json.loads(request.body))
    return HttpResponse("done")
```

## Use instead
```python
from django import forms
from django.db import models
from django.http import HttpResponse

class Account(models.Model):
    name = models.CharField(max_length=50)
    is_admin = models.BooleanField(default=False)

class AccountForm(forms.ModelForm):
    class Meta:
        model = Account
        fields = ["name"]

def register(request):
    form = AccountForm(request.POST)
    if form.is_valid():
        form.save()
    return HttpResponse("done")
```

## Fix safety
There is no automatic repair: which fields may be set is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-915](https://cwe.mitre.org/data/definitions/915.html)
- [OWASP: mass assignment](https://cheatsheetseries.owasp.org/cheatsheets/Mass_Assignment_Cheat_Sheet.html)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import first, of_data, origin, report_label
from backend_pitfalls.semantics.checks import UPLOAD
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Container, Row, Value

META = RuleMeta(
    code="BPF318",
    name="mass-assignment",
    summary="Whoever sends the request chooses which fields are set",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(915,),
    security_severity=8.1,
)

HARM = "mass-assignment"
_UPDATES = regex(r"(?:^|\.)a?(?:update|create|insert|replace|values|set)\w*$")


@listens(Call, at_sinks=True)
def chosen_fields(event: Call, report: Report) -> None:
    """A row made or changed with `**` of request data, or an attribute set whose name is part of it."""
    for sink in report.knowledge.sinks.get(event.callee, ()):
        if sink.harm != HARM:
            continue
        names = _names(event) if event.callee.endswith("<row>") else event.argument(sink.position, sink.keyword)
        # A file among the values decides no names.
        labels = [n for n in of_data(names, HARM) if n.description != UPLOAD] if names is not None else []
        label = first(labels)
        if label is None:
            continue
        what = f"'{event.receiver.model.rsplit('.', 1)[-1]}'" if isinstance(event.receiver, Row) else "the object"
        message = (
            f"mass assignment: {origin(event, label)} decides which fields of {what} are set; name those that may be"
        )
        report_label(event, report, label, message, "", into="its names become fields here")
        return


def _names(event: Call) -> Value | None:
    """What decides the names of the columns: `**data`, or the one dictionary that an update is given."""
    if event.rest.labels:
        return event.rest
    # What a class is given by its place are values: what its own `__init__` makes of them is told there.
    is_update = _UPDATES.search(event.written.partition("(")[0]) is not None
    only = event.args[0] if len(event.args) == 1 and is_update else None
    return only if only is not None and only.labels and not isinstance(only, Container) else None
