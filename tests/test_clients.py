"""Every row of the table of clients: without a limit, with one, and with one that comes by each of the ways in which values come."""

from __future__ import annotations

import pytest

from backend_pitfalls import check_source
from backend_pitfalls.knowledge import load
from backend_pitfalls.model.knowledge import ClientFacts

FAMILIES = {"http": "BPF401", "database": "BPF402", "queue": "BPF403", "service": "BPF404"}
ROWS = [
    (name, row)
    for table in load().tables
    for row in table.client
    for name in row.calls
    if row.keyword and "<" not in name and not row.entry and not row.handled
]

OF_CLASSES = {("Connection", "connect"), ("AsyncConnection", "connect"), ("GraphDatabase", "driver")}
"""Methods that a class has, not its objects."""


def expression(name: str) -> tuple[str, str]:
    """The import for a call, and what is called: of a method, on a new object of its class."""
    parts = name.split(".")
    owner = next((i for i, p in enumerate(parts[:-1]) if i and p[:1].isupper()), None)
    if owner is None:
        return f"import {'.'.join(parts[:-1])}", name
    module, cls, method = ".".join(parts[:owner]), parts[owner], parts[owner + 1]
    made = cls if (cls, method) in OF_CLASSES or method == "from_url" else f"{cls}()"
    return f"from {module} import {cls}", f"{made}.{method}"


def source(name: str, row: ClientFacts) -> tuple[str, dict[str, int]]:
    """A module that makes the call in every way, and the line of each way."""
    imported, callee = expression(name)
    limit = row.keyword
    lines = [
        "import functools",
        imported,
        "LIMIT = 5",
        "NONE = None",
        f"OPTIONS = {{'{limit}': 5}}",
        f"limited = functools.partial({callee}, {limit}=5)",
        "def wrapper(given=None):",
        f"    return {callee}({limit}=given)",
    ]
    ways = {
        "left out": f"{callee}()",
        "given": f"{callee}({limit}=5)",
        "None": f"{callee}({limit}=None)",
        "constant": f"{callee}({limit}=LIMIT)",
        "constant None": f"{callee}({limit}=NONE)",
        "options": f"{callee}(**OPTIONS)",
        "partial": "limited()",
        "wrapper": "wrapper(5)",
        "wrapper left out": "wrapper()",
    }
    ways.update({f"number {n}": f"{callee}({limit}={n!r})" for n in row.unlimited})
    places = {}
    for way, call in ways.items():
        lines += [f"def f{len(lines)}():", f"    {call}"]
        places[way] = len(lines)
    return "\n".join(lines) + "\n", places


def expected(row: ClientFacts) -> set[str]:
    """The ways that leave the call without a limit."""
    found = {"left out"} if row.default == "unlimited" else set()
    if row.none == "unlimited":
        found |= {"None", "constant None", "wrapper left out"}
    return found | {f"number {n}" for n in row.unlimited}


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[n for n, _ in ROWS])
def test_each_way(name: str, row: ClientFacts) -> None:
    code, places = source(name, row)
    found = {f.span.line for f in check_source(code, select=(FAMILIES[row.family],))}
    assert {way for way, line in places.items() if line in found} == expected(row)
