"""Results on disk: the same with and without, renewed by any change, harmless when broken, shared by processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from backend_pitfalls.engine import Analysis, analyse
from backend_pitfalls.hosts.cli import main
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.cache import FOLDER, KEPT, Cache

LIB = "import requests\n\n\ndef fetch(url, timeout=None):\n    return requests.get(url, timeout=timeout)\n"
APP = "from lib import fetch\nfetch('x')\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.backend-pitfalls]\n")
    (tmp_path / "lib.py").write_text(LIB)
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def codes(analysis: Analysis) -> list[tuple[str, str]]:
    return [(f.path, f.code) for f in analysis.shown()]


def test_the_result_is_the_same_and_comes_from_disk(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = analyse(project, Options())
    assert codes(plain) == [("app.py", "BPF401")]
    assert analyse(project, Options(), cache=Cache(project)) == plain
    monkeypatch.setattr("backend_pitfalls.engine._Run.analyse", lambda self: pytest.fail("a new run"))
    assert analyse(project, Options(), cache=Cache(project)) == plain


def test_a_change_in_another_file_or_option_is_seen(project: Path) -> None:
    cache = Cache(project)
    assert codes(analyse(project, Options(), cache=cache)) == [("app.py", "BPF401")]
    (project / "lib.py").write_text(LIB.replace("timeout=None", "timeout=5"))
    assert codes(analyse(project, Options(), cache=cache)) == []
    (project / "lib.py").write_text(LIB)
    assert codes(analyse(project, replace(Options(), ignore=("BPF4",)), cache=cache)) == []
    (project / "more.py").write_text(APP)
    assert codes(analyse(project, Options(), cache=cache)) == [("app.py", "BPF401"), ("more.py", "BPF401")]


def test_an_overlay_passes_the_cache_by(project: Path) -> None:
    cache = Cache(project)
    assert codes(analyse(project, Options(), cache=cache)) == [("app.py", "BPF401")]
    assert codes(analyse(project, Options(), {"app.py": b""}, cache=cache)) == []


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b"\xff\0"])
def test_a_broken_entry_is_replaced(garbage: bytes, project: Path) -> None:
    cache = Cache(project)
    plain = analyse(project, Options(), cache=cache)
    entry = next((project / FOLDER).glob("*.json"))
    good = entry.read_bytes()
    entry.write_bytes(garbage)
    assert analyse(project, Options(), cache=cache) == plain
    assert entry.read_bytes() == good


def test_concurrent_runs_and_pruning(project: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(
            pool.map(
                lambda n: codes(analyse(project, replace(Options(), timeout_seconds=n), cache=Cache(project))),
                range(1, 2 * KEPT),
            )
        )
    assert all(r == [("app.py", "BPF401")] for r in results)
    assert len(list((project / FOLDER).glob("*.json"))) <= KEPT + 3
    assert list((project / FOLDER).glob("*.part")) == []


def test_options_of_the_command_line(project: Path, tmp_path: Path) -> None:
    assert main(["check", str(project), "--no-cache"]) == 1
    assert not (project / FOLDER).exists()
    assert main(["check", str(project), "--cache-dir", str(tmp_path / "elsewhere")]) == 1
    assert not (project / FOLDER).exists() and list((tmp_path / "elsewhere").rglob("*.json"))
    assert main(["check", str(project)]) == 1
    assert (project / FOLDER / ".gitignore").read_text() == "*\n"
