"""Proof by running: the routes and checks that repairs add answer over HTTP on loopback."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from backend_pitfalls.hosts.cli import main

FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI()\n"
FLASK = "from flask import Flask\n\n\ndef create_app():\n    app = Flask(__name__)\n    return app\n\n\napp = create_app()\n"
SERVERS = {
    "fastapi": "import sys, uvicorn\nfrom main import app\nuvicorn.run(app, port=int(sys.argv[1]), log_level='error')\n",
    "flask": "import sys\nfrom main import app\napp.run(port=int(sys.argv[1]))\n",
}


@pytest.mark.parametrize(("framework", "code"), [("fastapi", FASTAPI), ("flask", FLASK)])
def test_the_added_route_and_the_added_check_answer(framework: str, code: str, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "main.py").write_text(code)
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(
        f'FROM python:3.13-slim\nCOPY . .\nCMD ["gunicorn", "main:app", "--bind", "0.0.0.0:{port}"]\n'
    )
    assert main(["fix", "--unsafe-fixes", str(tmp_path)]) == 0
    check = re.search(r"HEALTHCHECK CMD (.*)", dockerfile.read_text())
    assert check is not None
    words = [sys.executable, *json.loads(check[1])[1:]]
    assert subprocess.run(words, check=False, capture_output=True, timeout=30).returncode == 1
    (tmp_path / "serve.py").write_text(SERVERS[framework])
    with running([sys.executable, "serve.py", str(port)], tmp_path):
        for _ in range(100):
            if subprocess.run(words, check=False, capture_output=True, timeout=30).returncode == 0:
                break
            time.sleep(0.1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5) as answer:
            assert (answer.status, json.loads(answer.read())) == (200, {"status": "ok"})


@contextmanager
def running(words: list[str], folder: Path, environment: dict[str, str] | None = None) -> Iterator[None]:
    """A server that runs meanwhile."""
    server = subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        server.kill()
        server.wait()


BOOKSHOP = Path(__file__).parent.parent / "examples" / "bookshop"
DJANGO_SERVER = """
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server
from shop.wsgi import application
WSGIRequestHandler.log_message = lambda *given: None
make_server("127.0.0.1", int(sys.argv[1]), application).serve_forever()
"""
WSGI = """import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
"""
FASTAPI_SERVER = (
    "import sys, uvicorn\nfrom api.main import app\nuvicorn.run(app, port=int(sys.argv[1]), log_level='critical')\n"
)
FLASK_SERVER = "import sys\nfrom storefront.app import app\napp.run(port=int(sys.argv[1]))\n"


def without_health(source: str) -> str:
    """A module without its own routes about health."""
    return re.sub(r'\n\n\n@app\.get\("/(livez|readyz|healthz)"\)\ndef .*?(?=\n\n\n|\Z)', "", source, flags=re.DOTALL)


def service(folder: Path, name: str) -> None:
    """One service of the bookshop as a project of its own, put into production by a Dockerfile and without routes about its health."""
    (folder / "pyproject.toml").write_text("[tool.backend-pitfalls]\nexclude = ['serve.py']\n")
    (folder / "Dockerfile").write_text('FROM python:3.13\nHEALTHCHECK CMD ["true"]\nCMD ["python", "serve.py"]\n')
    for path in (BOOKSHOP / name).glob("*.py"):
        target = folder / name / path.name
        target.parent.mkdir(exist_ok=True)
        source = without_health(path.read_text("utf-8"))
        # A pool would go on with a connection to a file that is gone.
        target.write_text(source.replace("StaticPool", "NullPool"), "utf-8")
    if name == "shop":
        (folder / "shop" / "wsgi.py").write_text(WSGI)


def status(url: str) -> int:
    """The status of an answer; nought when there is none."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@pytest.mark.parametrize(
    ("name", "code", "variable", "address"),
    [
        ("shop", DJANGO_SERVER, "SHOP_DB", "{}"),
        ("api", FASTAPI_SERVER, "API_DB", "sqlite:///{}"),
        ("storefront", FLASK_SERVER, "STOREFRONT_DB", "{}"),
    ],
)
def test_a_service_lives_when_its_database_is_gone_and_is_not_ready(
    name: str, code: str, variable: str, address: str, tmp_path: Path
) -> None:
    service(tmp_path, name)
    assert main(["fix", "--unsafe-fixes", "--select", "BPF504", str(tmp_path)]) == 0
    assert main(["check", "--select", "BPF5", str(tmp_path)]) == 0
    (tmp_path / "serve.py").write_text(code)
    data = tmp_path / "data"
    data.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, variable: address.format(data / "rows.sqlite3")}
    url = f"http://127.0.0.1:{port}"
    with running([sys.executable, "serve.py", str(port)], tmp_path, environment):
        deadline = time.monotonic() + 20
        while status(f"{url}/livez") != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [status(f"{url}/livez"), status(f"{url}/readyz")] == [200, 200]
        shutil.rmtree(data)
        assert [status(f"{url}/livez"), status(f"{url}/readyz")] == [200, 503]


