"""The prepared dataset on disk: it appears when it is complete, and is memory-mapped when read.

Beside the rows (`llm_ar.skeletons.arrow`), ``dataset.json`` says what the folder is, and
``report.json`` how it came about.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa

from llm_ar.errors import ClipError, DatasetError, LayoutError
from llm_ar.skeletons.arrow import ARROW_FILE, clip_at, column, open_rows, write_rows
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import Layout, map_clip
from llm_ar.skeletons.protocols import ClipInfo, dataset_named, protocol_named
from llm_ar.skeletons.report import Note, PrepareReport

__all__ = ["ClipStore", "PrepareReport", "earlier_report", "write_store"]

_ABOUT, _REPORT = "dataset.json", "report.json"
_STALE_SECONDS = 3600
"""A partial folder untouched for so long was left by a killed run."""


def write_store(
    clips: Iterable[Clip | ClipError],
    out: Path,
    *,
    dataset: str,
    layout: Layout,
    fingerprint: str,
) -> PrepareReport:
    """Write clips to a new dataset folder, which appears (or replaces the old one) when complete.

    Args:
        clips: drawn one by one; an error stands for a recording that could not be read.
        out: the dataset's folder.
        dataset: its name, one of `llm_ar.skeletons.protocols.DATASETS`.
        layout: the layout of all clips; those in another are mapped, or refused.
        fingerprint: identifies the input, so that the same need not be read again.

    Raises:
        DatasetError: no clip is usable, or ``out`` holds something else than a dataset.
    """
    start = time.monotonic()
    classes = dataset_named(dataset).classes
    repaired: list[Note] = []
    refused: list[Note] = []
    labels: set[str] = set()
    count = 0

    def kept() -> Iterator[Clip]:
        nonlocal count
        for item in clips:
            try:
                clip = _in_layout(item, layout)
            except ClipError as error:
                refused.append(Note(error.source, error.problem))
                continue
            repaired.extend(Note(clip.source, reason) for reason in clip.repairs)
            count += 1
            if clip.label is not None:
                labels.add(clip.label)
            yield clip

    with _replacing(out) as folder:
        write_rows(kept(), folder, fingerprint)
        if not count:
            first = f"; the first, {refused[0].source}: {refused[0].reason}" if refused else ""
            raise DatasetError(
                f"{out}: not written, since none of {len(refused):,} recordings is usable{first}"
            )
        seconds = time.monotonic() - start
        report = PrepareReport(
            dataset, str(out), count, tuple(repaired), tuple(refused), round(seconds, 2)
        )
        report.save(folder / _REPORT)
        about = {
            "dataset": dataset,
            "clips": count,
            "labels": list(classes or sorted(labels)),
            "layout": layout.to_dict(),
            "fingerprint": fingerprint,
        }
        text = json.dumps(about, indent=1, ensure_ascii=False)
        (folder / _ABOUT).write_text(text + "\n", encoding="utf-8")
    return report


def earlier_report(out: Path, fingerprint: str) -> PrepareReport | None:
    """The report of the dataset in ``out`` if it is whole and of the same input, else None."""
    try:
        store = ClipStore.open(out)
        return PrepareReport.load(out / _REPORT) if store.fingerprint == fingerprint else None
    except (DatasetError, OSError, ValueError, KeyError, TypeError):
        return None


class ClipStore:
    """A prepared dataset; clips are read from the memory map when asked for.

    Attributes:
        path: its folder.
        dataset: its name, such as ``nw-ucla``.
        layout: the layout of all its clips.
        labels: the classes' names in the dataset's order.
        fingerprint: identifies what it was made of.
    """

    def __init__(self, path: Path, about: dict[str, Any], rows: datasets.Dataset) -> None:
        """Use `open`; this takes its parts."""
        self.path = path
        self.dataset: str = about["dataset"]
        self.labels: tuple[str, ...] = tuple(about["labels"])
        self.layout = Layout.from_dict(about["layout"])
        self.fingerprint: str = about["fingerprint"]
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
        if not (path / _ABOUT).is_file():
            raise DatasetError(
                f"{path}: not a prepared dataset ({_ABOUT} is missing); raw recordings are "
                "prepared by llm-ar prepare"
            )
        try:
            about = json.loads((path / _ABOUT).read_text(encoding="utf-8"))
            rows = open_rows(path)
            if len(rows) != about["clips"]:
                raise ValueError(f"{ARROW_FILE} holds {len(rows)} of {about['clips']} clips")
            return cls(path, about, rows)
        except (OSError, ValueError, KeyError, TypeError, LayoutError, pa.ArrowException) as error:
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

    def split(self, protocol: str) -> tuple[list[int], list[int]]:
        """Indices of the training and of the test clips; one list may be empty.

        Clips without a label are in neither.

        Raises:
            DatasetError: the dataset has no such protocol, or it assigns no clip.
        """
        rule = protocol_named(dataset_named(self.dataset), protocol)
        train: list[int] = []
        test: list[int] = []
        for index, info in enumerate(self.metadata()):
            part = rule.assign(info) if info.label is not None else "unused"
            if part != "unused":
                (train if part == "train" else test).append(index)
        if not train and not test:
            raise DatasetError(
                f"{self.path}: protocol {protocol} puts none of its {len(self):,} clips into "
                "training or test; their subject, camera or split is missing or different"
            )
        return train, test


def _in_layout(item: Clip | ClipError, layout: Layout) -> Clip:
    if isinstance(item, ClipError):
        raise item
    try:
        return map_clip(item, layout)
    except LayoutError as error:
        raise ClipError(item.source, str(error)) from None


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    """A new folder beside ``out`` that takes its place at the end; nothing stays on failure."""
    if out.exists() and not (out / _ABOUT).is_file() and not _is_empty_folder(out):
        raise DatasetError(
            f"{out}: already exists and is not a prepared dataset; choose another folder for it"
        )
    prefix = f".{out.name}.partial-"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        for left in out.parent.glob(f"{prefix}*"):
            touched = max(part.stat().st_mtime for part in (left, *left.rglob("*")))
            if time.time() - touched > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(prefix=prefix, dir=out.parent))
    except OSError as error:
        raise DatasetError(f"{out}: cannot be written ({error})") from None
    try:
        new = partial / "new"
        new.mkdir()
        yield new
        if out.exists():
            out.rename(partial / "old")
        try:
            new.rename(out)
        except OSError:
            if (partial / "old").exists():
                (partial / "old").rename(out)
            raise
    except OSError as error:
        raise DatasetError(f"{out}: cannot be written ({error})") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and next(path.iterdir(), None) is None
