"""Plan the repairs of files, verify the result, write it."""

from __future__ import annotations

import ast
import codecs
import contextlib
import difflib
import os
import tempfile
import tokenize
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import msgspec
from msgspec.structs import replace

from backend_pitfalls.fixes.edits import Edit, apply_edits, overlap
from backend_pitfalls.fixes.layout import laid_out
from backend_pitfalls.fixes.verify import fault
from backend_pitfalls.model.errors import UserError
from backend_pitfalls.model.finding import Finding
from backend_pitfalls.model.fix import EagerLoad, Safety
from backend_pitfalls.project.style import LINE_LENGTH


class FilePlan(msgspec.Struct, frozen=True):
    """What the repairs make of one file: its bytes before and after, the repaired findings, those left and why."""

    path: str
    before: bytes
    after: bytes
    repaired: tuple[Finding, ...]
    left: tuple[tuple[Finding, str], ...]

    def diff(self) -> str:
        """A unified diff that `git apply` takes."""
        old, new = (decoded(data)[0].splitlines(keepends=True) for data in (self.before, self.after))
        lines = difflib.unified_diff(old, new, f"a/{self.path}" if old else "/dev/null", f"b/{self.path}")
        return "".join(ln if ln.endswith("\n") else f"{ln}\n\\ No newline at end of file\n" for ln in lines)


def plan_file(path: str, data: bytes, findings: Iterable[Finding], unsafe: bool, limit: int = LINE_LENGTH) -> FilePlan:
    """Plan the repairs of one file without touching it.

    Parameters:
        path: as the diff shows it.
        data: the file's bytes, the same that were analysed.
        findings: the findings in this file; those without a repair are passed over.
        unsafe: whether unsafe repairs are wanted too.
        limit: the longest line that the project wants.
    """
    import libcst

    from backend_pitfalls.fixes.resolve import Resolver

    text, encoding, bom = decoded(data)
    resolver, is_python = Resolver(text), _is_python(path)
    taken: list[Edit] = []
    repaired: list[Finding] = []
    left: list[tuple[Finding, str]] = []
    for finding in _merged(findings):
        if finding.fix is None:
            continue
        if finding.fix.safety is Safety.UNSAFE and not unsafe:
            left.append((finding, f"unsafe ({finding.fix.caution}); use --unsafe-fixes"))
            continue
        try:
            edits = resolver.edits(finding.fix)
        except libcst.ParserSyntaxError:
            edits = None
        if edits is None:
            left.append((finding, "the code there has a form that the repair does not handle"))
        elif any(overlap(a, b) for a in edits for b in taken):
            left.append((finding, "it overlaps another repair; run again"))
        elif is_python and (reason := _fault(text, resolver.tree, [*taken, *edits], limit)):
            left.append((finding, reason))
        else:
            taken.extend(edits)
            repaired.append(finding)
    shown = laid_out(text, resolver.tree, taken, limit) if is_python else taken
    after = bom + apply_edits(text, shown).encode(encoding) if taken else data
    return FilePlan(path, data, after, tuple(repaired), tuple(left))


def _is_python(path: str) -> bool:
    return path.endswith((".py", ".pyw"))


def _fault(text: str, tree: ast.Module, edits: list[Edit], limit: int) -> str:
    edits = laid_out(text, tree, edits, limit)
    return fault(tree, apply_edits(text, edits), edits)


def _merged(findings: Iterable[Finding]) -> list[Finding]:
    """Eager loads of one query set by one method become one repair, in the order of their paths."""
    found: dict[object, Finding] = {}
    for number, finding in enumerate(findings):
        key = load_place(finding) or number
        first = found.get(key)
        if first is None or first.fix is None or finding.fix is None:
            found[key] = finding
            continue
        before, intent = first.fix.intents[0], finding.fix.intents[0]
        assert isinstance(before, EagerLoad)
        assert isinstance(intent, EagerLoad)
        names = _without_prefixes({*before.names, *intent.names})
        found[key] = replace(first, fix=replace(first.fix, intents=(replace(intent, names=names),)))
    return list(found.values())


def load_place(finding: Finding) -> tuple[object, ...]:
    """The query set that a repair adds relations to, and by which method, in which several repairs may be one; nothing for other repairs."""
    intents = finding.fix.intents if finding.fix is not None else ()
    intent = intents[0] if len(intents) == 1 else None
    if not isinstance(intent, EagerLoad):
        return ()
    return (finding.fixed_path, intent.line, intent.col, intent.end_line, intent.end_col, intent.method)


def _without_prefixes(paths: set[str]) -> tuple[str, ...]:
    """`author__country` loads `author` too."""
    return tuple(sorted(p for p in paths if not any(other.startswith(f"{p}__") for other in paths)))


def edits_of(path: str, data: bytes, findings: Iterable[Finding], limit: int = LINE_LENGTH) -> dict[int, list[Edit]]:
    """The edits of each finding's repair by the finding's position in the list, each against the file as it is."""
    import libcst

    from backend_pitfalls.fixes.resolve import Resolver

    text = decoded(data)[0]
    resolver = Resolver(text)
    found: dict[int, list[Edit]] = {}
    for index, finding in enumerate(findings):
        if finding.fix is None:
            continue
        with contextlib.suppress(libcst.ParserSyntaxError):
            edits = resolver.edits(finding.fix)
            if edits is not None:
                found[index] = laid_out(text, resolver.tree, edits, limit) if _is_python(path) else edits
    return found


def write_all(plans: Iterable[tuple[Path, FilePlan]]) -> None:
    """Replace (or make) the files of (project root, plan) together: each atomically, permissions kept and links respected, and none when one
    cannot be.

    Raises:
        UserError: when a file changed since it was read, or cannot be written.
    """
    staged: list[tuple[Path, Path, bytes | None]] = []
    done: list[tuple[Path, bytes | None]] = []
    current = ""
    try:
        for root, plan in plans:
            current, target = plan.path, (root / plan.path).resolve()
            if (target.read_bytes() if target.exists() else b"") != plan.before:
                raise UserError(f"{plan.path}: changed while it was being repaired; nothing was written, run again")
            staged.append((_staged(target, plan.after), target, plan.before if target.exists() else None))
        for made, target, before in staged:
            current = target.name
            made.replace(target)
            done.append((target, before))
    except OSError as error:
        for target, before in done:
            with contextlib.suppress(OSError):
                _staged(target, before).replace(target) if before is not None else target.unlink()
        raise UserError(
            f"{current}: cannot be written: {error.strerror}; give the right to write it and run again"
        ) from None
    finally:
        for made, _, _ in staged:
            made.unlink(missing_ok=True)


def _staged(target: Path, data: bytes) -> Path:
    """A finished file beside the target, with its permissions, to be renamed to it."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        made.chmod(target.stat().st_mode & 0o7777 if target.exists() else 0o644)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    return made


def decoded(data: bytes) -> tuple[str, str, bytes]:
    """The text of a file with its own line ends, the encoding without BOM, the BOM.

    Raises:
        SyntaxError: when it declares an encoding that there is not.
    """
    bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    return data[len(bom) :].decode(encoding), encoding, bom
