"""What the rules about untrusted input share: whether a call's argument carries it, and the path it took."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from backend_pitfalls.model.finding import Confidence, Step
from backend_pitfalls.model.fix import Fix
from backend_pitfalls.model.knowledge import SinkFacts
from backend_pitfalls.rules import Report
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import (
    BoundMethod,
    Const,
    Container,
    Instance,
    Label,
    Symbol,
    Text,
    Unknown,
    Value,
    deep_labels,
    options,
)

Harmful = Callable[[Value], bool]


def report_flow(
    event: Call,
    report: Report,
    harm: str,
    title: str,
    mend: str,
    *,
    into: str = "it is used here",
    kind: str = "input",
    is_harmful: Harmful | None = None,
    confidence: Confidence | None = None,
    fix: Fix | None = None,
) -> None:
    """Report a call whose sink argument carries untrusted data that was not cleaned for this harm.

    Parameters:
        event: the call.
        report: where to report to.
        harm: as sinks and sanitizers of the tables name it.
        title: the pitfall, at the start of the message.
        mend: what to do, at its end.
        into: the last step of the trace.
        kind: of the labels that count.
        is_harmful: whether a value can do this harm at all.
        confidence: when not the rule's own.
        fix: the repair.
    """
    for sink in report.knowledge.sinks.get(event.callee, ()):
        label = tainted(event, sink, harm, kind, is_harmful) if sink.harm == harm else None
        if label is None:
            continue
        report_label(event, report, label, title, mend, into=into, confidence=confidence, fix=fix)
        return


def report_label(
    event: Call,
    report: Report,
    label: Label,
    title: str,
    mend: str,
    *,
    into: str,
    confidence: Confidence | None = None,
    group: str = "",
    fix: Fix | None = None,
) -> None:
    """Report a call that a label of untrusted data reached.

    Parameters:
        event: the call.
        report: where to report to.
        label: of the data.
        title: the pitfall, at the start of the message; the whole message when there is no `mend`.
        mend: what to do, at its end.
        into: the last step of the trace.
        confidence: when not the rule's own.
        group: of findings that are one.
        fix: the repair.
    """
    by_name = Confidence.MEDIUM if event.callee.startswith("?.") else None
    told = f"{title}: {origin(event, label)} reaches {_shown(event.callee)}; {mend}"
    report(
        event.site,
        told if mend else title,
        trace=(Step(label.site, f"{label.description} comes in"), *label.steps, Step(event.site, into)),
        confidence=confidence or by_name,
        symbol=event.symbol,
        group=group,
        fix=fix,
    )


def origin(event: Call, label: Label) -> str:
    """What came in, and where from."""
    where = "" if label.site.path == event.site.path else f" of {label.site.path}"
    return f"{label.description} from line {label.site.span.line}{where}"


def of_data(value: Value, harm: str) -> list[Label]:
    """The labels of request data in a value, and at any depth of a container, that were not cleaned of a harm."""
    if isinstance(value, Container):
        inner = [*value.items.values(), *([value.rest] if value.rest is not None else [])]
        found = [label for v in inner for label in of_data(v, harm)]
        return [*found, *_uncleaned(value, harm)]
    return [label for option in options(value) for label in _uncleaned(option, harm)]


def first(labels: Iterable[Label]) -> Label | None:
    """The one that comes first in the code; None of none."""
    return min(labels, key=Label.order, default=None)


def sink_value(event: Call, sink: SinkFacts) -> Value | None:
    """What a call gives a sink: an argument, or the object of the method; None when it is left out."""
    return event.receiver if sink.position < 0 else event.argument(sink.position, sink.keyword)


def _uncleaned(value: Value, harm: str) -> list[Label]:
    return [label for label in value.labels if label.kind == "input" and harm not in label.cleaned]


def _is_open_file(value: Value) -> bool:
    """Whether a value is an uploaded file, or its stream, and not the name that the client gave it."""
    if type(value) is not Unknown and not (isinstance(value, BoundMethod) and value.name not in _NAMES_OF_FILES):
        return False
    return bool(value.labels) and all(label.description == "an uploaded file" for label in value.labels)


_NAMES_OF_FILES = frozenset({"filename", "raw_filename", "name"})


def tainted(event: Call, sink: SinkFacts, harm: str, kind: str, is_harmful: Harmful | None) -> Label | None:
    """The label of untrusted data in a sink's argument; None when it is clean."""
    if not _applies(event, sink):
        return None
    # "command-list" is a form of "command": what cleans the one cleans the other.
    cleaned_by = {harm, harm.split("-")[0]}
    argument = sink_value(event, sink)
    for option in options(argument) if argument is not None else ():
        if sink.takes_files and _is_open_file(option):
            continue
        # An attribute of request data is data, whatever a method of that name would be.
        value = Unknown(option.labels) if isinstance(option, BoundMethod) else option
        if is_harmful is not None and not is_harmful(value):
            continue
        label = first(x for x in deep_labels(value) if x.kind == kind and cleaned_by.isdisjoint(x.cleaned))
        if label is not None:
            return label
    return None


def _applies(event: Call, sink: SinkFacts) -> bool:
    """Whether the other arguments of the call let it do harm."""
    if any(_is_one_of(_told(event, keyword), values) for keyword, values in sink.unless.items()):
        return False
    for keyword, values in sink.only_as.items():
        told = _told(event, keyword)
        if isinstance(told, Const) and told.value is not None and not _is_one_of(told, values):
            return False
    return all(_is_one_of(event.keywords.get(keyword), values) for keyword, values in sink.only_if.items())


def _told(event: Call, keyword: str) -> Value | None:
    """The value of a keyword, of the call or of the one that made its object; the type of an answer may stand among its headers."""
    made_with = event.receiver.attributes.get(keyword) if isinstance(event.receiver, Instance) else None
    headers = event.keywords.get("headers") if keyword == "content_type" else None
    if isinstance(headers, Container):
        typed = [v for k, v in headers.items.items() if str(k).lower() == "content-type"]
        return typed[0] if typed else event.keywords.get(keyword)
    return event.keywords.get(keyword, made_with)


def _is_one_of(value: Value | None, accepted: tuple[str, ...]) -> bool:
    if isinstance(value, Const):
        return str(value.value) in accepted or str(value.value).partition(";")[0].strip() in accepted
    if isinstance(value, (Symbol, Instance)):
        return (value.name if isinstance(value, Symbol) else value.cls) in accepted
    return False


def decides_host(value: Value, fixed: re.Pattern[str], harm: str) -> bool:
    """Whether untrusted data in an address can decide its host: not behind a start that fixes it (as `fixed` matches), nor behind
    something that the application made or that cannot do this harm."""
    if not isinstance(value, Text) or not value.parts:
        return True
    start = value.parts[0]
    if isinstance(start, str):
        return not fixed.match(start)
    # What it begins with may have been put together itself.
    return any(
        any(harm not in label.cleaned for label in option.labels) and decides_host(option, fixed, harm)
        for option in options(start)
    )


def _shown(callee: str) -> str:
    if callee.endswith("<unescaped>"):
        return "the page unescaped"
    if callee.endswith("<answer>"):
        return "the answer"
    if callee.endswith(".__setitem__"):
        return "the session" if "ession" in callee else f"'{callee}'"
    name = callee.removeprefix("?.").removesuffix("=")
    return f"'{name}'"
