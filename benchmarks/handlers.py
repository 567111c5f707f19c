"""A made-up application of many small handlers, half of them safe: every kind of harm by every way of flow.

    python -m benchmarks.handlers [--keep DIR]

Writes the application, runs the tool on it, and prints, for each rule, the share of unsafe handlers that it finds, the share of safe ones that it
flags, and the difference.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from textwrap import dedent, indent

HELPERS = """
import base64


def through(value):
    return value


def fixed(value):
    return "fixed"


def chain(value):
    return through(through(value))


class Holder:
    def __init__(self, value):
        self.value = value
        self.constant = "fixed"

    def get(self):
        return self.value

    def get_constant(self):
        return self.constant


class Doer:
    def do(self, value):
        return value


class Ignorer:
    def do(self, value):
        return "fixed"


def make(name):
    return {"doer": Doer, "ignorer": Ignorer}[name]()


def items(value):
    yield value


def constants(value):
    yield "fixed"
"""

SOURCES = {
    "query": 'param = request.args.get("p", "")',
    "form": 'param = request.form.get("p")\nif not param:\n    param = ""',
    "header": 'param = request.headers.get("X-P")',
    "cookie": 'param = urllib.parse.unquote_plus(request.cookies.get("p", "none"))',
    "list": 'values = request.args.getlist("p")\nparam = ""\nif values:\n    param = values[0]',
    "json": 'param = request.json["p"]',
    "query-string": 'text = request.query_string.decode("utf-8")\nparam = text[text.find("p=") + 2 :]\nif "&" in param:\n    param = param[: param.find("&")]',
    "loop": 'param = ""\nfor name in request.form.keys():\n    if "x" in request.form.getlist(name):\n        param = name\n        break',
}

# (unsafe, safe) twins that make `bar` of `param`.
FLOWS = {
    "plain": ("bar = param", 'bar = "fixed"'),
    "overwritten": ('bar = "fixed"\nbar = param', 'bar = param\nbar = "fixed"'),
    "concatenated": ('bar = "a" + param + "b"', 'bar = "a" + "b" + str(len(param))'),
    "formatted": ('bar = f"a{param}b"', 'bar = f"a{len(param)}b"'),
    "percent": ('bar = "a%sb" % param', 'bar = "a%db" % len(param)'),
    "format": ('bar = "a{}b".format(param)', 'bar = "a{}b".format("fixed")'),
    "replaced": ('bar = param.replace("x", "y").strip()', 'bar = "param".replace("x", "y").strip()'),
    "condition": (
        'num = 86\nbar = "fixed" if (7 * 42) - num > 300 else param',
        'num = 86\nbar = "fixed" if (7 * 42) - num > 200 else param',
    ),
    "branch": (
        'num = 106\nif (7 * 18) + num < 200:\n    bar = "fixed"\nelse:\n    bar = param',
        'num = 106\nif (7 * 18) + num > 200:\n    bar = "fixed"\nelse:\n    bar = param',
    ),
    "dictionary": (
        'kept = {}\nkept["a"] = "fixed"\nkept["b"] = param\nbar = kept["b"]',
        'kept = {}\nkept["a"] = "fixed"\nkept["b"] = param\nbar = kept["a"]',
    ),
    "list": (
        'kept = ["fixed"]\nkept.append(param)\nkept.append("other")\nkept.pop(0)\nbar = kept[0]',
        'kept = ["fixed"]\nkept.append(param)\nkept.append("other")\nkept.pop(0)\nbar = kept[1]',
    ),
    "tuple": ('first, second = param, "fixed"\nbar = first', 'first, second = param, "fixed"\nbar = second'),
    "function": ("bar = helpers.through(param)", "bar = helpers.fixed(param)"),
    "functions": ("bar = helpers.chain(param)", "bar = helpers.chain('fixed')"),
    "object": ("bar = helpers.Holder(param).get()", "bar = helpers.Holder(param).get_constant()"),
    "factory": ('bar = helpers.make("doer").do(param)', 'bar = helpers.make("ignorer").do(param)'),
    "match": (
        'guess = "ABC"[1]\nmatch guess:\n    case "A":\n        bar = "fixed"\n    case "B":\n        bar = param\n    case _:\n        bar = "fixed"',
        'guess = "ABC"[0]\nmatch guess:\n    case "A":\n        bar = "fixed"\n    case "B":\n        bar = param\n    case _:\n        bar = param',
    ),
    "base64": (
        "bar = base64.b64decode(base64.b64encode(param.encode())).decode()",
        'bar = base64.b64decode(base64.b64encode(b"fixed")).decode()',
    ),
    "configuration": (
        'config = configparser.ConfigParser()\nconfig.add_section("s")\nconfig.set("s", "a", "fixed")\nconfig.set("s", "b", param)\nbar = config.get("s", "b")',
        'config = configparser.ConfigParser()\nconfig.add_section("s")\nconfig.set("s", "a", "fixed")\nconfig.set("s", "b", param)\nbar = config.get("s", "a")',
    ),
    "loop": ('bar = ""\nfor part in [param]:\n    bar += part', 'bar = ""\nfor part in ["fixed"]:\n    bar += part'),
    "join": ('bar = "-".join(["a", param])', 'bar = "-".join(["a", "b"])'),
    "generator": ("bar = next(helpers.items(param))", "bar = next(helpers.constants(param))"),
    "comprehension": ("bar = [c for c in [param]][0]", 'bar = [c for c in ["fixed"]][0]'),
    "closure": ("def inner():\n    return param\n\nbar = inner()", 'def inner():\n    return "fixed"\n\nbar = inner()'),
    "lambda": ("bar = (lambda x: x)(param)", 'bar = (lambda x: "fixed")(param)'),
    "attempt": (
        'try:\n    bar = param\nexcept ValueError:\n    bar = "fixed"',
        'try:\n    bar = str(int(param))\nexcept ValueError:\n    bar = "fixed"',
    ),
    "dispatch": (
        'bar = {"a": helpers.through, "b": helpers.fixed}["a"](param)',
        'bar = {"a": helpers.through, "b": helpers.fixed}["b"](param)',
    ),
    "allowed": (
        'if param not in SOME:\n    bar = param\nelse:\n    bar = "fixed"',
        'if param not in ("x", "y"):\n    return {"error": 1}\nbar = param',
    ),
}

# rule: (imports, sink, cleaned sink or None)
SINKS = {
    "BPF301": (
        'cursor = sqlite3.connect("x.db").cursor()\ncursor.execute("SELECT a FROM t WHERE b = \'" + bar + "\'")',
        'cursor = sqlite3.connect("x.db").cursor()\ncursor.execute("SELECT a FROM t WHERE b = ?", (bar,))',
    ),
    "BPF302": ('os.system("ls " + bar)', 'subprocess.run(["ls", "--", bar])'),
    "BPF303": ("eval(bar)", 'handlers = {"a": len}\nhandlers.get(bar, len)'),
    "BPF304": (
        'with open("/data/" + bar) as file:\n    file.read()',
        'with open("/data/" + os.path.basename(bar)) as file:\n    file.read()',
    ),
    "BPF305": ("requests.get(bar, timeout=5)", 'requests.get("https://api.example.com/items/" + bar, timeout=5)'),
    "BPF306": ("return redirect(bar)", 'return redirect("/items/" + bar)'),
    "BPF307": ("pickle.loads(bar.encode())", "json.loads(bar)"),
    "BPF308": ("return {'t': jinja2.Template(bar).render()}", 'return {"t": jinja2.Template("{{ x }}").render(x=bar)}'),
    "BPF309": ('return "<p>" + bar + "</p>"', 'return "<p>" + html.escape(bar) + "</p>"'),
    "BPF310": (
        'ldap3.Connection("h").search("dc=x", "(uid=" + bar + ")")',
        'ldap3.Connection("h").search("dc=x", "(uid=" + escape_filter_chars(bar) + ")")',
    ),
    "BPF311": (
        'lxml.etree.parse("u.xml").xpath("//u[@n=\'" + bar + "\']")',
        'lxml.etree.parse("u.xml").xpath("//u[@n=$n]", n=bar)',
    ),
    "BPF312": (
        "lxml.etree.fromstring(bar)",
        "lxml.etree.fromstring(bar, lxml.etree.XMLParser(resolve_entities=False))",
    ),
    "BPF315": ('re.search(bar, "text")', 're.search(re.escape(bar), "text")'),
    "BPF317": ('session["k"] = bar', 'session["k"] = len(bar)'),
}
IMPORTS = """
import base64
import configparser
import html
import json
import os
import pickle
import re
import sqlite3
import subprocess
import urllib.parse

