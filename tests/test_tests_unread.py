"""Tests that no rule looks into are read only where other code imports them: the same findings, with and without the cache, by any number of processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend_pitfalls.engine import Analysis, analyse
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.cache import Cache

APP = "import requests\nfrom tests.limits import LIMIT\n\n\ndef fetch(url):\n    return requests.get(url, timeout=LIMIT)\n"
UNREAD = "def test_total():\n    assert total([1, 2]) == 3\n"
BROKEN = "def test_total(:\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.backend-pitfalls]\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "tests" / "limits.py").write_text("from tests.inner import NONE as LIMIT\n")
    (tmp_path / "tests" / "inner.py").write_text("NONE = None\n")
    (tmp_path / "tests" / "test_total.py").write_text(UNREAD)
    return tmp_path


def told(analysis: Analysis) -> list[tuple[str, str]]:
    return [(f.path, f.code) for f in analysis.shown()]


def test_what_is_imported_is_known_however_far_away(project: Path) -> None:
    assert told(analyse(project, Options())) == [("app.py", "BPF401")]
    (project / "tests" / "inner.py").write_text("NONE = 5\n")
    assert told(analyse(project, Options())) == []


def test_a_broken_test_is_told_where_code_needs_it(project: Path) -> None:
    (project / "tests" / "test_total.py").write_text(BROKEN)
    assert told(analyse(project, Options())) == [("app.py", "BPF401")]
    (project / "tests" / "inner.py").write_text(BROKEN)
    assert told(analyse(project, Options())) == [("tests/inner.py", "BPF000")]


def test_a_credential_in_a_test_is_told(project: Path) -> None:
    (project / "tests" / "test_total.py").write_text('def test_login():\n    login(password="q7Jx2vKp9LmZ4tRw8")\n')
    assert told(analyse(project, Options())) == [("app.py", "BPF401"), ("tests/test_total.py", "BPF201")]


def test_the_cache_and_the_number_of_processes_change_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend_pitfalls.engine.team.WORTH_A_PROCESS", 1)
    monkeypatch.setattr("backend_pitfalls.engine.team.WHILE_STARTING", 0)
    cache = Cache(project)
    imports = "from tests import test_total\n"
    for broken in (UNREAD, BROKEN):
        (project / "tests" / "test_total.py").write_text(broken)
        for text in (APP, APP.replace("LIMIT)", "5)"), "", imports, "", APP):
            (project / "app.py").write_text(text)
            plain = analyse(project, Options())
            assert analyse(project, Options(), cache=cache) == plain
            assert analyse(project, Options(), jobs=3) == plain
            assert (("tests/test_total.py", "BPF000") in told(plain)) == (text == imports and broken == BROKEN)
