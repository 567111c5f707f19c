"""What reading and interpreting a file leave for the rules, as plain records: they are kept in the cache and handed between processes."""

from __future__ import annotations

import msgspec

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.finding import Site, Step


class Binding(msgspec.Struct, frozen=True):
    """A text gets a name.

    `target` is the name ("" for a text without one), `how` is "assignment", "argument", "key", "default" (of a parameter), "fallback" (of a look-up of a setting),
    "comparison", "result" (of a function of that name), "given" (an argument that takes a credential whatever it is called) or "text"; `literal` tells that
    the text is one literal in a place where any expression may stand. `scope` is the class or function around it, `context` what the file is for.
    """

    target: str
    how: str
    text: str
    site: Site
    scope: str = ""
    literal: bool = False
    context: FileContext = FileContext.PRODUCTION


class HealthRoute(msgspec.Struct, frozen=True):
    """A route about health: its path as written and for what it is asked by its name ("liveness", "readiness" or ""), its handler and where that
    is, what the handler asks (each with the steps that lead there), where it answers as if a failed check had not failed, why only some requests
    are answered, whether it looks at nothing at all, whether the path is the whole one (it is given to the application itself), and for how many seconds the handler waits for others at most."""

    path: str
    named: str
    handler: str
    site: Site
    asks: tuple[tuple[Step, ...], ...] = ()
    hides: Site | None = None
    closed: Step | None = None
    is_empty: bool = False
    is_whole: bool = False
    waits: float = 0
