"""Any bytes are input: one clear line, the other files are still checked, the exit code is as documented."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend_pitfalls.engine import analyse
from backend_pitfalls.hosts.cli import main
from backend_pitfalls.model.options import Options

FINE = "import requests\nrequests.get('https://a.test')\n"
BROKEN = {
    "syntax error": (b"def f(:\n    pass\n", "app.py:1:1: BPF000 syntax error: invalid syntax"),
    "binary": (b"\x7fELF\0\0\0", "app.py:1:1: BPF000 is a binary file, not Python source; exclude it or rename it"),
    "latin-1 without cookie": (
        b"# fine\nx = '\xe9'\n",
        "app.py:1:1: BPF000 invalid or missing encoding declaration; save it as UTF-8 or declare its encoding in a coding comment on line 1",
    ),
    "latin-1 far below": (
        b"#\n" * 5 + b"x = '\xe9'\n",
        "app.py:6:1: BPF000 is not valid utf-8; save it as UTF-8 or declare its encoding in a coding comment on line 1",
    ),
    "unknown cookie": (
        b"# coding: klingon\n",
        "app.py:1:1: BPF000 unknown encoding: klingon; save it as UTF-8 or declare its encoding in a coding comment on line 1",
    ),
    "too large": (
        b"x = 1\n" * 900_000,
        "app.py:1:1: BPF000 has 5,400,000 bytes, more than the 4,000,000 that are analysed; exclude it or split it",
    ),
}


def concise(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code = main(["check", str(folder), "--output-format", "concise"])
    lines = capsys.readouterr().out.splitlines()[:-1]
    return code, [line.replace(f"{folder}/", "") for line in lines]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_costs_one_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, line = BROKEN[name]
    (tmp_path / "app.py").write_bytes(data)
    (tmp_path / "fine.py").write_text(FINE)
    code, lines = concise(tmp_path, capsys)
    assert code == 1
    assert len(lines) == 2 and lines[0].startswith(line.split(": invalid syntax")[0])
    assert lines[1].startswith("fine.py:2:1: BPF401")


@pytest.mark.parametrize(
    "data",
    [b"", b"# coding: latin-1\nx = '\xe9'\n", b"\xef\xbb\xbfx = 1\n", b"x = 1\r\ny = 2\r\n", b"\f\nx = 1\n", b"x = 1"],
    ids=["empty", "latin-1 with cookie", "BOM", "CRLF", "form feed", "no final newline"],
)
def test_odd_but_good_files_are_read(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "app.py").write_bytes(data)
    assert concise(tmp_path, capsys) == (0, [])


@pytest.mark.parametrize(
    "code",
    [
        "(" * 10_000 + ")" * 10_000,
        "x = " + "-" * 10_000 + "1",
        "x = " + " + ".join(["1"] * 10_000),
        "x" + ".a" * 10_000,
    ],
)
def test_deep_nesting_costs_that_file_only(code: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(code)
    (tmp_path / "fine.py").write_text(FINE)
    done = subprocess.run(
        [sys.executable, "-m", "backend_pitfalls", "check", str(tmp_path), "--output-format", "concise"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.rsplit("/", 1)[-1] for line in done.stdout.splitlines()[:-1]]
    assert done.returncode == 1 and done.stderr == ""
    assert [line for line in lines if "BPF401" in line] == [line for line in lines if line.startswith("fine.py")] != []
    assert len(lines) <= 2


def test_links_and_rights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fine.py").write_text(FINE)
    (tmp_path / "dangling.py").symlink_to("nowhere.py")
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "around").symlink_to(tmp_path)
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0)
    try:
        code, lines = concise(tmp_path, capsys)
    finally:
        closed.chmod(0o755)
    told = ["BPF000" in line for line in lines]
    assert code == 1
    assert [line.split(":")[0] for line, bad in zip(lines, told) if not bad] == ["fine.py"]
    expected = {"dangling.py", "loop.py"} | (set() if os.geteuid() == 0 else {"closed"})
    assert {line.split(":")[0] for line, bad in zip(lines, told) if bad} == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "nowhere"], "nowhere: no such file or folder; check the path"),
        (["check", "--select", "BPF999"], "there is no rule 'BPF999'; `backend-pitfalls rule --all` lists them"),
        (["check", "--output-format", "xml"], "argument --output-format: invalid choice: 'xml'"),
        (["check", "--since", "nowhere"], "--since: git"),
        (
            ["check", "--baseline", "nowhere.txt"],
            "nowhere.txt: no such baseline; write it with --baseline nowhere.txt --update-baseline",
        ),
        (["check", "-o", "nowhere/report.txt"], "nowhere/report.txt: cannot be written"),
        (["rule", "BPF999"], "there is no rule 'BPF999'"),
        (["frobnicate"], "argument COMMAND: invalid choice: 'frobnicate'"),
    ],
)
def test_misuse_is_one_line_and_exit_2(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"backend-pitfalls: error: {message}") and error.count("\n") == 1


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("selct = ['BPF']", "[tool.backend-pitfalls] has the unknown key 'selct'; did you mean 'select'?"),
        (
            "select = 'BPF'",
            "[tool.backend-pitfalls] 'select': Expected `array`, got `str`; correct the value of 'select'",
        ),
        (
            "min-confidence = 'sure'",
            "[tool.backend-pitfalls] 'min-confidence': Invalid enum value 'sure'; correct the value of 'min-confidence'",
        ),
        (
            "taint-sources = ['all']",
            "[tool.backend-pitfalls] 'taint-sources' holds 'all'; write some of arguments, environment",
        ),
        ("target-version = 'py27'", "[tool.backend-pitfalls] 'target-version' is 'py27'; write one of py38"),
        ("select = [", "is not valid TOML"),
        ("ignore = ['XYZ1']", "there is no rule 'XYZ1'"),
        ("[[tool.backend-pitfalls.knowledge.client]]\ncall = 1", "[tool.backend-pitfalls.knowledge] Object "),
    ],
)
def test_a_broken_configuration_names_file_key_and_mend(
    table: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.backend-pitfalls]\n{table}\n")
    assert main(["check", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400), name=st.sampled_from(["app.py", "k8s.yaml", "Dockerfile"]))
def test_no_bytes_crash_it(data: bytes, name: str, tmp_path: Path) -> None:
    analyse(tmp_path, Options(), {name: data})


SOURCE = st.lists(
    st.sampled_from(
        [
            "import requests, os",
            "from django.db import models",
            "class M(models.Model):\n    a = models.ForeignKey('self', on_delete=1)",
            "def f(x, *a, y=None, **k):\n    return requests.get(x, **k)",
            "for i in f(1):\n    f(i)\n    M.objects.get(pk=i)",
            "x = [f(y := i) for i in range(3) if i]",
            "while x:\n    x = x[1:]\n    break\nelse:\n    x = 1",
            "try:\n    f(x)\nexcept (ValueError, KeyError) as e:\n    raise\nfinally:\n    x = f",
            "with open(x) as h, f(h) as g:\n    yield_ = g",
            "match x:\n    case {'a': [b, *c]} if b:\n        f(b)\n    case _:\n        pass",
            "x = lambda *a: (f(*a), f(**{'y': a}))",
            "def g():\n    x = yield\n    yield from g()",
            "async def h():\n    async for i in f():\n        await h()",
            "SECRET_KEY = 'a9!kk2' f'{x}' \"%s\" % x",
            "x += f'{x!r:>{y}}' if x else g",
            "del x\nglobal_ = x",
            "f = f(f)(f)",
            "class N(M, metaclass=f):\n    x: int = 1\n    def __init__(self):\n        self.s = requests.Session()\n        self.s.get(self.s.x)",
        ]
    ),
    max_size=12,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(statements=SOURCE)
def test_generated_programs_are_analysed_the_same_twice(statements: list[str], tmp_path: Path) -> None:
    data = "\n".join(statements).encode()
    assert analyse(tmp_path, Options(), {"app.py": data}) == analyse(tmp_path, Options(), {"app.py": data})


def _laughs(first: str, line: str) -> str:
    """Aliases of aliases: as short as it is, what it stands for has more parts than a computer can hold."""
    return first + "".join(line.format(i=i, j=i - 1) for i in range(1, 14))


BOMBS = {
    "values.yaml": _laughs("a0: &a0 [x, x]\n", "a{i}: &a{i} [" + ", ".join(["*a{j}"] * 9) + "]\n"),
    "chart/values.yml": _laughs("m0: &m0 {{x: 1}}\n".format(), "m{i}: &m{i}\n  <<: [*m{j}, *m{j}, *m{j}, *m{j}]\n"),
    "merged.yaml": "kind: Deployment\n"
    + _laughs("m0: &m0 {{x: 1}}\n".format(), "m{i}: &m{i}\n  <<: [*m{j}, *m{j}, *m{j}, *m{j}]\n")
    + "spec: *m13\n",
    "listed.yaml": "kind: List\n"
    + _laughs(
        "l0: &l0 {{kind: List}}\n".format(), "l{i}: &l{i} {{kind: List, items: [" + ", ".join(["*l{j}"] * 9) + "]}}\n"
    )
    + "items: [*l13]\n",
    "itself.yaml": "kind: Deployment\nspec: &a\n  <<: *a\n",
    "kustomization.yaml": _laughs("a0: &a0 [x, x]\n", "a{i}: &a{i} [*a{j}, *a{j}, *a{j}]\n") + "patches: *a13\n",
    "compose.yaml": "services:\n  web: &s {image: x}\n"
    + _laughs("a0: &a0 [x, x]\n", "a{i}: &a{i} [*a{j}, *a{j}, *a{j}]\n"),
}
BROKEN_MANIFESTS = {
    "tabs.yaml": "kind: Deployment\n\tspec: 1\n",
    "twice.yaml": "kind: Deployment\nspec: {a: 1\n",
    "deep.yaml": "kind: Deployment\nspec: " + "[" * 5000 + "]" * 5000 + "\n",
    "large.yaml": "kind: Deployment\n# " + "x" * 10_000_000 + "\n",
    "app.yaml": "runtime: [\n",
    "shop.nomad": "job {{{",
}


def test_yaml_bombs_and_broken_manifests_cost_one_line_each(tmp_path: Path) -> None:
    for name, text in {**BOMBS, **BROKEN_MANIFESTS}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "Dockerfile").write_text("FROM python:3.13\nCMD gunicorn shop.wsgi\n")
    found = sorted((f.path, f.code) for f in analyse(tmp_path, Options()).shown())
    assert found == sorted([*((name, "BPF000") for name in BROKEN_MANIFESTS), ("Dockerfile", "BPF502")])


HALVES = {
    "app.py": 'import requests\n\nX = "\\ud83d"\n\n\ndef f(a="\\ud83d\\ude00", *, b={"\\U0000DFFF": 1}):\n    return requests.get("\\udbff" + X)\n',
    "secret.py": 'API_KEY = "\\ud83d9Kq2vTz81hh4a0c"\n',
    "conf.json": '{"\\ud83d": 1, "password": "hB7xQ2mV9tLw\\ud83dKfZ4dRc8pNyS"}\n',
    "conf.yaml": 'face: "\\ud83d\\ude00"\npassword: "hB7xQ2mV9tLw\\uD83DKfZ4dRc8pNyS"\n',
}


@pytest.mark.parametrize("form", ["concise", "json", "sarif", "github"])
def test_half_characters_are_read_and_shown(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in HALVES.items():
        (tmp_path / name).write_text(text)
    for _ in range(2):  # the second from the cache
        assert main(["check", str(tmp_path), "--output-format", form]) == 1
        told = capsys.readouterr().out.encode().decode()
        assert [name for name in HALVES if name in told] == ["app.py", "secret.py", "conf.yaml"]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are texts there")
def test_a_name_that_is_not_utf8_costs_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fine.py").write_text(FINE)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py")).write_text(FINE)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("")
    code, lines = concise(tmp_path, capsys)
    assert code == 1
    assert lines[0] == "caf\ufffd.py:1:1: BPF000 has a name that is not in UTF-8; rename it, or exclude the folder"
    assert [line.split(":")[0] for line in lines] == ["caf\ufffd.py", "fine.py"]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are texts there")
@pytest.mark.parametrize("form", ["text", "concise", "json", "sarif", "github"])
def test_a_folder_above_may_have_any_name(form: str, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    (folder / "fine.py").write_text(FINE)
    done = subprocess.run(
        [sys.executable, "-m", "backend_pitfalls", "check", str(folder), "--output-format", form],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"BPF401" in done.stdout


@pytest.mark.parametrize("form", ["text", "concise", "json", "sarif", "github"])
def test_output_in_any_encoding(form: str, tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text(f"# \u00e9\u4e2d\n{FINE}API_KEY = '\u4e2dhB7xQ2mV9tLwKfZ4'\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "backend_pitfalls", "check", str(tmp_path), "--no-cache", "--output-format", form],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"BPF401" in done.stdout
