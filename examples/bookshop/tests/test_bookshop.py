import sqlite3

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from fastapi.testclient import TestClient

EVERYTHING = "' OR '1'='1"


def queries(function):
    with CaptureQueriesContext(connection) as captured:
        result = function()
    return len(captured), result


def test_queries_grow_with_the_rows_only_in_the_pitfalls(shop):
    from shop import reports

    few = shop(3)
    counts_of_few = [queries(lambda: reports.titles_by_id(few))[0], queries(reports.latest_titles)[0]]
    right_of_few = [queries(lambda: reports.titles_by_id_at_once(few))[0], queries(reports.latest_titles_at_once)[0]]
    many = shop(27)
    pitfalls = [queries(lambda: reports.titles_by_id(many)), queries(reports.latest_titles)]
    right = [queries(lambda: reports.titles_by_id_at_once(many)), queries(reports.latest_titles_at_once)]
    assert counts_of_few == [3, 4] and [count for count, _ in pitfalls] == [30, 31]
    assert right_of_few == [1, 2] and [count for count, _ in right] == [1, 2]
    assert [result for _, result in pitfalls] == [result for _, result in right]


def test_the_django_injection_works_and_the_parameter_stops_it(shop):
    shop(3)
    client = Client()
    assert len(client.get("/search/", {"title": EVERYTHING}).json()["titles"]) == 3
    assert client.get("/search-by-parameter/", {"title": EVERYTHING}).json()["titles"] == []
    for path in ("/search/", "/search-by-parameter/"):
        assert client.get(path, {"title": "book 1"}).json()["titles"] == ["book 1"]
    assert [book["author"] for book in client.get("/books/").json()] == ["author 0", "author 1", "author 2"]
    assert client.get("/titles/").json() == {"titles": []}


def test_the_api():
    from api.database import Base, Reader, Review, SessionLocal, engine
    from api.main import app

    Base.metadata.create_all(engine)
    with SessionLocal() as session:
        reader = Reader(name="Ada")
        session.add_all([reader, Review(book="Emma", stars=5, reader=reader), Review(book="Ulysses", stars=3, reader=reader)])
        session.commit()
    client = TestClient(app)
    assert client.get("/reviews", params={"book": EVERYTHING}).json() == [5, 3]
    assert client.get("/reviews-by-parameter", params={"book": EVERYTHING}).json() == []
    assert client.get("/reviews-by-parameter", params={"book": "Emma"}).json() == [5]
    assert client.get("/readers", params={"ids": "1"}).json() == client.get("/readers-at-once", params={"ids": "1"}).json() == ["Ada"]
    assert client.get("/livez").status_code == client.get("/readyz").status_code == 200


@pytest.fixture
def storefront(tmp_path, monkeypatch):
    from storefront import app as module

    path = tmp_path / "storefront.sqlite3"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE stock (shelf TEXT)")
        database.executemany("INSERT INTO stock VALUES (?)", [("A",), ("B",)])
    monkeypatch.setattr(module, "DATABASE", str(path))
    return module.app.test_client()


def test_the_storefront(storefront):
    assert storefront.get("/stock", query_string={"shelf": EVERYTHING}).json == 2
    assert storefront.get("/stock-by-parameter", query_string={"shelf": EVERYTHING}).json == 0
    assert storefront.get("/stock", query_string={"shelf": "B"}).json == storefront.get("/stock-by-parameter", query_string={"shelf": "B"}).json == 1
    assert storefront.get("/count", query_string={"word": "Emma"}).text == storefront.get("/count-by-argument", query_string={"word": "Emma"}).text == "4\n"
    assert storefront.get("/count-by-argument", query_string={"word": "x; echo pwned"}).text == "13\n"
    assert storefront.get("/healthz").text == "ok"


def test_the_worker_passes_its_limit(monkeypatch):
    import requests

    from worker import main

    seen = []

    class Response:
        status_code = 200

        def json(self):
            return {"price": 5}

    monkeypatch.setattr(requests.Session, "request", lambda self, method, url, **kw: seen.append(kw.get("timeout")) or Response())
    monkeypatch.setattr(requests.sessions.Session, "close", lambda self: None)
    main.price_with_limit("emma")
    main.notify_with_limit(1)
    assert seen == [3, 3]
