"""Raw recordings to a prepared dataset, once: the same input is not read again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from llm_ar.errors import ClipError, DatasetError, LlmArError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.protocols import dataset_named
from llm_ar.skeletons.recordings import (
    Recording,
    folder_recordings,
    nw_ucla_recordings,
    utd_mhad_recordings,
)
from llm_ar.skeletons.report import PrepareReport
from llm_ar.skeletons.store import earlier_report, write_store

Recordings = Iterator[Recording | ClipError]

SOURCES: dict[str, Callable[[Path, Path | None], Recordings]] = {
    "nw-ucla": nw_ucla_recordings,
    "utd-mhad": utd_mhad_recordings,
    "folder": folder_recordings,
}
"""How each dataset's recordings are found in its raw folder."""

_VERSION = "1"
"""Changes when readers make something else of the same files."""


def prepare(dataset: str, raw: Path, out: Path, labels: Path | None = None) -> PrepareReport:
    """Read all recordings of a raw folder into a dataset that `ClipStore.open` opens.

    Args:
        dataset: ``nw-ucla``, ``utd-mhad`` or ``folder``.
        raw: folder with the files as published (for ``folder``: any files that a table lists).
        out: the dataset's folder; replaced when it is one already and the input has changed.
        labels: the table of ``folder``, by default ``labels.csv`` in the raw folder.

    Raises:
        DatasetError: unknown dataset, no such raw folder, no recording in it, none usable, a
            table where none is wanted, or ``out`` holds something else.
    """
    if dataset_named(dataset).name not in SOURCES:
        raise DatasetError(f"{dataset} has no raw files; llm-ar data make-procedural makes it")
    if labels is not None and dataset != "folder":
        raise DatasetError(f"{dataset} takes its labels from the files' names; leave {labels} out")
    if not raw.is_dir():
        raise DatasetError(f"{raw}: no such folder; give the folder of the raw recordings")
    recordings = list(SOURCES[dataset](raw, labels))
    if not recordings:
        raise DatasetError(f"{raw}: has no recordings of {dataset}; check the folder")
    fingerprint = _fingerprint(dataset, recordings)
    earlier = earlier_report(out, fingerprint)
    if earlier is not None:
        return earlier
    errors: list[ClipError] = []
    clips = _clips(recordings)
    for first in clips:
        if isinstance(first, Clip):
            everything = chain[Clip | ClipError](errors, [first], clips)
            return write_store(
                everything, out, dataset=dataset, layout=first.layout, fingerprint=fingerprint
            )
        errors.append(first)
    raise DatasetError(
        f"{raw}: none of its {len(errors):,} recordings is usable; the first: {errors[0]}"
    )


def _clips(recordings: list[Recording | ClipError]) -> Iterator[Clip | ClipError]:
    """Each recording's clip, or what is wrong with it."""
    for recording in recordings:
        if isinstance(recording, ClipError):
            yield recording
            continue
        try:
            yield recording.clip()
        except ClipError as error:
            yield error
        except LlmArError as error:
            yield ClipError(recording.source, str(error))


def _fingerprint(dataset: str, recordings: list[Recording | ClipError]) -> str:
    """A hash of the files' names, sizes and times, and of what the table says of them."""
    digest = hashlib.sha256(f"{_VERSION}\n{dataset}\n".encode())
    for recording in recordings:
        if isinstance(recording, ClipError):
            entry: tuple[object, ...] = (str(recording),)
        else:
            try:
                stat = recording.path.stat()
                state = (stat.st_size, stat.st_mtime_ns)
            except (OSError, ValueError):
                state = (-1, -1)
            known = (recording.label, recording.subject, recording.camera, recording.split)
            entry = (recording.source, *state, *known)
        digest.update(f"{entry!r}\n".encode())
    return digest.hexdigest()
