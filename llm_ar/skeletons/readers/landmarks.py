"""MediaPipe Pose landmarks as JSON, in the ways that people save them.

A list of frames, or an object with one under ``frames``, ``poses``, ``results`` or ``data`` (and
``fps``, if wanted). Frames may have their number (``frame``, ``frame_id``, ...) and their time
(``timestamp``, ``timestamp_ms``, ...). A frame is a list of 33 landmarks, or an object with one
under ``pose_world_landmarks``, ``world_landmarks``, ``pose_landmarks``, ``landmarks`` or
``keypoints`` (or ``poseWorldLandmarks`` and so on), or null or empty where nobody was found; with
several people, a list of such lists. A landmark is ``{"x", "y", "z", "visibility"}`` or ``[x, y, z,
visibility]``; visibility may be left out, keys may be in capitals. Landmarks may also be an object
by name (``"LEFT_EYE": {...}``). World landmarks, in meters, come before those of the image where a
file has both.

x is right and y down in the image, z away from the camera: a half turn makes them the axes of
`Clip`. A landmark whose visibility is below 0.5, where MediaPipe stops to draw it, is missing.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, Mask
from llm_ar.skeletons.layouts import MEDIAPIPE
from llm_ar.skeletons.readers.clock import Rate, frames_of, rate_of, seconds
from llm_ar.skeletons.readers.csv_names import joint_name
from llm_ar.skeletons.readers.files import check_frames
from llm_ar.skeletons.readers.json_files import ASPECT, FPS, clip_of, is_json, read_json
from llm_ar.skeletons.readers.people import Detection

MIN_VISIBILITY = 0.5

_INSIDE = 0.95
"""Share of coordinates that lie on the image's side of its corner, if they are of an image."""
_LARGEST = 2.5
"""Largest share of an image's side that a landmark outside of it may have."""
_JOINTS = len(MEDIAPIPE.joints)
_LISTS = ("frames", "poses", "results", "data")
_POSES = (
    "poseworldlandmarks",
    "worldlandmarks",
    "poselandmarks",
    "landmarks",
    "keypoints",
    "landmark",
)
"""Keys of a frame's landmarks without ``_`` and in small letters, metric ones first."""
_NUMBERS = ("frame", "frameid", "frameindex", "framenumber", "frameidx")
_TIMES = ("timestamp", "time", "timestampms", "timems", "timestampus", "timestamps", "timestampsec")
"""Keys of a frame's number and time, spelled as `_POSES`."""


def sniff(path: Path, head: bytes) -> bool:
    """JSON of frames with landmarks, or of lists of numbers."""
    if not is_json(head):
        return False
    data = read_json(path)
    if isinstance(data, dict):
        return any(key in data for key in _LISTS) or any(_plain(key) in _POSES for key in data)
    first: Any = next((frame for frame in data if frame not in (None, [], {})), [])
    while isinstance(first, list) and first:
        first = first[0]
    if isinstance(first, dict):
        keys = {_plain(key) for key in first}
        return bool(keys & {*_POSES, "x", "nose", "visibility"})
    return first == [] or (isinstance(first, int | float) and isinstance(data[0], list | None))


def read(path: Path) -> Clip:
    """Read one clip.

    Raises:
        ClipError: not JSON, none of the shapes above (the frame is named), or nobody in it.
    """
    data, stated = read_json(path), None
    if isinstance(data, dict):
        stated = _fps(path, data["fps"]) if "fps" in data else None
        data = next((data[key] for key in _LISTS if key in data), None)
    if not isinstance(data, list) or not data:
        raise ClipError(path, f"has no list of frames, as such or under {', '.join(_LISTS)}")
    if len(data) == _JOINTS and all(isinstance(row, dict) and "x" in _keys(row) for row in data):
        data = [data]
    clock = frames_of(_numbers(data))
    check_frames(path, clock.count)
    key = _key(data)
    found = [
        Detection(frame, *upright(landmarks))
        for frame, value in zip(clock.numbers, data, strict=True)
        for landmarks in _people(path, frame, value, key)
    ]
    fps, understood = clock.rate(FPS), clock.understood
    rate = _rate(data) if stated is None else Rate(stated, "stated by the file")
    if rate is not None:
        fps, understood = rate.fps, replace(understood, fps=rate.how)
    return clip_of(path, MEDIAPIPE, found, clock.count, fps, understood=understood)


def _numbers(data: list[Any]) -> list[int]:
    """The frames' numbers: their own where all have one and they go forward, else their places."""
    given = [_given(frame, _NUMBERS)[1] for frame in data]
    own = [number for number in given if type(number) is int and 0 <= number < 10**15]
    forward = all(before < after for before, after in zip(own, own[1:], strict=False))
    return own if len(own) == len(data) and forward else list(range(len(data)))


