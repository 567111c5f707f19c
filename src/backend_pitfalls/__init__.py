"""Static analysis that finds, explains and repairs the mistakes that take Python back ends down.

The package root stays light: the public API and the pylint entry are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend_pitfalls._version import __version__

if TYPE_CHECKING:
    from pylint.lint import PyLinter

__all__ = ["__version__", "check_source", "fix_source", "register"]


def register(linter: PyLinter) -> None:
    """Entry of `pylint --load-plugins=backend_pitfalls`."""
    from backend_pitfalls.hosts.pylint import register as register_checkers

    register_checkers(linter)


def __getattr__(name: str) -> Any:
    if name in ("check_source", "fix_source"):
        from backend_pitfalls.fixes import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
