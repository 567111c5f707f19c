"""Scores the secret rules beside their peers on labelled lines.

    python -m benchmarks.secrets ROOT REFERENCES [--peers /path/to/venv/bin] [--placeholders-count]

ROOT holds the repositories as `owner+name` folders; REFERENCES is a file of JSON lines with `repo`, `path`, `line`, `end`, `kind` ("py" or "config") and `label` ("T" a
secret, "F" none, "X" a placeholder). A labelled range is found when a finding starts inside it; findings on lines without a label are not counted. Placeholders are left
out unless they shall count as false. Peers that are not installed are left out. Seconds are those of one whole process.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

Hits = set[tuple[str, int]]
Ranges = dict[tuple[str, str], list[tuple[int, int, bool]]]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("references", type=Path)
    parser.add_argument("--peers", type=Path, default=Path(sys.executable).parent)
    parser.add_argument("--placeholders-count", action="store_true", help="a finding on a placeholder is false")
    options = parser.parse_args()
    root = options.root.resolve()
    truth = _truth(options.references, root, options.placeholders_count)
    sys.stdout.write(f"{'tool':<18}{'kind':<8}{'TP':>5}{'FP':>5}{'FN':>5}{'P':>7}{'R':>7}{'F1':>7}{'seconds':>9}\n")
    for name, run in _tools(options.peers).items():
        start = time.perf_counter()
        hits = run(root)
        seconds = time.perf_counter() - start
        if hits is None:
            continue
        for kind in ("py", "config"):
            _row(name, kind, hits, truth, seconds)
    return 0


def _truth(references: Path, root: Path, placeholders: bool) -> Ranges:
    found: Ranges = defaultdict(list)
    for line in references.read_text("utf-8").splitlines():
        row = json.loads(line)
        path = f"{row['repo'].replace('/', '+')}/{row['path']}"
        if (root / path).is_file() and (row["label"] != "X" or placeholders):
            found[path, row["kind"]].append((row["line"], row["end"], row["label"] == "T"))
    return found


def _row(name: str, kind: str, hits: Hits, truth: Ranges, seconds: float) -> None:
    counts = {"TP": 0, "FP": 0, "FN": 0}
    for (path, of), ranges in truth.items():
        for first, last, is_secret in ranges if of == kind else ():
            is_found = any((path, line) in hits for line in range(first, last + 1))
            if is_found or is_secret:
                counts["FN" if not is_found else "TP" if is_secret else "FP"] += 1
    tp, fp, fn = counts.values()
    precision, recall = tp / max(tp + fp, 1), tp / max(tp + fn, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    sys.stdout.write(
        f"{name:<18}{kind:<8}{tp:>5}{fp:>5}{fn:>5}{precision:>7.2f}{recall:>7.2f}{f1:>7.2f}{seconds:>9.1f}\n"
    )


def _tools(peers: Path) -> dict[str, Callable[[Path], Hits | None]]:
    return {
        "backend-pitfalls": _ours,
        "bandit": lambda root: _bandit(peers / "bandit", root),
        "ruff": lambda root: _ruff(peers / "ruff", root),
        "detect-secrets": lambda root: _detect_secrets(peers / "detect-secrets", root),
        "credsweeper": lambda root: _credsweeper(peers / "credsweeper", root),
    }


def _output(command: list[str], root: Path) -> str | None:
    """What a tool writes; None when it is not installed."""
    if "/" in command[0] and not Path(command[0]).exists():
        return None
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout


def _ours(root: Path) -> Hits | None:
    command = [sys.executable, "-m", "backend_pitfalls", "check", ".", "--no-cache", "--select", "BPF2"]
    found = _output([*command, "--output-format", "json"], root)
    return _hits(((f["path"], f["line"]) for f in json.loads(found)["findings"]), root) if found else None


def _bandit(program: Path, root: Path) -> Hits | None:
    found = _output([str(program), "-q", "-r", ".", "-t", "B105,B106,B107", "-f", "json"], root)
    return _hits(((r["filename"], r["line_number"]) for r in json.loads(found)["results"]), root) if found else None


def _ruff(program: Path, root: Path) -> Hits | None:
    command = ["check", ".", "--isolated", "--no-cache", "--select", "S105,S106,S107", "--output-format", "json"]
    found = _output([str(program), *command], root)
    return _hits(((r["filename"], r["location"]["row"]) for r in json.loads(found)), root) if found else None


def _detect_secrets(program: Path, root: Path) -> Hits | None:
    found = _output([str(program), "scan", "--all-files", "."], root)
    if not found:
        return None
    results = json.loads(found)["results"]
    return _hits(((path, s["line_number"]) for path, secrets in results.items() for s in secrets), root)


def _credsweeper(program: Path, root: Path) -> Hits | None:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        if _output([str(program), "--path", ".", "--save-json", str(report)], root) is None or not report.exists():
            return None
        rows = json.loads(report.read_text("utf-8"))
    return _hits(((d["path"], d["line_num"]) for r in rows for d in r["line_data_list"]), root)


def _hits(found: Iterable[tuple[str, int]], root: Path) -> Hits:
    """Findings by the path below the root."""
    cut = re.compile(rf"^(?:{re.escape(str(root))}/|\./)+")
    return {(cut.sub("", path), line) for path, line in found}


if __name__ == "__main__":
    sys.exit(main())
