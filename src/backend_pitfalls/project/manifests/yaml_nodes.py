"""YAML as nodes with positions: the documents of a file, mappings with their merge keys, scalars, ranges."""

from __future__ import annotations

from typing import Any

from backend_pitfalls.model.finding import Span
from backend_pitfalls.model.regex import regex
from backend_pitfalls.syntax.source import Unreadable

MAX_BYTES = 2_000_000


def check_size(data: bytes, kind: str) -> None:
    """Refuse what is too large to be a file of this kind.

    Raises:
        Unreadable: when it is.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable(
            f"has {len(data):,} bytes, more than the {MAX_BYTES:,} that are analysed as {kind}; exclude it or split it"
        )


# The parser takes time by the square of the depth.
_DEEP = regex(rb"(?:[\[{]\s*){100}")


def documents(data: bytes) -> list[Any]:
    """The root nodes of a file's documents.

    Raises:
        Unreadable: when it is not valid YAML.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if _DEEP.search(data):
        raise Unreadable("is nested too deeply to be a file that a person wrote; exclude it")
    try:
        return list(YAML(typ="safe", pure=True).compose_all(data.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise Unreadable("is not valid UTF-8; save it as UTF-8") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Unreadable(f"is not valid YAML: {error.problem}", line) from None
    except (YAMLError, RecursionError, ValueError) as error:
        raise Unreadable(f"is not valid YAML: {str(error).splitlines()[0]}") from None


def items(node: Any) -> list[Any]:
    """The nodes of a sequence, or the one node that stands for it."""
    value = getattr(node, "value", [])
    return value if isinstance(value, list) else [node]


def mapping(node: Any) -> dict[str, Any]:
    """The entries of a mapping node by scalar key, merge keys (`<<`) followed; each node once, since aliases of aliases may be without number."""
    if node is None or not isinstance(getattr(node, "value", None), list) or getattr(node, "id", "") != "mapping":
        return {}
    known = getattr(node, "merge", None)  # where a node of ruamel.yaml keeps what it merges; composing leaves it alone
    if isinstance(known, dict):
        return known
    node.merge = {}  # what merges itself has nothing from itself
    own = {scalar(k): v for k, v in node.value}
    if "<<" in own:
        merged = own.pop("<<")
        for part in merged.value if getattr(merged, "id", "") == "sequence" else [merged]:
            own = {**mapping(part), **own}
    node.merge = own
    return own


def keys(node: Any) -> dict[str, Any]:
    """The nodes of a mapping's own keys by their text."""
    return {scalar(key): key for key, _ in node.value} if getattr(node, "id", "") == "mapping" else {}


def key_at(node: Any, name: str) -> Span | None:
    """Where a key of a mapping stands, when it stands first on a line; None for a mapping in braces, and when there is none."""
    key = keys(node).get(name)
    return span(key) if key is not None and not node.flow_style else None


def scalar(node: Any) -> str:
    """The text of a scalar; the empty string for anything else."""
    value = getattr(node, "value", "")
    return value if isinstance(value, str) else ""


def span(node: Any) -> Span:
    """Where a node starts."""
    start = node.start_mark
    return Span(start.line + 1, start.column, start.line + 1, start.column + 1)
