"""For programs: JSON, SARIF 2.1.0 as GitHub code scanning takes it, and GitHub's workflow commands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from backend_pitfalls._version import __version__
from backend_pitfalls.fixes.edits import FileEdits
from backend_pitfalls.model.finding import Severity, Span, Step
from backend_pitfalls.output.results import Edits, Located
from backend_pitfalls.rules import Rule, all_rules

HOME = "https://backend-pitfalls.readthedocs.io/rules"
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MAX_RESULTS = 25_000
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def as_json(results: Sequence[Located], edits: Edits) -> str:
    """One object: the version and the findings; lines count from 1, columns from 0."""
    return json.dumps(
        {"version": __version__, "findings": [_json_finding(r, edits(r)) for r in results]},
        indent=2,
        ensure_ascii=False,
    )


def _json_edits(located: Located, edits: FileEdits) -> dict[str, Any]:
    shown = [
        {"line": e.line, "column": e.col, "end_line": e.end_line, "end_column": e.end_col, "text": e.text}
        for e in edits.edits
    ]
    return {"path": located.shown_path(edits.path), "edits": shown}


def _json_finding(located: Located, edits: list[FileEdits] | None) -> dict[str, Any]:
    finding = located.finding
    fix = finding.fix
    return {
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "path": located.shown_path(),
        **_json_span(finding.span),
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "symbol": finding.symbol,
        "fingerprint": located.fingerprint,
        "trace": [
            {"path": located.shown_path(s.site.path), **_json_span(s.site.span), "message": s.message}
            for s in finding.trace
        ],
        "fix": None
        if fix is None or edits is None
        else {
            "title": fix.title,
            "safety": fix.safety.value,
            "caution": fix.caution,
            **_json_edits(located, edits[0]),
            "elsewhere": [_json_edits(located, others) for others in edits[1:]],
        },
    }


def _json_span(span: Span) -> dict[str, int]:
    return {"line": span.line, "column": span.col, "end_line": span.end_line, "end_column": span.end_col}


def github(results: Sequence[Located]) -> Iterator[str]:
    """Workflow commands that annotate a pull request."""
    for located in results:
        f = located.finding
        place = f"file={_property(located.shown_path())},line={f.span.line},endLine={f.span.end_line},col={f.span.col + 1},title={_property(f'{f.code} {f.name}')}"
        message = f.message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        yield f"::{_GITHUB[f.severity]} {place}::{message}"


def _property(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A").replace(":", "%3A").replace(",", "%2C")


def sarif(results: Sequence[Located], edits: Edits) -> str:
    """A SARIF 2.1.0 log. URIs are relative to the base `SRCROOT`, the current folder."""
    rules = list(all_rules())
    index = {rule.meta.code: i for i, rule in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "backend-pitfalls",
                "semanticVersion": __version__,
                "informationUri": HOME.rsplit("/", 1)[0],
                "rules": [_sarif_rule(rule) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"uri": Path.cwd().as_uri() + "/"}},
        "results": [_sarif_result(r, index[r.finding.code], edits(r)) for r in results[:MAX_RESULTS]],
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    meta = rule.meta
    tags = [
        meta.family.replace("_", "-"),
        *(["security"] if meta.security_severity is not None else []),
        *(f"external/cwe/cwe-{n:03d}" for n in meta.cwe),
    ]
    properties: dict[str, Any] = {
        "tags": tags[:20],
        "precision": {"high": "high", "medium": "medium", "low": "low"}[meta.confidence.value],
    }
    if meta.security_severity is not None:
        properties["security-severity"] = f"{meta.security_severity:.1f}"
    return {
        "id": meta.code,
        "name": "".join(word.title() for word in meta.name.split("-")),
        "shortDescription": {"text": f"{meta.summary}."},
        "fullDescription": {"text": rule.page.split("\n\n## ")[0]},
        "help": {"text": re.sub(r"```\w*\n?|`", "", rule.page), "markdown": rule.page},
        "helpUri": f"{HOME}/{meta.code}/",
        "defaultConfiguration": {"level": _LEVELS[meta.severity]},
        "properties": properties,
    }


def _sarif_result(located: Located, rule_index: int, edits: list[FileEdits] | None) -> dict[str, Any]:
    finding = located.finding
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [_location(located, finding.path, finding.span)],
        "partialFingerprints": {"backendPitfalls/v1": located.fingerprint},
        "properties": {"confidence": finding.confidence.value},
    }
    if finding.trace:
        result["relatedLocations"] = [{"id": i, **_step(located, s)} for i, s in enumerate(finding.trace)]
        result["codeFlows"] = [
            {"threadFlows": [{"locations": [{"location": _step(located, s)} for s in finding.trace]}]}
        ]
    if finding.fix is not None and edits:
        changes = [_sarif_change(located, of_file) for of_file in edits]
        result["fixes"] = [{"description": {"text": finding.fix.title}, "artifactChanges": changes}]
    return result


def _sarif_change(located: Located, edits: FileEdits) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(Span(e.line, e.col, e.end_line, e.end_col)), "insertedContent": {"text": e.text}}
        for e in edits.edits
    ]
    return {"artifactLocation": _artifact(located, edits.path), "replacements": replacements}


def _step(located: Located, step: Step) -> dict[str, Any]:
    return {**_location(located, step.site.path, step.site.span), "message": {"text": step.message}}


def _location(located: Located, path: str, span: Span) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(located, path), "region": _region(span)}}


def _artifact(located: Located, path: str) -> dict[str, str]:
    from urllib.parse import quote

    shown = located.shown_path(path)
    if shown.startswith("/"):
        return {"uri": f"file://{quote(shown)}"}
    return {"uri": quote(shown, safe="/+~@=,!$()*;"), "uriBaseId": "SRCROOT"}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.col + 1,
        "endLine": span.end_line,
        "endColumn": span.end_col + 1,
    }
