"""What the commands do."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

from backend_pitfalls.hosts.cli import CLEAN, FOUND
from backend_pitfalls.hosts.cli.changes import added_lines, read_baseline, write_baseline
from backend_pitfalls.hosts.cli.targets import Outcome, run
from backend_pitfalls.model.errors import UserError
from backend_pitfalls.output import structured, text
from backend_pitfalls.output.results import Located, with_fingerprints
from backend_pitfalls.rules import all_rules, rule_by


def check_command(options: argparse.Namespace) -> int:
    """`backend-pitfalls check`."""
    if options.history:
        return _history_command(options)
    outcome = run(options, showing_progress=_is_terminal(sys.stderr), once=True)
    results = with_fingerprints(outcome.findings)
    if options.since:
        lines = added_lines(options.since)
        results = [r for r in results if _is_added(r, lines)]
    if options.update_baseline:
        if not options.baseline:
            raise UserError("--update-baseline needs --baseline FILE; name the file to write")
        write_baseline(Path(options.baseline), results)
        sys.stdout.write(f"Wrote {len(results)} findings to {options.baseline}.\n")
        return CLEAN
    if options.baseline:
        known = read_baseline(Path(options.baseline))
        results = [r for r in results if r.fingerprint not in known]
    _write(options, _rendered(options, outcome, results))
    if options.statistics:
        _statistics(outcome, results)
    return FOUND if results and not options.exit_zero else CLEAN


def _history_command(options: argparse.Namespace) -> int:
    from backend_pitfalls.hosts.cli.history import print_history
    from backend_pitfalls.project.config import find_root, read_options

    root = find_root(Path.cwd()) or Path.cwd()
    return FOUND if print_history(options.history, read_options(root)) and not options.exit_zero else CLEAN


def _rendered(options: argparse.Namespace, outcome: Outcome, results: list[Located]) -> str:
    colour = options.color == "always" or (
        options.color == "auto" and not options.output and _is_terminal(sys.stdout) and "NO_COLOR" not in os.environ
    )
    kind = options.output_format
    if kind == "json":
        return structured.as_json(results, outcome.edits) + "\n"
    if kind == "sarif":
        return structured.sarif(results, outcome.edits) + "\n"
    if kind == "github":
        return "".join(f"{line}\n" for line in structured.github(results))
    lines = text.concise(results, colour) if kind == "concise" else text.text(results, colour)
    return "".join(f"{line}\n" for line in lines) + text.summary(results, outcome.files) + "\n"


def _write(options: argparse.Namespace, content: str) -> None:
    if not options.output:
        sys.stdout.write(content)
        return
    try:
        Path(options.output).write_text(content, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{options.output}: cannot be written: {error.strerror}; name another file with -o") from None


def _statistics(outcome: Outcome, results: list[Located]) -> None:
    counts = Counter((r.finding.code, r.finding.name) for r in results)
    for (code, name), count in sorted(counts.items()):
        sys.stdout.write(f"{count:6} {code} {name}\n")
    if outcome.capped:
        sys.stdout.write(f"{len(outcome.capped):6} functions whose evaluation stopped at a limit\n")


def _is_added(located: Located, lines: dict[str, set[int]]) -> bool:
    added = lines.get(str((located.root / located.finding.path).resolve()), set())
    span = located.finding.span
    return any(n in added for n in range(span.line, span.end_line + 1))


def _is_terminal(stream: object) -> bool:
    return bool(getattr(stream, "isatty", lambda: False)())


def rule_command(options: argparse.Namespace) -> int:
    """`backend-pitfalls rule`."""
    if options.all:
        rules = list(all_rules())
    elif not options.code:
        raise UserError("name a rule, such as `backend-pitfalls rule BPF401`, or use --all")
    else:
        found = rule_by(options.code)
        if found is None:
            raise UserError(
                f"there is no rule '{options.code}'; the codes are {', '.join(r.meta.code for r in all_rules())}"
            )
        rules = [found]
    pages = [f"# {r.meta.name} ({r.meta.code})\n\n{r.page}\n" for r in rules]
    if _is_terminal(sys.stdout):
        from rich.console import Console
        from rich.markdown import Markdown

        console = Console()
        for page in pages:
            console.print(Markdown(page))
    else:
        sys.stdout.write("\n".join(pages))
    return CLEAN


def dev_command(options: argparse.Namespace) -> int:
    """`backend-pitfalls dev`."""
    if options.task == "docs":
        from backend_pitfalls.dev.docs import write_docs

        return write_docs(check=options.check)
    from backend_pitfalls.dev.new_rule import new_rule

    return new_rule(options.family, options.name)
