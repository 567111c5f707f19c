"""Tests that no rule looks into are read only where other code imports them: the same findings, with and without the cache, by any number of processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend_pitfalls.engine import Analysis, analyse
from backend_pitfalls.knowledge import load
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.cache import Cache
from backend_pitfalls.rules.certain_credentials import may_be_certain

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


MADE = '"q7Jx2vKp9LmZ4tRw8"'
NAMED = {
    "the line above": f'CREDENTIALS = {{\n    "password":\n        {MADE},\n}}\n',
    "an argument by position": f"def user(name, password): ...\n\n\nuser(\n    'ann',\n    {MADE},\n)\n",
    "a variable that is used elsewhere": f"VALUE = {MADE}\n\n\ndef test():\n    login(password=VALUE)\n",
    "what a function gives": f"def get_token():\n    return {MADE}\n",
    "a call that takes one": f"import requests\nrequests.auth.HTTPBasicAuth(\n    'ann',\n    {MADE},\n)\n",
    "a pair": f"connect(auth=('ann', {MADE}))\n",
    "an address": "URL = 'postgres://ann:q7Jx2vKp9@db/shop'\n",
    "an address with a token": "client.get('/shop?token=q7Jx2vKp9LmZ4tRw8')\n",
    "a grant": "SQL = \"CREATE USER ann IDENTIFIED BY 'q7Jx2vKp9'\"\n",
    "a token": "send('xoxb-1-given-to-nobody')\n",
    "a token in two parts": "send(\n    'eyJhbGciOiJIUzI1NiIsInR5cCI6'\n    'IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI.SflKxwRJSMeKKF2QT4fw'\n)\n",
    "a key": "KEY = '-----BEGIN RSA PRIVATE KEY-----MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn'\n",
}
NOT_NAMED = {
    "a page": 'def test():\n    assert page() == "http://example.com/7Jx2vKp9LmZ4tRw8"\n',
    "a made text without a name": f"def test():\n    assert total() == {MADE}\n",
    "a name far away": f"password = 'x'\n\n\ndef test():\n    assert total() == {MADE}\n",
}


@pytest.mark.parametrize("text", NAMED.values(), ids=NAMED.keys())
def test_a_text_that_may_be_told_is_read(text: str) -> None:
    assert may_be_certain(text, load())


@pytest.mark.parametrize("text", NOT_NAMED.values(), ids=NOT_NAMED.keys())
def test_a_text_that_nothing_calls_a_credential_is_not_read(text: str) -> None:
    assert not may_be_certain(text, load())


def test_json_of_tests_is_read_where_a_certain_credential_may_stand(project: Path) -> None:
    (project / "tests" / "rows.json").write_text('{"password": "secret", "token": "q7Jx2vKp9LmZ4tRw8"}\n')
    assert ("tests/rows.json", "BPF202") in told(analyse(project, Options()))
    (project / "tests" / "rows.json").write_text('{"password": "secret", "etag": "q7Jx2vKp9LmZ4tRw8"}\n')
    assert ("tests/rows.json", "BPF202") not in told(analyse(project, Options()))


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
