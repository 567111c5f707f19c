"""What the rules about missing time limits share."""

from __future__ import annotations

from backend_pitfalls.model.finding import Severity, Site, Step
from backend_pitfalls.model.fix import AddKeyword, Fix, MountAdapter, Safety
from backend_pitfalls.model.knowledge import ClientFacts
from backend_pitfalls.model.regex import regex
from backend_pitfalls.rules import Report
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import (
    PLACE,
    UNKNOWN,
    BoundMethod,
    Const,
    Container,
    Instance,
    Place,
    Text,
    Unknown,
    Value,
    beginning,
    constant_text,
    options,
)


def report_unlimited(event: Call, report: Report, family: str) -> None:
    """Report a call of a client of this family that leaves the limit out or switches it off."""
    client = report.knowledge.clients.get(event.callee)
    if client is None or client.family != family or event.guarded or not is_meant(event, client):
        return
    name = _name(event)
    if client.instead:
        _report_without_any(event, report, client)
        return
    if client.handled:
        _report_while_answering(event, report, client)
        return
    value = _given(event, client)
    # What a caller could not have changed is told of the call that could have passed a limit.
    is_reached = not event.chain or event.reachable
    if value is None:
        # What a function calls without a limit is told there, unless its caller could have passed one through `**options`.
        if event.spread or client.default != "unlimited" or _limited_elsewhere(event, client):
            return
        if event.chain and event.spreads:
            _report_inside(event, report, client)
        elif not event.chain or (event.forwarded and is_reached):
            what = (
                f"{event.chain[0].message} without {client.keyword}, so '{name}'"
                if event.chain
                else f"'{name}' is called without {client.keyword} and"
            )
            _report(event, report, client, f"{what} would wait for ever")
    elif is_reached and any(_is_unlimited(option, client) for option in options(value)):
        by_default = any(isinstance(o, Const) and o.origin == "default" for o in options(value))
        # `timeout or None` of a parameter is whatever the function is called with.
        is_known = all(isinstance(o, Const) for o in options(value))
        if event.chain and by_default:
            _report(
                event,
                report,
                client,
                f"{event.chain[0].message} without a timeout, so '{name}' would wait for ever",
            )
        elif not event.chain and is_known and not by_default:
            _report(event, report, client, f"'{name}' is called with its limit switched off and would wait for ever")


def _seconds(report: Report) -> str:
    """The limit that the user wants, as Python source."""
    return f"{report.options.timeout_seconds:g}"


def _limit(client: ClientFacts, report: Report) -> str:
    """The same in the form that a client takes."""
    return client.value.format(seconds=_seconds(report))


def _name(event: Call) -> str:
    """What is called: by its qualified name, or as it is written where that says nothing to a person (`grpc.<stub>.<any>`)."""
    return event.written.partition("(")[0] if "<" in event.callee else event.callee


def _report_inside(event: Call, report: Report, client: ClientFacts) -> None:
    """A call with options that its function puts together: that they hold no limit is known where it is called."""
    text = _limit(client, report)
    message = (
        f"'{_name(event)}' is called without {client.keyword} and would wait for ever; pass {client.keyword}={text}"
    )
    report(event.site, message, trace=event.chain, symbol=event.symbol, group=f"{event.site}")


def is_meant(event: Call, client: ClientFacts) -> bool:
    """Whether the facts hold for the address that a call is given."""
    first = event.args[0] if event.args else None
    if client.given and not (event.args or event.keywords or event.spread):
        return False
    if client.addressed:
        is_fetched = _FETCHED.search(event.written.partition("(")[2]) is not None
        return first is not None and not is_fetched and all(_may_be_address(option) for option in options(first))
    return not client.addresses or (first is not None and _beginning(first).startswith(client.addresses))


def _given(event: Call, client: ClientFacts) -> Value | None:
    """What a call is given as its limit, also in a dictionary of options; None when it is given none."""
    value = event.argument(client.position, client.keyword)
    if value is None or not client.entry:
        return value
    if isinstance(value, Container) and value.kind == "dict":
        return value.items.get(client.entry, value.rest)
    return UNKNOWN


def _report_without_any(event: Call, report: Report, client: ClientFacts) -> None:
    """A client that takes no limit in the call itself."""
    if event.chain or _limited_elsewhere(event, client):
        return
    message = f"'{event.callee}' has no time limit of its own and would wait for ever; {client.instead}"
    severity = Severity.NOTE if client.note else None
    made = _made(event)
    group = f"{event.symbol} {made}" if made is not None else ""
    report(event.site, message, symbol=event.symbol, severity=severity, group=group)


