"""What a repair of credentials does beside the source: the sample file with the names of the settings."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from backend_pitfalls.fixes.api import fix_in_project
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


PYDANTIC = """from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    debug: bool = False
    {field}

    def shown(self) -> str:
        return str(self.debug)


settings = Settings()
"""
CALLER = """import httpx

from app.config import settings

URL = settings.url
"""
WAYS = {
    "a class of pydantic in another file": (
        {"app/config.py": PYDANTIC.format(field="url: str"), "app/caller.py": CALLER},
        {
            "app/config.py": PYDANTIC.format(field="url: str\n    db_password: str"),
            "app/db.py": "import psycopg2\n\nfrom app.config import settings\n\nDB_PASSWORD = settings.db_password\n",
        },
    ),
    "a class that has the field": (
        {"app/config.py": PYDANTIC.format(field="db_password: str"), "app/caller.py": CALLER},
        {"app/db.py": "import psycopg2\n\nfrom app.config import settings\n\nDB_PASSWORD = settings.db_password\n"},
    ),
    "django-environ in another file": (
        {
            "app/config.py": "import environ\n\nenv = environ.Env()\n",
            "app/caller.py": "from app.config import env\n",
        },
        {"app/db.py": 'import psycopg2\n\nfrom app.config import env\n\nDB_PASSWORD = env("DB_PASSWORD")\n'},
    ),
    "decouple in other files": (
        {"app/caller.py": 'from decouple import config\n\nURL = config("URL")\n'},
        {"app/db.py": 'import psycopg2\nfrom decouple import config\n\nDB_PASSWORD = config("DB_PASSWORD")\n'},
    ),
    "a class whose variables have a prefix": (
        {
            "app/config.py": PYDANTIC.format(field='model_config = SettingsConfigDict(env_prefix="APP_")'),
            "app/caller.py": CALLER,
        },
        {"app/db.py": 'import os\n\nimport psycopg2\n\nDB_PASSWORD = os.environ["DB_PASSWORD"]\n'},
    ),
    "an object whose module needs this file": (
        {
            "app/config.py": f"from app import db\n{PYDANTIC.format(field='url: str')}",
            "app/caller.py": CALLER,
        },
        {"app/db.py": 'import os\n\nimport psycopg2\n\nDB_PASSWORD = os.environ["DB_PASSWORD"]\n'},
    ),
    "two objects that are equally near": (
        {
            "app/config.py": PYDANTIC.format(field="url: str"),
            "app/other.py": PYDANTIC.format(field="url: str"),
            "app/caller.py": CALLER,
        },
        {"app/db.py": 'import os\n\nimport psycopg2\n\nDB_PASSWORD = os.environ["DB_PASSWORD"]\n'},
    ),
}


@pytest.mark.parametrize("way", WAYS, ids=list(WAYS))
def test_the_way_of_the_project(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, expected = WAYS[way]
    for path, text in {**files, "app/db.py": 'import psycopg2\n\nDB_PASSWORD = "w9#Kq2vT"\n'}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert main(FIX) == 0
        assert {p: (tmp_path / p).read_text() for p in {*files, "app/db.py"}} == {**files, **expected}
    assert (tmp_path / ".env.example").read_text() == "DB_PASSWORD=\n"


def test_every_format_has_the_edits_of_both_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files, _ = WAYS["a class of pydantic in another file"]
    for path, text in {**files, "app/db.py": 'DB_PASSWORD = "w9#Kq2vT"\n'}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    field = {"line": 7, "column": 0, "end_line": 7, "end_column": 0, "text": "    db_password: str\n"}
    main(["check", "--no-cache", "--output-format", "json", "."])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["fix"]["elsewhere"] == [{"path": "app/config.py", "edits": [field]}]
    main(["check", "--no-cache", "--output-format", "sarif", "."])
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    changes = result["fixes"][0]["artifactChanges"]
    assert [c["artifactLocation"]["uri"] for c in changes] == ["app/db.py", "app/config.py"]


def test_a_file_alone_reads_the_environment(tmp_path: Path) -> None:
    """An editor or a codemod that changes one file gets a repair that needs no other."""
    files, _ = WAYS["a class of pydantic in another file"]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    code = 'DB_PASSWORD = "w9#Kq2vT"\n'
    (tmp_path / "app/db.py").write_text(code)
    (tmp_path / "pyproject.toml").write_text("[tool.backend-pitfalls]\n")
    after = fix_in_project(code, tmp_path / "app/db.py", ("BPF201",), unsafe=True)
    assert after == 'import os\n\nDB_PASSWORD = os.environ["DB_PASSWORD"]\n'
