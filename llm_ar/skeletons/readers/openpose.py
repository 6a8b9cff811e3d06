"""OpenPose: a folder with one JSON a frame, or a single such file.

``{"people": [{"person_id": [-1], "pose_keypoints_2d": [x, y, score, ...]}, ...]}`` with 25
(BODY_25), 18 (COCO) or 17 joints; the files are named ``VIDEO_000000000012_keypoints.json``. The
frame's number keeps the clock: a frame without a file is one without people. Older versions call
the list ``pose_keypoints``. Where there is only ``pose_keypoints_3d`` (x, y, z, score), that is
read.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers.clock import Frames, frame_numbers
from llm_ar.skeletons.readers.files import MAX_BYTES, MAX_FRAMES, check_frames, read_head
from llm_ar.skeletons.readers.json_files import FPS, Estimates, is_json, numbers, read_json

_KEYS = ("pose_keypoints_2d", "pose_keypoints")
_KEY_3D = "pose_keypoints_3d"
_NAME = re.compile(r"(.*?)_?(\d{1,15})(_keypoints)?\.json", re.IGNORECASE)
_TRIED = 20
"""Files of a folder that are looked at for a frame of OpenPose."""


def sniff(path: Path, head: bytes) -> bool:
    """A JSON object with people."""
    if not is_json(head):
        return False
    data = read_json(path)
    return isinstance(data, dict) and ("people" in data or _KEYS[0] in data)


def is_folder(path: Path) -> bool:
    """Whether a folder holds frames of OpenPose: one of its first files is one."""
    files = (file for file in sorted(path.glob("*.json")) if not file.name.startswith("."))
    return any(b'"people"' in _head(file) for file in islice(files, _TRIED))


def _head(file: Path) -> bytes:
    if not file.is_file() or file.stat().st_size == 0:
        return b""
    return read_head(file, 4096)


def read(path: Path) -> Clip:
    """Read a folder of frames, or a file as a clip of one frame.

    Raises:
        ClipError: a frame is not OpenPose's JSON (it is named), the folder holds several videos,
            or nobody is in any frame.
    """
    files, strays, clock = _frames(path) if path.is_dir() else ({0: path}, (), Frames([0], 1))
    frames = {frame: _people(file) for frame, file in files.items()}
    flat = any(_flat(person) for people in frames.values() for person in people)
    found = Estimates()
    for frame, people in frames.items():
        for number, person in enumerate(people):
            name = next((key for key in _KEYS if key in person), _KEYS[0]) if flat else _KEY_3D
            values = person.get(name, None if flat or _KEYS[0] not in person else [])
            if values == []:
                continue
            where = f'"{name}" of person {number}'
            rows = _in_fours(files[frame], where, values) if name == _KEY_3D else values
            found.add(files[frame], where, rows, frame, _identity(person))
    return found.clip(
        path, max(files) + 1, strays, fps=clock.rate(FPS), understood=clock.understood
    )


def _people(file: Path) -> list[dict[str, Any]]:
    data = read_json(file)
    people = data.get("people") if isinstance(data, dict) else None
    if not isinstance(people, list):
        raise ClipError(file, 'is not a frame of OpenPose: expected a list under "people"')
    return [person if isinstance(person, dict) else {} for person in people]


def _flat(person: dict[str, Any]) -> bool:
    """Whether the person has image coordinates, or nothing at all."""
    return any(person.get(key) for key in _KEYS) or _KEY_3D not in person


def _in_fours(file: Path, where: str, values: Any) -> list[list[float]]:
    """x, y, z, score a joint."""
    flat = numbers(file, where, values)
    if len(flat) % 4:
        raise ClipError(file, f"{where} has {len(flat)} numbers, expected x, y, z, score a joint")
    rows: list[list[float]] = flat.reshape(-1, 4).tolist()
    return rows


def _frames(path: Path) -> tuple[dict[int, Path], tuple[str, ...], Frames]:
    """The folder's files by the number of their frame, from 0, and a note of those left out."""
    listed = sorted(path.glob("*.json"))
    files = _without_strays(listed)
    skipped = [file.name for file in listed if file not in set(files)]
    strays = (f"{', '.join(skipped[:4])} skipped, no frame of OpenPose",) if skipped else ()
    if len(files) > MAX_FRAMES:
        raise ClipError(path, f"has {len(files):,} frames, a clip may have {MAX_FRAMES:,}; cut it")
    size = sum(file.stat().st_size for file in files)
    if size > MAX_BYTES:
        raise ClipError(path, f"has {size / 2**20:,.0f} MiB, a clip may have {MAX_BYTES // 2**20}")
    frames = frame_numbers(path, files, _NAME, "VIDEO_000000_keypoints.json")
    check_frames(path, frames.count)
    ordered = sorted(zip(frames.numbers, files, strict=True))
    return dict(ordered), strays, frames


def _without_strays(files: list[Path]) -> list[Path]:
    """The frames: without hidden files, and others that hold no people and are named otherwise."""
    shown = [file for file in files if not file.name.startswith(".")]
    people = {file for file in shown if b'"people"' in _head(file)}
    forms = Counter(_form(file) for file in people)
    usual = forms.most_common(1)[0][0] if forms else None
    return [file for file in shown if file in people or usual in (None, _form(file))]


def _form(file: Path) -> str:
    return re.sub(r"\d+", "#", file.name)


def _identity(person: dict[str, Any]) -> int | None:
    """OpenPose writes [-1] when it does not follow people."""
    value = person.get("person_id")
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if type(value) is int and value >= 0 else None
