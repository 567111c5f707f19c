"""The repair of a redirect that request data decides: Django's own check of the host."""

from __future__ import annotations

import ast

import libcst as cst

from backend_pitfalls.fixes.edits import Edit
from backend_pitfalls.fixes.imports import from_import
from backend_pitfalls.fixes.piece import FUNCTIONS, Piece, Place, enclosing

_CHECK = "url_has_allowed_host_and_scheme"


def guarded_edits(tree: ast.Module, text: str, piece: Piece, place: Place) -> list[Edit] | None:
    """The edits that let a redirect lead to `/` where `url_has_allowed_host_and_scheme` does not allow its target; None where no request is at hand.

    https://docs.djangoproject.com/en/stable/topics/http/urls/, https://docs.djangoproject.com/en/stable/releases/3.0/#miscellaneous

    Parameters:
        tree: of the file.
        text: of the file.
        piece: that the call stands in.
        place: of the call.
    """
    call = piece.at(place, cst.Call)
    if not isinstance(call, cst.Call) or not call.args or call.args[0].star:
        return None
    target, request = call.args[0].value, _request(tree, place)
    if not isinstance(target, cst.Name) or not request:
        return None
    added = from_import(tree, text, "django.utils.http", _CHECK)
    if added is None:
        return None
    allowed = f"{_CHECK}({target.value}, allowed_hosts={{{request}.get_host()}}, require_https={request}.is_secure())"
    return [piece.replaced(target, f'{target.value} if {allowed} else "/"'), *added]


def _request(tree: ast.Module, place: Place) -> str:
    """How the function around a place calls the request; the empty string when it has none."""
    found = ""
    for function in enclosing(tree, place, FUNCTIONS):
        names = {p.arg for p in function.args.args}
        found = "request" if "request" in names else "self.request" if "self" in names else found
    return found
