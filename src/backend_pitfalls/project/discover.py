"""Which files a run looks at, and what each is for."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from backend_pitfalls.model.files import FileContext, FileKind
from backend_pitfalls.model.options import Options
from backend_pitfalls.model.regex import regex
from backend_pitfalls.project.config import is_project
from backend_pitfalls.project.vendored import copies
from backend_pitfalls.syntax.surrogates import is_whole, legible

SKIPPED_FOLDERS = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".tox",
        ".nox",
        ".venv",
        "venv",
        "node_modules",
        "__pycache__",
        "site-packages",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".eggs",
        "bower_components",
        ".backend_pitfalls_cache",
    }
)
_DOCKERFILE = regex(r"^(Dockerfile|Containerfile)([._-].+)?$|.+\.[Dd]ockerfile$")
_CONFIGURATION = regex(
    r"^\.env([._-].+)?$|\.(env|json|toml|ini|cfg|conf|properties|tf|tfvars|sh|sql|ipynb|credentials|service|nomad|nomad\.hcl)$|^\.(npmrc|pypirc|netrc|dockercfg)$"
)
_LOCKS = frozenset(
    {"package.json", "package-lock.json", "composer.lock", "tsconfig.json", "Pipfile.lock", "poetry.lock", "uv.lock"}
)
_TEST = regex(
    r"(^|/)(([^/]+[_-])?tests?|testing|pytest|fixtures|factories|e2e)/|(^|/)(test_[^/]*|[^/]*_test_[^/]*|[^/]*_tests?|[^/]*test_?data|pytest_[^/]*|conftest|tests?|factories)\.py$"
)
_MIGRATION = regex(
    r"(^|/)(\w*migrations|alembic/versions|versions)/[^/]+\.py$|(^|/)south_migrations/|(^|/)(alembic|migrations|revisions)/([^/]+/)*env\.py$"
)
_SETTINGS = regex(r"(^|/)(settings|config|configuration)(/[^/]+)?\.py$|(^|/)[^/]*settings[^/]*\.py$")
_SCRIPT = regex(
    r"(^|/)(scripts?|bin|tools|management/commands)/|(^|/)cli/([^/]+/)*[^/]+\.py$|(^|/)(setup|manage|fabfile|noxfile|tasks_dev|cli)\.py$"
)
_TOOLING = regex(
    r"(^|/)(docs?|examples?|samples?|demos?|bench|benches|benchmarks?|dev|devtools|scripts?-dev|build_?tools?|hack|ci|\.[^/]+)/|^tools/|^(package|release|build|bump_version)\.py$"
)
_GENERATED = regex(r"_pb2(_grpc)?\.py$|(^|/)_version\.py$|(^|/)(generated|_vendor(ed)?|vendored)/")


class ProjectFile(msgspec.Struct, frozen=True):
    """A file of the project: its path relative to the root with forward slashes, how it is read, and the folder of the innermost
    project within this one to which it belongs, which speaks for it ("" for this one)."""

    path: str
    kind: FileKind
    project: str = ""

    @property
    def context(self) -> FileContext:
        """What it is for."""
        return context_of(self.path)


def kind_of(name: str) -> FileKind | None:
    """How a file of this name is read; None for files that no rule reads."""
    if name.endswith((".py", ".pyw")):
        return FileKind.PYTHON
    if name.endswith((".yaml", ".yml")):
        return FileKind.YAML
    if name.endswith((".html", ".jinja", ".jinja2", ".j2")):
        return FileKind.TEMPLATE
    if _DOCKERFILE.match(name) and not name.endswith(".dockerignore"):
        return FileKind.DOCKERFILE
    return FileKind.SETTINGS if _CONFIGURATION.search(name) and name not in _LOCKS else None


def deploys(path: str) -> bool:
    """Whether a file of this path is one with which a service is put into production."""
    from backend_pitfalls.project.manifests.compose import is_compose

    name = path.rsplit("/", 1)[-1]
    return kind_of(name) is FileKind.DOCKERFILE or is_compose(name)


@functools.lru_cache(maxsize=100_000)
def context_of(path: str) -> FileContext:
    """What a file is for, by its path relative to the root."""
    for pattern, context in (
        (_GENERATED, FileContext.GENERATED),
        (_MIGRATION, FileContext.MIGRATION),
        (_TEST, FileContext.TEST),
        (_TOOLING, FileContext.TOOLING),
        (_SETTINGS, FileContext.SETTINGS),
        (_SCRIPT, FileContext.SCRIPT),
    ):
        if pattern.search(path):
            return context
    return FileContext.PRODUCTION


def discover(
    root: Path, exclude: Iterable[str] = (), notes: list[tuple[str, str]] | None = None
) -> Iterator[ProjectFile]:
    """Yield the project's files in the order of their paths.

    Parameters:
        root: the project root.
        exclude: patterns in gitignore's form, relative to the root.
        notes: receives (path, reason) of folders that cannot be read.
    """
    patterns = list(exclude)
    excluded = _Ignored(patterns) if patterns else None
    yield from _folder(root, "", "", excluded, _ignored_above(root), notes if notes is not None else [])


def _folder(
    root: Path,
    prefix: str,
    project: str,
    excluded: _Ignored | None,
    ignores: list[_Ignored],
    notes: list[tuple[str, str]],
) -> Iterator[ProjectFile]:
    try:
        with os.scandir(root / prefix) as scan:
            entries = sorted(scan, key=lambda e: e.name)
    except OSError as error:
        notes.append(
            (
                prefix.rstrip("/") or ".",
                f"folder cannot be read: {error.strerror}; give the right to read it or exclude it",
            )
        )
        return
    names = {e.name for e in entries}
    if prefix and "pyvenv.cfg" in names:
        return  # a virtual environment: https://docs.python.org/3/library/venv.html#how-venvs-work
    if ".gitignore" in names:
        ignores = [*ignores, _ignored_by(root / prefix, prefix)]
    if prefix and is_project(root / prefix, names):
        project = prefix[:-1]
    copied = copies(root / prefix, names, is_root=not prefix)
    for entry in entries:
        if entry.name in copied:
            continue
        path = prefix + entry.name
        is_folder = _is_folder(entry)
        if is_folder is None:
            notes.append((path, "is a dangling link or a link loop; remove or mend it")) if kind_of(
                entry.name
            ) else None
            continue
        kind = None if is_folder else kind_of(entry.name)
        if (is_folder and (entry.name in SKIPPED_FOLDERS or entry.is_symlink())) or not (is_folder or kind):
            continue
        if not is_whole(entry.name):
            notes.append((legible(path), "has a name that is not in UTF-8; rename it, or exclude the folder"))
            continue
        if "{{" in entry.name:
            continue  # of a template of whole projects (cookiecutter, copier): what it holds is not yet the language that it becomes
        shown = f"{path}/" if is_folder else path
        if (excluded is not None and excluded.has(shown)) or any(ignored.has(shown) for ignored in ignores):
            continue
        if kind is None:
            yield from _folder(root, f"{path}/", project, excluded, ignores, notes)
        else:
            yield ProjectFile(path, kind, project)


def project_files(
    root: Path, options: Options, overlay: Mapping[str, bytes], notes: list[tuple[str, str]]
) -> dict[str, ProjectFile]:
    """The files of a project and those of the overlay, by path, in the order of their paths.

    Parameters:
        notes: receives (path, reason) of folders that cannot be read.
    """
    found = {f.path: f for f in discover(root, options.exclude, notes)}
    for path in overlay:
        kind = kind_of(path.rsplit("/", 1)[-1]) or FileKind.PYTHON
        found.setdefault(path, ProjectFile(path, kind))
    return dict(sorted(found.items()))


def is_ignored(root: Path, name: str) -> bool:
    """Whether the `.gitignore` of a folder passes over a file in it.

    Parameters:
        root: the folder.
        name: of the file.
    """
    return (root / ".gitignore").is_file() and _ignored_by(root).has(name)


def _ignored_above(root: Path) -> list[_Ignored]:
    """What the folders above in the same repository pass over; where they pass over the root itself, it was named for all that."""
    found: list[_Ignored] = []
    folder = root
    while not (folder / ".git").exists():
        if folder == folder.parent:
            return []
        folder = folder.parent
        if (folder / ".gitignore").is_file():
            found.append(_ignored_by(folder, below=f"{root.relative_to(folder).as_posix()}/"))
    return [ignored for ignored in found if not ignored.has("")]


def _is_folder(entry: os.DirEntry[str]) -> bool | None:
    """True for a folder, False for a regular file, None for what cannot be followed or is neither."""
    try:
        return True if entry.is_dir() else False if entry.is_file() else None
    except OSError:
        return None


class _Ignored:
    """Patterns in gitignore's form. Most paths match none of them, which one expression tells at once; of the others the last pattern
    that matches decides.

    Parameters:
        lines: the patterns.
        prefix: how the paths that are asked for begin that lie in the folder where the patterns stand.
        below: the way from that folder down to the one from which paths are asked for.
    """

    def __init__(self, lines: Iterable[str], prefix: str = "", below: str = "") -> None:
        from pathspec import GitIgnoreSpec

        self._spec = GitIgnoreSpec.from_lines(lines)
        written = [p.regex.pattern for p in self._spec.patterns if p.include is not None and p.regex is not None]
        self._prefix = len(prefix)
        self._below = below
        self._any = re.compile("|".join(f"(?:{_GROUP.sub('(?:', pattern)})" for pattern in written) or r"(?!)")

    def has(self, path: str) -> bool:
        """Whether a path is passed over; that of a folder ends with a slash."""
        path = self._below + path[self._prefix :]
        return self._any.search(path) is not None and self._spec.match_file(path)


_GROUP = regex(r"\(\?P<\w+>")


def _ignored_by(folder: Path, prefix: str = "", below: str = "") -> _Ignored:
    try:
        lines = (folder / ".gitignore").read_text("utf-8", errors="replace").splitlines()
        return _Ignored(lines, prefix, below)
    except (OSError, ValueError):
        return _Ignored(())
