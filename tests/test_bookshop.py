"""The example back end: its findings are the marked ones, its own tests pass before and after repair."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backend_pitfalls.hosts.cli import main

BOOKSHOP = Path(__file__).parent.parent / "examples" / "bookshop"
EXPECTED = {
    ("api/main.py", "BPF101"): 1,
    ("api/main.py", "BPF301"): 1,
    ("deploy/Dockerfile", "BPF502"): 1,
    ("deploy/k8s/shop.yaml", "BPF501"): 1,
    ("shop/reports.py", "BPF101"): 2,
    ("shop/settings.py", "BPF201"): 1,
    ("shop/views.py", "BPF301"): 1,
    ("storefront/app.py", "BPF201"): 1,
    ("storefront/app.py", "BPF301"): 1,
    ("storefront/app.py", "BPF302"): 1,
    ("worker/clients.py", "BPF401"): 1,
    ("worker/main.py", "BPF401"): 4,
}


@pytest.fixture
def bookshop(tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(
            BOOKSHOP, tmp_path / "bookshop", ignore=shutil.ignore_patterns("__pycache__", ".*", "*.sqlite3")
        )
    )


def counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], int]:
    main(["check", str(folder), "--output-format", "json"])
    found: dict[tuple[str, str], int] = {}
    for finding in json.loads(capsys.readouterr().out)["findings"]:
        key = (str(Path(finding["path"]).resolve().relative_to(folder.resolve())), finding["code"])
        found[key] = found.get(key, 0) + 1
    return found


def run_tests(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.split(" passed")[0].split()[-1]


def test_the_findings_are_the_marked_ones(bookshop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert counted(bookshop, capsys) == EXPECTED


def test_its_tests_pass_before_and_after_repair(bookshop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = run_tests(bookshop)
    # Its tests hold that the injections work: those are proven below.
    assert main(["fix", "--unsafe-fixes", "--ignore", "BPF301", str(bookshop)]) == 0
    left = {key: count for key, count in EXPECTED.items() if key[1] not in ("BPF201", "BPF302", "BPF401")}
    left[("worker/main.py", "BPF401")] = 1  # the caller of a wrapper: a person decides
    assert counted(bookshop, capsys) == left
    assert run_tests(bookshop) == before


PROOF = """
import json, os, sys
os.environ.update(SHOP_DB=":memory:", DJANGO_SETTINGS_MODULE="shop.settings", SECRET_KEY="only-for-tests")
import django
django.setup()
from datetime import date
from django.core.management import call_command
from django.test import Client
from fastapi.testclient import TestClient
from storefront.app import app as storefront
from api.database import Base, Reader, Review, SessionLocal, engine
from api.main import app
from shop.models import Author, Book, Publisher

call_command("migrate", run_syncdb=True, verbosity=0)
author = Author.objects.create(name="Ada", publisher=Publisher.objects.create(name="Penguin"))
for title in ("Emma", "O'Brien", "Ulysses"):
    Book.objects.create(title=title, author=author, published=date(2020, 1, 1), price=5)
Base.metadata.create_all(engine)
with SessionLocal() as session:
    session.add_all([Review(book=b, stars=5, reader=Reader(name="Ada")) for b in ("Emma", "Ulysses")])
    session.commit()
django_client, api = Client(raise_request_exception=False), TestClient(app)
everything = "' OR '1'='1"
words = [storefront.test_client().get("/count", query_string={"word": w}).text for w in ("x; echo pwned", "Emma")]
print(json.dumps({
    "injected": [len(django_client.get("/search/", {"title": everything}).json()["titles"]), len(api.get("/reviews", params={"book": everything}).json())],
    "ordinary": [django_client.get("/search/", {"title": "Emma"}).json(), api.get("/reviews", params={"book": "Emma"}).json(), api.get("/reviews", params={"book": "none"}).json()],
    "words": words,
    "quoted": django_client.get("/search/", {"title": "O'Brien"}).status_code,
}))
"""


def proof(folder: Path) -> dict[str, object]:
    done = subprocess.run([sys.executable, "-c", PROOF], cwd=folder, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_injections_work_before_the_repair_and_not_after(bookshop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = proof(bookshop)
    assert main(["fix", "--unsafe-fixes", "--select", "BPF301,BPF302", str(bookshop)]) == 0
    after = proof(bookshop)
    assert before["injected"] == [3, 2]
    assert after["injected"] == [0, 0]
    assert before["ordinary"] == after["ordinary"] == [{"titles": ["Emma"]}, [5], []]
    assert (before["quoted"], after["quoted"]) == (500, 200)
    assert before["words"] == ["1\npwned\n", "4\n"]
    assert after["words"] == ["13\n", "4\n"]
