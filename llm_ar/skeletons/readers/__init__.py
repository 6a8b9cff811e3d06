"""Readers, one small module a format: ``sniff`` knows its files, ``read`` makes a clip of one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from llm_ar.config import RepairConfig
from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.gaps import gap_notes
from llm_ar.skeletons.layouts import MEDIAPIPE
from llm_ar.skeletons.orientation import put_upright
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions
from llm_ar.skeletons.readers import (
    alphapose,
    arrays,
    azure_kinect,
    bvh,
    c3d,
    cad60,
    coco_keypoints,
    csv_table,
    graph_arrays,
    joint_lines,
    joint_table,
    json_arrays,
    kinetics,
    landmarks,
    matlab,
    named_clips,
    ntu,
    nw_ucla,
    openpose,
    penn_action,
    pickle_array,
    pose_instances,
    pyskl,
    sbu,
    smarthome,
    trc,
    uav_human,
    utd_mhad,
    video,
    yolo_labels,
)
from llm_ar.skeletons.readers.files import read_head
from llm_ar.skeletons.readers.layout_choice import known_layouts
from llm_ar.skeletons.repair import repair


class Reader(Protocol):
    """What a format's module offers."""

    def sniff(self, path: Path, head: bytes) -> bool:
        """Whether the file looks like this format, by its first bytes (and its name)."""

    def read(self, path: Path) -> Clip:
        """The clip in the file; raises `ClipError` for anything that is wrong with it."""


class ArrayReader(Reader, Protocol):
    """A reader of arrays, which need what the user states of their axes and layout."""

    def read(self, path: Path, options: ReadOptions = BY_FILE) -> Clip:
        """The clip in the file; raises `ClipError` as `Reader.read`."""


class ContainerReader(Protocol):
    """A reader of files that hold several clips."""

    def members(self, path: Path) -> list[Path]:
        """The clips of a file, each as a path that ``read`` takes; of a clip's path itself."""


FORMATS: dict[str, Reader] = {
    "NW-UCLA JSON": nw_ucla,
    "UTD-MHAD .mat": utd_mhad,
    "Penn Action .mat": penn_action,
    "MATLAB .mat": matlab,
    "graph network arrays": graph_arrays,
    "CAD-60 .npy": cad60,
    "named clips .npz": named_clips,
    "NumPy array": arrays,
    "NTU RGB+D .skeleton": ntu,
    "UAV-Human text": uav_human,
    "SBU skeleton_pos.txt": sbu,
    "KARD or Florence 3D text": joint_lines,
    "MSR Daily Activity text": joint_table,
    "Toyota Smarthome JSON": smarthome,
    "pickled array": pickle_array,
    "PYSKL pickle": pyskl,
    "BVH": bvh,
    "TRC": trc,
    "C3D": c3d,
    "OpenPose JSON": openpose,
    "MMPose or ultralytics JSON": pose_instances,
    "Kinetics-skeleton JSON": kinetics,
    "Azure Kinect JSON": azure_kinect,
    "AlphaPose JSON": alphapose,
    "COCO keypoints JSON": coco_keypoints,
    "JSON array": json_arrays,
    "MediaPipe landmarks JSON": landmarks,
    "ultralytics labels": yolo_labels,
    "CSV table": csv_table,
    "video": video,
}
"""All formats by name; the first whose ``sniff`` says yes reads the file."""

ARRAYS: dict[str, ArrayReader] = {
    "graph network arrays": graph_arrays,
    "CAD-60 .npy": cad60,
    "NumPy array": arrays,
    "KARD or Florence 3D text": joint_lines,
    "UTD-MHAD .mat": utd_mhad,
    "MATLAB .mat": matlab,
    "pickled array": pickle_array,
    "JSON array": json_arrays,
    "CSV table": csv_table,
}
"""The formats among them that leave axes and layout open."""

CONTAINERS: dict[str, ContainerReader] = {
    "graph network arrays": graph_arrays,
    "named clips .npz": named_clips,
    "PYSKL pickle": pyskl,
}
"""The formats among them that hold several clips, each named as ``FILE#NAME``."""

FIXED_AXES = frozenset(
    {
        "NW-UCLA JSON",
        "NTU RGB+D .skeleton",
        "UAV-Human text",
        "SBU skeleton_pos.txt",
        "Penn Action .mat",
        "named clips .npz",
        "Toyota Smarthome JSON",
        "PYSKL pickle",
        "AlphaPose JSON",
        "COCO keypoints JSON",
        "Kinetics-skeleton JSON",
        "ultralytics labels",
        "video",
    }
)
"""The formats that define which way is up; in others the body in the clip decides."""

