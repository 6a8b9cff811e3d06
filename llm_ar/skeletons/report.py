"""What came of preparing a dataset: clips read, repaired and refused, each with its reason."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Note:
    """What happened to one recording."""

    source: str
    reason: str


@dataclass(frozen=True)
class PrepareReport:
    """What came of the recordings: `read` clips are in the dataset, the refused are not."""

    dataset: str
    out: str
    read: int
    repaired: tuple[Note, ...]
    refused: tuple[Note, ...]
    seconds: float
    unchanged: bool = False

    def summary(self) -> str:
        """A few lines for people."""
        if self.unchanged:
            return f"{self.out}: nothing to do, its {self.read:,} clips are of the same files"
        lines = [
            f"{self.out}: {self.read:,} clips of {self.dataset} in {self.seconds:.1f} s "
            f"({len(self.repaired):,} repaired, {len(self.refused):,} refused)"
        ]
        for kind, notes in (("repaired", self.repaired), ("refused", self.refused)):
            lines += [f"  {kind} {note.source}: {note.reason}" for note in notes[:10]]
            if len(notes) > 10:
                lines.append(f"  and {len(notes) - 10:,} more {kind}: see report.json")
        return "\n".join(lines)

    def save(self, path: Path) -> None:
        """Write all of it as JSON, but for the folder's name."""
        content = asdict(self)
        del content["out"], content["unchanged"]
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
        return cls(**content, out=str(path.parent), unchanged=True)
