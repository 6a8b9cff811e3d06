"""Toyota Smarthome JSON, trimmed clips (Das et al., ICCV 2019): 13 joints by LCR-Net++.

``{"K": int, "njts": 13, "frames": [[{"pose2d": 26 numbers, "pose3d": 39 numbers, "cumscore":
number}, ...], ...]}``: the people detected in each frame, none where the list is empty. Numbers are
coordinate-major, ``[x0..x12, y0..y12, z0..z12]``. Some releases have no ``cumscore``, some no
``pose3d``. The file's name is ``Class.Sub_pPP_rRR_vVV_cCC[_pose3d].json``: action, person,
repetition, video, camera.

A clip shows one person: of several detections the one with the highest score, or the first. Where
all of these have a ``pose3d`` the clip has 3 dimensions.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.datasets.smarthome import describe
from llm_ar.skeletons.layouts import SMARTHOME
from llm_ar.skeletons.readers.files import check_frames, read_bytes

FPS = 20.0
"""Of the dataset's videos."""

_JOINTS = len(SMARTHOME.joints)
_HEAD = re.compile(rb'\s*\{\s*"(?:K|njts)"\s*:|\s*\{.{0,200}"njts"\s*:', re.DOTALL)


def sniff(path: Path, head: bytes) -> bool:
    """A JSON object with the key ``njts`` (or ``K``) near its beginning, or a name as published."""
    named = path.suffix.lower() == ".json" and describe(str(path)) is not None
    return _HEAD.match(head) is not None or (named and head.lstrip().startswith(b"{"))


def read(path: Path, dimensions: Literal[2, 3] | None = None) -> Clip:
    """Read one clip; ``label``, ``subject`` and ``camera`` come from the file's name.

    Args:
        path: the file.
        dimensions: 2 or 3 to ask for one of the poses; by default the 3-D one if there is one.

    Raises:
        ClipError: not JSON, another schema (with the frame), no detection in any frame, or not the
            pose that is asked for.
    """
    return parse(path, read_bytes(path), dimensions)


def parse(path: Path, data: bytes, dimensions: Literal[2, 3] | None = None) -> Clip:
    """The clip in a file's bytes, wherever they came from; otherwise as `read`."""
    frames = _frames(path, data)
    shown = [(number, _best(path, number, frame)) for number, frame in enumerate(frames) if frame]
    if not shown:
        raise ClipError(path, f"shows nobody in any of its {len(frames)} frames; leave it out")
    if dimensions is None:
        dimensions = 3 if all("pose3d" in person for _, person in shown) else 2
    poses = np.stack([_pose(path, number, person, dimensions) for number, person in shown])
    if dimensions == 3:
        images = [(row, p) for row, (_, p) in enumerate(shown) if "pose2d" in p]
        flat = [_pose(path, shown[row][0], person, 2) for row, person in images]
        poses = poses * _upright(poses[[row for row, _ in images]], flat)
    else:
        poses = -poses
    positions = np.zeros((len(frames), 1, _JOINTS, dimensions))
    seen = np.zeros(positions.shape[:3], dtype=np.bool_)
    at = [number for number, _ in shown]
    positions[at, 0], seen[at, 0] = poses, True
    others = sum(len(frame) for frame in frames) - len(shown)
    known = describe(str(path))
    return clean_clip(
        positions,
        seen,
        source=str(path),
        layout=SMARTHOME,
        fps=FPS,
        label=known.label if known else None,
        subject=known.subject if known else None,
        camera=known.camera if known else None,
        repairs=(f"{others} detections beside the best ones left out",) if others else (),
    )


def _frames(path: Path, data: bytes) -> list[list[dict[str, Any]]]:
    """The detections in each frame, not yet looked into."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise ClipError(path, f"is not complete JSON ({reason}); copy the file again") from None
    frames = content.get("frames") if isinstance(content, dict) else None
    if not isinstance(frames, list) or not frames:
        raise ClipError(path, 'is not a Smarthome clip: expected a list of frames under "frames"')
    if content.get("njts", _JOINTS) != _JOINTS:
        raise ClipError(path, f'has another number of joints under "njts", expected {_JOINTS}')
    check_frames(path, len(frames))
    for number, frame in enumerate(frames):
        if not isinstance(frame, list) or not all(isinstance(one, dict) for one in frame):
            raise ClipError(path, f'frame {number} under "frames" is no list of detections')
    return frames


def _best(path: Path, number: int, frame: list[dict[str, Any]]) -> dict[str, Any]:
    scores = [one.get("cumscore", 0.0) for one in frame]
    if not all(isinstance(score, int | float) for score in scores):
        raise ClipError(path, f'frame {number}: "cumscore" is no number')
    return max(zip(scores, frame, strict=True), key=lambda pair: pair[0])[1]


def _pose(path: Path, number: int, person: dict[str, Any], dimensions: int) -> NDArray[np.float64]:
    """Joints ``(13, dimensions)`` as the file has them."""
    key = f"pose{dimensions}d"
    try:
        # null is how some writers put NaN; any other non-number is an error.
        values = np.array(person[key], dtype=np.float64)
    except (KeyError, TypeError, ValueError, OverflowError):
        values = np.empty(0)
    if values.shape != (_JOINTS * dimensions,):
        raise ClipError(
            path, f'frame {number}: expected {_JOINTS * dimensions} numbers under "{key}"'
        )
    return values.reshape(dimensions, _JOINTS).T


def _upright(poses: NDArray[np.float64], images: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Signs (3,) that turn poses ``(N, 13, 3)`` into the axes of `Clip`: x to the left, y up.

    Releases differ in the sign of the axes. The poses in the image, where x runs to the right and
    y down, tell: an axis that runs with the image's is turned. Without any, image axes are assumed.
    """
    signs = np.array([-1.0, -1.0, 1.0])
    if not images:
        return signs
    with np.errstate(over="ignore", invalid="ignore"):
        flat = np.nan_to_num(np.stack(images), posinf=0, neginf=0)
        deep = np.nan_to_num(poses[..., :2], posinf=0, neginf=0)
        flat, deep = (
            flat - flat.mean(axis=1, keepdims=True),
            deep - deep.mean(axis=1, keepdims=True),
        )
        together = np.nan_to_num((flat * deep).sum(axis=(0, 1)))
    signs[:2][together < 0] = 1.0
    return signs
