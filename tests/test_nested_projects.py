"""A project within a project speaks for its files itself; the outer one still knows them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from backend_pitfalls.engine import Analysis, analyse
from backend_pitfalls.engine.session import Session
from backend_pitfalls.hosts.cli import main
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.cache import Cache

TABLE = "[tool.backend-pitfalls]\n"
FETCH = "import requests\n\n\ndef fetch(url):\n    return requests.get(url)\n"
CREDENTIAL = "API_KEY = 'hB7xQ2mV9tLwKfZ4dRc8pNyS'\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository of two services; one of them is a project of its own, and holds another."""
    write(
        tmp_path,
        {
            "pyproject.toml": TABLE,
            "gateway/app.py": FETCH,
            "billing/pyproject.toml": TABLE,
            "billing/app.py": FETCH + CREDENTIAL,
            "billing/.env": "DATABASE_PASSWORD=hB7xQ2mV9tLwKfZ4\n",
            "billing/plugins/tax/pyproject.toml": TABLE,
            "billing/plugins/tax/app.py": FETCH,
        },
    )
    return tmp_path


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def told(analysis: Analysis) -> list[tuple[str, str]]:
    return [(f.path, f.code) for f in analysis.shown()]


def printed(capsys: pytest.CaptureFixture[str], paths: Iterable[str | Path], *options: str) -> list[str]:
    """Path and code of each finding that the command line shows for paths."""
    main(["check", *map(str, paths), "--output-format", "concise", "-j1", *options])
    lines = [line for line in capsys.readouterr().out.splitlines() if "BPF" in line]
    return [f"{line.split(':')[0]} {line.split(' BPF')[1][:3]}" for line in lines]


def test_each_project_tells_of_its_own_files(project: Path) -> None:
    found = analyse(project, Options())
    assert told(found) == [("gateway/app.py", "BPF401")]
    assert found.projects == ("billing", "billing/plugins/tax")
    assert found.paths == ("gateway/app.py", "pyproject.toml")
    assert told(analyse(project / "billing", Options())) == [
        (".env", "BPF202"),
        ("app.py", "BPF401"),
        ("app.py", "BPF201"),
    ]


def test_the_command_line_asks_every_project_below(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    billing = ["billing/.env 202", "billing/app.py 201", "billing/app.py 401", "billing/plugins/tax/app.py 401"]
    assert sorted(printed(capsys, ["."], "--no-cache")) == [*billing, "gateway/app.py 401"]
    assert sorted(printed(capsys, ["billing"], "--no-cache")) == billing
    assert printed(capsys, ["gateway"], "--no-cache") == ["gateway/app.py 401"]
    assert sorted(printed(capsys, ["."])) == sorted(printed(capsys, ["."])) == [*billing, "gateway/app.py 401"]


def test_files_of_another_project_are_not_interpreted_for_this_one(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreted: list[str] = []
    interpret = Session.interpret
    monkeypatch.setattr(Session, "interpret", lambda self, path: interpreted.append(path) or interpret(self, path))
    analyse(project, Options())
    assert interpreted == ["gateway/app.py"]


def test_what_another_project_defines_is_known(project: Path) -> None:
    write(project, {"gateway/app.py": "from billing.app import fetch\n\nfetch('https://example.com')\n"})
    assert told(analyse(project, Options())) == []  # the call without a time limit stands in the other project
    write(
        project,
        {
            "billing/app.py": "import requests\n\nsession = requests.Session()\n",
            "gateway/app.py": "from billing.app import session\n\nsession.get('https://example.com')\n",
        },
    )
    assert told(analyse(project, Options())) == [("gateway/app.py", "BPF401")]


def test_a_project_that_becomes_one_is_seen_by_the_next_run(project: Path) -> None:
    cache = Cache(project)
    configuration = project / "billing/plugins/tax/pyproject.toml"
    assert analyse(project, Options(), cache=cache).projects == ("billing", "billing/plugins/tax")
    write(project, {".git/HEAD": ""})
    configuration.write_text("[project]\n")
    (project / "billing/pyproject.toml").write_text("[project]\n")
    assert told(analyse(project, Options(), cache=cache)) == [
        ("billing/.env", "BPF202"),
        ("billing/app.py", "BPF401"),
        ("billing/app.py", "BPF201"),
        ("billing/plugins/tax/app.py", "BPF401"),
        ("gateway/app.py", "BPF401"),
    ]
    configuration.write_text(TABLE)
    assert told(analyse(project, Options(), cache=cache)) == told(analyse(project, Options()))


def test_a_project_in_an_excluded_folder_is_left_alone(project: Path) -> None:
    write(project, {".gitignore": "billing/plugins/\n"})
    assert analyse(project, Options()).projects == ("billing",)
    assert analyse(project, Options(exclude=("billing/",))).projects == ()


def test_a_project_passes_over_what_its_repository_does(project: Path) -> None:
    write(project, {".git/HEAD": "", ".gitignore": "/app.py\n/billing/app.py\n.env\n"})
    assert told(analyse(project / "billing", Options())) == []
    assert told(analyse(project / "billing/plugins/tax", Options())) == [("app.py", "BPF401")]


def test_a_project_that_its_repository_passes_over_is_read_when_it_is_named(project: Path) -> None:
    write(project, {".git/HEAD": "", ".gitignore": "billing/\n"})
    assert [path for path, _ in told(analyse(project / "billing", Options()))] == [".env", "app.py", "app.py"]


def test_a_checkout_is_a_project(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": FETCH, "checkout/.git/HEAD": "", "checkout/app.py": FETCH})
    assert analyse(tmp_path, Options()).projects == ("checkout",)


def test_a_package_of_a_repository_is_no_project(tmp_path: Path) -> None:
    write(
        tmp_path, {".git/HEAD": "", "app.py": FETCH, "package/pyproject.toml": "[project]\n", "package/app.py": FETCH}
    )
    assert analyse(tmp_path, Options()).projects == ()


def test_a_package_of_a_folder_that_nothing_marks_is_a_project(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": FETCH, "package/pyproject.toml": "[project]\n", "package/app.py": FETCH})
    assert analyse(tmp_path, Options()).projects == ("package",)


def test_a_package_that_is_the_root_is_imported_by_its_name(tmp_path: Path) -> None:
    lib = "import requests\n\n\ndef fetch(url, timeout=None):\n    return requests.get(url, timeout=timeout)\n"
    app = "from shop.lib import fetch\n\nfetch('x')\n"
    write(tmp_path / "shop", {"__init__.py": "", "lib.py": lib, "app.py": app})
    assert [(f.path, f.code) for f in analyse(tmp_path / "shop", Options()).shown()] == [("app.py", "BPF401")]
    write(tmp_path / "other", {"__init__.py": "", "lib.py": lib, "app.py": app})
    assert [f.path for f in analyse(tmp_path / "other", Options()).shown()] == []
