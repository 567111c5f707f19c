"""What our tables know, as rules of semgrep: one for each harm of untrusted data, each family of clients without a timeout, and queries in loops.

Semgrep has no types, so a method counts on any receiver, and a source is an attribute of something called `request`. Printed as JSON, which is YAML too:

    python -m benchmarks.semgrep_rules > rules.yml
"""

from __future__ import annotations

import json
import re
from typing import Any

from backend_pitfalls.knowledge import load
from backend_pitfalls.model.knowledge import Knowledge

_CALL = re.compile(r"[A-Za-z_][\w.]*\.(?P<last>[A-Za-z_]\w*)")
_QUERIES = ("get", "filter", "first", "last", "count", "exists", "all", "values", "values_list", "exclude", "order_by")


def rules() -> dict[str, Any]:
    """The rules, as semgrep reads them: https://semgrep.dev/docs/writing-rules/rule-syntax"""
    knowledge = load((), ())
    return {"rules": [*_flows(knowledge), *_clients(knowledge), *_loops()]}


def _flows(knowledge: Knowledge) -> list[dict[str, Any]]:
    sources = sorted({s for name in knowledge.sources for s in _source(name)})
    calls: dict[str, set[str]] = {}
    for name, sinks in knowledge.sinks.items():
        for sink in sinks:
            calls.setdefault(sink.harm, set()).update(_call(name, "..."))
    sanitizers = sorted({c for name in knowledge.sanitizers for c in _call(name, "...")})
    return [
        {
            **_head(f"untrusted-{harm}", "request data does harm"),
            "mode": "taint",
            "pattern-sources": [{"pattern": pattern} for pattern in sources],
            "pattern-sinks": [{"pattern": pattern} for pattern in sorted(patterns)],
            "pattern-sanitizers": [{"pattern": pattern} for pattern in sanitizers],
        }
        for harm, patterns in sorted(calls.items())
        if patterns
    ]


def _clients(knowledge: Knowledge) -> list[dict[str, Any]]:
    families: dict[str, list[dict[str, Any]]] = {}
    for name, client in knowledge.clients.items():
        if not client.keyword:
            continue
        for call in _call(name, "..."):
            limited = [
                p for keyword in (client.keyword, *client.alternatives) for p in _call(name, f"..., {keyword}=$T, ...")
            ]
            without = [{"pattern-not": pattern} for pattern in limited]
            families.setdefault(client.family, []).append({"patterns": [{"pattern": call}, *without]})
    return [
        {**_head(f"{family}-without-timeout", "no timeout"), "pattern-either": either}
        for family, either in sorted(families.items())
    ]


def _loops() -> list[dict[str, Any]]:
    queries = [{"pattern": f"for $X in $Y:\n  ...\n  $M.objects.{name}(...)"} for name in _QUERIES]
    writes = [{"pattern": f"for $X in $Y:\n  ...\n  $M.{name}(...)"} for name in ("save", "delete", "objects.create")]
    return [
        {**_head("query-in-loop", "a query in a loop"), "pattern-either": queries},
        {**_head("write-in-loop", "a write in a loop"), "pattern-either": writes},
    ]


def _head(name: str, message: str) -> dict[str, Any]:
    return {"id": name, "languages": ["python"], "severity": "WARNING", "message": message}


def _source(name: str) -> list[str]:
    """`flask.request.args` as it stands; `django.http.HttpRequest.GET` as `request.GET`."""
    found = _CALL.fullmatch(name)
    if found is None:
        return []
    is_of_class = name.rsplit(".", 2)[-2][:1].isupper()
    return [f"request.{found['last']}"] if is_of_class else [name]


def _call(name: str, arguments: str) -> list[str]:
    """`requests.get(...)` as it stands; a method of a class, or of anything (`?.execute`), on any receiver."""
    if name.startswith("?."):
        return [f"$R.{name[2:]}({arguments})"] if name[2:].isidentifier() else []
    found = _CALL.fullmatch(name)
    if found is None:
        return []
    is_of_class = name.rsplit(".", 2)[-2][:1].isupper()
    return [f"$R.{found['last']}({arguments})"] if is_of_class else [f"{name}({arguments})"]


if __name__ == "__main__":
    print(json.dumps(rules(), indent=1))
