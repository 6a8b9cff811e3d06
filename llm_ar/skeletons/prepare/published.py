"""The recordings of the published datasets: files in a folder, or members of zip files in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.datasets import cad60
from llm_ar.skeletons.datasets.ntu import parse_name
from llm_ar.skeletons.prepare.recordings import Recording
from llm_ar.skeletons.readers import (
    named_clips,
    ntu,
    penn_action,
    read_clip,
    sbu,
    smarthome,
    uav_human,
)
from llm_ar.skeletons.readers.archives import Member, members
from llm_ar.skeletons.readers.files import read_bytes
from llm_ar.skeletons.windows import Window, duration

Parse = Callable[[Path, bytes], Clip]

_NTU60_ACTIONS = 60


def ntu60_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """NTU RGB+D 60: as `ntu120_recordings`, the actions A001 to A060 alone."""
    for recording in ntu120_recordings(raw, labels):
        name = parse_name(recording.source)
        if name is None or name.action <= _NTU60_ACTIONS:
            yield recording


def ntu120_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """NTU RGB+D 120: ``.skeleton`` files, but for those listed as without a usable skeleton."""
    for recording in _recordings(raw, ".skeleton", ntu.parse):
        name = parse_name(recording.source)
        if name is not None and name.missing:
            yield ClipError(
                recording.source, "the publishers list it as without a usable skeleton; left out"
            )
        else:
            yield recording


def smarthome_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """Toyota Smarthome: all JSON files."""
    yield from _recordings(raw, ".json", smarthome.parse)


def uav_human_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """UAV-Human: all text files."""
    yield from _recordings(raw, ".txt", uav_human.parse)


def sbu_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """SBU: the files ``skeleton_pos.txt`` (the pair and the action are their folders)."""
    yield from _recordings(raw, "skeleton_pos.txt", sbu.parse)


def kard_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """KARD: the files of positions in space."""
    yield from _files(raw, "*_realworld.txt")


def florence3d_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """Florence 3D Actions: one file a clip."""
    yield from _files(raw, "a*_s*_id*.txt")


def msr_daily_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """MSR Daily Activity 3D: the files of positions in space."""
    yield from _files(raw, "*_skeleton_proj.txt")


def bandai_namco_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """Bandai-Namco Research Motiondataset 1: its BVH files."""
    yield from _files(raw, "dataset-1_*.bvh")


def cad60_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """CAD-60: pieces of the recordings, but for the random ones."""
    for whole in _files(raw, "a*_p*.npy"):
        known = cad60.describe(whole.source)
        if known is not None and known.label is None:
            yield ClipError(whole.source, "shows no named activity; left out")
            continue
        try:
            seconds = duration(read_clip(whole.path))
        except ClipError as error:
            yield ClipError(whole.source, error.problem)
            continue
        for piece in range(max(1, round(seconds / cad60.PIECE_SECONDS))):
            start = piece * cad60.PIECE_SECONDS
            window = Window(start, min(start + cad60.PIECE_SECONDS, seconds))
            yield replace(whole, source=f"{whole.source}#{piece}", window=window)


def _files(raw: Path, pattern: str) -> Iterator[Recording]:
    """The files of a folder, at any depth, whose formats leave axes open."""
    for path in sorted(raw.rglob(pattern)):
        yield Recording(path, path.relative_to(raw).as_posix(), read_clip)


def penn_action_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """Penn Action: all MATLAB files (the folder ``labels`` of the dataset, or what holds it)."""
    yield from _recordings(raw, ".mat", penn_action.parse)


def har6_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """HAR-6: the clips of all ``.npz`` files."""
    for file in [raw] if raw.is_file() else sorted(raw.rglob("*.npz")):
        try:
            clips = named_clips.members(file)
        except ClipError as error:
            yield error
            continue
        for path in clips:
            yield Recording(path, str(path).removeprefix(str(file)).lstrip("#"), named_clips.read)


def _recordings(raw: Path, ending: str, parse: Parse) -> Iterator[Recording]:
    """All recordings of one format, in order of their names.

    Args:
        raw: a folder with files, zip files, or both, at any depth; or one zip file.
        ending: of the recordings' names.
        parse: makes a clip of a recording's path and bytes.

    Raises:
        DatasetError: a zip file is damaged.
    """
    archives = [raw] if raw.is_file() else sorted(raw.rglob("*.zip"))
    for path in sorted(raw.rglob(f"*{ending}")):
        source = path.relative_to(raw).as_posix()
        yield Recording(path, source, partial(_read_file, parse))
    for archive in archives:
        place = archive.name if archive == raw else archive.relative_to(raw).as_posix()
        for member in members(archive, ending):
            read = partial(_read_member, parse, member)
            yield Recording(archive, f"{place}/{member.name}", read)


def _read_file(parse: Parse, path: Path) -> Clip:
    return parse(path, read_bytes(path))


def _read_member(parse: Parse, member: Member, path: Path) -> Clip:
    return parse(Path(member.source), member.read())
