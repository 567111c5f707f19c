"""LibCST command: `python -m libcst.tool codemod -x backend_pitfalls.codemods.LoadRelations PATHS`."""

from __future__ import annotations

from backend_pitfalls.codemods.command import RepairCommand


class LoadRelations(RepairCommand):
    """Load relations with the rows of Django query sets (BPF102 to BPF104, BPF106): `select_related`, `prefetch_related` and
    `list_select_related`, for the query sets that the file makes."""

    DESCRIPTION = "Load relations with the rows of Django query sets (backend-pitfalls BPF102, BPF103, BPF104, BPF106)."
    RULES = ("BPF102", "BPF103", "BPF104", "BPF106")
