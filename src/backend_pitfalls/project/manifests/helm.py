"""Helm templates as the YAML that they are around their actions, line by line; nothing is rendered.

https://helm.sh/docs/chart_template_guide/ describes the language.
"""

from __future__ import annotations

import re

# What stands for the output of an action: a scalar of this text, or an entry of a mapping with a key that starts so.
RENDERED = "HelmRendered"

_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_CONTROL = re.compile(r"\{\{-?\s*(?:/\*|(?:if|else|end|range|with|define|block|break|continue)\b|\$\w*\s*:?=)")
_INDENT = re.compile(r"n?indent\s+(\d+)")


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
