"""The time of repairing many findings, against parsing the same files with LibCST.

    python -m benchmarks.fix_speed [--files N] [--functions N]

Makes a project of that many files, each with two findings of BPF401 among plain functions, and prints the seconds of a LibCST parse of all files, of
`backend-pitfalls fix` without a cache, and their ratio. Both run on one process.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import libcst

from backend_pitfalls.hosts.cli import main as command

FUNCTION = '''
def function_{number}(rows, limit=10):
    """What a function of a back end looks like to a parser."""
    found = {{}}
    for index, row in enumerate(rows):
        if row.get("active") and index < limit:
            found[row["name"]] = {{"id": row["id"], "total": sum(row.get("amounts", [])), "labels": [x.strip() for x in row["labels"]]}}
        elif not row:
            continue
    try:
        return sorted(found.items(), key=lambda item: item[1]["total"], reverse=True)
    except (KeyError, TypeError) as error:
        raise ValueError(f"row {{index}} is broken: {{error}}") from error
'''
CALLS = """
def first(name):
    return requests.get(f"https://x.internal/{name}").json()


def second(name):
    return requests.post("https://x.internal/", json={"name": name}).json()
"""


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--functions", type=int, default=12, help="plain functions a file")
    options = parser.parse_args()
    body = "".join(FUNCTION.format(number=number) for number in range(options.functions))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.files):
            (Path(folder) / f"module_{number}.py").write_text(f"import requests\n{body}\n{CALLS}", encoding="utf-8")
        parse = _seconds(lambda: [libcst.parse_module(p.read_text("utf-8")) for p in sorted(Path(folder).glob("*.py"))])
        told = io.StringIO()
        with contextlib.redirect_stderr(told):
            fix = _seconds(lambda: command(["fix", folder, "--no-cache", "--jobs", "1"]))
    print(told.getvalue().strip())
    print(f"LibCST parse {parse:.1f} s, fix {fix:.1f} s, ratio {fix / parse:.2f}")
    return 0


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    raise SystemExit(main())
