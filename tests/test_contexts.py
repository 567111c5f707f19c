"""Where rules are silent, and where the configuration asks for notes all the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backend_pitfalls.hosts.cli import main

MODELS = """from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=100)


class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
"""
LOOP = """from shop.models import Book


def names():
    for book in Book.objects.all():
        print(book.author.name)
"""


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        ("", {("shop/report.py", "warning")}),
        ('notes-in = ["test"]', {("shop/report.py", "warning"), ("tests/test_report.py", "note")}),
        (
            'notes-in = ["test", "migration"]',
            {
                ("shop/report.py", "warning"),
                ("tests/test_report.py", "note"),
                ("shop/migrations/0002_names.py", "note"),
            },
        ),
    ],
)
def test_tests_and_migrations_are_silent_or_notes(
    configured: str, expected: set[tuple[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.backend-pitfalls]\n{configured}\n")
    for path, text in {
        "shop/__init__.py": "",
        "shop/models.py": MODELS,
        "shop/report.py": LOOP,
        "shop/migrations/0002_names.py": LOOP,
        "tests/test_report.py": LOOP,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    command = ["check", str(tmp_path), "--no-cache", "--select", "BPF102", "--output-format", "json", "--exit-zero"]
    assert main(command) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {(f["path"].removeprefix(f"{tmp_path}/"), f["severity"]) for f in findings} == expected


def test_a_context_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.backend-pitfalls]\nnotes-in = ["tests"]\n')
    assert main(["check", str(tmp_path), "--no-cache"]) == 2
    assert "'notes-in': Invalid enum value 'tests'" in capsys.readouterr().err
