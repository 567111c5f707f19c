"""Pages made of the rules' docstrings: docs/rules/CODE.md and their index."""

from __future__ import annotations

import sys
from pathlib import Path

from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Rule, all_rules


def pages() -> dict[str, str]:
    """The content of each generated page by its path below docs/rules."""
    found = {f"{rule.meta.code}.md": _page(rule) for rule in all_rules()}
    found["index.md"] = "# Rules\n\n" + rule_table(link="{code}.md")
    return found


def rule_table(link: str) -> str:
    """A Markdown table of all rules."""
    rows = ["| code | pylint | name | finds | severity | repair |", "|---|---|---|---|---|---|"]
    for rule in all_rules():
        meta = rule.meta
        repair = meta.fix.value if meta.fix else ""
        rows.append(
            f"| [{meta.code}]({link.format(code=meta.code)}) | {meta.pylint_id} | `{meta.name}` | {meta.summary} | {meta.severity.value} | {repair} |"
        )
    return "\n".join(rows) + "\n"


def _page(rule: Rule) -> str:
    return f"# {rule.meta.name} ({rule.meta.code})\n\n{_facts(rule.meta)}\n\n{rule.page}\n"


def _facts(meta: RuleMeta) -> str:
    facts = [
        f"pylint `{meta.pylint_id}`",
        f"severity {meta.severity.value}",
        f"confidence {meta.confidence.value}",
        f"since {meta.since}",
    ]
    facts.append(f"repair {meta.fix.value}" if meta.fix else "no repair")
    facts.extend(f"CWE-{number}" for number in meta.cwe)
    if meta.silent_in:
        facts.append("silent in " + ", ".join(sorted(c.value for c in meta.silent_in)) + " files")
    return " · ".join(facts)


def write_docs(check: bool, folder: Path | None = None) -> int:
    """Write the pages; with `check`, only say which are stale and return 1."""
    folder = folder or Path("docs/rules")
    stale = [
        name
        for name, content in pages().items()
        if not (folder / name).is_file() or (folder / name).read_text("utf-8") != content
    ]
    if check:
        for name in stale:
            sys.stdout.write(f"stale: {folder / name}; run `backend-pitfalls dev docs`\n")
        return 1 if stale else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (folder / name).write_text(pages()[name], encoding="utf-8")
    sys.stdout.write(f"{len(stale)} pages written.\n")
    return 0
