"""Runs the rules about probes beside checkov's on the same files, and tells what each alone finds.

    python -m benchmarks.manifests DIRECTORY... [--peers /path/to/venv/bin] [--show]

Each directory is one project. Compared are the containers and Dockerfiles that BPF501 and BPF502 report with those that checkov's CKV_K8S_8 (liveness), CKV_K8S_9 (readiness) and CKV_DOCKER_2 (HEALTHCHECK) do, by
file: checkov names an object by its own lines, and a Dockerfile as a whole. `--show` lists the files that one alone reports. Seconds are those of one whole process.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

KUBERNETES, DOCKER = "Kubernetes", "Docker"
CHECKS = {"CKV_K8S_8": KUBERNETES, "CKV_K8S_9": KUBERNETES, "CKV_DOCKER_2": DOCKER}
RULES = {"BPF501": KUBERNETES, "BPF502": DOCKER}
Found = set[tuple[str, str]]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", type=Path, nargs="+")
    parser.add_argument("--peers", type=Path, default=Path(sys.executable).parent)
    parser.add_argument("--show", action="store_true", help="the files that one of both alone reports")
    options = parser.parse_args()
    sys.stdout.write(f"{'project':<40}{'kind':<12}{'both':>6}{'ours':>6}{'checkov':>9}{'seconds':>14}\n")
    for directory in options.directories:
        root = directory.resolve()
        start = time.perf_counter()
        ours = _ours(root)
        middle = time.perf_counter()
        theirs = _checkov(root, options.peers / "checkov")
        seconds = f"{middle - start:.1f} / {time.perf_counter() - middle:.1f}"
        for kind in (KUBERNETES, DOCKER):
            _row(root.name, kind, ours, theirs, seconds, options.show)
    return 0


def _row(project: str, kind: str, ours: Found, theirs: Found, seconds: str, is_shown: bool) -> None:
    left, right = {p for p, k in ours if k == kind}, {p for p, k in theirs if k == kind}
    if left or right:
        counts = f"{len(left & right):>6}{len(left - right):>6}{len(right - left):>9}"
        sys.stdout.write(f"{project:<40}{kind:<12}{counts}{seconds:>14}\n")
        for name, paths in (("ours", left - right), ("checkov", right - left)) if is_shown else ():
            for path in sorted(paths):
                sys.stdout.write(f"    {name} alone: {path}\n")


def _ours(root: Path) -> Found:
    command = [sys.executable, "-m", "backend_pitfalls", "check", ".", "--no-cache", "--exit-zero"]
    command += ["--select", ",".join(RULES), "--output-format", "json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return {(f["path"], RULES[f["code"]]) for f in json.loads(done.stdout)["findings"] if f["code"] in RULES}


def _checkov(root: Path, program: Path) -> Found:
    command = [str(program), "-d", str(root), "--framework", "kubernetes", "dockerfile", "-o", "json", "--compact"]
    done = subprocess.run([*command, "-c", ",".join(CHECKS), "--quiet"], capture_output=True, text=True, check=False)
    reports = json.loads(done.stdout or "[]")
    failed = [
        check
        for report in (reports if isinstance(reports, list) else [reports])
        for check in report.get("results", {}).get("failed_checks", [])
    ]
    return {(check["file_path"].lstrip("/"), CHECKS[check["check_id"]]) for check in failed}


if __name__ == "__main__":
    raise SystemExit(main())
