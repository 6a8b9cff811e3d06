"""Readers, one small module a format: ``sniff`` knows its files, ``read`` makes a clip of one."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from llm_ar.config import RepairConfig
from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers import (
    alphapose,
    arrays,
    bvh,
    coco_keypoints,
    csv_table,
    landmarks,
    ntu,
    nw_ucla,
    openpose,
    pyskl,
    sbu,
    smarthome,
    uav_human,
    utd_mhad,
    video,
)
from llm_ar.skeletons.readers.files import read_head
from llm_ar.skeletons.repair import repair


class Reader(Protocol):
    """What a format's module offers."""

    def sniff(self, path: Path, head: bytes) -> bool:
        """Whether the file looks like this format, by its first bytes (and its name)."""

    def read(self, path: Path) -> Clip:
        """The clip in the file; raises `ClipError` for anything that is wrong with it."""


FORMATS: dict[str, Reader] = {
    "NW-UCLA JSON": nw_ucla,
    "UTD-MHAD .mat": utd_mhad,
    "NumPy array": arrays,
    "NTU RGB+D .skeleton": ntu,
    "UAV-Human text": uav_human,
    "SBU skeleton_pos.txt": sbu,
    "Toyota Smarthome JSON": smarthome,
    "PYSKL pickle": pyskl,
    "BVH": bvh,
    "OpenPose JSON": openpose,
    "AlphaPose JSON": alphapose,
    "COCO keypoints JSON": coco_keypoints,
    "MediaPipe landmarks JSON": landmarks,
    "CSV table": csv_table,
    "video": video,
}
"""All formats by name; the first whose ``sniff`` says yes reads the file."""

READERS: tuple[Reader, ...] = tuple(FORMATS.values())


_HEAD = 4096
"""Bytes by which a format is found."""


def read_clip(path: Path) -> Clip:
    """Read a recording, whose format is found by its content.

    Args:
        path: a file; a folder of OpenPose's frames; ``FILE.pkl#NAME``, one clip of many; or
            ``webcam:0``.

    Raises:
        ClipError: the file is missing, empty, damaged, of no known format, or holds several clips.
        MissingExtraError: it is a video, and the pose estimator is not installed.
    """
    return FORMATS[format_of(path)].read(path)


def format_of(path: Path) -> str:
    """The name of a recording's format, one of `FORMATS`, found by its content.

    Raises:
        ClipError: the file is missing, empty, or of no known format.
    """
    if video.is_camera(path):
        return "video"
    if path.is_dir() and openpose.is_folder(path):
        return "OpenPose JSON"
    head = read_head(pyskl.container(path), _HEAD)
    for name, reader in FORMATS.items():
        if reader.sniff(path, head):
            return name
    raise ClipError(
        path,
        f"is in no format known here ({', '.join(FORMATS)}); save the joints as a NumPy array "
        ".npy or .npz (frames, joints, 3)",
    )


def members(path: Path) -> list[Path]:
    """The clips of a file, each as a path that `read_clip` takes: itself, but for containers.

    Raises:
        ClipError: as `read_clip`, for what concerns the whole file.
    """
    return pyskl.members(path) if format_of(path) == "PYSKL pickle" else [path]


def as_clip(clip: Clip | str | Path, rules: RepairConfig | None = None) -> Clip:
    """The clip itself, or the one read from that file; a sensor's tracks are made people.

    Args:
        clip: it, or its file.
        rules: those of the repair; by default the published ones.

    Raises:
        ClipError: as `read_clip`.
    """
    return repair(clip if isinstance(clip, Clip) else read_clip(Path(clip)), rules)[0]