def _rate(data: list[Any]) -> Rate | None:
    """Frames a second by the time stamps of the frames, where all have one."""
    found = [_given(frame, _TIMES) for frame in data]
    stamps: list[float] = []
    for _, value in found:
        try:
            stamps.append(seconds(value) if isinstance(value, str) else float(value))
        except (TypeError, ValueError):
            return None
    return rate_of(stamps, found[0][0])


def _given(frame: Any, names: tuple[str, ...]) -> tuple[str, Any]:
    """The first of some keys that a frame has, and its value."""
    if isinstance(frame, dict):
        for key, value in frame.items():
            if _plain(key) in names:
                return str(key), value
    return "", None


def _plain(key: object) -> str:
    return str(key).replace("_", "").lower()


def _keys(value: dict[str, Any]) -> dict[str, Any]:
    return {_plain(key): entry for key, entry in value.items()}


def _key(data: list[Any]) -> str | None:
    """The first of `_POSES` that holds landmarks in any frame."""
    given = [_keys(frame) for frame in data if isinstance(frame, dict)]
    return next((key for key in _POSES if any(frame.get(key) for frame in given)), None)


def upright(landmarks: NDArray[np.float64]) -> tuple[NDArray[np.float64], Mask]:
    """Landmarks ``(..., 33, 3 or more)`` in the axes of `Clip`, and which of them are visible.

    The numbers behind x, y, z are the visibility and, from newer versions, the presence.
    """
    with np.errstate(invalid="ignore"):
        visible = np.all(landmarks[..., 3:] >= MIN_VISIBILITY, axis=-1)
    return landmarks[..., :3] * (-1, -1, 1), np.asarray(visible)


def equal_units(clip: Clip) -> Clip:
    """Landmarks that are shares of the image's width and height in equal units; others as they are.

    x, and z, which has the scale of x, are widened by `ASPECT`. Landmarks of an image lie to one
    side of its corner; world landmarks lie around the hips.

    Args:
        clip: in MediaPipe's layout, in the axes of `Clip`.
    """
    shown = clip.joints[clip.present][:, :2]
    inside = (shown <= 0).mean() > _INSIDE and float(np.abs(shown).max()) < _LARGEST
    if not inside:
        return clip
    note = "coordinates are shares of the image's sides, which are assumed to be 16 to 9"
    return replace(
        clip,
        joints=clip.joints * np.array([ASPECT, 1, ASPECT], dtype=np.float32),
        understood=replace(clip.understood, notes=(*clip.understood.notes, note)),
    )


def _people(path: Path, frame: int, value: Any, key: str | None) -> list[NDArray[np.float64]]:
    """The landmarks of each person in a frame, ``(33, 3..5)``."""
    if isinstance(value, dict):
        keys = _keys(value)
        chosen = key if key in keys else next((name for name in _POSES if name in keys), None)
        value = value if chosen is None else keys[chosen]
    if isinstance(value, dict):
        value = _ordered(value)
    if value is None or value in ([], {}):
        return []
    if not isinstance(value, list):
        raise ClipError(path, f"frame {frame} has no landmarks under {', '.join(_SPELLED)}")
    if len(value) != _JOINTS and all(isinstance(person, list) for person in value):
        return [_landmarks(path, frame, person) for person in value]
    return [_landmarks(path, frame, value)]


_SPELLED = ("pose_world_landmarks", "world_landmarks", "pose_landmarks", "landmarks", "keypoints")


def _ordered(value: dict[str, Any]) -> Any:
    """Landmarks by name in MediaPipe's order; those of a wrapped list; else the value itself."""
    if isinstance(value.get("landmark"), list):
        return value["landmark"]
    named = {joint_name(str(name)): landmark for name, landmark in value.items()}
    if all(joint in named for joint in _NAMES):
        return [named[joint] for joint in _NAMES]
    return value


_NAMES = tuple(joint_name(joint) for joint in MEDIAPIPE.joints)


def _landmarks(path: Path, frame: int, value: list[Any]) -> NDArray[np.float64]:
    try:
        rows = [_row(row) if isinstance(row, dict) else row for row in value]
        values = np.array(rows, dtype=np.float64)
    except (KeyError, TypeError, ValueError, OverflowError):
        values = np.empty(0)
    if values.ndim != 2 or values.shape[0] != _JOINTS or not 3 <= values.shape[1] <= 5:
        raise ClipError(
            path, f"frame {frame} is not {_JOINTS} landmarks of x, y, z and, if known, visibility"
        )
    return values


def _row(landmark: dict[str, Any]) -> list[Any]:
    keys = _keys(landmark)
    visibility = next((keys[key] for key in ("visibility", "v", "score") if key in keys), 1.0)
    return [keys["x"], keys["y"], keys["z"], visibility]


def _fps(path: Path, value: Any) -> float:
    usual = isinstance(value, int | float) and not isinstance(value, bool)
    if not usual or not 0 < value < 1e6 or not math.isfinite(value):
        raise ClipError(path, '"fps" is not a positive number')
    return float(value)
