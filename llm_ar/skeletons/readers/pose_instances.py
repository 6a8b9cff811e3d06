"""Frames with instances: JSON of MMPose's and RTMPose's inferencers, and of ultralytics.

MMPose: ``[{"frame_id", "instances": [...]}, ...]``, the same under ``instance_info``, or
``{"predictions": [[...], ...]}`` with a list of instances a frame. An instance has ``keypoints``
(``[x, y]`` or ``[x, y, z]`` a joint), ``keypoint_scores`` and perhaps ``track_id``; ``meta_info``
may name the joints. Ultralytics (``to_json``): a list a frame, of
``{"keypoints": {"x": [...], "y": [...], "visible": [...]}, "track_id", "confidence"}``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import Layout
from llm_ar.skeletons.readers.alphapose import identity
from llm_ar.skeletons.readers.clock import frames_of
from llm_ar.skeletons.readers.files import check_frames
from llm_ar.skeletons.readers.json_files import FPS, Estimates, is_json, read_json
from llm_ar.skeletons.readers.named_joints import named_layout

_LISTS = ("instance_info", "predictions")
_SCORES = ("keypoint_scores", "keypoints_scores", "scores")


def sniff(path: Path, head: bytes) -> bool:
    """JSON of frames with instances that have keypoints."""
    if not is_json(head):
        return False
    frames = _frames(read_json(path))
    if frames is None:
        return False
    first = next((one for _, instances in frames for one in instances), None)
    return isinstance(first, dict) and "keypoints" in first


def read(path: Path) -> Clip:
    """Read one video's results.

    Raises:
        ClipError: not JSON, an instance without keypoints of a known layout (it is named), or
            nobody in any frame.
    """
    data = read_json(path)
    frames = _frames(data) or []
    if not frames:
        raise ClipError(path, "has no list of frames with instances; leave this clip out")
    clock = frames_of([number for number, _ in frames])
    check_frames(path, clock.count)
    found = Estimates(*_layout(path, data))
    for frame, (number, instances) in zip(clock.numbers, frames, strict=True):
        for place, instance in enumerate(instances):
            where = f'"keypoints" of instance {place} in frame {number}'
            if not isinstance(instance, dict):
                raise ClipError(path, f"instance {place} in frame {number} is no object")
            values, scores = _keypoints(instance)
            person = identity(instance.get("track_id", instance.get("instance_id")))
            found.add(path, where, values, frame, person, scores=scores)
    return found.clip(path, clock.count, fps=clock.rate(FPS), understood=clock.understood)


def _keypoints(instance: dict[str, Any]) -> tuple[Any, Any]:
    """Coordinates and scores of an instance's joints."""
    values = instance.get("keypoints")
    if isinstance(values, dict):
        x, y = values.get("x"), values.get("y")
        if not isinstance(x, list) or not isinstance(y, list) or len(x) != len(y):
            return None, None
        return [list(pair) for pair in zip(x, y, strict=True)], values.get("visible")
    scores = next((instance[key] for key in _SCORES if key in instance), None)
    # One more pair of brackets stands around both in some versions.
    nested = isinstance(values, list) and len(values) == 1 and isinstance(values[0], list)
    if nested and values and isinstance(values[0][:1], list) and _is_list(values[0]):
        values = values[0]
        scores = scores[0] if isinstance(scores, list) and len(scores) == 1 else scores
    return values, scores


def _is_list(value: list[Any]) -> bool:
    return bool(value) and isinstance(value[0], list)


def _frames(data: Any) -> list[tuple[int, list[Any]]] | None:
    """Each frame's number and instances; None for other structures."""
    if isinstance(data, dict):
        data = next((data[key] for key in _LISTS if key in data), None)
    if not isinstance(data, list):
        return None
    frames = []
    for place, entry in enumerate(data):
        number, instances = place, entry
        if isinstance(entry, dict):
            key = next((key for key in ("instances", "predictions") if key in entry), None)
            if key is None:
                return _single(data)
            given = entry.get("frame_id", place)
            number, instances = given if type(given) is int else place, entry[key]
        if instances is None:
            instances = []
        if not isinstance(instances, list):
            return None
        frames.append((number, list(_flat(instances))))
    return frames


def _single(data: list[Any]) -> list[tuple[int, list[Any]]] | None:
    """The instances of one image, as MMPose writes them for a picture."""
    known = all(
        isinstance(one, dict)
        and (any(key in one for key in _SCORES) or isinstance(one.get("keypoints"), dict))
        for one in data
    )
    return [(0, data)] if known else None


def _flat(instances: list[Any]) -> Iterator[Any]:
    for instance in instances:
        if isinstance(instance, list):
            yield from _flat(instance)
        else:
            yield instance


def _layout(path: Path, data: Any) -> tuple[Layout | None, list[int] | None]:
    """The layout whose joints ``meta_info`` names, and their places."""
    meta = data.get("meta_info") if isinstance(data, dict) else None
    names = meta.get("keypoint_id2name") if isinstance(meta, dict) else None
    if not isinstance(names, dict) or not all(str(key).isdigit() for key in names):
        return None, None
    return named_layout(path, [names[key] for key in sorted(names, key=lambda key: int(key))])
