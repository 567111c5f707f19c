"""Output formats: exact on a small project, SARIF valid against the official schema."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from backend_pitfalls.hosts.cli import main
from backend_pitfalls.rules import all_rules

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0.json").read_text("utf-8"))
SECRET = "w9Kq2vTz81hh4a0c"
PROJECT = {
    "pyproject.toml": "[tool.backend-pitfalls]\n",
    "app.py": f'import requests\n\nAPI_KEY = "{SECRET}"\n\n\ndef über(url, ü="ü"):\n    "ü"; requests.get(url)\n',
    "web.py": "import sqlite3\nfrom flask import Flask, request\napp = Flask('x')\n@app.get('/')\ndef f():\n"
    "    n = request.args['n']\n    sqlite3.connect('x').execute('select * from t where n = ' + n)\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in PROJECT.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["check", *arguments]) == 1
    return capsys.readouterr().out


@pytest.mark.parametrize("kind", ["text", "concise", "json", "sarif", "github"])
def test_no_format_shows_a_secret(kind: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = output(capsys, "--output-format", kind)
    assert "BPF201" in shown
    assert SECRET[:5] not in shown


def test_concise(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "--output-format", "concise").splitlines() == [
        "app.py:3:11: BPF201 [*] 'API_KEY' is written into the source ('w9Kq…', 16 characters): the name means a key, token or secret and it is long, and made of letters and digits in no order; read it from the environment or a vault, and rotate it",
        "app.py:7:10: BPF401 [*] 'requests.get' is called without timeout and would wait for ever; pass timeout=10",
        "web.py:7:5: BPF301 [*] SQL injection: request data from line 6 becomes part of the statement's text; pass it as a parameter instead",
        "3 pitfalls in 3 files, 3 with a repair. `backend-pitfalls rule CODE` explains a code.",
    ]


def test_text_shows_frame_trace_and_repair(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = output(capsys, "--color", "never").split("\n\n")
    assert blocks[0].splitlines()[2:] == [
        "  2 | ",
        f"  3 | API_KEY = {'*' * 18}",
        f"    |           {'^' * 18}",
        "  4 | ",
        '  repair: read it from os.environ["API_KEY"] (backend-pitfalls fix --unsafe-fixes)',
    ]
    assert blocks[2].splitlines()[-4:] == [
        "  1. web.py:6: request data comes in",
        "  2. web.py:6: it is kept in 'n'",
        "  3. web.py:7: it becomes part of the statement's text here",
        "  repair: pass the values as parameters (backend-pitfalls fix --unsafe-fixes)",
    ]


def test_github(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = output(capsys, "--output-format", "github", "--select", "BPF401").splitlines()
    assert lines == [
        "::warning file=app.py,line=7,endLine=7,col=10,title=BPF401 request-without-timeout::"
        "'requests.get' is called without timeout and would wait for ever; pass timeout=10"
    ]


def test_json_edits_can_be_applied(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    findings = json.loads(output(capsys, "--output-format", "json"))["findings"]
    fix = next(f["fix"] for f in findings if f["code"] == "BPF401")
    assert fix == {
        "title": "add timeout=10",
        "safety": "safe",
        "caution": "",
        "path": "app.py",
        "edits": [{"line": 7, "column": 25, "end_line": 7, "end_column": 25, "text": ", timeout=10"}],
        "elsewhere": [],
    }


def test_sarif_is_valid_and_complete(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = json.loads(output(capsys, "--output-format", "sarif"))
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    run = log["runs"][0]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert rules["BPF301"]["properties"] == {
        "tags": ["untrusted-input", "security", "external/cwe/cwe-089"],
        "precision": "high",
        "security-severity": "9.8",
    }
    injection = next(r for r in run["results"] if r["ruleId"] == "BPF301")
    steps = injection["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [s["location"]["physicalLocation"]["region"]["startLine"] for s in steps] == [6, 6, 7]
    assert len(injection["relatedLocations"]) == 3
    assert all(run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
    timeout = next(r for r in run["results"] if r["ruleId"] == "BPF401")
    replacement = timeout["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replacement["insertedContent"] == {"text": ", timeout=10"}
    assert {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]} == {
        "app.py",
        "web.py",
    }


def test_fingerprints_survive_new_lines(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def prints() -> list[str]:
        return sorted(f["fingerprint"] for f in json.loads(output(capsys, "--output-format", "json"))["findings"])

    before = prints()
    (project / "app.py").write_text("# one more\n\n" + PROJECT["app.py"], encoding="utf-8")
    from backend_pitfalls.output.results import lines_of

    lines_of.cache_clear()
    assert prints() == before


def test_baseline(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--baseline", "known.txt", "--update-baseline"]) == 0
    entries = Path("known.txt").read_text("utf-8").splitlines()[1:]
    assert entries == sorted(entries) and len(entries) == 3
    assert main(["check", "--baseline", "known.txt"]) == 0
    (project / "new.py").write_text("import requests\nrequests.get('x')\n")
    capsys.readouterr()
    assert output(capsys, "--baseline", "known.txt", "--output-format", "concise").startswith("new.py:2:1: BPF401")


def test_since_shows_added_lines_only(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@a.test", *arguments],
            cwd=project,
            check=True,
            capture_output=True,
        )

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    assert main(["check", "--since", "HEAD"]) == 0
    with (project / "app.py").open("a", encoding="utf-8") as file:
        file.write('requests.post("x")\n')
    (project / "new.py").write_text("import requests\nrequests.get('x')\n")
    capsys.readouterr()
    lines = output(capsys, "--since", "HEAD", "--output-format", "concise").splitlines()[:-1]
    assert [line.split(": ")[0] for line in lines] == ["app.py:8:1", "new.py:2:1"]


def test_statistics_exit_zero_and_output_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--statistics", "--exit-zero", "-o", "report.txt"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "     1 BPF201 hardcoded-credential",
        "     1 BPF301 sql-injection",
        "     1 BPF401 request-without-timeout",
    ]
    assert "BPF301" in Path("report.txt").read_text("utf-8")


@pytest.mark.parametrize("command", ["check", "fix"])
def test_standard_input(command: str, project: Path) -> None:
    code = "import requests\nrequests.get('x')\n"
    arguments = [sys.executable, "-m", "backend_pitfalls", command, "-", "--stdin-filename", "other.py"]
    done = subprocess.run(
        [*arguments, *(["--output-format=concise"] if command == "check" else [])],
        input=code,
        capture_output=True,
        text=True,
        check=False,
    )
    if command == "check":
        assert done.returncode == 1 and done.stdout.startswith("other.py:2:1: BPF401")
    else:
        assert (done.returncode, done.stdout) == (0, "import requests\nrequests.get('x', timeout=10)\n")


def test_rule_pages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "BPF401"]) == main(["rule", "request-without-timeout"]) == 0
    first, second = capsys.readouterr().out.split("# request-without-timeout (BPF401)")[1:]
    assert first == second and "## Use instead" in first
    assert main(["rule", "--all"]) == 0
    assert capsys.readouterr().out.count("## What it does") == len(all_rules())


def test_the_version_loads_nothing_heavy() -> None:
    code = "import sys; from backend_pitfalls.hosts.cli import main; main(['--version']); print(sorted({m.split('.')[0] for m in sys.modules} & {'libcst', 'rich', 'msgspec', 'ruamel', 'pathspec', 'flake8', 'pylint'}))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "backend-pitfalls 0.1.0\n[]\n"


def test_a_project_inside_another_is_shown_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = "import requests\nrequests.get('x')\n"
    for folder in (tmp_path, tmp_path / "inner"):
        folder.mkdir(exist_ok=True)
        (folder / "pyproject.toml").write_text("[tool.backend-pitfalls]\n")
        (folder / "app.py").write_text(call)
    monkeypatch.chdir(tmp_path)
    found = json.loads(output(capsys, "--output-format", "json", "--select", "BPF401"))["findings"]
    assert [f["path"] for f in found] == ["app.py", "inner/app.py"]


def test_what_is_said_twice_of_one_place_is_shown_the_same_in_any_order() -> None:
    from backend_pitfalls.engine.finishing import Finisher
    from backend_pitfalls.model.finding import Confidence, Finding, Severity, Site, Span, Step
    from backend_pitfalls.model.options import Options

    site = Site("app.py", Span(3, 4, 3, 9))
    steps = [Step(Site("app.py", Span(line, 0, line, 1)), "a call") for line in (7, 9)]
    found = [
        Finding(
            "BPF401", "request-without-timeout", "waits", site, Severity.WARNING, Confidence.HIGH, trace, None, symbol
        )
        for symbol, trace in (("b", tuple(steps)), ("c", ()), ("a", (steps[0],)), ("a", (steps[1],)))
    ]
    for order in itertools.permutations(found):
        (marked,) = Finisher(Options(), {}, lambda _: ()).finish(order, {})
        assert marked.finding.symbol == "c"


def test_the_cache_keeps_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ["w9Kq2vTz81hh4a0c", "Zk81mQx7Lr20pTw9Bv44", "qe7Zr1pT", "k9!fw2$hq0-zz81", "8f7d6s0b76sd8f7ax8df76s1"]
    (tmp_path / "pyproject.toml").write_text("[tool.backend-pitfalls]\n")
    (tmp_path / "app.py").write_text(
        f"""
import psycopg2
from pydantic import SecretStr
from pydantic_settings import BaseSettings

API_KEY = "{secrets[0]}"
blob = "{secrets[1]}"
DATABASE_URL = "postgresql://shop:{secrets[2]}@db.test/shop"


class Settings(BaseSettings):
    secret_key: str = "{secrets[3]}"
    token: SecretStr = SecretStr("{secrets[4]}")


def connect(password="{secrets[3]}"):
    return psycopg2.connect(host="db", connect_timeout=3, password="{secrets[0]}")
"""
    )
    (tmp_path / "compose.yaml").write_text(f"services:\n  db:\n    environment:\n      DB_PASSWORD: {secrets[0]}\n")
    monkeypatch.chdir(tmp_path)
    assert main(["check", "."]) == 1
    kept = b"".join(p.read_bytes() for p in (tmp_path / ".backend_pitfalls_cache").rglob("*") if p.is_file())
    assert len(kept) > 500
    assert [s for s in secrets if s.encode() in kept] == []
