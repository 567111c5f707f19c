"""How much of a project a process remembers, counted in bytes of source."""

from __future__ import annotations

KEPT_BYTES = 6_000_000
"""Source bytes whose syntax trees a process keeps (a tree takes about thirty times its source)."""
REMEMBERED_BYTES = 12_000_000
"""Source bytes of the files asked for after which a process forgets what it found out about functions (of one file as often as its tree is made again)."""
MAX_FACTOR = 4
"""How many times as much is remembered of a project whose files all rest on each other."""


class Budget:
    """What was loaded since all was forgotten, and how much may be.

    A project of files that all rest on each other (one of 17 MB took four times as long) would be read and evaluated anew after each
    time that it is forgotten. So twice as much is remembered, MAX_FACTOR times at most, once half of what was loaded had been loaded before.
    """

    def __init__(self) -> None:
        self._factor = 1
        self._loaded = 0
        self._again = 0
        self._seen: set[str] = set()

    @property
    def kept(self) -> int:
        """Source bytes whose syntax trees are to be kept."""
        return KEPT_BYTES * self._factor

    def load(self, path: str, size: int) -> None:
        """A file of so many bytes is loaded."""
        self._loaded += size
        if path in self._seen:
            self._again += size
        self._seen.add(path)

    def is_spent(self) -> bool:
        """Whether it is time to forget."""
        if self._loaded <= REMEMBERED_BYTES * self._factor:
            return False
        if self._again * 2 > self._loaded and self._factor < MAX_FACTOR:
            self._factor *= 2
            return False
        self._loaded = self._again = 0
        return True
