"""Times the tool beside its peers, in one run, and reports ratios.

    python -m benchmarks.speed DIR [DIR ...] [--sdist wagtail==6.2] [--multiply 20000] [--peers /path/to/venv/bin]
        [--plain /path/to/another/venv/bin/python] [--write]

Each directory is copied to a scratch folder first, so that nothing is written into it. The floor is `ast.parse` of all its Python files in one
thread. Every figure is one whole process, its imports included; `--runs N` takes the best of N. Run it with the Python of an installation that
was compiled (BACKEND_PITFALLS_COMPILE=1), and name one that was not with `--plain`. Peers that are not installed are left out. `--write` puts the tables into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import semgrep_rules

REPORT = Path(__file__).parent.parent / "docs" / "benchmarks.md"
FLOOR = """
import ast, sys, pathlib
for path in pathlib.Path(sys.argv[1]).rglob("*.py"):
    try:
        ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError):
        pass
"""
SEMGREP_RULES = """
rules:
  - id: requests-without-timeout
    languages: [python]
    severity: WARNING
    message: no timeout
    patterns: [{pattern: requests.$M(...)}, {pattern-not: "requests.$M(..., timeout=$T, ...)"}]
  - id: formatted-sql
    languages: [python]
    severity: WARNING
    message: formatted SQL
    pattern-either: [{pattern: '$C.execute(f"...")'}, {pattern: '$C.execute("..." % ...)'}, {pattern: '$C.execute("..." + ...)'}]
  - id: query-in-loop
    languages: [python]
    severity: WARNING
    message: query in a loop
    pattern: |
      for $X in $Y:
        ...
        $M.objects.get(...)
"""


class Timing:
    """Seconds of wall clock and peak memory in megabytes (of the largest process of the command)."""

    def __init__(self, seconds: float, megabytes: float) -> None:
        self.seconds = seconds
        self.megabytes = megabytes


def timed(command: list[str], cwd: Path) -> Timing:
    """Run a command and take its time and memory; its exit code does not matter, findings set it."""
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    scale = 1 if platform.system() == "Darwin" else 1024
    return Timing(time.perf_counter() - start, usage.ru_maxrss * scale / 1e6)


def best(runs: int, prepare: Callable[[], None], command: list[str], cwd: Path) -> Timing:
    """The fastest of several runs."""
    found = []
    for _ in range(runs):
        prepare()
        found.append(timed(command, cwd))
    return min(found, key=lambda t: t.seconds)


def ours(folder: Path, runs: int, plain: Path | None) -> Iterator[tuple[str, Timing]]:
    """The tool cold, in one process, in plain Python, warm, after one changed file, and as a flake8 plugin."""
    cache = folder / ".backend_pitfalls_cache"
    check = [sys.executable, "-m", "backend_pitfalls", "check", ".", "-o", os.devnull]

    def forget() -> None:
        shutil.rmtree(cache, ignore_errors=True)

    yield "ours, cold", best(runs, forget, check, folder)
    yield "ours, cold, one process", best(runs, forget, [*check, "-j", "1"], folder)
    if plain is not None:
        yield "ours, cold, not compiled", best(runs, forget, [str(plain), *check[1:]], folder)
        forget()
    timed(check, folder)
    yield "ours, warm", best(runs, lambda: None, check, folder)
    files = sorted(folder.rglob("*.py"), key=lambda p: p.stat().st_size)
    changed = files[len(files) * 3 // 4]
    yield "ours, one file changed", best(runs, lambda: _append(changed), check, folder)
    flake8 = [sys.executable, "-m", "flake8", "--select", "BPF", "."]
    yield "flake8 with the plugin, cold", best(runs, forget, flake8, folder)
    yield "flake8 with the plugin, warm", best(runs, lambda: None, flake8, folder)
    yield (
        "flake8 without the plugin",
        best(runs, lambda: None, [*flake8[:3], "--disable-noqa", "--select", "E9", "."], folder),
    )
    forget()


def _append(path: Path) -> None:
    with path.open("a") as file:
        file.write("\n# changed\n")


def peers(folder: Path, binaries: Path, runs: int) -> Iterator[tuple[str, Timing]]:
    """bandit, semgrep with three rules and with what our tables know, pylint's missing-timeout, djch, ruff's S rules."""
    rules, tables = folder.parent / "semgrep.yml", folder.parent / "tables.yml"
    rules.write_text(SEMGREP_RULES)
    tables.write_text(json.dumps(semgrep_rules.rules()))
    semgrep = ["semgrep", "scan", "--metrics=off", "--disable-version-check", "-q", "--config"]
    commands = {
        "bandit": ["bandit", "-q", "-r", "."],
        "ruff S": ["ruff", "check", "--isolated", "--no-cache", "--select", "S", "."],
        "djch": ["djch", "check"],
        "semgrep, 3 local rules": [*semgrep, str(rules), "."],
        f"semgrep, our tables as {len(semgrep_rules.rules()['rules'])} rules": [*semgrep, str(tables), "."],
        "pylint missing-timeout": [
            "pylint",
            "-j",
            "2",
            "--disable=all",
            "--enable=missing-timeout",
            "--recursive=y",
            ".",
        ],
    }
    for name, command in commands.items():
        if (binaries / command[0]).exists():
            yield name, best(runs, lambda: None, [str(binaries / command[0]), *command[1:]], folder)


def measure(source: Path, binaries: Path, runs: int, plain: Path | None) -> tuple[str, list[str]]:
    """The table of one project, as a heading and Markdown rows."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "project"
        shutil.copytree(source, folder, symlinks=True, ignore=shutil.ignore_patterns(".git", "node_modules"))
        files = list(folder.rglob("*.py"))
        size = sum(p.stat().st_size for p in files if p.is_file())
        floor = best(max(runs, 2), lambda: None, [sys.executable, "-c", FLOOR, "."], folder)
        rows = [("ast.parse of all files (the floor)", floor)]
        for row in itertools.chain(ours(folder, runs, plain), peers(folder, binaries, 1)):
            print(source.name, row[0], f"{row[1].seconds:.2f} s", flush=True)
            rows.append(row)
        cold = dict(rows)["ours, cold"].seconds
        table = ["| command | seconds | × floor | × ours, cold | peak MB |", "|---|---|---|---|---|"]
        for name, t in rows:
            line = f"| {name} | {t.seconds:.2f} | {t.seconds / floor.seconds:.2f} | {t.seconds / cold:.2f} | {t.megabytes:.0f} |"
            table.append(line)
    return f"{source.name}: {len(files):,} Python files, {size / 1e6:.1f} MB", table


