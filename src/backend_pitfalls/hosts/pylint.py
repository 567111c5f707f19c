"""The pylint plugin: one checker class a family, message ids in block 64 + family."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pylint.checkers import BaseRawFileChecker
from pylint.interfaces import HIGH, INFERENCE, INFERENCE_FAILURE

from backend_pitfalls.model.errors import UserError
from backend_pitfalls.model.finding import Confidence
from backend_pitfalls.rules import Rule, all_rules

if TYPE_CHECKING:
    from pylint.lint import PyLinter

_CONFIDENCE = {Confidence.HIGH: HIGH, Confidence.MEDIUM: INFERENCE, Confidence.LOW: INFERENCE_FAILURE}


class FamilyChecker(BaseRawFileChecker):  # type: ignore[misc]
    """Reports the findings of one family; the analysis behind it is shared by all of them."""

    family = ""

    def process_module(self, node: Any) -> None:
        """Report the findings of a module within its project."""
        from backend_pitfalls.hosts.projects import findings_for

        if not node.file:
            return
        with node.stream() as stream:
            data = stream.read()
        try:
            findings = findings_for(Path(node.file), data, noqa=True)
        except UserError as error:
            if self.family == "tool":
                self.add_message("unreadable-file", line=1, args=(str(error),))
            return
        names = {rule.meta.name for rule in _family(self.family)}
        for finding in findings:
            if finding.name in names:
                span = finding.span
                self.add_message(
                    finding.name,
                    line=span.line,
                    col_offset=span.col,
                    end_lineno=span.end_line,
                    end_col_offset=span.end_col,
                    args=(finding.message,),
                    confidence=_CONFIDENCE[finding.confidence],
                )


def _family(name: str) -> list[Rule]:
    return [rule for rule in all_rules() if rule.meta.family == name]


def register(linter: PyLinter) -> None:
    """Register a checker for each family that has rules."""
    for family in dict.fromkeys(rule.meta.family for rule in all_rules()):
        messages = {rule.meta.pylint_id: ("%s", rule.meta.name, f"{rule.meta.summary}.") for rule in _family(family)}
        checker = type(
            f"{family.title().replace('_', '')}Checker",
            (FamilyChecker,),
            {"name": f"backend-pitfalls-{family.replace('_', '-')}", "family": family, "msgs": messages},
        )
        globals()[checker.__name__] = checker
        checker.__module__ = __name__
        linter.register_checker(checker(linter))
