"""Every literate case, through every way in."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from literate import Case, case_id, cases

from backend_pitfalls.hosts.cli import main

CASES = cases()
PYLINT_NAME = re.compile(r"^(.+?):(\d+):(\d+): ([A-Z]\d{4})$")


def check(folder: Path, capsys: pytest.CaptureFixture[str], *paths: str) -> list[tuple[str, int, str, int]]:
    code = main(["check", "--output-format", "json", *(paths or (str(folder),))])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert code == (1 if found else 0)
    return [(os.path.relpath(f["path"], folder), f["line"], f["code"], f["column"]) for f in found]


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_command_line(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case.write(tmp_path)
    found = check(tmp_path, capsys)
    assert Counter(f[:3] for f in found) == Counter(mark[:3] for mark in case.marks("expect"))
    assert case.columns <= set(found)


@pytest.mark.parametrize("case", [c for c in CASES if c.misses], ids=case_id)
def test_known_misses_are_still_missed(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case.write(tmp_path)
    assert not case.misses & {f[:3] for f in check(tmp_path, capsys)}, "a known miss is found now: mark it `expect`"


@pytest.mark.parametrize("case", [c for c in CASES if len(c.files) > 1], ids=case_id)
def test_order_of_paths_does_not_matter(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case.write(tmp_path)
    paths = [str(tmp_path / p) for p in case.files if not p.endswith("pyproject.toml")]
    random.Random(case.name).shuffle(paths)
    assert {f[:3] for f in check(tmp_path, capsys, *paths)} == case.expected


@pytest.mark.parametrize("own", [True, False], ids=["own comment", "noqa"])
@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c.expected and not any(code.startswith("BPF0") for _, _, code in c.expected)],
    ids=case_id,
)
def test_each_marker_can_be_a_suppression(
    case: Case, own: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case.write(tmp_path, case.suppressed(own))
    assert check(tmp_path, capsys) == []


@pytest.mark.parametrize("case", [c for c in CASES if c.fixed], ids=case_id)
def test_repairs(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case.write(tmp_path)
    for _ in range(2):
        assert main(["fix", "--unsafe-fixes", str(tmp_path)]) == 0
        for path, text in {**case.files, **case.fixed}.items():
            assert (tmp_path / path).read_text("utf-8") == text
            if path.endswith(".py"):
                compile(text, path, "exec")
    assert "0 repaired in 0 files." in capsys.readouterr().err.splitlines()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hosts")
    for number, case in enumerate(CASES):
        case.write(folder / f"case_{number}")
    return folder


def expected_in_python() -> set[tuple[str, int, str]]:
    return {
        (f"case_{n}/{path}", line, code)
        for n, case in enumerate(CASES)
        for path, line, code in case.expected
        if path.endswith(".py")
    }


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_flake8(written: Path, jobs: str) -> None:
    command = [
        sys.executable,
        "-m",
        "flake8",
        "--isolated",
        "--select=BPF",
        f"-j{jobs}",
        "--format=%(path)s:%(row)d:%(code)s",
        ".",
    ]
    out = subprocess.run(command, cwd=written, capture_output=True, text=True, check=False)
    found = {
        (path.removeprefix("./"), int(line), code)
        for path, line, code in (row.split(":") for row in out.stdout.splitlines())
    }
    # flake8 reports a file that it cannot parse itself (E999) and gives it to no plugin.
    assert found == {f for f in expected_in_python() if f[2] != "BPF000"}, out.stderr


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_pylint(written: Path, jobs: str) -> None:
    from backend_pitfalls.rules import all_rules

    ids = {rule.meta.pylint_id: rule.meta.code for rule in all_rules()}
    command = [
        *(
            sys.executable,
            "-m",
            "pylint",
            "--rcfile=/dev/null",
            "--load-plugins=backend_pitfalls",
            "--disable=all",
            f"-j{jobs}",
            "--score=n",
        ),
        *(
            f"--enable={','.join(rule.meta.name for rule in all_rules())}",
            "--msg-template={path}:{line}:{column}: {msg_id}",
        ),
        *(str(p.relative_to(written)) for p in sorted(written.rglob("*.py"))),
    ]
    out = subprocess.run(command, cwd=written, capture_output=True, text=True, check=False)
    rows = [m.groups() for m in map(PYLINT_NAME.match, out.stdout.splitlines()) if m]
    assert {(path, int(line), ids[i]) for path, line, _, i in rows if i in ids} == {
        f for f in expected_in_python() if f[2] != "BPF000"
    }, out.stderr


@pytest.mark.parametrize("case", [c for c in CASES if c.expected and "pyproject.toml" not in c.files], ids=case_id)
def test_a_rule_finds_the_same_alone(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case.write(tmp_path)
    for code in {code for _, _, code in case.expected} - {"BPF001"}:  # which asks what all others suppress
        assert (
            main(["check", str(tmp_path), "--no-cache", "--exit-zero", "--output-format", "json", "--select", code])
            == 0
        )
        findings = json.loads(capsys.readouterr().out)["findings"]
        found = {
            (str(Path(f["path"]).resolve().relative_to(tmp_path.resolve())), f["line"], f["code"]) for f in findings
        }
        assert found == {f for f in case.expected if f[2] == code}
