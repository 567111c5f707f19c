"""Files in memory: what is written into them is what is read out of them.

https://docs.python.org/3/library/io.html#io.StringIO
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend_pitfalls.semantics import checks, containers
from backend_pitfalls.semantics.arguments import Arguments
from backend_pitfalls.semantics.strings import text_of
from backend_pitfalls.semantics.values import Const, Instance, Unknown, Value, join

if TYPE_CHECKING:
    from backend_pitfalls.semantics.frame import Frame

CLASSES = frozenset({"io.StringIO", "io.BytesIO"})
_HELD = "<text>"
_READS = frozenset({"getvalue", "read", "readline", "readlines", "getbuffer"})
# A file in memory is no path, what it holds may be one.
_NO_PATH = frozenset({"path"})


def made(cls: str, arguments: Arguments) -> Instance:
    """A file in memory, with what it holds from the beginning."""
    return _holding(cls, arguments.positional[0] if arguments.positional else Const(""))


def method(frame: Frame, receiver: Instance, name: str, arguments: Arguments) -> Value | None:
    """What a method of a file in memory gives; None for one that neither reads nor writes."""
    held = receiver.attributes.get(_HELD, Const(""))
    if name in _READS:
        return held
    if name not in ("write", "writelines") or not arguments.positional:
        return None
    written = arguments.positional[0]
    # Where something is written in every round, the text would never come to an end.
    grown = Unknown(join(held, written).labels) if frame.loops or name == "writelines" else text_of([held, written])
    containers.rebind(frame, arguments, _holding(receiver.cls, grown))
    return Unknown()


def _holding(cls: str, text: Value) -> Instance:
    return Instance(cls, {_HELD: text}, checks.cleaned(text, _NO_PATH).labels)
