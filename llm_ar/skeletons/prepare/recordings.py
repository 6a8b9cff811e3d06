"""What there is to read in a raw folder: the files, how to read each, what is known beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.prepare.labels_table import label_rows, path_in
from llm_ar.skeletons.read_options import ReadOptions
from llm_ar.skeletons.readers import members, nw_ucla, read_clip, utd_mhad, video
from llm_ar.skeletons.windows import Window, cut

LABELS_FILE = "labels.csv"
OWN_LABELS = "*"
"""In place of a label: the file's own labels, of all the clips that it holds."""
_SPLITS = ("train", "test", "validation", "unused")


@dataclass(frozen=True)
class Recording:
    """One clip to read.

    Args:
        path: its file.
        source: how reports and the dataset call it: the path inside the raw folder.
        read: the function that reads it.
        place: row of ``labels.csv`` that names it, for messages.
        label: what ``labels.csv`` states of the clip; so are ``subject``, ``camera``, ``split``.
        window: the part of the file's recording that is the clip; None for all of it.
    """

    path: Path
    source: str
    read: Callable[[Path], Clip]
    place: str = ""
    label: str | None = None
    subject: str | None = None
    camera: str | None = None
    split: str | None = None
    window: Window | None = None

    def stating(self, options: ReadOptions) -> Recording:
        """The recording, read as the options state; files of published datasets state it all."""
        if not options.given:
            return self
        return replace(self, read=partial(read_clip, options=options))

    def keeping(self, folder: Path) -> Recording:
        """The recording; if it is a video, its poses are kept in the folder when once estimated."""
        if self.read is not video.read:
            return self
        return replace(self, read=partial(video.read_once, folder, self.source))

    def clip(self) -> Clip:
        """Read it.

        Raises:
            ClipError: it cannot be read, or nothing says which action it shows.
        """
        where = f"{self.place}, {self.source}" if self.place else self.source
        try:
            whole = self.read(self.path)
        except ClipError as error:
            raise ClipError(where, error.problem) from None
        clip = whole if self.window is None else cut(whole, self.window)
        if clip is None:
            raise ClipError(where, "nobody is seen in this piece; left out")
        label = self.label or clip.label
        if label is None:
            raise ClipError(where, "its name does not tell the action; restore its original name")
        return replace(
            clip,
            source=self.source,
            place=self.place,
            label=label,
            subject=self.subject or clip.subject,
            camera=self.camera or clip.camera,
            split=self.split or clip.split,
        )


def nw_ucla_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """All JSON files under the folder."""
    return _files(raw, "*.json", nw_ucla.read)


def utd_mhad_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """All skeleton files under the folder (inertial and depth files of the dataset are others)."""
    return _files(raw, "*_skeleton.mat", utd_mhad.read)


def folder_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """The files that ``labels.csv`` lists, in any supported format; a bad row yields its error.

    Raises:
        DatasetError: the table is missing, not a CSV in UTF-8, or lacks a column.
    """
    table = labels or raw / LABELS_FILE
    for line, columns, cells in label_rows(table, raw):
        row = _row(raw, f"{table.name} row {line}", columns, cells)
        if isinstance(row, Recording) and row.label == OWN_LABELS:
            yield from _members(row)
        else:
            yield row


def _row(raw: Path, place: str, header: Sequence[str], cells: list[str]) -> Recording | ClipError:
    if len(cells) != len(header):
        return ClipError(place, f"has {len(cells)} cells, expected {len(header)} as in row 1")
    row = {name: cell.strip() or None for name, cell in zip(header, cells, strict=True)}
    file, label, split = row["file"], row["label"], row.get("split")
    if file is None or label is None:
        name = "file" if file is None else "label"
        return ClipError(place, f"column {name!r} is empty; fill it or delete the row")
    if split is not None and split not in _SPLITS:
        return ClipError(place, f"split {split!r} is not one of {', '.join(_SPLITS)}")
    file = path_in(raw, file)
    return Recording(
        raw / file, file, read_clip, place, label, row.get("subject"), row.get("camera"), split
    )


def _members(row: Recording) -> Iterator[Recording | ClipError]:
    """A recording for each clip of the row's file."""
    try:
        for clip in members(row.path):
            inside = str(clip).removeprefix(str(row.path))
            yield replace(row, path=clip, source=f"{row.source}{inside}", label=None)
    except ClipError as error:
        yield ClipError(f"{row.place}, {row.source}", error.problem)


def _files(
    raw: Path, pattern: str, read: Callable[[Path], Clip]
) -> Iterator[Recording | ClipError]:
    for path in sorted(raw.rglob(pattern)):
        yield Recording(path, path.relative_to(raw).as_posix(), read)