import jinja2
import ldap3
import lxml.etree
import requests
from flask import Flask, redirect, request, session
from ldap3.utils.conv import escape_filter_chars

import helpers

app = Flask(__name__)
SOME = {"x"}
"""


def handlers() -> list[tuple[str, str, bool, str]]:
    """(name, rule, unsafe, source code) of every handler."""
    found = []
    sources = list(SOURCES)
    for rule, (sink, cleaned) in SINKS.items():
        for number, (flow, (unsafe, safe)) in enumerate(FLOWS.items()):
            for repeat in (0, 1):
                source = sources[(number + repeat * 3) % len(sources)]
                variants = [(f"{flow}-{source}", True, unsafe, sink), (f"{flow}-{source}-safe", False, safe, sink)]
                if repeat:
                    variants = [variants[0], (f"{flow}-{source}-cleaned", False, unsafe, cleaned)]
                for name, is_unsafe, made, used in variants:
                    body = f"{SOURCES[source]}\n{made}\n{used}\nreturn {{'done': 1}}"
                    found.append((f"{rule}-{name}", rule, is_unsafe, body))
    return found


def write(folder: Path) -> dict[str, tuple[str, bool]]:
    """Write the application, a module a handler; (rule, unsafe) by file name."""
    (folder / "pyproject.toml").write_text("[tool.backend-pitfalls]\n")
    (folder / "helpers.py").write_text(dedent(HELPERS))
    expected = {}
    for number, (name, rule, is_unsafe, body) in enumerate(handlers()):
        file = f"handler_{number:04}.py"
        code = f'{IMPORTS}\n\n# {name}\n@app.route("/{number}")\ndef handler():\n{indent(body, "    ")}\n'
        (folder / file).write_text(code)
        expected[file] = (rule, is_unsafe)
    return expected


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="write the application there and keep it")
    parser.add_argument("-v", action="store_true", help="name the handlers that are judged wrongly")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        expected = write(folder)
        command = [
            sys.executable,
            "-m",
            "backend_pitfalls",
            "check",
            ".",
            "--no-cache",
            "--output-format",
            "json",
            "--exit-zero",
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        found = {(f["path"], f["code"]) for f in json.loads(done.stdout)["findings"]}
        report(expected, found, {f: (folder / f).read_text() for f in expected} if options.v else {})


def report(expected: dict[str, tuple[str, bool]], found: set[tuple[str, str]], sources: dict[str, str]) -> None:
    """Print the table."""
    hits: Counter[tuple[str, bool]] = Counter()
    totals = Counter(expected.values())
    for file, (rule, is_unsafe) in expected.items():
        hit = (file, rule) in found
        hits[rule, is_unsafe] += hit
        if hit != is_unsafe and file in sources:
            print(file, next(line for line in sources[file].splitlines() if line.startswith("# BPF")))
    print("| rule | handlers | found of unsafe | flagged of safe | difference |\n|---|---|---|---|---|")
    for rule in SINKS:
        true, false = hits[rule, True] / totals[rule, True], hits[rule, False] / totals[rule, False]
        print(
            f"| {rule} | {totals[rule, True] + totals[rule, False]} | {true:.2f} | {false:.2f} | {true - false:.2f} |"
        )
    print(f"{len(expected)} handlers")


if __name__ == "__main__":
    main()
