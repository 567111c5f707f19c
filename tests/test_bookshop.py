"""The example back end: its findings are the marked ones, its own tests pass before and after repair."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backend_pitfalls.hosts.cli import main

BOOKSHOP = Path(__file__).parent.parent / "examples" / "bookshop"
EXPECTED = {
    ("api/main.py", "BPF101"): 1,
    ("api/main.py", "BPF301"): 1,
    ("deploy/Dockerfile", "BPF502"): 1,
    ("deploy/k8s/shop.yaml", "BPF501"): 1,
    ("shop/reports.py", "BPF101"): 2,
    ("shop/settings.py", "BPF201"): 1,
    ("shop/views.py", "BPF301"): 1,
    ("storefront/app.py", "BPF201"): 1,
    ("worker/clients.py", "BPF401"): 1,
    ("worker/main.py", "BPF401"): 4,
}


@pytest.fixture
def bookshop(tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(
            BOOKSHOP, tmp_path / "bookshop", ignore=shutil.ignore_patterns("__pycache__", ".*", "*.sqlite3")
        )
    )


def counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], int]:
    main(["check", str(folder), "--output-format", "json"])
    found: dict[tuple[str, str], int] = {}
    for finding in json.loads(capsys.readouterr().out)["findings"]:
        key = (str(Path(finding["path"]).resolve().relative_to(folder.resolve())), finding["code"])
        found[key] = found.get(key, 0) + 1
    return found


def run_tests(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.split(" passed")[0].split()[-1]


def test_the_findings_are_the_marked_ones(bookshop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert counted(bookshop, capsys) == EXPECTED


def test_its_tests_pass_before_and_after_repair(bookshop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = run_tests(bookshop)
    assert main(["fix", "--unsafe-fixes", str(bookshop)]) == 0
    left = {key: count for key, count in EXPECTED.items() if key[1] not in ("BPF201", "BPF401")}
    left[("worker/main.py", "BPF401")] = 1  # the caller of a wrapper: a person decides
    assert counted(bookshop, capsys) == left
    assert run_tests(bookshop) == before
