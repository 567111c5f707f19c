"""Compiles the analysis with mypyc when a wheel is built with BACKEND_PITFALLS_COMPILE=1; the wheel is pure Python without.

The compiled modules are the interpreted ones: each `.so` lies beside its `.py`, which Python takes where there is no `.so`.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SWITCH = "BACKEND_PITFALLS_COMPILE"


class CompileHook(BuildHookInterface):
    """The build hook of the wheel."""

    def dependencies(self) -> list[str]:
        """What building needs beside hatchling: the compiler, and the packages whose types it reads."""
        return list(self.config["requires"]) if _is_asked_for() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and put what was compiled into the wheel.

        Parameters:
            version: "standard", or "editable" (which stays interpreted).
            build_data: of hatchling: https://hatch.pypa.io/latest/plugins/builder/wheel/#build-data

        Raises:
            SystemExit: when the compiler of C, or mypyc, fails.
        """
        if version == "editable" or not _is_asked_for():
            return
        root = Path(self.root)
        self._folder = Path(tempfile.mkdtemp(prefix="backend-pitfalls-"))
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
        """Remove what was compiled, which is in the wheel now."""
        if hasattr(self, "_folder"):
            shutil.rmtree(self._folder, ignore_errors=True)

    def _modules(self, root: Path) -> list[str]:
        left = {path for pattern in self.config["interpreted"] for path in root.glob(pattern)}
        found = {path for pattern in self.config["compiled"] for path in root.glob(pattern)} - left
        return sorted(path.relative_to(root).as_posix() for path in found)


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
