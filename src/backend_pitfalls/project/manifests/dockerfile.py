"""Dockerfiles: the final stage, what it starts and whether it is checked."""

from __future__ import annotations

import io
import json

import msgspec

from backend_pitfalls.model.finding import Span
from backend_pitfalls.model.regex import regex
from backend_pitfalls.syntax.source import Unreadable

MAX_BYTES = 500_000
_SERVERS = regex(
    r"\b(gunicorn|uvicorn|hypercorn|daphne|granian|uwsgi|waitress-serve|runserver|flask\s+run|fastapi\s+(run|dev)|nginx|httpd|apache2ctl|twistd|aiohttp\.web|sanic|bokeh\s+serve|streamlit\s+run)\b"
)


_WORD = regex(r"[a-zA-Z][\w.+-]*")


class Instruction(msgspec.Struct, frozen=True):
    """One instruction: its name in capitals, its value, its range."""

    name: str
    value: str
    span: Span


class Image(msgspec.Struct, frozen=True):
    """What the final stage of a Dockerfile starts: the server's name ("" when it starts none), the instruction that
    starts it, whether a HEALTHCHECK is there (None) or switched off, and the ports it exposes. `base` is the image that it is made
    from in the end, `made` the words of what is run and copied on the way."""

    server: str
    start: Instruction | None
    healthcheck: Instruction | None
    ports: tuple[str, ...]
    base: str = ""
    made: frozenset[str] = frozenset()
    command: str = ""


def image(data: bytes) -> Image:
    """Read a Dockerfile.

    Raises:
        Unreadable: when it cannot be a Dockerfile (binary, too large, no FROM).
    """
    if b"\0" in data:
        raise Unreadable("is a binary file, not a Dockerfile; rename or exclude it")
    if len(data) > MAX_BYTES:
        raise Unreadable(
            f"has {len(data):,} bytes, more than the {MAX_BYTES:,} that are analysed as a Dockerfile; exclude it"
        )
    instructions = _instructions(data)
    starts = [i for i, instruction in enumerate(instructions) if instruction.name == "FROM"]
    if not starts:
        if any(b"{{" in line or b"{%" in line for line in data.splitlines()):
            return Image("", None, None, ())
        raise Unreadable("has no FROM instruction, so it is no Dockerfile; rename or exclude it")
    stage = instructions[starts[-1] :]
    last = {i.name: i for i in stage}
    start = last.get("CMD") or last.get("ENTRYPOINT")
    text = " ".join(_command(last[name].value) for name in ("ENTRYPOINT", "CMD") if name in last)
    ports = tuple(p for i in stage if i.name == "EXPOSE" for p in i.value.split())
    base, made = _made(instructions, starts)
    return Image(server_in(text), start, last.get("HEALTHCHECK"), ports, base, made, text)


def server_in(command: str) -> str:
    """The server that a command starts; the empty string for none."""
    match = _SERVERS.search(command)
    return " ".join(match[1].split()) if match else ""


class Worker(msgspec.Struct, frozen=True):
    """A worker of Celery: the words before its subcommand that name its application ("celery -A shop"; empty where they do not tell), and whether it goes by the name that it has of itself."""

    program: str
    is_unnamed: bool


def worker_in(command: str) -> Worker | None:
    """The worker of Celery that a command starts: https://docs.celeryq.dev/en/stable/reference/cli.html#celery-worker"""
    match = _WORKER.search(command)
    if match is None:
        return None
    application = _APPLICATION.search(match[0])
    program = f"celery -A {application[1]}" if application else ""
    return Worker(program, not _NAMED.search(match[0]))


_WORKER = regex(r"\bcelery\s(?:[^;&|]*\s)?worker\b[^;&|]*")
_APPLICATION = regex(r"\s(?:-A|--app)[= ]?\s*([\w.:]+)")
_NAMED = regex(r"\s(?:-n|--hostname)\b")


def port_of(command: str, exposed: tuple[str, ...]) -> str:
    """The port that a server takes: as its command says, else the only one that the image exposes; the empty string when neither tells."""
    match = _PORT.search(command)
    if match:
        return match[1] or match[2]
    numbers = [port.split("/")[0] for port in exposed]
    return numbers[0] if len(numbers) == 1 and numbers[0].isdigit() else ""


_PORT = regex(r"(?:--port[= ]|-p )(\d{2,5})\b|[\w\]]:(\d{2,5})\b")


def _made(instructions: list[Instruction], starts: list[int]) -> tuple[str, frozenset[str]]:
    """The image below all stages that the last one is made from, and the words of what they run and copy."""
    stages: dict[str, int] = {}
    for number, start in enumerate(starts):
        words = instructions[start].value.split()
        if len(words) > 2 and words[-2].lower() == "as":
            stages[words[-1].lower()] = number
    made: set[str] = set()
    number, base = len(starts) - 1, ""
    while number >= 0:
        end = starts[number + 1] if number + 1 < len(starts) else len(instructions)
        for instruction in instructions[starts[number] : end]:
            if instruction.name in ("RUN", "COPY", "ADD"):
                made.update(_WORD.findall(instruction.value))
        base = next((w for w in instructions[starts[number]].value.split() if not w.startswith("--")), "")
        below = stages.get(base.lower(), -1)
        if below >= number:
            break
        number = below
    return base, frozenset(made)


def _instructions(data: bytes) -> list[Instruction]:
    from dockerfile_parse import DockerfileParser

    try:
        structure = DockerfileParser(fileobj=io.BytesIO(data)).structure
    except Exception as error:
        raise Unreadable(
            f"cannot be read as a Dockerfile: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        ) from None
    return [
        Instruction(
            i["instruction"].upper(),
            i["value"],
            Span(i["startline"] + 1, 0, i["endline"] + 1, len(i["content"].splitlines()[-1]) if i["content"] else 0),
        )
        for i in structure
        if i["instruction"] != "COMMENT"
    ]


def _command(value: str) -> str:
    """The words of an instruction in exec form (a JSON list) or shell form."""
    try:
        words = json.loads(value)
    except ValueError:
        return value
    return " ".join(str(w) for w in words) if isinstance(words, list) else value
