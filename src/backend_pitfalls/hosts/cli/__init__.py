"""The command line: `backend-pitfalls check | fix | rule | dev`."""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import sys
from typing import NoReturn

from backend_pitfalls._version import __version__

CLEAN, FOUND, FAILED = 0, 1, 2


def program() -> int:
    """Run the command line as a process of its own; returns the exit code.

    A check makes millions of objects that live until it ends: looking for cycles among them, at its end once more,
    takes a sixth of its time. What the encoding of the terminal or the file cannot say is written as an escape.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if sys.argv[1:2] == ["check"]:
        gc.disable()
    code = main()
    gc.freeze()
    return code


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 clean, 1 findings, 2 misuse or failure."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments == ["--version"]:
        sys.stdout.write(f"backend-pitfalls {__version__}\n")
        return CLEAN
    try:
        options = _parsed(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    from backend_pitfalls.model.errors import UserError

    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except UserError as error:
        sys.stderr.write(f"backend-pitfalls: error: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("backend-pitfalls: interrupted\n")
        return FAILED
    except BrokenPipeError:
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _parsed(arguments: list[str]) -> argparse.Namespace:
    """The arguments, where paths may stand before, between and behind options."""
    parser = build_parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and (not hasattr(options, "paths") or any(a.startswith("-") for a in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        options.paths = [*options.paths, *rest]
    return options


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(FAILED, f"backend-pitfalls: error: {message}; see `{self.prog} --help`\n")


def build_parser() -> argparse.ArgumentParser:
    """The argument parser; the commands' code is imported when one runs."""
    parser = _Parser(
        prog="backend-pitfalls", description="Finds, explains and repairs the mistakes that take Python back ends down."
    )
    parser.add_argument("--version", action="version", version=f"backend-pitfalls {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    _check_parser(commands)
    _fix_parser(commands)
    rule = commands.add_parser("rule", help="explain a rule")
    rule.add_argument("code", nargs="?", help="a code or name, such as BPF401")
    rule.add_argument("--all", action="store_true", help="explain every rule")
    rule.set_defaults(run=lambda o: _lazy("rule_command")(o))
    debug = commands.add_parser("debug", help="show what the engine knows, to extend it")
    debug.add_argument(
        "what",
        choices=("facts", "types", "events", "manifests", "knowledge"),
        help="of a file; knowledge: of libraries",
    )
    debug.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="a Python file (for manifests: one of YAML, for knowledge: part of a name)",
    )
    debug.set_defaults(run=lambda o: _lazy("debug_command", "debug")(o))
    dev = commands.add_parser("dev", help="commands for contributors")
    tasks = dev.add_subparsers(dest="task", required=True, metavar="TASK", parser_class=_Parser)
    new = tasks.add_parser("new-rule", help="scaffold a rule, its fixture and its news fragment")
    new.add_argument("family", help="such as resilience")
    new.add_argument("name", help="the problem in kebab-case, such as request-without-timeout")
    docs = tasks.add_parser("docs", help="write docs/rules and the README's table from the rules")
    docs.add_argument("--check", action="store_true", help="change nothing; exit 1 when a page is stale")
    dev.set_defaults(run=lambda o: _lazy("dev_command")(o))
    return parser


def _selection(parser: argparse.ArgumentParser) -> None:
    _caching(parser)
    parser.add_argument(
        "paths",
        nargs="*",
        default=["."],
        metavar="PATH",
        help="files and folders (default: this folder); - reads standard input",
    )
    parser.add_argument(
        "--select", type=_codes, metavar="CODES", help="only these codes, prefixes or names, separated by commas"
    )
    parser.add_argument("--ignore", type=_codes, metavar="CODES", help="without these")
    parser.add_argument(
        "--stdin-filename", default=None, metavar="PATH", help="the file that standard input is the content of"
    )


def _caching(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-j", "--jobs", type=_count, default=0, metavar="N", help="processes at most (default: as many as cores)"
    )
    parser.add_argument("--no-cache", action="store_true", help="neither read nor keep results on disk")
    parser.add_argument(
        "--cache-dir", metavar="DIR", help="keep results there, not in .backend_pitfalls_cache at the project root"
    )


def _check_parser(commands: argparse._SubParsersAction[_Parser]) -> None:
    check = commands.add_parser("check", help="report pitfalls")
    _selection(check)
    check.add_argument("--output-format", choices=("text", "concise", "json", "sarif", "github"), default="text")
    check.add_argument("-o", "--output", metavar="FILE", help="write the report to a file")
    check.add_argument("--min-confidence", choices=("low", "medium", "high"), help="leave out what is less sure")
    check.add_argument("--statistics", action="store_true", help="print counts by code at the end")
    check.add_argument("--exit-zero", action="store_true", help="exit 0 even with findings")
    check.add_argument("--since", metavar="REV", help="only findings on lines added since a git revision")
    check.add_argument(
        "--history",
        metavar="REV..",
        help="only the secrets that the commits of a range added; they stay in the repository",
    )
    check.add_argument("--baseline", metavar="FILE", help="leave out the findings that this file lists")
    check.add_argument("--update-baseline", action="store_true", help="write the present findings to the baseline file")
    check.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    check.set_defaults(run=lambda o: _lazy("check_command")(o))


def _fix_parser(commands: argparse._SubParsersAction[_Parser]) -> None:
    fix = commands.add_parser("fix", help="repair pitfalls")
    _selection(fix)
    fix.add_argument("--diff", action="store_true", help="show the changes, change nothing")
    fix.add_argument(
        "-o", "--output", metavar="FILE", help="write the changes to a patch that `git apply` takes, change nothing"
    )
    fix.add_argument("--interactive", action="store_true", help="ask before each repair")
    fix.add_argument("--unsafe-fixes", action="store_true", help="also repairs that may change behaviour")
    fix.add_argument("--fix-only", action="store_true", help="do not say which repairs were left, and why")
    fix.add_argument("--exit-non-zero-on-fix", action="store_true", help="exit 1 when something was repaired")
    fix.set_defaults(run=lambda o: _lazy("fix_command", "repairs")(o))


def _codes(text: str) -> tuple[str, ...]:
    return tuple(c.strip() for c in text.split(",") if c.strip())


def _count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of processes; give 1 or more")
    return int(text)


def _lazy(name: str, module: str = "commands"):  # type: ignore[no-untyped-def]
    return getattr(importlib.import_module(f"backend_pitfalls.hosts.cli.{module}"), name)
