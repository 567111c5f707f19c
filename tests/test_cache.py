"""Results on disk: the same with and without, renewed by any change, harmless when broken, shared by processes."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backend_pitfalls.engine import Analysis, analyse
from backend_pitfalls.engine.records import Interpreted
from backend_pitfalls.engine.session import Session
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
    monkeypatch.setattr("backend_pitfalls.engine.run.Run.analyse", lambda self, before: pytest.fail("a new run"))
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


HIDDEN = {
    # By a name that the package binds, and by a file of another package that can be known under the name only while the package has no such name.
    "in the package": {"shop/__init__.py": "", "shop/lib.py": LIB, "app.py": "from shop import lib\nlib.fetch('x')\n"},
    "in another one": {
        "shop/__init__.py": "",
        "more/shop/lib.py": LIB,
        "app.py": "from shop import lib\nlib.fetch('x')\n",
    },
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_module_that_its_package_hides_is_seen(name: str, tmp_path: Path) -> None:
    for path, text in {"pyproject.toml": "[tool.backend-pitfalls]\n", **HIDDEN[name]}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    cache = Cache(tmp_path)
    assert codes(analyse(tmp_path, Options(), cache=cache)) == [("app.py", "BPF401")]
    (tmp_path / "shop" / "__init__.py").write_text("lib = object()\n")
    assert codes(analyse(tmp_path, Options(), cache=cache)) == []
    (tmp_path / "shop" / "__init__.py").write_text("")
    assert codes(analyse(tmp_path, Options(), cache=cache)) == [("app.py", "BPF401")]


def test_what_hangs_on_a_request_is_seen_when_another_file_hangs_it(project: Path) -> None:
    view = "import os\nfrom flask import Flask, g\napp = Flask('shop')\n@app.get('/')\ndef show():\n    os.system(g.folder)\n"
    before = "from flask import g, request\ndef before():\n    g.{} = request.args['folder']\n"
    cache = Cache(project)
    (project / "app.py").write_text(view)
    found = []
    for name in ("other", "folder", "other"):
        (project / "lib.py").write_text(before.format(name))
        found.append(codes(analyse(project, Options(), cache=cache)))
    assert found == [[], [("app.py", "BPF302")], []]


def test_an_overlay_passes_the_cache_by(project: Path) -> None:
    cache = Cache(project)
    assert codes(analyse(project, Options(), cache=cache)) == [("app.py", "BPF401")]
    assert codes(analyse(project, Options(), {"app.py": b""}, cache=cache)) == []


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b"\xff\0"])
def test_a_broken_entry_is_replaced(garbage: bytes, project: Path) -> None:
    cache = Cache(project)
    plain = analyse(project, Options(), cache=cache)
    entry = next((project / FOLDER).glob("run-*.msgpack"))
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
    assert len(list((project / FOLDER).glob("*.msgpack"))) <= KEPT + 3
    assert list((project / FOLDER).glob("*.part")) == []


def test_options_of_the_command_line(project: Path, tmp_path: Path) -> None:
    assert main(["check", str(project), "--no-cache"]) == 1
    assert not (project / FOLDER).exists()
    assert main(["check", str(project), "--cache-dir", str(tmp_path / "elsewhere")]) == 1
    assert not (project / FOLDER).exists() and list((tmp_path / "elsewhere").rglob("*.msgpack"))
    assert main(["check", str(project)]) == 1
    assert (project / FOLDER / ".gitignore").read_text() == "*\n"


def test_the_number_of_processes_does_not_matter(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend_pitfalls.engine.team.WORTH_A_PROCESS", 1)
    monkeypatch.setattr("backend_pitfalls.engine.team.WHILE_STARTING", 0)
    for n in range(30):
        (project / f"app{n}.py").write_text(APP + f"# {n}\n" + "def f():\n    pass\n" * n)
    one = analyse(project, Options(), jobs=1)
    assert [f.message.split()[0] for f in one.shown()] == ["31"]
    assert analyse(project, Options(), jobs=2) == one
    assert analyse(project, Options(), jobs=5) == one


TWO_WAYS = """
from urllib.parse import urlparse
from flask import Flask, request, session

