"""What the rules about missing time limits share."""

from __future__ import annotations

from backend_pitfalls.model.finding import Step
from backend_pitfalls.model.fix import AddKeyword, Fix, Safety
from backend_pitfalls.model.knowledge import ClientFacts
from backend_pitfalls.rules import Report
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import BoundMethod, Const, Instance, Text, Unknown, Value, constant_text, options


def report_unlimited(event: Call, report: Report, family: str) -> None:
    """Report a call of a client of this family that leaves the limit out or switches it off."""
    client = report.knowledge.clients.get(event.callee)
    if client is None or client.family != family or event.guarded:
        return
    name = _name(event)
    if client.instead:
        _report_without_any(event, report, client)
        return
    value = event.argument(client.position, client.keyword)
    if value is None:
        # What a function calls without a limit is told there, unless its caller could have passed one through `**options`.
        if (
            (not event.chain or event.forwarded)
            and not event.spread
            and client.default == "unlimited"
            and not _limited_elsewhere(event, client)
        ):
            what = (
                f"{event.chain[0].message} without {client.keyword}, so '{name}'"
                if event.chain
                else f"'{name}' is called without {client.keyword} and"
            )
            _report(event, report, client, f"{what} would wait for ever")
    elif any(_is_unlimited(option, client) for option in options(value)):
        if event.chain and any(isinstance(o, Const) and o.origin == "default" for o in options(value)):
            _report(
                event,
                report,
                client,
                f"{event.chain[0].message} without a timeout, so '{name}' would wait for ever",
            )
        elif not event.chain and not any(isinstance(o, Const) and o.origin == "default" for o in options(value)):
            _report(event, report, client, f"'{name}' is called with its limit switched off and would wait for ever")


def _name(event: Call) -> str:
    """What is called: by its qualified name, or as it is written where that says nothing to a person (`grpc.<stub>.<any>`)."""
    return event.written.partition("(")[0] if "<" in event.callee else event.callee


def _report_without_any(event: Call, report: Report, client: ClientFacts) -> None:
    """A client that takes no limit, given an address."""
    if event.chain or not event.args or not all(_may_be_address(option) for option in options(event.args[0])):
        return
    message = f"'{event.callee}' has no time limit of its own and would wait for ever; {client.instead}"
    report(event.site, message, symbol=event.symbol)


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
    if client.local_prefixes and first is not None:
        text = constant_text(first) or (
            first.parts[0] if isinstance(first, Text) and isinstance(first.parts[0], str) else ""
        )
        if text.startswith(client.local_prefixes):
            return True
    if any(prefix in (constant_text(first) or "") for prefix in client.in_address) if first is not None else False:
        return True
    receiver = event.receiver
    return isinstance(receiver, Instance) and any(
        name in receiver.attributes for name in (client.inherits, "timeout", "request", "send")
    )


def _is_unlimited(value: Value, client: ClientFacts) -> bool:
    if not isinstance(value, Const) or isinstance(value.value, bool):
        return False
    return client.none == "unlimited" if value.value is None else value.value in client.unlimited


def _report(event: Call, report: Report, client: ClientFacts, what: str) -> None:
    seconds = f"{report.options.timeout_seconds:g}"
    text = client.value.format(seconds=seconds)
    place = event.site.span
    fix = None
    if (not event.chain and event.receiver is None) or (not event.chain and isinstance(event.receiver, Instance)):
        fix = Fix(
            f"add {client.keyword}={text}",
            Safety.SAFE,
            (AddKeyword(*place.corners, client.keyword, text, client.imports),),
        )
    site = event.chain[0].site if event.chain else event.site
    trace = (*event.chain, Step(event.site, f"'{_name(event)}' waits without a limit")) if event.chain else ()
    report(site, f"{what}; pass {client.keyword}={text}", fix=fix, trace=trace, symbol=event.symbol)
