"""Code that runs while nobody waits for an answer. Shared by the rules about event loops."""

from __future__ import annotations

# https://fastapi.tiangolo.com/advanced/events/
_WORDS = ("lifespan", "startup", "shutdown")


def is_before_serving(symbol: str) -> bool:
    """Whether a function of this name runs before the first request or after the last one, and so holds nobody up."""
    return any(word in symbol.lower() for word in _WORDS)
