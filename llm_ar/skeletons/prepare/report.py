"""What came of preparing a dataset: clips read, repaired and refused, each with its reason."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from llm_ar.skeletons.prepare.checks import Finding

MOST_NOTES = 1000
"""Notes of a kind that the report keeps; the log has all."""


@dataclass(frozen=True)
class Note:
    """What happened to one recording."""

    source: str
    reason: str


@dataclass(frozen=True)
class PrepareReport:
    """What came of the recordings: `read` clips are in the dataset, the refused are not.

    Args:
        dataset: its name.
        out: its folder.
        read: clips in it.
        repaired: what was mended, the first `MOST_NOTES`; so are ``refused``.
        counts: of all recordings, how many were ``repaired`` and ``refused``, and how many clips
            each rule of the repair concerned.
        findings: what is worth knowing before training on it.
        seconds: what it took; not stored, so that the same recordings give the same files.
        resumed: recordings that an interrupted run had done already.
        unchanged: nothing was to be done, the dataset is of the same input.
    """

    dataset: str
    out: str
    read: int
    repaired: tuple[Note, ...]
    refused: tuple[Note, ...]
    counts: dict[str, int]
    findings: tuple[Finding, ...]
    seconds: float = 0.0
    resumed: int = 0
    unchanged: bool = False

    def timed(self, start: float, resumed: int = 0) -> PrepareReport:
        """The same with the seconds since ``start`` (of `time.monotonic`)."""
        return replace(self, seconds=round(time.monotonic() - start, 2), resumed=resumed)

    def summary(self) -> str:
        """Some lines for people."""
        if self.unchanged:
            return f"{self.out}: nothing to do, its {self.read:,} clips are of the same files"
        resumed = f", {self.resumed:,} recordings done before" if self.resumed else ""
        lines = [
            f"{self.out}: {self.read:,} clips of {self.dataset} in {self.seconds:.1f} s{resumed} "
            f"({self.counts['repaired']:,} repaired, {self.counts['refused']:,} refused)"
        ]
        rules = {name: n for name, n in self.counts.items() if name not in ("repaired", "refused")}
        if rules:
            shown = ", ".join(f"{name} in {n:,}" for name, n in rules.items())
            lines.append(f"  repairs by rule (clips): {shown}; each in repairs.jsonl")
        for kind, notes in (("repaired", self.repaired), ("refused", self.refused)):
            lines += [f"  {kind} {note.source}: {note.reason}" for note in notes[:10]]
            if len(notes) > 10:
                more = self.counts[kind] - len({note.source for note in notes[:10]})
                lines.append(f"  and {more:,} more {kind}: see report.json")
        for finding in self.findings:
            lines.append(f"  {'check: ' if finding.warning else ''}{finding.sentence}")
        return "\n".join(lines)

    def save(self, path: Path) -> None:
        """Write all that follows from the recordings as JSON."""
        content = asdict(self)
        for name in ("out", "seconds", "resumed", "unchanged"):
            del content[name]
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> PrepareReport:
        """Read the report of an earlier run, as ``unchanged``.

        Raises:
            OSError: there is none.
            ValueError: it is not JSON.
            KeyError, TypeError: it is another JSON.
        """
        content = json.loads(path.read_text(encoding="utf-8"))
        for kind in ("repaired", "refused"):
            content[kind] = tuple(Note(**note) for note in content[kind])
        content["findings"] = tuple(Finding(**finding) for finding in content["findings"])
        return cls(**content, out=str(path.parent), unchanged=True)
