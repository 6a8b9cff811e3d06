"""Raw recordings to a prepared dataset, once: the same input is not read again."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from llm_ar.config import RepairConfig
from llm_ar.errors import ClipError, DatasetError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.datasets.protocols import dataset_named
from llm_ar.skeletons.layouts import KINECT_V1, Layout
from llm_ar.skeletons.prepare.assemble import assemble, check_place, put_in_place
from llm_ar.skeletons.prepare.handedness import is_open, settle
from llm_ar.skeletons.prepare.jhmdb import jhmdb_recordings
from llm_ar.skeletons.prepare.published import (
    bandai_namco_recordings,
    cad60_recordings,
    florence3d_recordings,
    har6_recordings,
    kard_recordings,
    msr_daily_recordings,
    ntu60_recordings,
    ntu120_recordings,
    penn_action_recordings,
    sbu_recordings,
    smarthome_recordings,
    uav_human_recordings,
)
from llm_ar.skeletons.prepare.recordings import (
    Recording,
    folder_recordings,
    nw_ucla_recordings,
    utd_mhad_recordings,
)
from llm_ar.skeletons.prepare.report import PrepareReport
from llm_ar.skeletons.prepare.shards import SHARD_CLIPS, log_path
from llm_ar.skeletons.prepare.workers import Job, read_all, run_jobs
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions
from llm_ar.skeletons.readers import pyskl, video
from llm_ar.skeletons.readers.bvh_names import is_own
from llm_ar.skeletons.store import earlier_report

Recordings = Iterator[Recording | ClipError]

SOURCES: dict[str, Callable[[Path, Path | None], Recordings]] = {
    "nw-ucla": nw_ucla_recordings,
    "utd-mhad": utd_mhad_recordings,
    "sbu": sbu_recordings,
    "ntu60": ntu60_recordings,
    "ntu120": ntu120_recordings,
    "smarthome": smarthome_recordings,
    "uav-human": uav_human_recordings,
    "kard": kard_recordings,
    "florence3d": florence3d_recordings,
    "cad60": cad60_recordings,
    "msr-daily": msr_daily_recordings,
    "bandai-namco": bandai_namco_recordings,
    "penn-action": penn_action_recordings,
    "jhmdb": jhmdb_recordings,
    "har6": har6_recordings,
    "folder": folder_recordings,
}
"""How each dataset's recordings are found in its raw folder."""

_VERSION = "3"
"""Changes when readers or repairs make something else of the same files."""

VIDEOS = 8
"""Recordings of a shard where they are videos, which take seconds each."""

_PLAN_FILE = "plan.json"


def prepare(
    dataset: str,
    raw: Path,
    out: Path,
    labels: Path | None = None,
    *,
    repair: RepairConfig | None = None,
    workers: int = 1,
    options: ReadOptions = BY_FILE,
    progress: Callable[[int, int], None] | None = None,
) -> PrepareReport:
    """Read all recordings of a raw folder into a dataset that `ClipStore.open` opens.

    The dataset is built in a hidden folder beside ``out``. A run that is interrupted leaves what
    it has finished there, and the next one goes on with it. Poses estimated in a published
    dataset's videos are kept in the folder ``OUT.poses`` beside it: no later run estimates them
    again.

    Args:
        dataset: a published dataset's name, or ``folder``.
        raw: folder with the files as published (for ``folder``: any files that a table lists).
        out: the dataset's folder; replaced when it is one already and the input has changed.
        labels: the table of ``folder``, by default ``labels.csv`` in the raw folder.
        repair: parameters of the repair of raw tracks.
        workers: processes that read; the files are the same for any number. A script that asks for
            more than one needs the usual ``if __name__ == "__main__"``.
        options: what is stated of the files of ``folder``. Whether their axes are mirrored is found
            over all of them, unless it is stated.
        progress: called with the recordings done and all there are.

    Raises:
        DatasetError: unknown dataset, no such raw folder, no recording in it, none usable, a
            table where none is wanted, ``out`` holds something else, or another process is
            preparing it.
    """
    start = time.monotonic()
    config = repair or RepairConfig()
    found = _recordings(dataset, raw, labels, options)
    what = f"{dataset} {config}{f' {options}' if options.given else ''}"
    fingerprint = _fingerprint(what, found)
    earlier = earlier_report(out, fingerprint)
    if earlier is not None:
        return earlier
    settled, findings = settle(found, options, stateable=dataset == "folder")
    poses = out.parent / f"{out.name}.poses"
    recordings = [_stated(item, options, settled, poses) for item in found]
    layout = _first_layout(raw, recordings)
    check_place(out)
    partial = out.parent / f".{out.name}.preparing"
    try:
        partial.mkdir(parents=True, exist_ok=True)
        with FileLock(partial / "lock", timeout=0):
            size = VIDEOS if any(map(_is_video, found)) else SHARD_CLIPS
            shards = _planned(partial, fingerprint, size)
            jobs = [
                Job(tuple(recordings[first : first + size]), shards, number, layout, config)
                for number, first in enumerate(range(0, len(recordings), size))
            ]
            ahead = [job for job in jobs if not log_path(shards, job.number).exists()]
            resumed = done = len(recordings) - sum(len(job.recordings) for job in ahead)
            for finished in run_jobs(iter(ahead), min(workers, max(len(ahead), 1))):
                done += finished
                if progress is not None:
                    progress(done, len(recordings))
            shutil.rmtree(partial / "new", ignore_errors=True)
            report = assemble(
                shards,
                len(jobs),
                partial / "new",
                out,
                dataset,
                layout,
                fingerprint,
                config,
                findings,
            )
            put_in_place(partial / "new", out, partial / "old")
        shutil.rmtree(partial, ignore_errors=True)
    except Timeout:
        raise DatasetError(
            f"{out}: another process is preparing it; wait for that, or choose another folder"
        ) from None
    except OSError as error:
        raise DatasetError(f"{out}: cannot be written ({error})") from None
    return report.timed(start, resumed)


