"""A coroutine is made and never awaited, or a task is started and nothing holds it.

## What it does
Finds calls of coroutine functions, also of other files, that stand alone without `await`, and tasks whose object is dropped (not in tests and scripts, which end before that matters).

## Why it hurts in production
A coroutine that nobody awaits never runs: the mail is not sent, the row is not written, and only a warning at exit says so. A task that nothing holds may be collected before it is done.

## Example
```python
import asyncio

async def send(mail):
    await asyncio.sleep(1)

async def register(mail):
    send(mail)
```

## Use instead
```python
import asyncio

async def send(mail):
    await asyncio.sleep(1)

async def register(mail):
    await send(mail)
```

## Fix safety
There is no automatic repair.

## Options
None.

## Known limits
Coroutine functions with decorators are not looked at: a decorator may make something else of them. Tests are silent unless `notes-in` names them: a test that awaits
nothing takes no back end down, and tests of coroutines would be half of what there is to evaluate.

## References
- [asyncio: awaitables](https://docs.python.org/3/library/asyncio-task.html#awaitables)
- [asyncio.create_task](https://docs.python.org/3/library/asyncio-task.html#asyncio.create_task)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM, NOT_THE_SERVICE
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.project.discover import context_of
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.semantics.events import Dropped

META = RuleMeta(
    code="BPF702",
    name="dropped-coroutine",
    summary="A coroutine is made and never awaited, or a task is started and nothing holds it",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    tokens=(b"async def", b"asyncio"),
    silent_in=NOT_THE_PROGRAM,
)


@listens(Dropped)
def dropped(event: Dropped, report: Report) -> None:
    """A coroutine or task that is dropped."""
    if event.chain:
        return
    if event.what == "coroutine":
        report(
            event.site,
            f"'{event.name}' is a coroutine that is never awaited, so it never runs; await it",
            symbol=event.symbol,
        )
    elif event.what == "task" and context_of(event.site.path) not in NOT_THE_SERVICE:
        message = (
            f"nothing holds the task of '{event.name}', so it may be collected before it is done; keep a reference"
        )
        report(event.site, message, confidence=Confidence.MEDIUM, symbol=event.symbol)
