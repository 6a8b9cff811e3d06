"""OpenPose: a folder with one JSON a frame, or a single such file.

``{"people": [{"person_id": [-1], "pose_keypoints_2d": [x, y, score, ...]}, ...]}`` with 25
(BODY_25), 18 (COCO) or 17 joints; the files are named ``VIDEO_000000000012_keypoints.json``. The
frame's number keeps the clock: a frame without a file is one without people.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers.files import MAX_BYTES, MAX_FRAMES, read_head
from llm_ar.skeletons.readers.json_files import Estimates, read_json

_KEY = re.compile(rb'"(people|pose_keypoints_2d)"\s*:')
_NAME = re.compile(r"(.*?)_?(\d{1,15})(_keypoints)?\.json", re.IGNORECASE)


def sniff(path: Path, head: bytes) -> bool:
    """A JSON object with people."""
    return head.lstrip().startswith(b"{") and _KEY.search(head) is not None


def is_folder(path: Path) -> bool:
    """Whether a folder holds frames of OpenPose: its first JSON is one."""
    first = min(path.glob("*.json"), default=None, key=lambda file: file.name)
    if first is None or not first.is_file() or first.stat().st_size == 0:
        return False
    return sniff(first, read_head(first, 4096))


def read(path: Path) -> Clip:
    """Read a folder of frames, or a file as a clip of one frame.

    Raises:
        ClipError: a frame is not OpenPose's JSON (it is named), the folder holds several videos,
            or nobody is in any frame.
    """
    files = _frames(path) if path.is_dir() else {0: path}
    found = Estimates()
    for frame, file in files.items():
        data = read_json(file)
        people = data.get("people") if isinstance(data, dict) else None
        if not isinstance(people, list):
            raise ClipError(file, 'is not a frame of OpenPose: expected a list under "people"')
        for number, person in enumerate(people):
            where = f'"pose_keypoints_2d" of person {number}'
            entry = person if isinstance(person, dict) else {}
            values = entry.get("pose_keypoints_2d")
            if values == []:
                continue
            found.add(file, where, values, frame, _identity(entry))
    return found.clip(path, max(files) + 1)


def _frames(path: Path) -> dict[int, Path]:
    """The folder's files by the number of their frame, from 0."""
    files = sorted(path.glob("*.json"))
    if len(files) > MAX_FRAMES:
        raise ClipError(path, f"has {len(files):,} frames, a clip may have {MAX_FRAMES:,}; cut it")
    size = sum(file.stat().st_size for file in files)
    if size > MAX_BYTES:
        raise ClipError(path, f"has {size / 2**20:,.0f} MiB, a clip may have {MAX_BYTES // 2**20}")
    names = [_NAME.fullmatch(file.name) for file in files]
    videos = {name[1] for name in names if name}
    if len(videos) > 1:
        first, second = sorted(videos)[:2]
        raise ClipError(
            path, f"has frames of several videos, {first!r} and {second!r}; a folder each is needed"
        )
    numbers = [int(name[2]) for name in names if name]
    if len(numbers) < len(files) or len(set(numbers)) < len(files):
        raise ClipError(path, "its files are not numbered by frame, as VIDEO_000000_keypoints.json")
    start = min(numbers)
    return {number - start: file for number, file in sorted(zip(numbers, files, strict=True))}


def _identity(person: dict[str, Any]) -> int | None:
    """OpenPose writes [-1] when it does not follow people."""
    value = person.get("person_id")
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if type(value) is int and value >= 0 else None
