"""Credentials move out of the source: how a project reads its settings, and the sample file that names those which it needs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec.structs import replace

from backend_pitfalls.fixes.apply import FilePlan, decoded
from backend_pitfalls.fixes.edits import Edit, FileEdits, apply_edits, newline_of
from backend_pitfalls.fixes.piece import Place
from backend_pitfalls.model.finding import Finding
from backend_pitfalls.model.fix import NameSetting, ReplaceWithEnvironment
from backend_pitfalls.project.discover import is_ignored
from backend_pitfalls.syntax.names import dotted
from backend_pitfalls.syntax.source import tree_of

SAMPLES = (".env.example", ".env.sample", ".env.template", "env.example")
"""Names of the file that lists the settings of a project, the one that is made first."""


def reader(tree: ast.Module, line: int) -> str:
    """The name with which a file reads settings above a line: `env` of django-environ, `config` of python-decouple or Starlette; empty for none.

    https://django-environ.readthedocs.io/en/latest/quickstart.html, https://github.com/HBNetwork/python-decouple,
    https://starlette.dev/config/

    Parameters:
        tree: the file.
        line: the one that is to read a setting.
    """
    for node in tree.body:
        if node.lineno >= line:
            break
        if isinstance(node, ast.ImportFrom) and node.module == "decouple":
            name = next((a.asname or a.name for a in node.names if a.name == "config"), "")
            if name:
                return name
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            made = dotted(node.value.func).rsplit(".", 1)[-1]
            if made in ("Env", "FileAwareEnv", "Config") and isinstance(node.targets[0], ast.Name):
                return node.targets[0].id if made != "Config" or _imports(tree, "starlette.config") else ""
    return ""


def _imports(tree: ast.Module, module: str) -> bool:
    return any(isinstance(n, ast.ImportFrom) and n.module == module for n in tree.body)


def without_default(tree: ast.Module, place: Place) -> Edit | None:
    """A field of pydantic's settings without its default, so that the environment must give it; None when the place is no such default.

    https://docs.pydantic.dev/latest/concepts/pydantic_settings/

    Parameters:
        tree: the file.
        place: of the literal.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(dotted(b).endswith("BaseSettings") for b in node.bases):
            for field in node.body:
                value = field.value if isinstance(field, ast.AnnAssign) else None
                if value is not None and (value.lineno, value.end_lineno) == (place[0], place[2]):
                    end = field.annotation  # type: ignore[attr-defined]
                    if end.end_lineno == value.lineno and value.col_offset <= place[1] <= value.end_col_offset:  # type: ignore[operator]
                        return Edit(end.end_lineno, end.end_col_offset, value.end_lineno, value.end_col_offset, "")  # type: ignore[arg-type]
    return None


def field_edit(text: str, declared: str, field: str) -> Edit | None:
    """The edit that gives a class of settings one more field, behind its others; None when it has that, or the class is not there.

    Parameters:
        text: of the file.
        declared: the class.
        field: the name.

    Raises:
        SyntaxError: when Python cannot read the file.
    """
    for node in ast.walk(tree_of(text)):
        if isinstance(node, ast.ClassDef) and node.name == declared.rsplit(".", 1)[-1]:
            fields = [s for s in node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
            if not fields or any(dotted(f.target) == field for f in fields):
                return None
            line = (fields[-1].end_lineno or fields[-1].lineno) + 1
            return Edit(line, 0, line, 0, f"{' ' * fields[-1].col_offset}{field}: str{newline_of(text)}")
    return None


def field_edits(finding: Finding, read: Callable[[str], bytes]) -> list[FileEdits]:
    """The edits that the repair of a finding needs in the class of settings.

    Parameters:
        finding: with a repair.
        read: gives the bytes of a file.
    """
    path, declared, field = declares(finding)
    edit = field_edit(decoded(read(path))[0], declared, field) if path else None
    return [FileEdits(path, [edit])] if edit is not None else []


def with_field(data: bytes, declared: str, field: str) -> bytes:
    """A file in which a class of settings has a field.

    Raises:
        SyntaxError: when Python cannot read the file.
    """
    text, encoding, bom = decoded(data)
    edit = field_edit(text, declared, field)
    return bom + apply_edits(text, [edit]).encode(encoding) if edit is not None else data


def alone(finding: Finding) -> Finding:
    """The finding with a repair that needs no field in another file."""
    fix = finding.fix
    if fix is None or not declares(finding)[0]:
        return finding
    intents = tuple(replace(i, settings=None) if isinstance(i, ReplaceWithEnvironment) else i for i in fix.intents)
    return replace(finding, fix=replace(fix, intents=intents))


def declares(finding: Finding) -> tuple[str, str, str]:
    """The file, class and field of the settings that the repair of a finding needs elsewhere; empty texts for none."""
    for intent in finding.fix.intents if finding.fix is not None else ():
        if isinstance(intent, ReplaceWithEnvironment) and intent.settings is not None and intent.settings.declared:
            return intent.settings.path, intent.settings.declared, intent.settings.field(intent.variable)
    return "", "", ""


def sample_plan(root: Path, plans: Iterable[FilePlan]) -> FilePlan | None:
    """The sample file with the names of the settings that repairs of a project made necessary; None when it has them all.

    Parameters:
        root: the project root.
        plans: of its other files.

    Raises:
        OSError: when the file is there and cannot be read.
    """
    findings = [finding for plan in plans for finding in plan.repaired]
    names = sorted({name for finding in findings for name in _settings(finding)})
    path = next((name for name in SAMPLES if (root / name).is_file()), SAMPLES[0])
    before = (root / path).read_bytes() if (root / path).is_file() else b""
    has = {line.partition(b"=")[0].strip().removeprefix(b"export ") for line in before.splitlines()}
    missing = [name for name in names if name.encode() not in has]
    if not missing:
        return None
    newline = b"\r\n" if b"\r\n" in before else b"\n"
    start = before + newline if before and not before.endswith((b"\n", b"\r")) else before
    return FilePlan(path, before, start + b"".join(name.encode() + b"=" + newline for name in missing), (), ())


def leaves_secrets_open(root: Path) -> bool:
    """Whether a `.env` beside the sample would be committed: git does not ignore it."""
    return not is_ignored(root, ".env")


def _settings(finding: Finding) -> Iterable[str]:
    for intent in finding.fix.intents if finding.fix is not None else ():
        if isinstance(intent, (ReplaceWithEnvironment, NameSetting)):
            yield intent.variable
