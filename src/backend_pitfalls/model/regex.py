"""Regular expressions that are compiled when they are first used: a run uses few of the two hundred that its modules define, and
compiling all of them takes as long as reading a thousand files again."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def regex(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """A regular expression.

    Parameters:
        text: as `re.compile()` takes it.
        flags: likewise.

    Raises:
        re.error: not here but at its first use, when the text is no regular expression.
    """
    return cast("re.Pattern[AnyStr]", _Lazy(text, flags))


class _Lazy:
    """Stands for a compiled expression, whose methods it takes over one by one."""

    def __init__(self, text: Any, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, found)
        return found
