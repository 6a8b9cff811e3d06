"""The prepared dataset on disk, memory-mapped when read.

Beside the rows (`llm_ar.skeletons.arrow`), ``dataset.json`` says what the folder is,
``report.json`` how it came about, and ``repairs.jsonl`` what became of each recording.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa

from llm_ar.config import RepairConfig
from llm_ar.config_files import settings_from_dict
from llm_ar.errors import ConfigError, DatasetError, LayoutError
from llm_ar.skeletons.arrow import clip_at, column, open_rows
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.datasets.protocols import ClipInfo, dataset_named, protocol_named
from llm_ar.skeletons.layouts import Layout
from llm_ar.skeletons.prepare.assemble import ABOUT_FILE, REPORT_FILE, write_store
from llm_ar.skeletons.prepare.checks import LOG_FILE, Finding, check_log
from llm_ar.skeletons.prepare.report import PrepareReport

__all__ = ["ClipStore", "PrepareReport", "earlier_report", "write_store"]


MOST_SUBJECTS = 20
"""Subjects that a message names."""


def earlier_report(out: Path, fingerprint: str) -> PrepareReport | None:
    """The report of the dataset in ``out`` if it is whole and of the same input, else None."""
    try:
        store = ClipStore.open(out)
        return PrepareReport.load(out / REPORT_FILE) if store.fingerprint == fingerprint else None
    except (DatasetError, OSError, ValueError, KeyError, TypeError):
        return None


class ClipStore:
    """A prepared dataset; clips are read from the memory map when asked for.

    Attributes:
        path: its folder.
        dataset: its name, such as ``nw-ucla``.
        layout: the layout of all its clips.
        labels: the classes' names in the dataset's order.
        repair: the rules by which raw tracks became people in it.
        fingerprint: identifies what it was made of.
        parts: names of the datasets that were merged into it, if it was merged.
    """

    def __init__(self, path: Path, about: dict[str, Any], rows: datasets.Dataset) -> None:
        """Use `open`; this takes its parts."""
        self.path = path
        self.dataset: str = about["dataset"]
        self.labels: tuple[str, ...] = tuple(about["labels"])
        self.layout = Layout.from_dict(about["layout"])
        # Datasets of earlier versions do not tell their rules: there were only the published ones.
        self.repair: RepairConfig = settings_from_dict(RepairConfig, about.get("repair", {}))
        self.fingerprint: str = about["fingerprint"]
        self.parts: tuple[str, ...] = tuple(about.get("parts", ()))
        self._rows = rows

    @classmethod
    def open(cls, path: str | Path) -> ClipStore:
        """Open a folder that `write_store` made.

        Raises:
            DatasetError: there is no such folder, or it is not a whole prepared dataset.
        """
        path = Path(path)
        if not path.is_dir():
            raise DatasetError(
                f"{path}: no such dataset folder; make it with llm-ar prepare or "
                "llm-ar data make-procedural"
            )
        if not (path / ABOUT_FILE).is_file():
            raise DatasetError(
                f"{path}: not a prepared dataset ({ABOUT_FILE} is missing); raw recordings are "
                "prepared by llm-ar prepare"
            )
        try:
            about = json.loads((path / ABOUT_FILE).read_text(encoding="utf-8"))
            rows = open_rows(path)
            if len(rows) != about["clips"]:
                raise ValueError(f"its rows are {len(rows)} of {about['clips']} clips")
            return cls(path, about, rows)
        except (
            OSError, ValueError, KeyError, TypeError, ConfigError, LayoutError, pa.ArrowException
        ) as error:  # fmt: skip
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DatasetError(
                f"{path}: damaged or incomplete dataset ({reason}); delete it and prepare it again"
            ) from None

    def __len__(self) -> int:
        """Number of clips."""
        return len(self._rows)

    def __getitem__(self, index: int) -> Clip:
        """Clip number ``index``; its joints are a read-only view of the file."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        return clip_at(self._rows, index % len(self), self.layout)

    def __iter__(self) -> Iterator[Clip]:
        """All clips in order, one at a time."""
        return (self[index] for index in range(len(self)))

    def metadata(self) -> list[ClipInfo]:
        """Label, subject, camera, split and source of each clip, without reading its joints."""
        columns = [column(self._rows, name) for name in ClipInfo._fields]
        return [ClipInfo(*values) for values in zip(*columns, strict=True)]

    def part_of(self, info: ClipInfo) -> str:
        """The name of the dataset that a clip comes from: this one, unless it was merged."""
        return info.source.partition("/")[0] if self.parts else self.dataset

    def split(self, protocol: str) -> tuple[list[int], list[int]]:
        """Indices of the training and of the test clips; one list may be empty.

        Clips without a label are in neither.

        Raises:
            DatasetError: the dataset has no such protocol or subject, or it assigns no clip.
        """
        rule = protocol_named(dataset_named(self.dataset), protocol)
        self._check_subjects(protocol)
        train: list[int] = []
        test: list[int] = []
        for index, info in enumerate(self.metadata()):
            part = rule.assign(info) if info.label is not None else "unused"
            if part in ("train", "test"):
                (train if part == "train" else test).append(index)
        if not train and not test:
            raise DatasetError(
                f"{self.path}: protocol {protocol} puts none of its {len(self):,} clips into "
                "training or test; their subject, camera or split is missing or different"
            )
        return train, test

    def _check_subjects(self, protocol: str) -> None:
        """Refuse to hold out subjects that the dataset does not have."""
        kind, _, listed = protocol.partition(":")
        if kind == "without" and listed not in self.parts:
            raise DatasetError(
                f"{self.path}: protocol {protocol}: it was merged from "
                f"{', '.join(self.parts) or 'nothing'}; name one of these"
            )
        if kind != "held-out":
            return
        known = {info.subject for info in self.metadata() if info.subject is not None}
        wanted = [name.strip() for name in listed.split(",") if name.strip()]
        unknown = [name for name in wanted if name not in known]
        if unknown:
            names = sorted(known)
            more = f" and {len(names) - MOST_SUBJECTS} more" if len(names) > MOST_SUBJECTS else ""
            raise DatasetError(
                f"{self.path}: protocol {protocol}: the dataset has no subject "
                f"{', '.join(map(repr, unknown))}; it has "
                f"{', '.join(names[:MOST_SUBJECTS]) or 'none'}{more}"
            )

    def check(self, protocol: str) -> list[Finding]:
        """What is worth knowing before training: labels, lengths, joints seen, duplicates.

        Raises:
            DatasetError: no such protocol or subject, or the log of the clips is damaged.
        """
        rule = protocol_named(dataset_named(self.dataset), protocol)
        self._check_subjects(protocol)
        if not (self.path / LOG_FILE).is_file():
            return [Finding("unchecked", f"{self.path} has no {LOG_FILE}: it is not checked", 0)]
        return check_log(self.path / LOG_FILE, [rule], chosen=True)