app = Flask(__name__)

def checked(target):
    parsed = urlparse(target)
    if parsed.scheme or parsed.netloc:
        target = parsed.path
    if ".." in target:
        return ""
    return target

@app.get("/")
def home():
    session["next"] = checked(request.args["next"])
"""


def test_the_hashes_of_texts_do_not_matter(project: Path) -> None:
    (project / "app.py").write_text(TWO_WAYS)
    command = [sys.executable, "-m", "backend_pitfalls", "check", str(project), "--no-cache", "--output-format=json"]
    found = {
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": str(seed)}, capture_output=True, check=False
        ).stdout
        for seed in range(6)
    }
    assert len(found) == 1
    assert b"BPF317" in found.pop()


def test_numbers_of_more_than_64_bits_are_no_facts(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend_pitfalls.engine.team.WORTH_A_PROCESS", 1)
    monkeypatch.setattr("backend_pitfalls.engine.team.WHILE_STARTING", 0)
    large = 1 << 80
    (project / "large.py").write_text(
        f"KEY = {large}\nLOW = -{large}\n\ndef f(x={large}):\n    pass\n\nclass A:\n    n = {large}\n    m = f(a={large})\n    class Meta:\n        p = {large}\n"
    )
    one = analyse(project, Options(), jobs=1)
    assert codes(one) == [("app.py", "BPF401")]
    assert analyse(project, Options(), jobs=2) == one
    assert analyse(project, Options(), cache=Cache(project)) == one


def test_a_lost_helper_costs_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend_pitfalls.engine.team.WORTH_A_PROCESS", 1)
    monkeypatch.setattr("backend_pitfalls.engine.team.WHILE_STARTING", 0)
    monkeypatch.setattr("backend_pitfalls.engine.team.sys.executable", "/bin/true")
    assert codes(analyse(project, Options(), jobs=3)) == [("app.py", "BPF401")]


def interpreted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are interpreted from now on."""
    seen: list[str] = []
    whole = Session.interpret

    def watched(self: Session, path: str) -> Interpreted:
        seen.append(path)
        return whole(self, path)

    monkeypatch.setattr(Session, "interpret", watched)
    return seen


def test_only_what_rests_on_a_change_is_interpreted_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "other.py").write_text("import requests\nrequests.get('y', timeout=1)\n")
    cache = Cache(project)
    analyse(project, Options(), cache=cache)
    seen = interpreted(monkeypatch)

    (project / "other.py").write_text("import requests\nrequests.get('y')\n")
    assert codes(analyse(project, Options(), cache=cache)) == [("app.py", "BPF401"), ("other.py", "BPF401")]
    assert seen == ["other.py"]

    seen.clear()
    (project / "lib.py").write_text(LIB.replace("timeout=None", "timeout=5"))
    assert codes(analyse(project, Options(), cache=cache)) == [("other.py", "BPF401")]
    assert seen == ["app.py", "lib.py"]

    seen.clear()
    (project / "lib.py").touch()
    assert codes(analyse(project, Options(), cache=cache)) == [("other.py", "BPF401")]
    assert seen == []


