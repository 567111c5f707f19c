"""Where an event loop is held, and when that harms nobody. Shared by the rules about event loops."""

from __future__ import annotations

import re

from backend_pitfalls.model.finding import Site, Step
from backend_pitfalls.model.regex import regex
from backend_pitfalls.semantics.events import Event

# https://fastapi.tiangolo.com/advanced/events/; `initialize()` and the like are what programs call their own.
_BEFORE_SERVING = regex(r"lifespan|startup|shutdown|(^|\.)_*(init|initiali[sz]e|bootstrap)(_[^.]*)?$", re.IGNORECASE)


def held_at(event: Event, what: str) -> tuple[Site, str, tuple[Step, ...]]:
    """Where a coroutine is held by an event, perhaps through functions that it calls: the place in the coroutine, the words about the way, the trace.

    Parameters:
        event: what holds the loop.
        what: the last step of the trace.
    """
    if not event.chain:
        return event.site, "", ()
    first = event.chain[0]
    return first.site, f" (through {first.message.removeprefix('calls ')})", (*event.chain, Step(event.site, what))


def is_before_serving(symbol: str) -> bool:
    """Whether a function of this name runs before the first request or after the last one, and so holds nobody up."""
    return _BEFORE_SERVING.search(symbol) is not None
