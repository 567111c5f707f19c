"""Joins the tables of knowledge in one file, and compiles the analysis with mypyc when a wheel is built with BACKEND_PITFALLS_COMPILE=1; the wheel is pure
Python without.

The compiled modules are the interpreted ones: each `.so` lies beside its `.py`, which Python takes where there is no `.so`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10 builds a wheel that reads the tables as they are written.
    tomllib = None  # type: ignore[assignment]

SWITCH = "BACKEND_PITFALLS_COMPILE"


TABLES = "src/backend_pitfalls/knowledge/tables"


class WheelHook(BuildHookInterface):
    """The build hook of the wheel."""

    def dependencies(self) -> list[str]:
        """What building needs beside hatchling: the compiler, and the packages whose types it reads."""
        return list(self.config["requires"]) if _is_asked_for() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Join the tables, compile if that is asked for, and put what was made into the wheel.

        Parameters:
            version: "standard", or "editable" (which stays interpreted).
            build_data: of hatchling: https://hatch.pypa.io/latest/plugins/builder/wheel/#build-data

        Raises:
            SystemExit: when the compiler of C, or mypyc, fails.
        """
        if version == "editable":
            return
        root = Path(self.root)
        self._folder = Path(tempfile.mkdtemp(prefix="backend-pitfalls-"))
        if tomllib is not None:
            joined = self._folder / "tables.json"
            joined.write_text(json.dumps(joined_tables(root)), encoding="utf-8")
            build_data["force_include"][str(joined)] = "backend_pitfalls/knowledge/tables.json"
        if not _is_asked_for():
            return
        try:
            built = _compiled(root, self._modules(root), self._folder)
        except (Exception, SystemExit) as error:
            raise SystemExit(
                f"{SWITCH}=1, but compiling failed: {error}; unset it to build a wheel of pure Python"
            ) from error
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["force_include"].update({str(file): str(file.relative_to(self._folder / "lib")) for file in built})

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made, which is in the wheel now."""
        if hasattr(self, "_folder"):
            shutil.rmtree(self._folder, ignore_errors=True)

    def _modules(self, root: Path) -> list[str]:
        left = {path for pattern in self.config["interpreted"] for path in root.glob(pattern)}
        found = {path for pattern in self.config["compiled"] for path in root.glob(pattern)} - left
        return sorted(path.relative_to(root).as_posix() for path in found)


def joined_tables(root: Path) -> dict[str, Any]:
    """The tables of knowledge by the names of their files, in their order."""
    files = sorted((root / TABLES).glob("*.toml"))
    return {path.name: tomllib.loads(path.read_text("utf-8")) for path in files}


def _is_asked_for() -> bool:
    return os.environ.get(SWITCH, "") not in ("", "0")


def _compiled(root: Path, modules: list[str], folder: Path) -> list[Path]:
    """The files that mypyc and the compiler of C make of modules: https://mypyc.readthedocs.io/en/latest/getting_started.html"""
    from mypyc.build import mypycify
    from setuptools import Distribution

    configuration = folder / "mypy.ini"
    configuration.write_text(
        "[mypy]\nmypy_path = src\nignore_missing_imports = true\nfollow_imports = silent\n", encoding="utf-8"
    )
    outside = Path.cwd()
    os.chdir(root)
    try:
        options = ["--config-file", str(configuration), f"--python-version={sys.version_info[0]}.{sys.version_info[1]}"]
        extensions = mypycify([*options, *modules], opt_level="2", debug_level="0", target_dir=str(folder / "c"))
        command = Distribution({"name": "backend-pitfalls", "ext_modules": extensions}).get_command_obj("build_ext")
        command.build_lib = str(folder / "lib")
        command.build_temp = str(folder / "temp")
        command.ensure_finalized()
        command.run()
    finally:
        os.chdir(outside)
    return [path for path in (folder / "lib").rglob("*") if path.is_file()]
