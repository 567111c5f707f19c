"""Proof by running: statements that grow with the rows before a repair, do not after it, and give the same output."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from backend_pitfalls.hosts.cli import main

MODELS = """
from django.db import models


class Country(models.Model):
    name = models.CharField(max_length=80)


class Author(models.Model):
    name = models.CharField(max_length=80)
    country = models.ForeignKey(Country, on_delete=models.CASCADE)

    def __str__(self):
        return self.name


class Tag(models.Model):
    name = models.CharField(max_length=80)


class Book(models.Model):
    title = models.CharField(max_length=80)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    tags = models.ManyToManyField(Tag)

    @property
    def label(self):
        return f"{self.title} by {self.author.name}"


class Blurb(models.Model):
    book = models.OneToOneField(Book, on_delete=models.CASCADE)
    text = models.CharField(max_length=80)

    def __str__(self):
        return f"{self.text} of {self.book.title}"
"""
VIEWS = """
from django.contrib import admin
from django.db.models import Value
from django.db.models.functions import Replace
from django.shortcuts import render
from django.views.generic import ListView
from rest_framework import generics, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from shop.models import Author, Blurb, Book, Tag


def forward(request):
    return [book.author.name for book in Book.objects.order_by("pk")]


def several_hops(request):
    books = Book.objects.filter(
        title__startswith="t",
    ).order_by("pk")
    return [book.author.country.name for book in books]


def backwards(request):
    return [[book.title for book in author.books.all()] for author in Author.objects.order_by("pk")]


def many_to_many(request):
    books = (
        Book.objects
        .exclude(title="none")
        .order_by("pk")
    )
    return [sorted(tag.name for tag in book.tags.all()) for book in books]


def one_to_one(request):
    return [book.blurb.text for book in Book.objects.order_by("pk")]


def by_property(request):
    return [book.label for book in Book.objects.order_by("pk")]


def extended(request):
    return [(book.author.name, book.blurb.text) for book in Book.objects.select_related("author").order_by("pk")]


def template(request):
    return render(request, "books.html", {"books": Book.objects.order_by("pk")}).content.decode()


class BookList(ListView):
    queryset = Book.objects.order_by("pk")
    template_name = "list.html"


class BookSerializer(serializers.ModelSerializer):
    author = serializers.StringRelatedField()
    country = serializers.CharField(source="author.country.name")
    tags = serializers.SlugRelatedField(many=True, read_only=True, slug_field="name")

    class Meta:
        model = Book
        fields = ["title", "author", "country", "tags"]


class BookApi(generics.ListAPIView):
    queryset = Book.objects.order_by("pk")
    serializer_class = BookSerializer
    authentication_classes = []
    permission_classes = []


def list_view(request):
    return BookList.as_view()(request).render().content.decode()


def in_branches(request):
    books = Book.objects.exclude(title="none")
    if "title" in request.GET:
        books = books.order_by("title")
    elif "new" in request.GET:
        books = books.order_by("-pk")
    else:
        books = books.order_by("pk")
    return [book.author.name for book in books]


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    list_display = ["title", "labels", "home"]

    def get_queryset(self, request):
        return super().get_queryset(request).order_by("pk")

    def labels(self, book):
        return sorted(tag.name for tag in book.tags.all())

    def home(self, book):
        return book.author.country.name


def admin_list(request):
    shown = BookAdmin(Book, admin.site)
    return [[getattr(shown, name)(book) for name in ("labels", "home")] for book in shown.get_queryset(request)]


def creating(request):
    for book in Book.objects.order_by("pk"):
        Tag.objects.create(name=f"made of {book.title}")
    made = Tag.objects.filter(name__startswith="made of")
    names = sorted(tag.name for tag in made)
    made.delete()
    return names


def updating(request):
    books = Book.objects.order_by("pk")
    for book in books:
        book.title += "!"
        book.save()
    titles = [book.title for book in Book.objects.order_by("pk")]
    Book.objects.update(title=Replace("title", Value("!"), Value("")))
    return titles


def api(request):
    return BookApi.as_view()(request).data


class RecentBooks(viewsets.GenericViewSet):
    queryset = Book.objects.order_by("-pk")
    serializer_class = BookSerializer
    authentication_classes = []
    permission_classes = []

    @action(detail=False)
    def recent(self, request):
        return Response(self.get_serializer(self.get_queryset(), many=True).data)


