"""Run another finder on a folder and write what it says as SARIF, so that one script can score them all.

    python -m benchmarks.peer_sarif TOOL FOLDER OUT [--peers BIN]

TOOL is `djch` or `django-orm-lens` for N+1 queries, `bandit` (with its SARIF formatter), `ruff` or `pylint` for calls without a time limit; BIN is the folder of the environment in which they are installed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
from pathlib import Path
from typing import Any

_LINE = re.compile(r"^(?P<path>[^\s:]+):(?P<line>\d+):(?P<column>\d+): \[(?P<rule>[^\]]+)\] (?P<message>.*)$")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", choices=sorted(_TOOLS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--peers", type=Path, help="the folder with the programs; else they are looked for on the path")
    options = parser.parse_args()
    program = str(options.peers / options.tool) if options.peers else options.tool
    options.out.write_text(json.dumps(_TOOLS[options.tool](program, options.folder)))


def _djch(program: str, folder: Path) -> dict[str, Any]:
    done = subprocess.run([program, "check"], cwd=folder, capture_output=True, text=True, check=False)
    found = [match for line in done.stdout.splitlines() if (match := _LINE.match(line))]
    return _log("djch", [_result(m["path"], int(m["line"]), m["rule"], m["message"]) for m in found])


def _log(name: str, results: list[dict[str, Any]]) -> dict[str, Any]:
    return {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": name}}, "results": results}]}


def _result(path: str, line: int, rule: str, message: str) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": path}, "region": {"startLine": line}}
    return {"ruleId": rule, "message": {"text": message}, "locations": [{"physicalLocation": place}]}


def _lens(program: str, folder: Path) -> dict[str, Any]:
    command = [program, "nplusone", "--path", ".", "--format", "sarif", "--exit-zero", "--quiet"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return _read(done.stdout)


def _bandit(program: str, folder: Path) -> dict[str, Any]:
    command = [program, "-r", ".", "-t", "B113", "-f", "sarif", "-q", "--exit-zero"]
    return _read(subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout)


def _ruff(program: str, folder: Path) -> dict[str, Any]:
    command = [
        program,
        "check",
        "--isolated",
        "--no-cache",
        "--select",
        "S113",
        "--output-format",
        "sarif",
        "--exit-zero",
    ]
    log = _read(subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout)
    for run in log["runs"]:
        for result in run["results"]:
            for location in result["locations"]:
                place = location["physicalLocation"]["artifactLocation"]
                place["uri"] = place["uri"].removeprefix("file://").removeprefix(f"{folder.resolve()}/")
    return log


def _pylint(program: str, folder: Path) -> dict[str, Any]:
    options = [
        "--disable=all",
        "--enable=missing-timeout",
        "--output-format=json",
        "--recursive=y",
        "--rcfile=/dev/null",
    ]
    done = subprocess.run([program, *options, "."], cwd=folder, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout) if done.stdout.strip() else []
    results = [_result(f["path"], f["line"], f["message-id"], f["message"]) for f in found]
    return _log("pylint", results)


def _read(text: str) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(text) if text.strip() else {"version": "2.1.0", "runs": []}
    return log


_TOOLS = {"bandit": _bandit, "djch": _djch, "django-orm-lens": _lens, "pylint": _pylint, "ruff": _ruff}


if __name__ == "__main__":
    main()
