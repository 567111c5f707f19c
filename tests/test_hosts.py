"""What only a host does: standard input, its own suppressions, its options; and the configuration through the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from backend_pitfalls.hosts.cli import main

CODE = "import requests\nrequests.get('x')\n"


def run(folder: Path, *arguments: str, text: str | None = None) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, input=text, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.backend-pitfalls]\n")
    (tmp_path / "lib.py").write_text(
        "import requests\n\n\ndef fetch(url, timeout=None):\n    return requests.get(url, timeout=timeout)\n"
    )
    (tmp_path / "app.py").write_text(CODE)
    return tmp_path


def test_flake8_reads_standard_input_within_the_project(project: Path) -> None:
    code = "from lib import fetch\nfetch('x')\n"
    named = run(project, "flake8", "--isolated", "--select=BPF", "--stdin-display-name", "app.py", "-", text=code)
    assert [line.split(" ")[:2] for line in named] == [["app.py:2:1:", "BPF401"]]
    unnamed = run(project, "flake8", "--isolated", "--select=BPF", "-", text=code)
    assert [line.split(" ")[:2] for line in unnamed] == [["stdin:2:1:", "BPF401"]]


def test_flake8_keeps_its_noqa_and_its_options(project: Path) -> None:
    (project / "app.py").write_text(CODE.replace("('x')", "('x')  # noqa: BPF401"))
    assert run(project, "flake8", "--isolated", "--select=BPF", "app.py") == []
    assert len(run(project, "flake8", "--isolated", "--select=BPF", "--disable-noqa", "app.py")) == 1
    assert run(project, "flake8", "--isolated", "--select=E,F", "--disable-noqa", "app.py") == []
    assert (
        run(project, "flake8", "--isolated", "--select=BPF", "--disable-noqa", "--backend-pitfalls-off", "app.py") == []
    )


def test_pylint_disable_works(project: Path) -> None:
    arguments = (
        "pylint",
        "--rcfile=/dev/null",
        "--load-plugins=backend_pitfalls",
        "--disable=all",
        "--enable=request-without-timeout",
        "--score=n",
    )
    message = (
        "'requests.get' is called without timeout and would wait for ever; pass timeout=10 (request-without-timeout)"
    )
    assert run(project, *arguments, "app.py")[1:] == [f"app.py:2:0: W6801: {message}"]
    (project / "app.py").write_text(CODE.replace("('x')", "('x')  # pylint: disable=request-without-timeout"))
    assert run(project, *arguments, "app.py") == []


def test_a_broken_configuration_reaches_the_hosts_as_a_line(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.backend-pitfalls]\nselct = []\n")
    assert "did you mean 'select'?" in run(project, "flake8", "--isolated", "--select=BPF", "app.py")[0]
    lines = run(
        project,
        "pylint",
        "--rcfile=/dev/null",
        "--load-plugins=backend_pitfalls",
        "--disable=all",
        "--enable=unreadable-file",
        "--score=n",
        "app.py",
    )
    assert "did you mean 'select'?" in lines[1]


def test_hosts_are_not_imported_without_need() -> None:
    code = "import sys, backend_pitfalls, backend_pitfalls.hosts.cli.commands; print({'flake8', 'pylint', 'astroid', 'libcst'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("", [("app.py", "BPF401", "warning"), ("secret.py", "BPF201", "error")]),
        ("select = ['BPF2']", [("secret.py", "BPF201", "error")]),
        (
            "select = ['BPF2']\nextend-select = ['request-without-timeout']",
            [("app.py", "BPF401", "warning"), ("secret.py", "BPF201", "error")],
        ),
        ("ignore = ['BPF4']", [("secret.py", "BPF201", "error")]),
        ("select = ['BPF401']\nignore = ['BPF']", [("app.py", "BPF401", "warning")]),
        ("per-file-ignores = { 'secret.py' = ['BPF2'] }", [("app.py", "BPF401", "warning")]),
        ("exclude = ['app.py']", [("secret.py", "BPF201", "error")]),
        ("severity = { BPF401 = 'error' }", [("app.py", "BPF401", "error"), ("secret.py", "BPF201", "error")]),
        ("min-confidence = 'high'", [("app.py", "BPF401", "warning")]),
    ],
)
def test_configuration(
    table: str, expected: list[tuple[str, str, str]], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pyproject.toml").write_text(f"[tool.backend-pitfalls]\n{table}\n")
    (project / "secret.py").write_text('DB_PASSWORD = "w9#Kq2vT"\n')
    (project / ".gitignore").write_text("ignored.py\n")
    (project / "ignored.py").write_text(CODE)
    main(["check", str(project), "--output-format", "json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [(Path(f["path"]).name, f["code"], f["severity"]) for f in found] == expected
