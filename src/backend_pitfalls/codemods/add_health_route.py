"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.AddHealthRoute PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class AddHealthRoute(RepairCommand):
    """Give services of Flask, Quart and FastAPI that have no route about their health a route that tells that they answer (BPF504)."""

    DESCRIPTION = "Add a liveness route to services that have no route about their health (backend-pitfalls BPF504)."
    RULES = ("BPF504",)
    UNSAFE = True
