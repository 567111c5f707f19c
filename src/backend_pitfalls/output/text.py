"""For people: a code frame, the trace as numbered lines, the repair; `concise`: one line a finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backend_pitfalls.model.finding import Severity
from backend_pitfalls.output.results import Located, lines_of, redacted

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.NOTE: "36"}


def concise(results: Sequence[Located], colour: bool) -> Iterator[str]:
    """`path:line:column: CODE message`, columns from 1."""
    for located in results:
        finding = located.finding
        code = _paint(finding.code, _COLOURS[finding.severity], colour)
        mark = " [*]" if finding.fix is not None else ""
        yield f"{located.shown_path()}:{finding.span.line}:{finding.span.col + 1}: {code}{mark} {finding.message}"


def text(results: Sequence[Located], colour: bool) -> Iterator[str]:
    """A block a finding."""
    for located in results:
        finding = located.finding
        place = f"{located.shown_path()}:{finding.span.line}:{finding.span.col + 1}"
        yield f"{_paint(finding.code, _COLOURS[finding.severity], colour)} {_paint(finding.name, '1', colour)} {place}"
        yield f"  {finding.message}"
        yield from frame(located, colour)
        for number, step in enumerate(finding.trace, 1):
            yield f"  {number}. {located.shown_path(step.site.path)}:{step.site.span.line}: {step.message}"
        if finding.fix is not None:
            flag = "" if finding.fix.safety.value == "safe" else " --unsafe-fixes"
            yield _paint(f"  repair: {finding.fix.title} (backend-pitfalls fix{flag})", "32", colour)
        yield ""


def summary(results: Sequence[Located], files: int) -> str:
    """The closing line."""
    fixable = sum(r.finding.fix is not None for r in results)
    if not results:
        return f"No pitfalls found in {files} files."
    repair = f", {fixable} with a repair" if fixable else ""
    return f"{len(results)} {'pitfall' if len(results) == 1 else 'pitfalls'} in {files} files{repair}. `backend-pitfalls rule CODE` explains a code."


def frame(located: Located, colour: bool) -> Iterator[str]:
    """The line of a finding between its neighbours, what it is about underlined; credentials are not shown."""
    finding = located.finding
    lines = lines_of(located.root / finding.path)
    span = finding.span
    width = len(str(span.line + 1))
    for number in range(max(span.line - 1, 1), min(span.line + 1, len(lines)) + 1):
        line = redacted(lines[number - 1], number, finding.redact)[:160]
        yield _paint(f"  {number:>{width}} | ", "2", colour) + line
        if number == span.line:
            end = span.end_col if span.end_line == span.line else len(lines[number - 1])
            start = min(span.col, 159)
            yield f"  {'':>{width}} | {' ' * start}" + _paint(
                "^" * max(min(end, 160) - start, 1), _COLOURS[finding.severity], colour
            )


def _paint(text_: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text_}\x1b[0m" if colour else text_