def _made(event: Call) -> Site | None:
    """Where the object was made whose method is called, as far as that is known."""
    place = event.receiver.attributes.get(PLACE) if isinstance(event.receiver, Instance) else None
    return place.site if isinstance(place, Place) else None


def _report_while_answering(event: Call, report: Report, client: ClientFacts) -> None:
    """A client that may take its time, but not while a request waits for it."""
    value = _given(event, client)
    is_unlimited = value is None or any(_is_unlimited(option, client) for option in options(value))
    if not event.handled or not is_unlimited or event.spread or event.is_async:
        return
    text = _limit(client, report)
    message = f"'{event.callee}' is called without {client.keyword} while a request waits, for ever if need be; pass {client.keyword}={text}"
    intent = AddKeyword(*event.site.span.corners, client.keyword, text, client.imports)
    fix = Fix(
        f"add {client.keyword}={text}", Safety.UNSAFE, (intent,), caution="what takes longer is ended with an error"
    )
    report(event.site, message, fix=fix, trace=event.chain, symbol=event.symbol, severity=Severity.NOTE)


# A text that was fetched already, as it is written: `parse(await answer.text())`.
_FETCHED = regex(r"\.(text|content|read|body|getvalue)\b")
_CONTENT = frozenset({"text", "content", "body", "data", "read", "file", "raw", "getvalue", "encode"})


def _may_be_address(value: Value) -> bool:
    """Whether a value can be an address: not a text that was fetched already, nor an open file."""
    if isinstance(value, BoundMethod):
        return value.name not in _CONTENT and not isinstance(value.receiver, Instance)
    text = constant_text(value)
    return text.startswith(("http:", "https:")) if text is not None else isinstance(value, (Unknown, Text))


def _limited_elsewhere(event: Call, client: ClientFacts) -> bool:
    if any(name in event.keywords for name in client.alternatives):
        return True
    first = event.args[0] if event.args else None
    if client.local_prefixes and first is not None and _beginning(first).startswith(client.local_prefixes):
        return True
    if first is not None and any(part in text for text in _texts(first) for part in client.in_address):
        return True
    receiver = event.receiver
    return isinstance(receiver, Instance) and any(
        name in receiver.attributes for name in (*client.inherits, "timeout", "request", "send")
    )


def _beginning(value: Value) -> str:
    """The text that an address begins with, as far as it is known; that of a pair is "("."""
    return "(" if isinstance(value, Container) and value.kind == "tuple" else beginning(value)


def _texts(value: Value) -> tuple[str, ...]:
    """The texts in a value that are known."""
    if isinstance(value, Text):
        return tuple(part for part in value.parts if isinstance(part, str))
    return (constant_text(value) or "",)


def _is_unlimited(value: Value, client: ClientFacts) -> bool:
    if not isinstance(value, Const) or isinstance(value.value, bool):
        return False
    return client.none == "unlimited" if value.value is None else value.value in client.unlimited


def _report(event: Call, report: Report, client: ClientFacts, what: str) -> None:
    text = _limit(client, report)
    fix = None
    has_options = bool(client.entry) and client.keyword in event.keywords
    if not event.chain and not has_options and (event.receiver is None or isinstance(event.receiver, Instance)):
        fix = Fix(
            f"add {client.keyword}={text}",
            Safety.SAFE,
            (AddKeyword(*event.site.span.corners, client.keyword, text, client.imports),),
        )
    made = _made(event)
    is_mountable = fix is not None and made is not None and "mount" in client.inherits
    wider = _adapter(made, _seconds(report)) if is_mountable and made is not None else None
    site = event.chain[0].site if event.chain else event.site
    trace = (*event.chain, Step(event.site, f"'{_name(event)}' waits without a limit")) if event.chain else ()
    mend = f"pass {client.keyword}={text}"
    at_cause = f"{{count}} calls lead to this '{_name(event)}' without {client.keyword}, which would wait for ever; {mend} where they give none"
    report(
        site,
        f"{what}; {mend}",
        fix=fix,
        trace=trace,
        symbol=event.symbol,
        wider=wider,
        at_cause=at_cause if event.chain else "",
    )


def _adapter(made: Site, seconds: str) -> Fix:
    """The repair for all calls of one session."""
    return Fix(
        "mount an adapter that sets a timeout for every call of the session",
        Safety.UNSAFE,
        (MountAdapter(*made.span.corners, seconds),),
        caution="calls of the session from elsewhere get the limit too",
        path=made.path,
    )
