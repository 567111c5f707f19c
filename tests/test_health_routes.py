"""Proof by running: the routes and checks that repairs add answer over HTTP on loopback."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

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
    server = subprocess.Popen([sys.executable, "serve.py", str(port)], cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            if subprocess.run(words, check=False, capture_output=True, timeout=30).returncode == 0:
                break
            time.sleep(0.1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5) as answer:
            assert (answer.status, json.loads(answer.read())) == (200, {"status": "ok"})
    finally:
        server.kill()
        server.wait()
