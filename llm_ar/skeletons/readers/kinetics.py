"""Kinetics-skeleton JSON (ST-GCN): OpenPose's 18 joints as shares of the image's sides.

``{"data": [{"frame_index": 1, "skeleton": [{"pose": [x, y, ...], "score": [...]}]}, ...],
"label": "name", "label_index": 3}``. The images' sides are not known: 16 to 9 is assumed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers.clock import frames_of
from llm_ar.skeletons.readers.files import check_frames
from llm_ar.skeletons.readers.json_files import FPS, Estimates, is_json, read_json


def sniff(path: Path, head: bytes) -> bool:
    """A JSON object whose ``data`` are frames with skeletons."""
    if not is_json(head):
        return False
    frames = _frames(read_json(path))
    return bool(frames) and isinstance(frames[0], dict) and "skeleton" in frames[0]


def read(path: Path) -> Clip:
    """Read one clip.

    Raises:
        ClipError: not JSON, a frame without number or skeletons (it is named), or nobody in it.
    """
    data = read_json(path)
    frames = _frames(data)
    if not frames:
        raise ClipError(path, 'has no list of frames under "data"; leave this clip out')
    found, numbers = Estimates(), []
    for place, frame in enumerate(frames):
        number = frame.get("frame_index") if isinstance(frame, dict) else None
        if type(number) is not int or not isinstance(frame.get("skeleton"), list):
            raise ClipError(path, f'entry {place} of "data" has no "frame_index" and "skeleton"')
        numbers.append(number)
    clock = frames_of(numbers)
    check_frames(path, clock.count)
    for place, number, frame in zip(clock.numbers, numbers, frames, strict=True):
        for person, skeleton in enumerate(frame["skeleton"]):
            where = f'"pose" of person {person} in frame {number}'
            entry = skeleton if isinstance(skeleton, dict) else {}
            found.add(path, where, entry.get("pose"), place, None, scores=entry.get("score", []))
    label = data.get("label")
    named = label if isinstance(label, str) and label.strip() else None
    return found.clip(
        path, clock.count, label=named, fps=clock.rate(FPS), understood=clock.understood
    )


def _frames(data: Any) -> list[Any]:
    frames = data.get("data") if isinstance(data, dict) else None
    return frames if isinstance(frames, list) else []
