"""What a run finds, as it is kept and shown. It imports nothing of the engine, so that a result that is kept is shown without any of it."""

from __future__ import annotations

import msgspec

from backend_pitfalls.model.finding import Finding


class Marked(msgspec.Struct, frozen=True):
    """A finding and, where a comment suppresses it, the form of that comment: "noqa" or "own"."""

    finding: Finding
    suppressed: str = ""


class Analysis(msgspec.Struct, frozen=True):
    """All findings of a project in the order of output, the paths of its files, the functions whose evaluation was
    stopped at a limit, and the folders of the projects within it, which speak for their files themselves."""

    findings: tuple[Marked, ...]
    paths: tuple[str, ...]
    capped: tuple[str, ...]
    projects: tuple[str, ...] = ()

    def shown(self, noqa: bool = True) -> list[Finding]:
        """The findings that no comment suppresses; with `noqa` false, `# noqa` is left to the host."""
        return [m.finding for m in self.findings if not m.suppressed or (m.suppressed == "noqa" and not noqa)]