def _recordings(
    dataset: str, raw: Path, labels: Path | None, options: ReadOptions
) -> list[Recording | ClipError]:
    """Everything there is to read."""
    if dataset_named(dataset).name not in SOURCES:
        raise DatasetError(f"{dataset} has no raw files; llm-ar data make-procedural makes it")
    if labels is not None and dataset != "folder":
        raise DatasetError(f"{dataset} takes its labels from the files' names; leave {labels} out")
    if options.given and dataset != "folder":
        stated = ", ".join(f"--{name}" for name in options.given)
        raise DatasetError(f"{dataset} says how its files are to be read; leave {stated} out")
    if not raw.exists():
        raise DatasetError(f"{raw}: no such folder; give the folder of the raw recordings")
    found = SOURCES[dataset](raw, labels)
    recordings = list(found)
    if not recordings:
        raise DatasetError(f"{raw}: has no recordings of {dataset}; check the folder")
    return recordings


def _stated(
    item: Recording | ClipError, options: ReadOptions, settled: ReadOptions, poses: Path
) -> Recording | ClipError:
    """A recording as it is to be read; formats that define their axes keep them."""
    if isinstance(item, ClipError):
        return item
    stated = item.stating(settled if settled == options or is_open(item) else options)
    return stated.keeping(poses)


def _first_layout(raw: Path, recordings: list[Recording | ClipError]) -> Layout:
    """The layout of the first clip that can be read, which is to be the dataset's."""
    first: ClipError | None = None
    for item in read_all(tuple(recordings)):
        if isinstance(item, Clip):
            # The hierarchy of one BVH file is no layout for others.
            return KINECT_V1 if is_own(item.layout) else item.layout
        first = first or item
    raise DatasetError(
        f"{raw}: none of its {len(recordings):,} recordings is usable; the first: {first}"
    )


def _is_video(item: Recording | ClipError) -> bool:
    return isinstance(item, Recording) and item.read is video.read


def _planned(partial: Path, fingerprint: str, size: int) -> Path:
    """The folder of the shards: as an interrupted run of the same input left it, or a new one."""
    plan, shards = partial / _PLAN_FILE, partial / "shards"
    wanted = json.dumps({"fingerprint": fingerprint, "shard": size})
    if not (plan.is_file() and shards.is_dir() and plan.read_text(encoding="utf-8") == wanted):
        plan.unlink(missing_ok=True)
        shutil.rmtree(shards, ignore_errors=True)
        shards.mkdir()
        plan.write_text(wanted, encoding="utf-8")
    return shards


def _fingerprint(what: str, recordings: list[Recording | ClipError]) -> str:
    """A hash of the files' names, sizes and times, and of what the table says of them."""
    digest = hashlib.sha256(f"{_VERSION}\n{what}\n".encode())
    for recording in recordings:
        if isinstance(recording, ClipError):
            entry: tuple[object, ...] = (str(recording),)
        else:
            try:
                stat = pyskl.container(recording.path).stat()
                state = (stat.st_size, stat.st_mtime_ns)
            except (OSError, ValueError):
                state = (-1, -1)
            known = (recording.label, recording.subject, recording.camera, recording.split)
            entry = (recording.source, *state, *known)
        digest.update(f"{entry!r}\n".encode())
    return digest.hexdigest()