def in_action(request):
    return RecentBooks.as_view({"get": "recent"})(request).data


def by_key(request):
    books = Book.objects.order_by("pk")
    names = []
    for book in books:
        author = Author.objects.get(pk=book.author_id)
        names.append(author.name)
    return names


def first_by_key(request):
    return names_of(list(Author.objects.order_by("pk").values_list("pk", flat=True)))


def names_of(keys: list[int]):
    return [Author.objects.filter(pk=key).first().name for key in keys]


def as_text(request):
    return [str(blurb) for blurb in Blurb.objects.order_by("pk")]


def column(request):
    return [tag.name for tag in Tag.objects.order_by("pk")], sorted({book.author_id for book in Book.objects.all()})
"""
TEMPLATES = {
    "books.html": "{% for book in books %}{{ book.author }} {% for tag in book.tags.all %}{{ tag.name }}{% endfor %};{% endfor %}",
    "list.html": "{% for book in object_list %}{% include 'row.html' %}{% endfor %}",
    "row.html": "{{ book.author.country.name }};",
}
RUN = """
import json, sys
from pathlib import Path
import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.admin", "shop", "rest_framework"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    ROOT_URLCONF="shop.views",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [str(Path("templates").resolve())]}],
    REST_FRAMEWORK={"UNAUTHENTICATED_USER": None},
)
django.setup()
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from shop import models, views

with connection.schema_editor() as editor:
    for model in (models.Country, models.Author, models.Tag, models.Book, models.Blurb):
        editor.create_model(model)
made = 0
found = {}
for rows in (3, 30):
    while made < rows:
        country = models.Country.objects.create(name=f"c{made}")
        author = models.Author.objects.create(name=f"a{made}", country=country)
        book = models.Book.objects.create(title=f"t{made}", author=author)
        book.tags.add(models.Tag.objects.create(name=f"g{made}"))
        models.Blurb.objects.create(book=book, text=f"b{made}")
        made += 1
    for name in sys.argv[1:]:
        with CaptureQueriesContext(connection, ) as captured:
            shown = getattr(views, name)(RequestFactory().get("/"))
        found.setdefault(name, []).append((len(captured), json.dumps(shown)))
print(json.dumps(found))
"""
NAMES = [
    "forward",
    "several_hops",
    "backwards",
    "many_to_many",
    "one_to_one",
    "by_property",
    "extended",
    "template",
    "list_view",
    "api",
    "in_branches",
    "admin_list",
    "creating",
    "updating",
    "in_action",
    "by_key",
    "first_by_key",
    "as_text",
]
SAME = ["column"]
"""What asks once before and after."""


def counted(folder: Path) -> dict[str, list[tuple[int, str]]]:
    """For each view: statements and output with 3 and with 30 rows."""
    done = subprocess.run(
        [sys.executable, "run.py", *NAMES, *SAME], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return {name: [(n, shown) for n, shown in pairs] for name, pairs in json.loads(done.stdout).items()}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.backend-pitfalls]\nexclude = ['run.py']\n")
    (tmp_path / "shop" / "__init__.py").write_text("")
    (tmp_path / "shop" / "models.py").write_text(MODELS)
    (tmp_path / "shop" / "views.py").write_text(VIEWS)
    for name, text in TEMPLATES.items():
        (tmp_path / "templates" / name).write_text(text)
    (tmp_path / "run.py").write_text(RUN)
    return tmp_path


def test_statements_stop_growing_and_the_output_stays(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = counted(shop)
    assert {name for name, (few, many) in before.items() if many[0] > few[0] + 20} == set(NAMES)
    assert main(["fix", "--unsafe-fixes", str(shop), "--no-cache"]) == 0
    after = counted(shop)
    assert {name: few[0] for name, (few, _) in after.items()} == {name: many[0] for name, (_, many) in after.items()}
    assert {n: [shown for _, shown in v] for n, v in after.items()} == {
        n: [shown for _, shown in v] for n, v in before.items()
    }
    capsys.readouterr()
    assert main(["check", str(shop), "--no-cache", "--select", "BPF10"]) == 0
    views = (shop / "shop" / "views.py").read_text()
    assert main(["fix", "--unsafe-fixes", str(shop), "--no-cache"]) == 0
    assert (shop / "shop" / "views.py").read_text() == views
