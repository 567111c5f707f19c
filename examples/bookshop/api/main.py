from fastapi import Depends, FastAPI
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api.database import Reader, Review, get_session

app = FastAPI()


@app.get("/readers")
def readers(ids: str, session: Session = Depends(get_session)):
    """Pitfall: one query a reader."""
    return [session.get(Reader, int(i)).name for i in ids.split(",")]


@app.get("/readers-at-once")
def readers_at_once(ids: str, session: Session = Depends(get_session)):
    """The right way: one query for all."""
    wanted = [int(i) for i in ids.split(",")]
    found = {reader.id: reader.name for reader in session.scalars(select(Reader).where(Reader.id.in_(wanted)))}
    return [found[i] for i in wanted]


@app.get("/reviews")
def reviews(book: str, session: Session = Depends(get_session)):
    """Pitfall: the query parameter becomes part of the statement."""
    rows = session.execute(text(f"SELECT stars FROM review WHERE book = '{book}'"))
    return [row[0] for row in rows]


@app.get("/reviews-by-parameter")
def reviews_by_parameter(book: str, limit: int = 100, session: Session = Depends(get_session)):
    """The right way: a bound parameter; `limit` is a number by its annotation."""
    rows = session.execute(text(f"SELECT stars FROM review WHERE book = :book LIMIT {limit}"), {"book": book})
    return [row[0] for row in rows]


@app.get("/livez")
def livez():
    return {"status": "ok"}


@app.get("/readyz")
def readyz(session: Session = Depends(get_session)):
    session.execute(select(Review.id).limit(1))
    return {"status": "ok"}