HELPERS = """import requests

TIMEOUT = 3


def fetch(url):
    return requests.get(url, timeout=TIMEOUT)


def send(url):
    return requests.post(url, timeout=TIMEOUT)
"""


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("def fetch", "# What it does.\ndef fetch", set()),
        ("TIMEOUT = 3", "TIMEOUT = 4", {"helpers.py", "fetches.py", "sends.py"}),
        ("get(url, timeout=TIMEOUT)", "get(url, timeout=2)", {"helpers.py", "fetches.py"}),
        ("post(url, timeout=TIMEOUT)", "put(url, timeout=2)", {"helpers.py", "sends.py"}),
    ],
)
def test_what_did_not_use_the_part_that_changed_is_not_interpreted_again(
    old: str, new: str, again: set[str], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "helpers.py").write_text(HELPERS)
    (project / "fetches.py").write_text("from helpers import fetch\nfetch('x')\n")
    (project / "sends.py").write_text("from helpers import send\nsend('x')\n")
    cache = Cache(project)
    analyse(project, Options(), cache=cache)
    seen = interpreted(monkeypatch)
    (project / "helpers.py").write_text(HELPERS.replace(old, new))
    after = analyse(project, Options(), cache=cache)
    assert set(seen) == again
    assert after == analyse(project, Options())


def test_a_finding_that_names_a_line_elsewhere_follows_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(project)
    (before,) = analyse(project, Options(), cache=cache).shown()
    seen = interpreted(monkeypatch)
    (project / "lib.py").write_text(f"# A comment.\n{LIB}")
    (after,) = analyse(project, Options(), cache=cache).shown()
    lines = [step.site.span.line for step in before.trace if step.site.path == "lib.py"]
    assert lines
    assert [step.site.span.line for step in after.trace if step.site.path == "lib.py"] == [line + 1 for line in lines]
    assert seen == ["app.py"]


def test_a_change_of_the_model_graph_reaches_who_used_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = "from django.db import models\nclass Book(models.Model):\n    pass\n"
    (project / "shop").mkdir()
    (project / "shop" / "models.py").write_text(models)
    (project / "notes").mkdir()
    note = "from django.db import models\nfrom shop.models import Book\nclass Note(models.Model):\n    {}\n"
    (project / "notes" / "models.py").write_text(note.format("pass"))
    (project / "shop" / "report.py").write_text(
        "from shop.models import Book\ndef f():\n    for book in Book.objects.all():\n        book.note_set.count()\n"
    )
    cache = Cache(project)
    assert ("shop/report.py", "BPF102") not in codes(analyse(project, Options(), cache=cache))
    (project / "notes" / "models.py").write_text(
        note.format("book = models.ForeignKey(Book, on_delete=models.CASCADE)")
    )
    after = analyse(project, Options(), cache=cache)
    assert ("shop/report.py", "BPF102") in codes(after)
    assert after == analyse(project, Options())


EDITS = [
    "",
    "# a comment\n",
    "X = 1\n",
    "def fetch(url, timeout=3):\n    return 1\n",
    "from lib import *\n",
    "import (",
]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(
        st.tuples(st.sampled_from(["lib.py", "app.py", "more.py"]), st.sampled_from(EDITS), st.booleans()), max_size=5
    )
)
def test_after_any_edits_the_result_is_that_of_a_fresh_run(edits: list[tuple[str, str, bool]], project: Path) -> None:
    cache = Cache(project)
    for name, text, ahead in edits:
        path = project / name
        old = path.read_text() if path.exists() else ""
        path.write_text(text + old if ahead else old + text)
        assert analyse(project, Options(), cache=cache) == analyse(project, Options())


