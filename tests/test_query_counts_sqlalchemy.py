"""Proof by running for SQLAlchemy: statements that grow with the rows before a repair, do not after it, and give the same output."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from backend_pitfalls.hosts.cli import main

MODELS = """
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, backref, mapped_column, relationship, sessionmaker


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship(backref=backref("books"))
    reviews: Mapped[list["Review"]] = relationship(back_populates="book")


class Review(Base):
    __tablename__ = "review"
    id: Mapped[int] = mapped_column(primary_key=True)
    stars: Mapped[int]
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"))
    book: Mapped[Book] = relationship(back_populates="reviews")


engine = create_engine("sqlite://")
Session = sessionmaker(bind=engine)
"""
QUERIES = """
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import Author, Book


def forward(session: Session):
    return [book.author.name for book in session.scalars(select(Book).order_by(Book.id))]


def of_a_query(session: Session):
    books = session.query(Book).order_by(Book.id).all()
    return [(book.author.name, len(book.reviews)) for book in books]


def backwards(session: Session):
    return [[book.id for book in author.books] for author in session.query(Author).order_by(Author.id)]


class Books:
    def __init__(self, session: Session):
        self.session = session

    def all(self):
        return self.session.execute(select(Book).order_by(Book.id)).scalars().all()


def through_a_repository(session: Session):
    return [[review.stars for review in book.reviews] for book in Books(session).all()]
"""
RUN = """
import json, sys
from sqlalchemy import event
from shop import models, queries

models.Base.metadata.create_all(models.engine)
count = 0

@event.listens_for(models.engine, "before_cursor_execute")
def counted(*_):
    global count
    count += 1

made, found = 0, {}
for rows in (3, 30):
    with models.Session() as session:
        while made < rows:
            book = models.Book(author=models.Author(name=f"a{made}"), reviews=[models.Review(stars=made % 5)])
            session.add(book)
            made += 1
        session.commit()
    for name in sys.argv[1:]:
        with models.Session() as session:
            count = 0
            shown = getattr(queries, name)(session)
            found.setdefault(name, []).append((count, json.dumps(shown)))
print(json.dumps(found))
"""
NAMES = ["forward", "of_a_query", "backwards", "through_a_repository"]


def counted(folder: Path) -> dict[str, list[tuple[int, str]]]:
    """For each function: statements and output with 3 and with 30 rows."""
    done = subprocess.run(
        [sys.executable, "run.py", *NAMES], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[tuple[int, str]]] = json.loads(done.stdout)
    return found


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "shop").mkdir()
    for name, text in {"__init__": "", "models": MODELS, "queries": QUERIES}.items():
        (tmp_path / "shop" / f"{name}.py").write_text(text)
    (tmp_path / "run.py").write_text(RUN)
    return tmp_path


def test_statements_grow_before_the_repair_and_not_after(shop: Path) -> None:
    before = counted(shop)
    assert main(["fix", "--select", "BPF1", str(shop)]) == 0
    after = counted(shop)
    for name in NAMES:
        (few, _), (many, _) = before[name]
        assert many > few + 20, name
        (few, _), (many, _) = after[name]
        assert few == many <= 3, name
        assert [shown for _, shown in before[name]] == [shown for _, shown in after[name]]
