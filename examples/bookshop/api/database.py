import os

from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker
from sqlalchemy.pool import StaticPool

url = os.environ.get("API_DB", "sqlite://")
engine = create_engine(url, connect_args={"check_same_thread": False}, poolclass=StaticPool)
SessionLocal = sessionmaker(bind=engine)


class Base(DeclarativeBase):
    pass


class Review(Base):
    __tablename__ = "review"

    id: Mapped[int] = mapped_column(primary_key=True)
    book: Mapped[str]
    stars: Mapped[int]
    reader_id: Mapped[int] = mapped_column(ForeignKey("reader.id"))
    reader: Mapped["Reader"] = relationship(back_populates="reviews")


class Reader(Base):
    __tablename__ = "reader"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    reviews: Mapped[list["Review"]] = relationship(back_populates="reader")


def get_session():
    with SessionLocal() as session:
        yield session