SYNC_ENGINE = """from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

engine = create_engine("sqlite:///data/rows.sqlite3", poolclass=NullPool)
"""
ASYNC_ENGINE = """from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

engine = create_async_engine("sqlite+aiosqlite:///data/rows.sqlite3", poolclass=NullPool)
"""
UVICORN = "import sys, uvicorn\nfrom main import app\nuvicorn.run(app, port=int(sys.argv[1]), log_level='critical')\n"
WSGI_SERVER = """import sys
from wsgiref.simple_server import make_server
from main import app
make_server("127.0.0.1", int(sys.argv[1]), app).serve_forever()
"""
LOOP_SERVER = """import asyncio, sys
from main import app


async def serve():
    app.listen(int(sys.argv[1]))
    await asyncio.Event().wait()


asyncio.run(serve())
"""


@pytest.mark.parametrize(
    ("made", "engine", "server"),
    [
        ("starlette.applications.Starlette()", ASYNC_ENGINE, UVICORN),
        ("litestar.Litestar([])", ASYNC_ENGINE, UVICORN),
        ("falcon.asgi.App()", ASYNC_ENGINE, UVICORN),
        ("falcon.App()", SYNC_ENGINE, WSGI_SERVER),
        ("tornado.web.Application([])", ASYNC_ENGINE, LOOP_SERVER),
    ],
)
def test_each_framework_answers_in_its_own_style(made: str, engine: str, server: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.backend-pitfalls]\nexclude = ['serve.py']\n")
    (tmp_path / "Dockerfile").write_text('FROM python:3.13\nHEALTHCHECK CMD ["true"]\nCMD ["python", "serve.py"]\n')
    module = made.partition("(")[0].rpartition(".")[0]
    (tmp_path / "main.py").write_text(f"import {module}\nfrom db import engine\n\napp = {made}\n")
    (tmp_path / "db.py").write_text(engine)
    assert main(["fix", "--unsafe-fixes", "--select", "BPF504", str(tmp_path)]) == 0
    (tmp_path / "serve.py").write_text(server)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "data").mkdir()
    with running([sys.executable, "serve.py", str(port)], tmp_path):
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 20
        while status(f"{url}/livez") != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [status(f"{url}/livez"), status(f"{url}/readyz")] == [200, 200]
        shutil.rmtree(tmp_path / "data")
        assert [status(f"{url}/livez"), status(f"{url}/readyz")] == [200, 503]


def test_added_probes_pass_the_schema_of_kubernetes(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "main.py").write_text(
        'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/livez")\ndef livez():\n    return {}\n\n\n@app.get("/readyz")\ndef readyz():\n    return {}\n'
    )
    (tmp_path / "shop" / "Dockerfile").write_text(
        'FROM python:3.13\nHEALTHCHECK CMD ["true"]\nCMD ["uvicorn", "main:app"]\n'
    )
    manifest = tmp_path / "shop.yaml"
    manifest.write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop  # the shop\nspec:\n  selector: {matchLabels: {app: shop}}\n  template:\n"
        "    metadata: {labels: {app: shop}}\n    spec:\n      containers:\n        - name: shop\n          image: registry.test/shop:1\n"
        "          ports:\n            - containerPort: 8000\n"
    )
    assert main(["fix", "--unsafe-fixes", "--select", "BPF501", str(tmp_path)]) == 0
    text = manifest.read_text()
    assert "livenessProbe" in text and "readinessProbe" in text and "# the shop" in text
    kubernetes_validate.validate(YAML(typ="safe").load(text), kubernetes_validate.latest_version(), strict=True)
