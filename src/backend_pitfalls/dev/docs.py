"""What is made of the rules' docstrings: docs/rules/CODE.md, their index, the README's table and the site's navigation."""

from __future__ import annotations

import re
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


def write_docs(check: bool, root: Path | None = None) -> int:
    """Write what is generated; with `check`, only say what is stale and return 1.

    Parameters:
        check: change nothing.
        root: of the checkout; this folder when None.
    """
    stale = {path: text for path, text in generated(root or Path()).items() if _content(path) != text}
    for path, text in stale.items():
        if check:
            sys.stdout.write(f"stale: {path}; run `backend-pitfalls dev docs`\n")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if not check:
        sys.stdout.write(f"{len(stale)} files written.\n")
    return 1 if stale and check else 0


def generated(root: Path) -> dict[Path, str]:
    """The content of every generated file, and of those with a generated part."""
    found = {root / "docs" / "rules" / name: text for name, text in pages().items()}
    readme = _content(root / "README.md")
    if readme:
        table = rule_table(link="docs/rules/{code}.md")
        found[root / "README.md"] = re.sub(r"\| code \| pylint .*?\n(?=\n)", lambda _: table, readme, flags=re.DOTALL)
    navigation = _content(root / "mkdocs.yml")
    if navigation:
        entries = "".join(f"      - rules/{rule.meta.code}.md\n" for rule in all_rules())
        found[root / "mkdocs.yml"] = re.sub(r"(?: +- rules/BPF\d+\.md\n)+", lambda _: entries, navigation)
    return found


def _content(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""
