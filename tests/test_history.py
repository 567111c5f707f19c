"""Secrets of past commits: what was taken out again is still in the repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from backend_pitfalls.hosts.cli import main

KEY = "k9!fw2$hq0-zz81"


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git(tmp_path, "init", "-q", ".")
    for content in (
        "x = 1\n",
        f'x = 1\nSECRET_KEY = "{KEY}"\n',
        "x = 1\n",
        f'x = 2\nSECRET_KEY = "{KEY}"\n',
        "x = 2\n",
    ):
        (tmp_path / "settings.py").write_text(content)
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", "a change")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_secret_is_told_once_with_the_commit_that_added_it(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = subprocess.run(["git", "rev-parse", "HEAD~3"], cwd=repository, capture_output=True, text=True, check=True)
    assert main(["check"]) == 0
    capsys.readouterr()
    assert main(["check", "--history", "HEAD~4"]) == 1
    out = capsys.readouterr().out
    assert KEY not in out
    lines = out.splitlines()
    assert [line.split(" ")[0] for line in lines[:-1]] == [f"{first.stdout[:12]}:settings.py:2:14:"]
    assert lines[-1] == "1 secret in HEAD~4"


def test_only_the_lines_that_a_commit_added_count(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--history", "HEAD~1.."]) == 0
    assert capsys.readouterr().out == "No secrets in HEAD~1..\n"
    assert main(["check", "--history", "HEAD~3..HEAD~2"]) == 0
    assert capsys.readouterr().out == "No secrets in HEAD~3..HEAD~2\n"
    assert main(["check", "--history", "HEAD~2..", "--exit-zero"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 secret in HEAD~2.."


@pytest.mark.parametrize("revisions", ["nowhere..", "-x", "HEAD~99.."])
def test_a_wrong_range_is_one_line(revisions: str, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", f"--history={revisions}"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("backend-pitfalls: error: --history") and error.count("\n") == 1
