"""What the engine knows of one file: facts, the values of expressions, events. For `backend-pitfalls debug` and for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from backend_pitfalls.engine.session import Session, lies_beside, unhurried
from backend_pitfalls.model.finding import Span
from backend_pitfalls.model.options import Options
from backend_pitfalls.project.discover import project_files
from backend_pitfalls.project.link import Project
from backend_pitfalls.semantics.describe import describe
from backend_pitfalls.semantics.events import Event
from backend_pitfalls.semantics.facts import FileFacts
from backend_pitfalls.semantics.interpreter import Interpreter
from backend_pitfalls.semantics.recording import RecordingEvaluator


class Typed(msgspec.Struct, frozen=True, order=True):
    """An expression, its source text and a description of its value."""

    span: Span
    code: str
    value: str


class Inspection(msgspec.Struct, frozen=True):
    """Everything about one file; `types` in the order of the source, `events` in the order of evaluation."""

    facts: FileFacts
    types: tuple[Typed, ...]
    events: tuple[Event, ...]


def inspect(root: Path, options: Options, path: str, overlay: Mapping[str, bytes] | None = None) -> Inspection | None:
    """Look at one Python file within its project.

    Parameters:
        root: the project root.
        options: checked options.
        path: relative to the root.
        overlay: content that replaces or adds files.

    Returns:
        What is known; None when the file is not a Python file that can be read.
    """
    session = Session(root, options, overlay)
    with unhurried():
        found = project_files(root, options, session.overlay, [])
        indexed = [session.index(f, whole=f.path == path) for f in found.values()]
        facts = {i.path: i.facts for i in indexed if i.facts is not None}
        if path not in facts:
            return None
        beside = [f.path for f in found.values() if lies_beside(f)]
        project = Project(facts.values(), session.knowledge, session.source, beside, root.name)
        return _inspected(project, facts[path])


def _inspected(project: Project, facts: FileFacts) -> Inspection:
    recorder = RecordingEvaluator(facts.module)
    interpreter = Interpreter(project, recorder)
    events = list(interpreter.module_events(facts.module))
    events.extend(interpreter.framework_events(facts))
    for qualname in project.functions(facts.module):
        function = interpreter.function(facts.module, qualname)
        if function is not None:
            events.extend(interpreter.function_events(function))
    source = project.source(facts.module)
    assert source is not None
    types = sorted(
        Typed(source.span(node), source.snippet(node), describe(value))
        for node, value in recorder.values.items()
        if hasattr(node, "lineno")
    )
    return Inspection(facts, tuple(types), tuple(events))
