"""`backend-pitfalls debug`: what the engine knows of a file and of libraries."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from backend_pitfalls.engine.inspection import Inspection, inspect
from backend_pitfalls.hosts.cli import CLEAN
from backend_pitfalls.knowledge import load
from backend_pitfalls.model.errors import UserError
from backend_pitfalls.model.finding import Site
from backend_pitfalls.project.config import find_root, read_options
from backend_pitfalls.project.manifests import kubernetes
from backend_pitfalls.project.manifests.kubernetes import Container
from backend_pitfalls.semantics.describe import describe
from backend_pitfalls.semantics.events import Call, Event, Query
from backend_pitfalls.syntax.source import Unreadable


def debug_command(options: argparse.Namespace) -> int:
    """`backend-pitfalls debug facts|types|events|manifests FILE`, `backend-pitfalls debug knowledge [NAME]`."""
    if options.what == "knowledge":
        lines = _knowledge(options.file or "")
    elif options.what == "manifests":
        lines = _manifests(options.file)
    else:
        inspection = _inspection(options.file)
        lines = {"facts": _facts, "types": _types, "events": _events}[options.what](inspection)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return CLEAN


def _inspection(name: str | None) -> Inspection:
    if not name:
        raise UserError("name a Python file, such as `backend-pitfalls debug types app/views.py`")
    path = Path(name).resolve()
    if not path.is_file():
        raise UserError(f"{name}: no such file; check the path")
    root = find_root(path.parent) or path.parent
    found = inspect(root, read_options(root), path.relative_to(root).as_posix())
    if found is None:
        raise UserError(f"{name}: is not a Python file of the project that can be parsed; `check` says why")
    return found


def _manifests(name: str | None) -> Iterator[str]:
    """The containers of a manifest, and for each without a probe why that is no finding."""
    path = Path(name).resolve() if name else None
    if path is None or not path.is_file():
        raise UserError(
            f"{name or 'manifests'}: no such file; name a manifest, such as `backend-pitfalls debug manifests k8s/shop.yaml`"
        )
    try:
        found = kubernetes.workloads(path.read_bytes())
    except Unreadable as error:
        raise UserError(f"{name}:{error.line}: {error.reason}") from None
    for workload in found:
        yield f"{workload.span.line}: {workload.symbol}"
        for container in workload.containers:
            probes = ", ".join(
                f"{p.name} ({p.how or '?'} {p.target} {p.port})".replace("  ", " ") for p in container.probes
            )
            yield f"    {container.span.line}: {container.name}: {probes or 'no probes'}{_why_silent(container)}"
    if not found:
        yield "no workload that keeps pods running: jobs, and what a template puts together, are not looked at"


def _why_silent(container: Container) -> str:
    if container.is_patch:
        return "; a patch: it changes a container of another file"
    if container.partial:
        return "; a template may give it more, so that nothing is said of it"
    if not container.ports and not container.probes:
        return "; it opens no port and nothing asks it, as workers and batches do: nobody waits for its answers"
    return ""


def _facts(inspection: Inspection) -> Iterator[str]:
    yield msgspec.json.format(msgspec.json.encode(inspection.facts), indent=2).decode()


def _types(inspection: Inspection) -> Iterator[str]:
    for typed in inspection.types:
        yield f"{typed.span.line}:{typed.span.col + 1}: {typed.code}  →  {typed.value}"


def _events(inspection: Inspection) -> Iterator[str]:
    for event in inspection.events:
        yield f"{_place(event.site)}: {_event(event)}" + (f" in {event.symbol}" if event.symbol else "")
        for loop in event.loops:
            kind = "a few rounds of " if loop.few else "batches of " if loop.batched else ""
            yield f"    in the loop over {kind}'{loop.subject}' at {_place(loop.site)}"
        for step in event.chain:
            yield f"    {step.message} at {_place(step.site)}"


def _event(event: Event) -> str:
    if isinstance(event, Query):
        return f"query {event.effect} '{event.operation}' of {event.model or '?'} ({event.dialect})"
    if isinstance(event, Call):
        given = [describe(a) for a in event.args] + [f"{k}={describe(v)}" for k, v in event.keywords.items()]
        return f"call {event.callee}({', '.join([*given, *(['…'] if event.spread else [])])})"
    return type(event).__name__.lower()


def _place(site: Site) -> str:
    return f"{site.path}:{site.span.line}:{site.span.col + 1}"


def _knowledge(part: str) -> Iterator[str]:
    """Rows of the tables as TOML-like lines, those that mention `part`."""
    for table in load().tables:
        for field in table.__struct_fields__:
            rows = getattr(table, field)
            for row in rows if isinstance(rows, tuple) else ():
                text = f"[{table.library}] {field.rstrip('_')}: {msgspec.json.encode(row).decode()}"
                if part in text:
                    yield text
