"""Helm templates as the YAML that they are around their actions, line by line; nothing is rendered.

https://helm.sh/docs/chart_template_guide/ describes the language.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

from backend_pitfalls.model.regex import regex
from backend_pitfalls.project.manifests import yaml_nodes
from backend_pitfalls.syntax.source import Unreadable

# What stands for the output of an action: a scalar of this text, or an entry of a mapping with a key that starts so.
RENDERED = "HelmRendered"

_ACTION = regex(r"\{\{.*?\}\}", re.DOTALL)
_CONTROL = regex(r"\{\{-?\s*(?:/\*|(?:if|else|end|range|with|define|block|break|continue)\b|\$\w*\s*:?=)")
_INDENT = regex(r"n?indent\s+(\d+)")


def outline(text: str) -> str:
    """The YAML of a template with as many lines: branches stand one after the other, a block that an action gives is one entry
    with a key that starts with `RENDERED`, a value that it gives is that text.

    Parameters:
        text: of the template.
    """
    lines: list[str] = []
    for line in _ACTION.sub(_joined, text).split("\n"):
        lines.append(_line(line, lines))
    return _ACTION.sub(RENDERED, "\n".join(lines))


def _joined(match: re.Match[str]) -> str:
    """An action on one line; the lines that it took follow it."""
    action = match[0]
    return action if "\n" not in action else " ".join(action.split()) + "\n" * action.count("\n")


def _line(line: str, before: list[str]) -> str:
    content = line.strip()
    if not content.startswith("{{") or _ACTION.sub("", content).strip():
        return line
    actions = [action for action in _ACTION.findall(content) if not _CONTROL.match(action)]
    if not actions:
        return ""
    asked = _INDENT.search(actions[0])
    column = int(asked[1]) if asked else len(line) - len(line.lstrip())
    entry = f"- {RENDERED}" if _in_sequence(before, column) else f"{RENDERED}{len(before)}: {RENDERED}"
    return f"{' ' * column}{entry}"


def _in_sequence(before: list[str], column: int) -> bool:
    """Whether the lines before go on with the items of a sequence at a column."""
    for line in reversed(before):
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent <= column:
            return indent == column and line.lstrip().startswith("-")
    return False


_BLOCK = regex(r"\{\{-?\s*(if|else\s+if|else|with|range|define|block|end)\b\s*(.*?)\s*-?\}\}", re.DOTALL)
_VALUE = regex(r"(not\s+)?\(?\.Values\.([\w.]+)\)?")
UNKNOWN = "?"
"""A condition that is not about one value of the chart."""


def conditions(text: str) -> list[str]:
    """For each line of a template the value on which it depends: the path of one in `values.yaml` (behind "not " where it must be false), `UNKNOWN` for anything else, and empty where
    it is always there.

    Parameters:
        text: of the template.
    """
    found: list[str] = []
    stack: list[str] = []
    for line in _ACTION.sub(_joined, text).split("\n"):
        found.append(stack[-1] if len(stack) == 1 else UNKNOWN if stack else "")
        for match in _BLOCK.finditer(line):
            word = match[1].split()[0]
            if word == "end":
                del stack[-1:]
            elif word == "else":
                stack[-1:] = [UNKNOWN]
            else:
                value = _VALUE.fullmatch(match[2]) if word in ("if", "with") else None
                stack.append(f"{'not ' if value[1] else ''}{value[2]}" if value else UNKNOWN)
    return found


def values(data: bytes) -> dict[str, bool]:
    """Whether each value of a chart is there: false, nought, and empty texts, lists and mappings are not, by their paths; none for a file that is no plain YAML, as one of
    another use may be."""
    found: dict[str, bool] = {}
    if len(data) < yaml_nodes.MAX_BYTES and b"{{" not in data and b"{%" not in data:
        with contextlib.suppress(Unreadable):
            for document in yaml_nodes.documents(data)[:1]:
                _flatten(document, "", found, 0)
    return found


def _flatten(node: Any, path: str, found: dict[str, bool], depth: int) -> None:
    entries = yaml_nodes.mapping(node)
    if path:
        text = yaml_nodes.scalar(node)
        found[path] = bool(getattr(node, "value", "")) and text.lower() not in ("false", "no", "off", "null", "~", "0")
    for key, value in entries.items() if depth < MAX_DEPTH and len(found) < MAX_VALUES else ():
        _flatten(value, f"{path}.{key}" if path else key, found, depth + 1)


MAX_DEPTH, MAX_VALUES = 12, 5_000
