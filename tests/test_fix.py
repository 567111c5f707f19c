"""Repairs: what no finding touches stays byte-identical, a second run changes nothing, writing is atomic."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from awkward import sources
from hypothesis import given, settings
from hypothesis import strategies as st

from backend_pitfalls import check_source, fix_source
from backend_pitfalls.fixes.apply import FilePlan, plan_file, write_all
from backend_pitfalls.hosts.cli import main
from backend_pitfalls.model.errors import UserError

MODELS = """from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=50)


class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)


"""
CALL = "requests.get('a')"
DONE = "requests.get('a', timeout=10)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(before, after, id=name, marks=pytest.mark.skipif(sys.version_info < oldest, reason="newer syntax"))
        for name, before, after, oldest in sources()
    ],
)
def test_awkward_sources(before: bytes, after: bytes, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_bytes(before)
    for _ in range(2):
        assert main(["fix", "--unsafe-fixes", "--select", "BPF201,BPF401", "--no-cache", str(tmp_path)]) == 0
        assert (tmp_path / "app.py").read_bytes() == after


def test_diff_shows_and_changes_nothing_and_git_applies_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = f"import requests\n{CALL}"
    (tmp_path / "app.py").write_text(code)
    assert main(["fix", "--diff", str(tmp_path)]) == 0
    patch = capsys.readouterr().out
    assert (tmp_path / "app.py").read_text() == code
    subprocess.run(["git", "apply", "-"], input=patch, text=True, cwd=tmp_path, check=True)
    assert (tmp_path / "app.py").read_text() == f"import requests\n{DONE}"


def test_unsafe_repairs_are_left_and_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "app.py").write_text('API_KEY = "w9Kq2vTz81hh4a0c"\n')
    assert main(["fix", str(tmp_path)]) == 0
    assert "left:" in capsys.readouterr().err
    assert main(["fix", "--unsafe-fixes", "--exit-non-zero-on-fix", str(tmp_path)]) == 1
    assert (tmp_path / "app.py").read_text() == 'import os\n\nAPI_KEY = os.environ["API_KEY"]\n'


def test_a_file_changed_meanwhile_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("other")
    with pytest.raises(UserError, match="changed while it was being repaired"):
        write_all([(tmp_path, FilePlan("app.py", b"before", b"after", (), ()))])
    assert (tmp_path / "app.py").read_text() == "other"


def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    real = tmp_path / "real.py"
    real.write_text(f"import requests\n{CALL}\n")
    real.chmod(0o755)
    (tmp_path / "link.py").symlink_to(real)
    write_all([(tmp_path, FilePlan("link.py", real.read_bytes(), b"after", (), ()))])
    assert (tmp_path / "link.py").is_symlink() and real.read_bytes() == b"after"
    assert real.stat().st_mode & 0o777 == 0o755
    assert {p.name for p in tmp_path.iterdir()} == {"real.py", "link.py"}


PIECES = st.lists(
    st.sampled_from(
        [
            CALL,
            f"x = [{CALL} for i in y]",
            "print('é', {CALL})",
            "# requests.get('a')",
            f"if x: {CALL}",
            f"f({CALL}, *a)",
            "requests.post('a', **k)",
            "requests.get()",
            "TOKEN = 'a9!kk2zz'",
        ]
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(pieces=PIECES, newline=st.sampled_from(["\n", "\r\n"]))
def test_fix_twice_is_fix_once(pieces: list[str], newline: str) -> None:
    code = newline.join(["import requests", *pieces])
    once = fix_source(code, unsafe=True)
    compile(once, "app.py", "exec")
    assert fix_source(once, unsafe=True) == once
    assert [f for f in check_source(once) if f.fix is not None] == []
    touched = ("requests.", "TOKEN", "import")
    assert [x for x in once.split(newline) if x and not any(t in x for t in touched)] == [
        x for x in code.split(newline) if x and not any(t in x for t in touched)
    ]
    if not check_source(code):
        assert once == code


def test_overlapping_repairs_wait_for_the_next_run() -> None:
    code = f"import requests\nrequests.get({CALL})\n"
    findings = check_source(code)
    plan = plan_file("app.py", code.encode(), findings, False)
    assert plan.after == b"import requests\nrequests.get(requests.get('a', timeout=10), timeout=10)\n"


@pytest.mark.parametrize(
    ("command", "before", "after"),
    [
        ("AddTimeout", f"import requests\n{CALL}\n", f"import requests\n{DONE}\n"),
        (
            "CredentialToEnvironment",
            'API_KEY = "w9Kq2vTz81hh4a0c"\n',
            'import os\n\nAPI_KEY = os.environ["API_KEY"]\n',
        ),
        (
            "LoadRelations",
            MODELS + "def names():\n    return [book.author.name for book in Book.objects.all()]\n",
            MODELS
            + 'def names():\n    return [book.author.name for book in Book.objects.all().select_related("author")]\n',
        ),
    ],
)
def test_libcst_commands(command: str, before: str, after: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(before)
    arguments = [
        sys.executable,
        "-m",
        "libcst.tool",
        "codemod",
        "-x",
        f"backend_pitfalls.codemods.{command}",
        "--no-format",
        "app.py",
    ]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "app.py").read_text() == after
