"""Repairs of a whole project: together or not at all, verified, never half a file."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from backend_pitfalls.fixes.apply import FilePlan, write_all
from backend_pitfalls.fixes.project import repair_project
from backend_pitfalls.hosts.cli import main
from backend_pitfalls.model.errors import UserError
from backend_pitfalls.model.finding import Confidence, Finding, Severity, Site, Span, Step
from backend_pitfalls.model.fix import AddKeyword, Fix, Safety

CALL = "import requests\n\n\ndef get():\n    return requests.get('x')\n"
FIXED = CALL.replace("'x'", "'x', timeout=10")


def finding(path: str, code: str = "BPF401", symbol: str = "get") -> Finding:
    """A call on line 5 that a keyword repairs."""
    fix = Fix("add timeout=10", Safety.SAFE, (AddKeyword(5, 11, 5, 28, "timeout", "10", ()),))
    site = Site(path, Span(5, 11, 5, 28))
    return Finding(code, "a-rule", "a message", site, Severity.WARNING, Confidence.HIGH, (), fix, symbol)


def repaired(
    findings: Iterable[Finding], analyse_again: object, files: Mapping[str, str]
) -> dict[str, tuple[str, list[str]]]:
    plans = repair_project(findings, lambda path: files[path].encode(), analyse_again, False)  # type: ignore[arg-type]
    return {p.path: (p.after.decode(), [why for _, why in p.left]) for p in plans}


def test_a_repair_whose_finding_goes_is_kept() -> None:
    def again(files: Mapping[str, bytes]) -> list[Finding]:
        return [finding(path) for path in ("a.py", "b.py") if b"timeout" not in files.get(path, b"")]

    files = {"a.py": CALL, "b.py": CALL}
    assert repaired([finding("a.py"), finding("b.py")], again, files) == {"a.py": (FIXED, []), "b.py": (FIXED, [])}


def test_a_repair_whose_finding_stays_is_rolled_back() -> None:
    def again(files: Mapping[str, bytes]) -> list[Finding]:
        return [finding("a.py"), *([] if b"timeout" in files["b.py"] else [finding("b.py")])]

    assert repaired([finding("a.py"), finding("b.py")], again, {"a.py": CALL, "b.py": CALL}) == {
        "a.py": (CALL, ["the finding would still be there; rolled back"]),
        "b.py": (FIXED, []),
    }


def test_a_repair_that_brings_a_finding_is_rolled_back() -> None:
    def again(files: Mapping[str, bytes]) -> list[Finding]:
        return [finding("a.py", "BPF999")] if b"timeout" in files["a.py"] else [finding("a.py")]

    why = "it would bring a new finding (BPF999); rolled back"
    assert repaired([finding("a.py")], again, {"a.py": CALL}) == {"a.py": (CALL, [why])}


def test_the_repair_on_the_way_to_a_new_finding_is_rolled_back_and_no_other() -> None:
    def again(files: Mapping[str, bytes]) -> list[Finding]:
        left = [finding(path) for path in ("a.py", "b.py") if b"timeout" not in files.get(path, CALL.encode())]
        step = Step(Site("a.py", Span(5, 11, 5, 30)), "through this")
        new = replace(finding("c.py", "BPF999"), trace=(step,), fix=None)
        return [*left, *([new] if b"timeout" in files.get("a.py", b"") else [])]

    why = "it would bring a new finding (BPF999); rolled back"
    assert repaired([finding("a.py"), finding("b.py")], again, {"a.py": CALL, "b.py": CALL}) == {
        "a.py": (CALL, [why]),
        "b.py": (FIXED, []),
    }


def test_what_was_rolled_back_is_tried_again_when_the_others_are_in_place() -> None:
    def again(files: Mapping[str, bytes]) -> list[Finding]:
        fixed = {path for path in ("a.py", "b.py") if b"timeout" in files.get(path, b"")}
        new = replace(finding("b.py", "BPF999"), fix=None)
        is_first = not tried
        tried.append(fixed)
        return [*(finding(path) for path in ("a.py", "b.py") if path not in fixed), *([new] if is_first else [])]

    tried: list[set[str]] = []
    files = {"a.py": CALL, "b.py": CALL}
    assert repaired([finding("a.py"), finding("b.py")], again, files) == {"a.py": (FIXED, []), "b.py": (FIXED, [])}
    assert tried == [{"a.py", "b.py"}, {"a.py"}, {"a.py", "b.py"}]


def project(tmp_path: Path, count: int) -> list[Path]:
    (tmp_path / "pyproject.toml").write_text("")
    paths = [tmp_path / f"m{number}.py" for number in range(count)]
    for path in paths:
        path.write_text(CALL)
    return paths


def test_all_files_or_none(tmp_path: Path) -> None:
    one, two = project(tmp_path, 2)
    two.write_text("changed meanwhile")
    plans = [(tmp_path, FilePlan(p.name, CALL.encode(), FIXED.encode(), (), ())) for p in (one, two)]
    with pytest.raises(UserError, match=r"m1\.py: changed while it was being repaired; nothing was written"):
        write_all(plans)
    assert one.read_text() == CALL
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m0.py", "m1.py", "pyproject.toml"]


def test_a_patch_is_written_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = project(tmp_path, 1)
    patch = tmp_path / "repairs.patch"
    assert main(["fix", str(tmp_path), "--no-cache", "--output", str(patch)]) == 0
    assert one.read_text() == CALL
    assert "1 would be repaired in 1 file: BPF401 x1." in capsys.readouterr().err
    subprocess.run(["git", "apply", patch.name], cwd=tmp_path, check=True)
    assert one.read_text() == FIXED


class Terminal(io.StringIO):
    """Standard input as a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("y\nn\ny\n", [FIXED, CALL, FIXED]),
        ("what\na\n", [FIXED, FIXED, FIXED]),
        ("n\nq\n", [CALL, CALL, CALL]),
        ("y\n", [FIXED, CALL, CALL]),
    ],
)
def test_each_repair_is_asked_for(
    answers: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = project(tmp_path, 3)
    monkeypatch.setattr(sys, "stdin", Terminal(answers))
    assert main(["fix", str(tmp_path), "--no-cache", "--interactive"]) == 0
    assert [p.read_text() for p in paths] == expected


def test_nobody_to_ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, 1)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert main(["fix", str(tmp_path), "--interactive"]) == 2
    assert "--interactive needs a terminal" in capsys.readouterr().err


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
from backend_pitfalls.fixes.apply import FilePlan, write_all

root, chance = Path(sys.argv[1]), random.Random(7)
versions = old, new = b"#o\\n" * 20_000, b"#n\\n" * 20_000
paths = [root / f"m{number}.py" for number in range(8)]
seen = set()
for number in range(200):
    for path in paths:
        path.write_bytes(old)
    child = os.fork()
    if not child:
        for before, after in [(old, new), (new, old)] * 1000:
            write_all([(root, FilePlan(path.name, before, after, (), ())) for path in paths])
    time.sleep(chance.random() * 0.03)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    contents = [path.read_bytes() for path in paths]
    assert set(contents) <= set(versions), f"half a file after kill {number}"
    seen.add(len(set(contents)))
    for left in root.glob(".m*"):
        left.unlink()
print(sorted(seen))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_moment_a_file_is_old_or_new(tmp_path: Path) -> None:
    """Two hundred kills; some of them fall between two files, so that the test would see half-written ones too."""
    done = subprocess.run([sys.executable, "-c", KILLS, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[1, 2]\n"), done.stderr
