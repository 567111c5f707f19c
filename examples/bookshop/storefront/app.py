import os
import sqlite3
import subprocess
import sys

from flask import Flask, g, jsonify, request

app = Flask(__name__)

# Pitfall: everyone who reads this line can forge a session.
app.secret_key = "s8!vq2#mzk41-dw7"

DATABASE = os.environ.get("STOREFRONT_DB", "storefront.sqlite3")


def database():
    if "database" not in g:
        g.database = sqlite3.connect(DATABASE)
    return g.database


@app.get("/stock")
def stock():
    """Pitfall: the statement is built two functions further on."""
    return jsonify(count_in(request.args.get("shelf", "A")))


def count_in(shelf):
    return run(database(), "SELECT count(*) FROM stock WHERE shelf = '" + shelf + "'")


def run(connection, statement):
    return connection.execute(statement).fetchone()[0]


@app.get("/stock-by-parameter")
def stock_by_parameter():
    """The right way: the value is a parameter."""
    shelf = request.args.get("shelf", "A")
    return jsonify(database().execute("SELECT count(*) FROM stock WHERE shelf = ?", (shelf,)).fetchone()[0])


@app.get("/count")
def count():
    """Pitfall: a shell reads the word, and what stands behind it."""
    word = request.args.get("word", "")
    return subprocess.check_output(f"python3 -c 'import sys; print(len(sys.argv[1]))' {word}", shell=True, timeout=10)


@app.get("/count-by-argument")
def count_by_argument():
    """The right way: no shell."""
    word = request.args.get("word", "")
    script = "import sys; print(len(sys.argv[1]))"
    return subprocess.check_output([sys.executable, "-c", script, word], timeout=10)


@app.get("/healthz")
def healthz():
    return "ok"
