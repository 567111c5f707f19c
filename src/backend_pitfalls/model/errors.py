"""Errors that a user can mend: one line saying what, where and how."""

from __future__ import annotations


class UserError(Exception):
    """Bad input from the user (an option, a configuration, a path). Hosts print its text as one line and exit with 2."""
