"""The object through which a project reads its settings, for repairs in its own way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import takewhile

import msgspec

from backend_pitfalls.model.files import FileContext
from backend_pitfalls.model.fix import SettingsObject
from backend_pitfalls.project.discover import context_of
from backend_pitfalls.project.link import module_names
from backend_pitfalls.semantics.facts import ClassFacts, FileFacts

# What makes an object that is called with the name of a setting. https://django-environ.readthedocs.io/en/latest/quickstart.html,
# https://github.com/sloria/environs, https://starlette.dev/config/
_READERS = frozenset(
    {"environ.Env", "environ.FileAwareEnv", "environs.Env", "environs.FileAwareEnv", "starlette.config.Config"}
)
# The object that every file imports from the library. https://github.com/HBNetwork/python-decouple
_FROM_LIBRARY = "decouple.config"
# https://docs.pydantic.dev/latest/concepts/pydantic_settings/
_SETTINGS_CLASS = "BaseSettings"
_RUNNING = frozenset({FileContext.PRODUCTION, FileContext.SETTINGS})


class _Made(msgspec.Struct, frozen=True):
    """A settings object: the file that makes it, its name there, and the file and class of its fields."""

    file: FileFacts
    name: str
    holder: FileFacts | None = None
    declared: ClassFacts | None = None


class SettingsObjects:
    """The settings objects of a project.

    Parameters:
        files: the facts of its files.
    """

    def __init__(self, files: Iterable[FileFacts]) -> None:
        self._files = [f for f in files if context_of(f.path) in _RUNNING]
        self._modules: dict[str, FileFacts] = {}
        for facts in self._files:
            for name in module_names(facts.module):
                self._modules.setdefault(name, facts)
        self._targets = Counter(t for f in self._files for t in (*f.imports.values(), *f.stars))
        made = [m for f in self._files for name, callee in f.variables.items() if (m := self._made(f, name, callee))]
        self._kinds = [[m for m in made if m.holder is not None], [m for m in made if m.holder is None]]

    def _made(self, facts: FileFacts, name: str, callee: str) -> _Made | None:
        head, dot, rest = callee.partition(".")
        local = facts.classes.get(callee)
        by = f"{facts.imports.get(head, head)}{dot}{rest}"
        if local is None and by in _READERS:
            return _Made(facts, name)
        module, _, short = by.rpartition(".")
        holder = facts if local is not None else self._modules.get(module)
        declared = holder.classes.get(short or callee) if holder is not None else None
        if holder is None or declared is None or not _reads_environment(holder, declared):
            return None
        return _Made(facts, name, holder, declared)

    def for_file(self, path: str) -> SettingsObject | None:
        """The object that a file can read its settings from: the project's one, of several the nearest; None where there is none, where it is
        not certain which, in what the object's own module imports, and in a file that has a way of its own.

        Parameters:
            path: of the file.
        """
        facts = next((f for f in self._files if f.path == path), None)
        if facts is None or self._has_own(facts):
            return None
        for kind in self._kinds:
            made = _nearest(kind, facts.module)
            if made is not None:
                module = self._spelling(made)
                return _described(made, module) if module and not self._imports(made.file, facts) else None
        if self._targets[_FROM_LIBRARY]:
            module, name = _FROM_LIBRARY.rsplit(".", 1)
            return SettingsObject(module, name, is_library=True)
        return None

    def _has_own(self, facts: FileFacts) -> bool:
        is_declaring = any(_reads_environment(facts, c) for c in facts.classes.values())
        is_reading = any(self._made(facts, name, callee) for name, callee in facts.variables.items())
        return is_declaring or is_reading or _FROM_LIBRARY in facts.imports.values()

    def _spelling(self, made: _Made) -> str:
        """The name under which the project imports the object's module; the empty string when nothing does."""
        names = module_names(made.file.module)
        counts = {m: self._targets[m] + self._targets[f"{m}.{made.name}"] for m in names}
        best = max(names, key=lambda m: counts[m])
        return best if counts[best] else ""

    def _imports(self, file: FileFacts, wanted: FileFacts) -> bool:
        """Whether a file imports another one, itself or through others, or is it."""
        seen, stack = {file.path}, [file]
        while stack:
            facts = stack.pop()
            for target in (*facts.imports.values(), *facts.stars):
                parts = target.split(".")
                for name in (".".join(parts[:n]) for n in range(1, len(parts) + 1)):
                    found = self._modules.get(name)
                    if found is not None and found.path not in seen:
                        seen.add(found.path)
                        stack.append(found)
        return wanted.path in seen


def _reads_environment(facts: FileFacts, declared: ClassFacts) -> bool:
    """Whether a class reads its fields from the environment under their own names."""
    inner = facts.classes.get(f"{declared.name}.Config")
    has_prefix = any(f.call is not None and "env_prefix" in f.call.keywords for f in declared.fields)
    has_prefix = has_prefix or (inner is not None and any(f.name == "env_prefix" for f in inner.fields))
    return not has_prefix and any(base.rsplit(".", 1)[-1] == _SETTINGS_CLASS for base in declared.bases)


def _described(made: _Made, module: str) -> SettingsObject:
    if made.holder is None or made.declared is None:
        return SettingsObject(module, made.name)
    names = [f.name for f in made.declared.fields if f.annotation]
    is_lower = sum(name.islower() for name in names) * 2 > len(names)
    return SettingsObject(module, made.name, made.holder.path, made.declared.name, is_lower)


def _nearest(found: Iterable[_Made], module: str) -> _Made | None:
    """The one whose module shares most of its packages with another; None when several are as near."""
    nearest: dict[int, list[_Made]] = {}
    for one in found:
        pairs = zip(one.file.module.split("."), module.split("."))
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        nearest.setdefault(shared, []).append(one)
    best = nearest.get(max(nearest, default=0), [])
    return best[0] if len(best) == 1 else None