MIXED = """import requests
from functools import wraps

TIMEOUT = None


def counted(function):
    @wraps(function)
    def inner(*args):
        return function(*args)

    return inner


class Client:
    timeout = 3

    def __init__(self, timeout=None):
        self.limit = timeout

    @counted
    def fetch(self, url):
        return requests.get(url, timeout=self.limit)

    def send(self, url):
        # Posts.
        return requests.post(url, timeout=self.timeout)


if TIMEOUT:

    def ask(url):
        return requests.get(url, timeout=TIMEOUT)

else:

    def ask(url):
        return requests.get(url)


def again(url, timeout=None):
    return requests.get(url, timeout=timeout)


ALIAS = again
HANDLERS = {"ask": ask, "tell": lambda url: requests.put(url, timeout=TIMEOUT)}
"""
USER = """from mixed import ALIAS, HANDLERS, Client, ask


def run(url):
    client = Client(timeout=None)
    client.fetch(url)
    client.send(url)
    ALIAS(url)
    HANDLERS["ask"](url)
    HANDLERS["tell"](url)
    return ask(url)
"""
LINE_EDITS = {
    "comment": lambda line: f"# A comment.\n{line}",
    "blank": lambda line: f"\n{line}",
    "drop": lambda line: "",
    "pass": lambda line: f"{line[: len(line) - len(line.lstrip())]}pass",
    "value": lambda line: line.replace("None", "7").replace("TIMEOUT)", "2)"),
    "less": lambda line: line.replace("3", "None").replace(", timeout=self.timeout", ""),
    "name": lambda line: line.replace("ask", "query").replace("fetch", "get"),
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(
        st.tuples(
            st.sampled_from(["mixed.py", "mixed.py", "user.py"]),
            st.integers(0, 45),
            st.sampled_from(sorted(LINE_EDITS)),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_after_any_edits_of_lines_the_result_is_that_of_a_fresh_run(
    edits: list[tuple[str, int, str]], project: Path
) -> None:
    (project / "mixed.py").write_text(MIXED)
    (project / "user.py").write_text(USER)
    cache = Cache(project)
    analyse(project, Options(), cache=cache)
    for name, number, edit in edits:
        lines = (project / name).read_text().split("\n")
        place = number % len(lines)
        lines[place] = LINE_EDITS[edit](lines[place])
        (project / name).write_text("\n".join(lines))
        assert analyse(project, Options(), cache=cache) == analyse(project, Options())


def test_a_function_under_another_name_is_a_part_as_well(project: Path) -> None:
    held = "import requests\ndef ask(url, timeout=None):\n    return requests.get(url, timeout={})\nALIAS = ask\n"
    (project / "table.py").write_text(held.format(3))
    (project / "user.py").write_text("from table import ALIAS\nX = ALIAS('x')\n")
    cache = Cache(project)
    assert ("user.py", "BPF401") not in codes(analyse(project, Options(), cache=cache))
    (project / "table.py").write_text(held.format("timeout"))
    assert ("user.py", "BPF401") in codes(analyse(project, Options(), cache=cache))


def test_an_editor_sees_the_whole_project_from_the_state(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(project)
    analyse(project, Options(), cache=cache)
    seen = interpreted(monkeypatch)
    unsaved = {"app.py": b"from lib import fetch\nfetch('x')\nfetch('y')\n"}
    assert codes(analyse(project, Options(), unsaved, cache=cache)) == [("app.py", "BPF401")] * 2
    assert seen == ["app.py"]


def test_what_was_interpreted_before_does_not_matter(tmp_path: Path) -> None:
    """What an admin class costs is its own: the last of many is seen as exactly as the first."""
    (tmp_path / "pyproject.toml").write_text("")
    count = 400
    models, admins = ["from django.db import models"], ["from django.contrib import admin", "from app import models"]
    for n in range(count):
        methods = "".join(
            f"    def c{i}(self):\n        return self.parts{n}.all().count() + {i} + {i} + {i} + {i}\n"
            for i in range(6)
        )
        models.append(f"class M{n}(models.Model):\n{methods}")
        models.append(
            f"class P{n}(models.Model):\n    m = models.ForeignKey(M{n}, models.CASCADE, related_name='parts{n}')"
        )
        columns = ", ".join(f'"c{i}"' for i in range(6))
        admins.append(
            f"class A{n}(admin.ModelAdmin):\n    list_display = [{columns}]\nadmin.site.register(models.M{n}, A{n})"
        )
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "models.py").write_text("\n".join(models) + "\n")
    (tmp_path / "app" / "admin.py").write_text("\n".join(admins) + "\n")
    found = [f for f in analyse(tmp_path, Options()).shown() if f.code == "BPF106"]
    assert len(found) == count
    assert all("with prefetch_related(" in f.message for f in found)
