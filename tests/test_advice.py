"""What a message advises is what would help."""

from __future__ import annotations

from pathlib import Path

from backend_pitfalls.engine import analyse
from backend_pitfalls.model.options import Options


def test_what_a_prefetch_would_not_hold_is_not_advised(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(
        "from django.db import models\n\n\nclass Shelf(models.Model):\n    title = models.CharField(max_length=9)\n\n\n"
        "class Book(models.Model):\n    shelves = models.ManyToManyField(Shelf)\n\n"
        "    def sorted_shelves(self):\n        return len(self.shelves.all().order_by('title'))\n\n"
        "    def shelf_count(self):\n        return self.shelves.all().count()\n"
    )
    (tmp_path / "admin.py").write_text(
        "from django.contrib import admin\n\nfrom models import Book\n\n\nclass BookAdmin(admin.ModelAdmin):\n"
        "    list_display = ['sorted_shelves', 'shelf_count']\n\n\nadmin.site.register(Book, BookAdmin)\n"
    )
    found = {f.span.line: f.message for f in analyse(tmp_path, Options(select=("BPF106",))).shown()}
    assert {line: "prefetch_related" in message for line, message in found.items()} == {12: False, 15: True}
