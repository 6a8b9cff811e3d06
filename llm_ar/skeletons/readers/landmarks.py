"""MediaPipe Pose landmarks as JSON, in the ways that people save them.

A list of frames, or an object with one under ``frames``, ``poses``, ``results`` or ``data`` (and
``fps``, if wanted). A frame is a list of 33 landmarks, or an object with one under
``pose_world_landmarks``, ``world_landmarks``, ``pose_landmarks``, ``landmarks`` or ``keypoints``,
or null or empty where nobody was found; with several people, a list of such lists. A landmark is
``{"x", "y", "z", "visibility"}`` or ``[x, y, z, visibility]``; visibility may be left out.

x is right and y down in the image, z away from the camera: a half turn makes them the axes of
`Clip`. A landmark whose visibility is below 0.5, where MediaPipe stops to draw it, is missing.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, Mask
from llm_ar.skeletons.layouts import MEDIAPIPE
from llm_ar.skeletons.readers.files import check_frames
from llm_ar.skeletons.readers.json_files import FPS, clip_of, read_json
from llm_ar.skeletons.readers.people import Detection

MIN_VISIBILITY = 0.5

_JOINTS = len(MEDIAPIPE.joints)
_LISTS = ("frames", "poses", "results", "data")
_POSES = ("pose_world_landmarks", "world_landmarks", "pose_landmarks", "landmarks", "keypoints")
_KEY = re.compile(rb'"(\w*landmarks|visibility)"\s*:')
_BARE = re.compile(rb"\s*\[\s*\[\s*\[\s*[-\d.]")


def sniff(path: Path, head: bytes) -> bool:
    """JSON that speaks of landmarks or visibility, or begins with lists of numbers."""
    text = head.lstrip()
    return text[:1] in (b"[", b"{") and bool(_KEY.search(head) or _BARE.match(head))


def read(path: Path) -> Clip:
    """Read one clip.

    Raises:
        ClipError: not JSON, none of the shapes above (the frame is named), or nobody in it.
    """
    data, fps = read_json(path), FPS
    if isinstance(data, dict):
        fps = _fps(path, data.get("fps", FPS))
        data = next((data[key] for key in _LISTS if key in data), None)
    if not isinstance(data, list) or not data:
        raise ClipError(path, f"has no list of frames, as such or under {', '.join(_LISTS)}")
    check_frames(path, len(data))
    found = [
        Detection(frame, *upright(landmarks))
        for frame, value in enumerate(data)
        for landmarks in _people(path, frame, value)
    ]
    return clip_of(path, MEDIAPIPE, found, len(data), fps)


def upright(landmarks: NDArray[np.float64]) -> tuple[NDArray[np.float64], Mask]:
    """Landmarks ``(..., 33, 3 or more)`` in the axes of `Clip`, and which of them are visible.

    The numbers behind x, y, z are the visibility and, from newer versions, the presence.
    """
    with np.errstate(invalid="ignore"):
        visible = np.all(landmarks[..., 3:] >= MIN_VISIBILITY, axis=-1)
    return landmarks[..., :3] * (-1, -1, 1), np.asarray(visible)


def _people(path: Path, frame: int, value: Any) -> list[NDArray[np.float64]]:
    """The landmarks of each person in a frame, ``(33, 3..5)``."""
    if isinstance(value, dict):
        value = next((value[key] for key in _POSES if key in value), value)
    if value is None or value == []:
        return []
    if not isinstance(value, list):
        raise ClipError(path, f"frame {frame} has no landmarks under {', '.join(_POSES)}")
    if len(value) != _JOINTS and all(isinstance(person, list) for person in value):
        return [_landmarks(path, frame, person) for person in value]
    return [_landmarks(path, frame, value)]


def _landmarks(path: Path, frame: int, value: list[Any]) -> NDArray[np.float64]:
    try:
        rows = [
            [row["x"], row["y"], row["z"], row.get("visibility", 1.0)]
            if isinstance(row, dict)
            else row
            for row in value
        ]
        values = np.array(rows, dtype=np.float64)
    except (KeyError, TypeError, ValueError, OverflowError):
        values = np.empty(0)
    if values.ndim != 2 or values.shape[0] != _JOINTS or not 3 <= values.shape[1] <= 5:
        raise ClipError(
            path, f"frame {frame} is not {_JOINTS} landmarks of x, y, z and, if known, visibility"
        )
    return values


def _fps(path: Path, value: Any) -> float:
    usual = isinstance(value, int | float) and not isinstance(value, bool)
    if not usual or not 0 < value < 1e6 or not math.isfinite(value):
        raise ClipError(path, '"fps" is not a positive number')
    return float(value)
