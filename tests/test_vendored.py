"""Copies of libraries in a project: nothing in them is reported, and an import of one gives the library."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend_pitfalls.engine import analyse
from backend_pitfalls.model.options import Options

FETCH = "import requests\n\n\ndef fetch(url):\n    return requests.get(url)\n"
COPY = "def get(url, **options):\n    return request('get', url, timeout=5, **options)\n"
LIBRARY = {
    "requests/__init__.py": "from .api import get\n",
    "requests/api.py": COPY,
    "requests/sessions.py": FETCH,
    "requests/certs.py": COPY,
}


def found(folder: Path, files: dict[str, str]) -> tuple[list[str], list[str]]:
    """What is analysed of a project with these files and a pyproject.toml, and where something is found."""
    for name, text in {"pyproject.toml": "[tool.backend-pitfalls]\n", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    analysis = analyse(folder, Options())
    return [p for p in analysis.paths if p.endswith(".py")], sorted({f.path for f in analysis.shown()})


def below(folder: str, files: dict[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}": text for name, text in files.items()}


def test_a_folder_of_copies_is_passed_over(tmp_path: Path) -> None:
    others = {"bs4/__init__.py": "", "bs4/dammit.py": "", "six.py": FETCH, "unknown/client.py": FETCH}
    files = {"app.py": FETCH, **below("lib", {**LIBRARY, **others})}
    assert found(tmp_path, files) == (["app.py"], ["app.py"])


def test_one_copy_is_passed_over_and_what_lies_beside_it_is_not(tmp_path: Path) -> None:
    files = {"app.py": FETCH, **below("lib", {**LIBRARY, "own/client.py": FETCH})}
    assert found(tmp_path, files) == (["app.py", "lib/own/client.py"], ["app.py", "lib/own/client.py"])


def test_what_an_installer_recorded_is_passed_over(tmp_path: Path) -> None:
    record = "feeds/__init__.py,sha256=x,1\nfeeds/read.py,sha256=x,1\nfeeds-1.0.dist-info/RECORD,,\n../bin/feeds,,\n"
    files = {
        "lambda_function.py": FETCH,
        "feeds/__init__.py": "",
        "feeds/read.py": FETCH,
        "feeds-1.0.dist-info/RECORD": record,
        "shop/read.py": FETCH,
    }
    assert found(tmp_path, files) == (["lambda_function.py", "shop/read.py"],) * 2


@pytest.mark.parametrize("folder", ["", "src/"])
def test_the_repository_of_a_library_is_its_own(tmp_path: Path, folder: str) -> None:
    files = {f"{folder}{name}": text for name, text in LIBRARY.items()}
    assert found(tmp_path, files)[0] == sorted(files)


def test_a_package_of_copies_keeps_what_is_no_copy(tmp_path: Path) -> None:
    others = {"__init__.py": "", "bs4/dammit.py": "", "six.py": FETCH, "client.py": FETCH}
    assert found(tmp_path, below("ext", {**LIBRARY, **others}))[0] == ["ext/__init__.py", "ext/client.py"]


def test_a_folder_named_after_a_library_is_no_copy(tmp_path: Path) -> None:
    files = below("integrations", {"requests/__init__.py": "", "redis/__init__.py": "", "jwt/__init__.py": FETCH})
    assert found(tmp_path, files) == (sorted(files), ["integrations/jwt/__init__.py"])


def test_findings_in_renamed_copies_are_not_told(tmp_path: Path) -> None:
    files = {"shop/_vendor/fetching.py": FETCH, "shop/fetching.py": FETCH}
    assert found(tmp_path, files) == (sorted(files), ["shop/fetching.py"])


def test_a_virtual_environment_of_any_name_is_passed_over(tmp_path: Path) -> None:
    files = {"app.py": FETCH, "myenv/pyvenv.cfg": "home = /usr/bin\n", "myenv/Scripts/fetch.py": FETCH}
    assert found(tmp_path, files) == (["app.py"], ["app.py"])