READERS: tuple[Reader, ...] = tuple(FORMATS.values())


_HEAD = 4096
"""Bytes by which a format is found."""
_GZIP = b"\x1f\x8b"
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"BM")
_LABELS_FILE = "labels.csv"


def read_clip(path: Path, options: ReadOptions = BY_FILE) -> Clip:
    """Read a recording, whose format is found by its content.

    Args:
        path: a file; a folder of OpenPose's frames; ``FILE#NAME``, one clip of many; or
            ``webcam:0``.
        options: what the user states of it.

    Raises:
        ClipError: the file is missing, empty, damaged, of no known format, holds several clips, or
            is not as the options state.
        MissingExtraError: it is a video, and the pose estimator is not installed.
    """
    name = format_of(path)
    if name in ARRAYS:
        clip = ARRAYS[name].read(path, options)
    elif options.axes is not None:
        raise ClipError(path, f"is {name}, whose axes are fixed; leave --axes out")
    else:
        clip = _in_layout(path, FORMATS[name].read(path), options.layout)
    if clip.layout is MEDIAPIPE and name != "video":
        clip = landmarks.equal_units(clip)
    if options.fps is not None:
        understood = replace(clip.understood, fps="as stated")
        clip = replace(clip, fps=options.fps, understood=understood)
    if name not in FIXED_AXES or options.up is not None or options.mirror is not None:
        clip = put_upright(clip, options)
    # Raw tracks become people first.
    return clip if clip.tracks else replace(clip, repairs=(*clip.repairs, *gap_notes(clip)))


def _in_layout(path: Path, clip: Clip, name: str | None) -> Clip:
    """The clip with its joints in the stated layout instead of the one that its format has."""
    if name is None or clip.layout.name == name:
        return clip
    (layout,) = known_layouts(path, name)
    if len(layout.joints) != len(clip.layout.joints):
        raise ClipError(
            path,
            f"is in layout {clip.layout.name} of {len(clip.layout.joints)} joints, but {name} has "
            f"{len(layout.joints)}; leave --layout out",
        )
    return replace(clip, layout=layout, understood=replace(clip.understood, layout="as stated"))


def format_of(path: Path) -> str:
    """The name of a recording's format, one of `FORMATS`, found by its content.

    Raises:
        ClipError: the file is missing, empty, or of no known format.
    """
    if video.is_camera(path):
        return "video"
    # Unlike the methods of Path, os.path answers False to names that no file can have.
    if os.path.isdir(path) and openpose.is_folder(path):
        return "OpenPose JSON"
    if os.path.isdir(path) and yolo_labels.is_folder(path):
        return "ultralytics labels"
    head = read_head(pyskl.container(path), _HEAD)
    if head.startswith(_GZIP):
        raise ClipError(path, "is compressed with gzip; unpack it (gunzip) and give the file in it")
    for name, reader in FORMATS.items():
        if reader.sniff(path, head):
            return name
    if head.startswith(_PICTURES):
        raise ClipError(path, "is a picture; give a video, or the joints of all its frames")
    if path.name == _LABELS_FILE:
        raise ClipError(
            path,
            "is a table of labels; give the recordings that it lists, or prepare them all: llm-ar "
            f"prepare folder --raw {path.parent} --out FOLDER",
        )
    raise ClipError(
        path,
        "is in no format known here (.skeleton, .bvh, .trc, .c3d, .mat, .csv, .pkl, .npy, .npz, "
        "JSON of common pose estimators, video: see docs/formats); save the joints as a NumPy "
        "array .npy or .npz (frames, joints, 3)",
    )


def members(path: Path) -> list[Path]:
    """The clips of a file, each as a path that `read_clip` takes: itself, but for containers.

    Raises:
        ClipError: as `read_clip`, for what concerns the whole file.
    """
    reader = CONTAINERS.get(format_of(path))
    return [path] if reader is None else reader.members(path)


def as_clip(clip: Clip | str | Path, rules: RepairConfig | None = None) -> Clip:
    """The clip itself, or the one read from that file; a sensor's tracks are made people.

    Args:
        clip: it, or its file.
        rules: those of the repair; by default the published ones.

    Raises:
        ClipError: as `read_clip`.
    """
    return repair(clip if isinstance(clip, Clip) else read_clip(Path(clip)), rules)[0]
