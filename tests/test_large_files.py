"""Files that are large, or one long line: read in bounded time, or passed over with a note."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from backend_pitfalls.hosts.cli import main

TOKEN = "8f7d6s0b76sd8f7ax8df76s1"


def check(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, int, str, str]]:
    (folder / "pyproject.toml").write_text("[tool.backend-pitfalls]\n")
    main(["check", str(folder), "--no-cache", "--exit-zero", "--output-format", "json", "--select", "BPF2,BPF000"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    return [(Path(f["path"]).name, f["line"], f["code"], f["severity"]) for f in findings]


def test_a_minified_file_is_one_line_and_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = ",".join(f'"k{i}": "v{i}"' for i in range(40_000))
    (tmp_path / "small.json").write_text(f'{{{pairs}, "api_token": "{TOKEN}"}}')
    assert check(tmp_path, capsys) == [("small.json", 1, "BPF202", "error")]


def test_fifty_megabytes_are_passed_over_with_a_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "large.json").write_bytes(b'{"token": "' + b"a1" * 25_000_000 + b'"}')
    assert check(tmp_path, capsys) == [("large.json", 1, "BPF000", "note")]


def test_a_python_line_of_ten_megabytes_is_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "line.py").write_bytes(b'X = "' + b"a1b2 password=" * 700_000 + b'"\n')
    assert [f[:3] for f in check(tmp_path, capsys)] == [("line.py", 1, "BPF000")]


def test_time_grows_with_the_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Not a measurement of speed: an algorithm that is quadratic would take a hundred times as long for ten times the file.
    seconds = []
    for count in (20_000, 200_000):
        (tmp_path / "line.py").write_text("X = [" + "'a1b2', 'word=c3'," * (count // 2) + "]\n")
        start = time.perf_counter()
        check(tmp_path, capsys)
        seconds.append(time.perf_counter() - start)
    assert seconds[1] < 40 * max(seconds[0], 0.05)


def test_values_that_double_again_and_again_have_a_bound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Compared as they are, the first would be 2 ** 60 values large, and the second has a branch for each round.
    doubled = "    x = [x, x]\n" + '    x = {"a": x, "b": x}\n' * 60
    branches = "".join(f"    if x[{n}]:\n        t = t + x\n    else:\n        t = t + 'a'\n" for n in range(40))
    (tmp_path / "app.py").write_text(f"def f(x):\n{doubled}    return x\n\n\ndef g(x, t):\n{branches}    return t\n")
    (tmp_path / "pyproject.toml").write_text("[tool.backend-pitfalls]\n")
    assert main(["check", str(tmp_path), "--no-cache"]) == 0
    assert "No pitfalls" in capsys.readouterr().out
