"""The interpreter, construct by construct: `interpreter.md` is the specification. And its laws, on generated programs."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesmith import from_grammar

from backend_pitfalls.engine import analyse
from backend_pitfalls.engine.inspection import Inspection, inspect
from backend_pitfalls.model.options import Options
from backend_pitfalls.semantics.events import Call, Event, Query
from backend_pitfalls.semantics.interpreter import Interpreter, Summary
from backend_pitfalls.semantics.values import Function, Value
from backend_pitfalls.syntax.source import tree_of

SPECIFICATION = (Path(__file__).parent / "interpreter.md").read_text("utf-8")
BLOCK = re.compile(r"^```python ?(\S*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def sections() -> dict[str, dict[str, str]]:
    parts = re.split(r"^## (.+)$", SPECIFICATION, flags=re.MULTILINE)[1:]
    return {
        title: {name or "app.py": code for name, code in BLOCK.findall(body)}
        for title, body in zip(parts[::2], parts[1::2])
    }


def look(files: dict[str, str], folder: Path) -> Inspection:
    found = inspect(folder, Options(), "app.py", {name: code.encode() for name, code in files.items()})
    assert found is not None
    return found


def marked(code: str, sign: str) -> dict[int, str]:
    return {number: line.split(sign, 1)[1].strip() for number, line in enumerate(code.splitlines(), 1) if sign in line}


@pytest.mark.parametrize("title", list(sections()))
def test_values(title: str, tmp_path: Path) -> None:
    files = sections()[title]
    longest = {(t.span.line, t.span.col, t.span.end_line, t.span.end_col): t.value for t in look(files, tmp_path).types}
    found = {}
    for node in ast.walk(tree_of(files["app.py"])):
        value = getattr(node, "value", None)
        if isinstance(node, ast.stmt) and isinstance(value, ast.expr):
            place = (value.lineno, value.col_offset, value.end_lineno or 0, value.end_col_offset or 0)
            found[node.lineno] = longest.get(place, "not evaluated")
    expected = marked(files["app.py"], "#:")
    assert {line: found[line] for line in expected} == expected


def show(event: Event) -> str:
    what = (
        f"query {event.operation}"
        if isinstance(event, Query)
        else f"call {event.callee}"
        if isinstance(event, Call)
        else ""
    )
    loops = "".join(f" × {loop.subject}" for loop in event.loops if loop.counts)
    via = f" via {event.chain[0].message.split(chr(39))[1]}" if event.chain else ""
    return what + loops + via


@pytest.mark.parametrize("title", [t for t, files in sections().items() if "#!" in files["app.py"]])
def test_events(title: str, tmp_path: Path) -> None:
    files = sections()[title]
    found = {
        (event.chain[0].site.span.line if event.chain else event.site.span.line, show(event))
        for event in look(files, tmp_path).events
        if isinstance(event, (Query, Call))
    }
    assert found == set(marked(files["app.py"], "#!").items())


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(code=from_grammar())
def test_any_program_is_analysed(code: str, tmp_path: Path) -> None:
    analyse(tmp_path, Options(), {"app.py": code.encode("utf-8", "replace")})


PIECES = [
    "def {a}(x, k=None):\n    return {b}(x, k)",
    "def {a}(x):\n    for i in x:\n        {b}(i)\n    return x",
    "def {a}(x):\n    return M.objects.get(pk=x)",
    "def {a}(x, timeout=None):\n    return requests.get(x, timeout=timeout)",
    "class {a}:\n    def __init__(self, x=None):\n        self.v = {b}\n    def go(self):\n        return self.v(self.go())",
    "class {a}:\n    def run(self):\n        for i in self.rows:\n            self.step(i)\n    def step(self, i):\n        self.rows = {b}(i)\n        return M.objects.get(pk=i)",
    "{a} = {b}",
    "def {a}():\n    yield from {b}()\n    yield {a}",
    "def {a}(x, k=None):\n    def inner(y):\n        return {b}(x, y)\n    return inner(1)",
    "def {a}(x):\n    return dict(one=lambda: {b}(x), two=lambda y: {b}([x, y]))[x]()",
]
NAMES = ["p", "q", "r", "s", "t"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bodies=st.lists(
        st.lists(
            st.tuples(st.sampled_from(PIECES), st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=4
        ),
        min_size=2,
        max_size=4,
    )
)
def test_results_do_not_depend_on_the_order_of_evaluation(
    bodies: list[list[tuple[str, str, str]]], tmp_path: Path
) -> None:
    """Mutually recursive functions, classes and modules: each file alone in a fresh engine finds what all together find."""
    from backend_pitfalls.engine.session import Session

    head = "import requests\nfrom django.db import models\nclass M(models.Model):\n    pass\n"
    stars = "".join(f"from m{n} import *\n" for n in range(len(bodies)))
    files = {
        f"m{n}.py": (head + stars + "\n".join(p.format(a=a, b=b) for p, a, b in body) + "\n").encode()
        for n, body in enumerate(bodies)
    }

    def findings(order: list[str], together: bool) -> dict[str, object]:
        found = {}
        session: Session | None = None
        for path in order:
            if session is None or not together:
                session = Session(tmp_path, Options(), files)
                session.link([f for f in (session.index(python(p)).facts for p in files) if f is not None])
            found[path] = session.interpret(path)
        return found

    names = list(files)
    alone = findings(names, together=False)
    assert findings(names, together=True) == alone
    assert findings(names[::-1], together=True) == alone


@pytest.mark.parametrize("body", ["[{calls}]", "dict({lambdas})"])
def test_functions_that_all_call_each_other_are_evaluated_a_bounded_number_of_times(
    body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call has arguments of its own; each function asks for something, so that its arguments matter."""
    names = [f"f{number}" for number in range(12)]
    code = "import requests\n"
    for name in names:
        calls = ", ".join(f"{other}(x, {name!r})" for other in names)
        lambdas = ", ".join(f"{other}=lambda: {other}(x, {name!r})" for other in names)
        code += f"def {name}(x, k):\n    requests.get(k, timeout=x)\n    return {body.format(calls=calls, lambdas=lambdas)}\n"
    runs = 0
    run = Interpreter._run_function

    def counted(self: Interpreter, function: Function, arguments: Mapping[str, Value] | None) -> Summary:
        nonlocal runs
        runs += 1
        return run(self, function, arguments)

    monkeypatch.setattr(Interpreter, "_run_function", counted)
    analyse(tmp_path, Options(), {"app.py": code.encode()})
    print("RUNS", runs)
    assert runs < 10_000


def python(path: str):  # type: ignore[no-untyped-def]
    from backend_pitfalls.model.files import FileKind
    from backend_pitfalls.project.discover import ProjectFile

    return ProjectFile(path, FileKind.PYTHON)
