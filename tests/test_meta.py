"""The code sets of rules, pages, fixtures, changelog and hosts are equal; each rule page's example fires, its mend does not."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from literate import cases

import backend_pitfalls
from backend_pitfalls import codemods
from backend_pitfalls.dev.docs import pages, write_docs
from backend_pitfalls.engine import analyse
from backend_pitfalls.model.fix import Safety
from backend_pitfalls.model.options import Options
from backend_pitfalls.model.regex import regex
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.discover import kind_of
from backend_pitfalls.rules import Rule, all_rules

ROOT = Path(__file__).parent.parent
CODES = {rule.meta.code for rule in all_rules()}
SECTIONS = [
    "What it does",
    "Why it hurts in production",
    "Example",
    "Use instead",
    "Fix safety",
    "Options",
    "Known limits",
    "References",
]
FILES = {"python": "app.py", "yaml": "k8s.yaml", "dockerfile": "Dockerfile", "toml": "fly.toml"}


def ids(rule: Rule) -> str:
    return rule.meta.code


def test_codes_and_names_are_unique() -> None:
    metas: list[RuleMeta] = [rule.meta for rule in all_rules()]
    assert (
        len({m.code for m in metas}) == len({m.name for m in metas}) == len({m.pylint_id for m in metas}) == len(metas)
    )


def test_pylint_numbers_follow_the_codes() -> None:
    assert {m.meta.code: m.meta.pylint_id for m in all_rules()}["BPF101"] == "W6501"
    assert all(
        re.fullmatch(rf"[ERWC]{64 + int(r.meta.code[3])}{r.meta.code[4:]}", r.meta.pylint_id) for r in all_rules()
    )


def test_every_code_has_fixture_page_and_changelog_entry() -> None:
    assert {code for case in cases() for _, _, code in case.expected} == CODES
    assert {name.removesuffix(".md") for name in pages()} - {"index"} == CODES
    assert set(re.findall(r"BPF\d{3}(?= `)", (ROOT / "CHANGELOG.md").read_text("utf-8"))) == CODES
    assert set(re.findall(r"^\| \[(BPF\d{3})\]", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)) == CODES


def test_pages_are_fresh() -> None:
    folder = ROOT / "docs" / "rules"
    assert {p.name: p.read_text("utf-8") for p in folder.glob("*.md")} == pages()
    assert write_docs(check=True, root=ROOT) == 0


@pytest.mark.parametrize("rule", all_rules(), ids=ids)
def test_page_has_the_fixed_sections(rule: Rule) -> None:
    assert re.findall(r"^## (.+)$", rule.page, re.MULTILINE) == SECTIONS
    assert rule.page.splitlines()[0].endswith(".")


def example(page: str, section: str) -> dict[str, bytes]:
    """The files of a section: each block under the name in its first line's comment, else under one for its language."""
    body = page.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    files = {}
    for language, code in re.findall(r"^```(\w+)\n(.*?)^```", body, re.MULTILINE | re.DOTALL):
        named = re.match(r"(?:<!--|#) (\S+/\S+?)(?: -->)?\n", code)
        files[named[1] if named else FILES[language]] = code.encode()
    assert files and all(kind_of(name.rsplit("/", 1)[-1]) for name in files)
    return files


IN_MANIFESTS = {"BPF202", "BPF501", "BPF502", "BPF513"}
"""Rules whose repairs change no Python."""


def test_every_repair_is_a_documented_command() -> None:
    commands = [getattr(codemods, name) for name in codemods.__all__]
    repaired = {rule.meta.code: rule.meta.fix for rule in all_rules() if rule.meta.fix}
    assert sorted(code for command in commands for code in command.RULES) == sorted({*repaired} - IN_MANIFESTS)
    page = (ROOT / "docs" / "repairs.md").read_text("utf-8")
    for command in commands:
        assert {repaired[code] for code in command.RULES} == {Safety.UNSAFE if command.UNSAFE else Safety.SAFE}
        rows = [line for line in page.splitlines() if f"`{command.__name__}" in line and line.startswith("|")]
        assert sorted(re.findall(r"BPF\d+", " ".join(row.split("|")[1] for row in rows))) == sorted(command.RULES)


def chosen(rule: Rule) -> Options:
    """All rules, and one in preview by its code."""
    return Options(extend_select=(rule.meta.code,) if rule.meta.preview else ())


@pytest.mark.parametrize("rule", [r for r in all_rules() if r.meta.code.startswith("BPF1")], ids=ids)
def test_a_page_about_queries_shows_their_log(rule: Rule) -> None:
    log = rule.page.split("## Use instead", 1)[1].split("## Fix safety")[0].partition("The query log of ")[2]
    assert re.search(r"^    .*\b(SELECT|INSERT)\b", log, re.MULTILINE)


COMPANIONS = {"BPF155": {"BPF105"}}
"""What the examples of a rule cannot do without: several writes a round are writes in a loop."""


@pytest.mark.parametrize("rule", [r for r in all_rules() if "```" in r.page], ids=ids)
def test_the_example_fires_and_its_mend_does_not(rule: Rule, tmp_path: Path) -> None:
    others = COMPANIONS.get(rule.meta.code, set())
    found = {
        section: {f.code for f in analyse(tmp_path, chosen(rule), example(rule.page, section)).shown()} - others
        for section in ("Example", "Use instead")
    }
    assert found == {"Example": {rule.meta.code}, "Use instead": set()}


def test_a_scaffolded_rule_is_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from backend_pitfalls.dev.new_rule import new_rule

    (tmp_path / "src/backend_pitfalls/rules").mkdir(parents=True)
    assert new_rule("resilience", "call-without-breaker", tmp_path) == 0
    made = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert made == {
        "src/backend_pitfalls/rules/resilience/__init__.py",
        "src/backend_pitfalls/rules/resilience/call_without_breaker.py",
        "tests/fixtures/resilience/call-without-breaker.md",
        "newsfragments/BPF415.rule.md",
    }
    compile((tmp_path / "src/backend_pitfalls/rules/resilience/call_without_breaker.py").read_text(), "rule", "exec")


def test_every_expression_is_a_regular_expression() -> None:
    for module in pkgutil.walk_packages(backend_pitfalls.__path__, "backend_pitfalls."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if type(value) is type(_LATE):
                assert value.pattern, f"{module.name}.{name}"  # compiled now; raises when it is none


_LATE = regex("late")