def multiply(source: Path, target: Path, count: int) -> None:
    """Copies of a project under package names of their own, until there are `count` Python files."""
    each = max(1, len(list(source.rglob("*.py"))))
    for number in range(-(-count // each)):
        shutil.copytree(
            source, target / f"copy_{number}", symlinks=True, ignore=shutil.ignore_patterns(".git", "node_modules")
        )


def scale(source: Path, counts: list[int]) -> list[str]:
    """Cold seconds and memory for growing numbers of files."""
    table = ["| Python files | seconds | ms a file | peak MB (one of two processes) |", "|---|---|---|---|"]
    for count in counts:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "many"
            multiply(source, folder, count)
            files = sum(1 for _ in folder.rglob("*.py"))
            check = [sys.executable, "-m", "backend_pitfalls", "check", ".", "--no-cache", "-o", os.devnull]
            t = timed(check, folder)
            row = f"| {files:,} | {t.seconds:.1f} | {1000 * t.seconds / files:.2f} | {t.megabytes:.0f} |"
            table.append(row)
            print(row, flush=True)
    return table


def unpack(requirement: str, folder: Path) -> Path:
    """A pinned source distribution, downloaded and unpacked."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary",
            ":all:",
            "-d",
            str(folder),
            requirement,
        ],
        check=True,
    )
    archive = next(folder.glob("*.tar.gz"))
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return next(p for p in folder.iterdir() if p.is_dir())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--sdist", action="append", default=[], help="NAME==VERSION to download")
    parser.add_argument("--multiply", type=int, metavar="FILES", help="also grow the first folder to this many files")
    parser.add_argument(
        "--peers", type=Path, default=Path(sys.executable).parent, metavar="BIN", help="where the peers are installed"
    )
    parser.add_argument("--plain", type=Path, metavar="PYTHON", help="of an installation that was not compiled")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--write", action="store_true", help=f"write {REPORT.name}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folders = list(options.folders)
        for number, requirement in enumerate(options.sdist):
            place = Path(scratch) / str(number)
            place.mkdir()
            folders.append(unpack(requirement, place))
        sections = [measure(folder.resolve(), options.peers, options.runs, options.plain) for folder in folders]
        if options.multiply:
            counts = [n for n in (1000, 2000, 5000, 10000, 20000) if n <= options.multiply]
            sections.append((f"Scale: copies of {folders[0].name}", scale(folders[0].resolve(), counts)))
    if options.write:
        write(sections)


def write(sections: list[tuple[str, list[str]]]) -> None:
    """docs/benchmarks.md: the hand-written head up to the mark, then the tables."""
    head = REPORT.read_text("utf-8").split("<!-- tables -->")[0] if REPORT.exists() else "# Benchmarks\n\n"
    machine = f"Python {platform.python_version()}, {len(os.sched_getaffinity(0))} cores, {platform.machine()}."
    body = "\n\n".join(f"## {title}\n\n" + "\n".join(table) for title, table in sections)
    REPORT.write_text(f"{head}<!-- tables -->\n\n{machine}\n\n{body}\n", "utf-8")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
