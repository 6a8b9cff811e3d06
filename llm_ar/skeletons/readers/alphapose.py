"""AlphaPose results, and COCO keypoint results: one JSON list of detections.

``[{"image_id": "12.jpg", "keypoints": [x, y, score, ...], "score": s, "idx": person}, ...]``; a
number in ``image_id`` counts the frames (`clock.numbered`), ``idx`` (optional) is the person.
Keypoints may come one list a joint. AlphaPose's other form is an object with an entry an image, of
people as OpenPose writes them: ``{"12.jpg": {"bodies": [{"joints": [x, y, score, ...]}]}, ...}``.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers.clock import Frames, frames_of, numbered
from llm_ar.skeletons.readers.files import MAX_FRAMES
from llm_ar.skeletons.readers.json_files import FPS, Estimates, is_json, read_json

_PEOPLE = ("bodies", "people")
_JOINTS = ("joints", "pose_keypoints_2d", "keypoints")


def sniff(path: Path, head: bytes) -> bool:
    """A JSON list of detections, or an object with an entry an image."""
    if not is_json(head):
        return False
    data = read_json(path)
    if isinstance(data, dict):
        first = next(iter(data.values()), None)
        return isinstance(first, dict) and any(key in first for key in _PEOPLE)
    if not isinstance(data, list) or not data or not isinstance(data[0], dict):
        return False
    return "image_id" in data[0] or ("keypoints" in data[0] and "keypoint_scores" not in data[0])


def read(path: Path) -> Clip:
    """Read one video's results.

    Raises:
        ClipError: not JSON, another schema (the entry is named), images that are not numbered, or
            no detection.
    """
    entries = _entries(read_json(path))
    if not isinstance(entries, list) or not entries:
        raise ClipError(path, "has no list of detections; leave this clip out")
    frames = _frames(path, entries)
    found = Estimates()
    for number, (frame, entry) in enumerate(zip(frames.numbers, entries, strict=True)):
        where = f'"keypoints" of entry {number}'
        person = identity(entry.get("idx", entry.get("track_id")))
        found.add(path, where, entry.get("keypoints"), frame, person, score=score_of(entry))
    return found.clip(path, frames.count, fps=frames.rate(FPS), understood=frames.understood)


def _entries(data: Any) -> Any:
    """The detections; those of an object with an entry an image as a list."""
    if not isinstance(data, dict):
        return data
    return [
        {
            "image_id": image,
            "keypoints": next((person[key] for key in _JOINTS if key in person), None),
            "idx": person.get("idx"),
        }
        for image, content in data.items()
        if isinstance(content, dict)
        for person in _people(content)
        if isinstance(person, dict)
    ]


def _people(content: dict[str, Any]) -> list[Any]:
    people = next((content[key] for key in _PEOPLE if key in content), None)
    return people if isinstance(people, list) else []


def score_of(entry: dict[str, Any]) -> float:
    """The detection's own score; 0 where it has none."""
    score = entry.get("score")
    return float(score) if isinstance(score, float) and math.isfinite(score) else 0.0


def identity(value: Any) -> int | None:
    """A person's number, which AlphaPose also writes as a float or in a list."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return value if type(value) is int else None


def _frames(path: Path, entries: list[Any]) -> Frames:
    """The frame of each entry."""
    images = [entry.get("image_id") if isinstance(entry, dict) else None for entry in entries]
    for number, image in enumerate(images):
        if numbered([image]) is None:
            raise ClipError(path, f'entry {number} has no "image_id" with the number of its frame')
    found = numbered(images)
    if found is None:
        raise ClipError(path, 'its "image_id" are numbers and names mixed; write all as numbers')
    numbers, one_video = found
    if not one_video:
        raise ClipError(
            path,
            f'its "image_id" are of several videos, such as {str(images[0])[:40]!r} and '
            f"{str(images[-1])[:40]!r}, or have several numbers; save each video by itself, with "
            "the frame as the last number",
        )
    frames = frames_of(numbers)
    if frames.count > MAX_FRAMES:
        raise ClipError(
            path,
            f'its "image_id" run from {min(numbers)} to {max(numbers)}; a clip is one video of at '
            f"most {MAX_FRAMES:,} frames, cut it",
        )
    return frames
