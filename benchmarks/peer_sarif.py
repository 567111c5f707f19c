"""Run another finder of N+1 queries on a folder and write what it says as SARIF, so that one script can score them all.

    python -m benchmarks.peer_sarif TOOL FOLDER OUT [--peers BIN]

TOOL is `djch` or `django-orm-lens`; BIN is the folder of the environment in which they are installed.
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
    parser.add_argument("tool", choices=["djch", "django-orm-lens"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--peers", type=Path, help="the folder with the programs; else they are looked for on the path")
    options = parser.parse_args()
    program = str(options.peers / options.tool) if options.peers else options.tool
    log = _djch(program, options.folder) if options.tool == "djch" else _lens(program, options.folder)
    options.out.write_text(json.dumps(log))


def _djch(program: str, folder: Path) -> dict[str, Any]:
    done = subprocess.run([program, "check"], cwd=folder, capture_output=True, text=True, check=False)
    found = [match for line in done.stdout.splitlines() if (match := _LINE.match(line))]
    return {
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "djch"}}, "results": [_result(m) for m in found]}],
    }


def _result(match: re.Match[str]) -> dict[str, Any]:
    region = {"startLine": int(match["line"]), "startColumn": int(match["column"])}
    place = {"artifactLocation": {"uri": match["path"]}, "region": region}
    return {
        "ruleId": match["rule"],
        "message": {"text": match["message"]},
        "locations": [{"physicalLocation": place}],
    }


def _lens(program: str, folder: Path) -> dict[str, Any]:
    command = [program, "nplusone", "--path", ".", "--format", "sarif", "--exit-zero", "--quiet"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    log: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip() else {"version": "2.1.0", "runs": []}
    return log


if __name__ == "__main__":
    main()
