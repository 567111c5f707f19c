"""What a repair of credentials does beside the source: the sample file with the names of the settings."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from backend_pitfalls.hosts.cli import main

SETTINGS = 'SECRET_KEY = "k9!fw2$hq0-zz81"\nDB_PASSWORD = "w9#Kq2vT"\n'
FIX = ["fix", "--unsafe-fixes", "--no-cache", "."]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.backend-pitfalls]\n")
    (tmp_path / "settings.py").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_sample_is_made_with_the_names_and_without_values(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(FIX) == 0
    assert (project / ".env.example").read_text() == "DB_PASSWORD=\nSECRET_KEY=\n"
    assert capsys.readouterr().err.splitlines()[:2] == [
        ".env.example names what must be set: DB_PASSWORD, SECRET_KEY.",
        "Git does not ignore `.env` there: add it to .gitignore before you write values into it.",
    ]


@pytest.mark.parametrize("end", ["\n", "", "\r\n"])
def test_a_sample_that_is_there_gets_what_it_lacks(end: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / ".gitignore").write_text(".env\n")
    (project / ".env.sample").write_bytes(f"DEBUG=0\r\nexport SECRET_KEY={end}".encode())
    assert main(FIX) == 0
    assert (project / ".env.sample").read_bytes() == b"DEBUG=0\r\nexport SECRET_KEY=\r\nDB_PASSWORD=\r\n".replace(
        b"KEY=\r\n", b"KEY=" + (end.encode() or b"\r\n")
    )
    assert not (project / ".env.example").exists()
    assert "Git does not ignore" not in capsys.readouterr().err


def test_without_such_a_repair_there_is_no_sample(project: Path) -> None:
    (project / "settings.py").write_text("import yaml\n\nyaml.load(open('x'), Loader=yaml.Loader)\n")
    assert main(FIX) == 0
    assert not (project / ".env.example").exists()


def test_the_diff_makes_the_sample_as_git_applies_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FIX, "--output", "patch.diff"]) == 0
    assert not (project / ".env.example").exists()
    assert "would name" in capsys.readouterr().err
    subprocess.run(["git", "init", "-q", "."], cwd=project, check=True)
    subprocess.run(["git", "apply", "patch.diff"], cwd=project, check=True)
    assert (project / ".env.example").read_text() == "DB_PASSWORD=\nSECRET_KEY=\n"
    assert "w9#Kq2vT" not in (project / "settings.py").read_text()


def test_a_second_run_changes_nothing(project: Path) -> None:
    assert main(FIX) == 0
    before = {p.name: p.read_bytes() for p in project.iterdir() if p.is_file()}
    assert main(FIX) == 0
    assert {p.name: p.read_bytes() for p in project.iterdir() if p.is_file()} == before
