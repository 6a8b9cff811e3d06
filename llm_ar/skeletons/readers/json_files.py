"""What the readers of JSON share: its values, and numbers taken from them with their place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import NOTHING_OPEN, Clip, Understanding, clean_clip
from llm_ar.skeletons.estimator_layouts import BODY_PARTS
from llm_ar.skeletons.layouts import (
    BODY_25,
    COCO,
    COCO_18,
    COCO_WHOLEBODY,
    H36M_17,
    HALPE_26,
    Layout,
)
from llm_ar.skeletons.readers.files import check_file, check_frames, read_bytes
from llm_ar.skeletons.readers.people import MIN_SCORE, Detection, follow

FPS = 30.0
"""Assumed: none of these formats says."""

ESTIMATES: dict[int, Layout] = {
    17: COCO,
    18: COCO_18,
    23: COCO_WHOLEBODY,
    25: BODY_25,
    26: HALPE_26,
    **BODY_PARTS,
}
"""The layout of an image pose estimator by the count of its joints, or of its first joints."""

ASPECT = 16 / 9
"""Width of an image by its height, assumed where coordinates are shares of both."""


def is_json(head: bytes) -> bool:
    """Whether a file begins as JSON does, in UTF-8 or UTF-16, with or without a byte order mark."""
    return head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] in (b"[", b"{")


def read_json(path: Path) -> Any:
    """The values in a JSON file; to be looked at, not changed: the last file's are kept.

    Raises:
        ClipError: it cannot be read, or is not JSON.
    """
    check_file(path)
    stat = path.stat()
    return _parsed(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=1)
def _parsed(path: Path, size: int, changed: int) -> Any:
    """The values, parsed once for the readers that look for their form and the one that reads."""
    try:
        return json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        reason = str(error)[:120]
        raise ClipError(path, f"is not complete JSON ({reason}); copy the file again") from None


def numbers(path: Path, where: str, value: Any) -> NDArray[np.float64]:
    """A list of numbers; ``null`` is NaN.

    Raises:
        ClipError: it is something else.
    """
    try:
        values = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        values = np.empty((0, 0))
    if values.ndim != 1 or not isinstance(value, list):
        raise ClipError(path, f"{where} is not a list of numbers")
    return values


def joint_rows(
    path: Path, where: str, value: Any, scores: Any = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates ``(J, 2 or 3)`` and scores ``(J,)`` of a person's joints.

    Args:
        path: the file.
        where: what messages call the numbers.
        value: a flat list, or a list of one a joint: x, y, score; beside ``scores`` x, y or
            x, y, z; or x, y, z, score in a list a joint.
        scores: one number a joint, where they stand apart.

    Raises:
        ClipError: they are something else.
    """
    nested = isinstance(value, list) and bool(value) and isinstance(value[0], list)
    rows = [numbers(path, where, row) for row in value] if nested else []
    if len({len(row) for row in rows}) > 1:
        raise ClipError(path, f"{where} has joints of different numbers of coordinates")
    apart = None if scores is None else numbers(path, f"the scores of {where}", scores)
    if nested:
        joints = np.stack(rows)
    else:
        flat = numbers(path, where, value)
        width = 3 if apart is None else len(flat) // max(len(apart), 1)
        if not width or len(flat) % width:
            raise ClipError(path, _not_known(where, len(flat)))
        joints = flat.reshape(-1, width)
    if apart is not None and len(apart) != len(joints):
        raise ClipError(path, f"{where} has {len(joints)} joints, but {len(apart)} scores")
    if apart is None and joints.shape[1] in (3, 4):
        return joints[:, :-1], joints[:, -1]
    if joints.shape[1] not in (2, 3):
        raise ClipError(path, f"{where} has {joints.shape[1]} numbers a joint, expected 2 or 3")
    return joints, np.ones(len(joints)) if apart is None else apart


def _not_known(where: str, count: int) -> str:
    known = ", ".join(f"{3 * joints} ({layout.name})" for joints, layout in ESTIMATES.items())
    return f"{where} has {count} numbers, expected {known}"


class Estimates:
    """People whom a pose estimator found in a recording's images, all in one layout.

    Args:
        layout: that of the joints where the file or the user names it; else their count decides.
        order: place of each joint of that layout in the file, where it differs.
    """

    def __init__(self, layout: Layout | None = None, order: Sequence[int] | None = None) -> None:
        self._given, self._order = layout, order
        self._layout: Layout | None = None
        self._found: list[Detection] = []
        self._highest = 0.0

    def add(
        self,
        path: Path,
        where: str,
        value: Any,
        frame: int,
        identity: int | None,
        score: float | None = None,
        scores: Any = None,
    ) -> None:
        """Take the joints of a person, as an estimator wrote them.

        Args:
            path: the file.
            where: what messages call the numbers.
            value: the numbers, as `joint_rows` takes them.
            frame: which frame they are of.
            identity: the person's number, where there is one.
            score: the estimator's confidence; by default the mean of the joints'.
            scores: one number a joint, where they stand apart.

        Raises:
            ClipError: they are not numbers, not as many as a known layout has, or in another layout
                than those before.
        """
        joints, sure = joint_rows(path, where, value, scores)
        layout = self._given or self._known(joints)
        if layout is None:
            raise ClipError(path, _not_known(where, 3 * len(joints)))
        if self._layout is not None and layout is not self._layout:
            raise ClipError(
                path, f"{where} is in layout {layout.name}, those before in {self._layout.name}"
            )
        order = self._order or range(len(layout.joints))
        if max(order) >= len(joints):
            raise ClipError(
                path, f"{where} has {len(joints)} joints, but {layout.name} needs {max(order) + 1}"
            )
        self._layout = layout
        joints, sure = joints[list(order)], sure[list(order)]
        mean = float(sure.mean())
        self._highest = max(self._highest, float(np.nan_to_num(sure).max()))
        # A joint that was not found lies at exactly 0.
        present = (sure >= MIN_SCORE) & (joints != 0).any(axis=1)
        # A half turn brings y up and a facing person's right to +x, as 3-D cameras have it.
        turned = joints * ((-1, -1) if joints.shape[1] == 2 else (-1, -1, 1))
        self._found.append(
            Detection(frame, turned, present, mean if score is None else score, identity)
        )

    def clip(
        self,
        path: Path,
        frames: int,
        repairs: tuple[str, ...] = (),
        label: str | None = None,
        fps: float = FPS,
        understood: Understanding = NOTHING_OPEN,
    ) -> Clip:
        """The clip of all people; arguments as of `clip_of`.

        Raises:
            ClipError: there is nobody, or it is too long.
        """
        if self._layout is None:
            raise ClipError(path, f"shows nobody in any of its {frames} frames; leave it out")
        if self._highest < MIN_SCORE and any(one.joints.any() for one in self._found):
            raise ClipError(
                path,
                f"no joint is present: none has a score of {MIN_SCORE} or more, the highest is "
                f"{self._highest:.2g}; scores of 0..1 are expected, with 1 for certain",
            )
        return clip_of(
            path, self._layout, self._in_pixels(), frames, fps, repairs, label, understood
        )

    def _known(self, joints: NDArray[np.float64]) -> Layout | None:
        # Networks that lift to 3-D write Human3.6M's 17 joints, not COCO's.
        if joints.shape == (17, 3):
            return H36M_17
        return ESTIMATES.get(len(joints))

    def _in_pixels(self) -> list[Detection]:
        """The detections; shares of the image's sides become equal units."""
        shown = [one.joints[one.present] for one in self._found]
        far = max((float(np.abs(joints).max()) for joints in shown if joints.size), default=2.0)
        if far > 1.5 or any(one.joints.shape[1] == 3 for one in self._found):
            return self._found
        return [replace(one, joints=one.joints * (ASPECT, 1)) for one in self._found]


def clip_of(
    path: Path,
    layout: Layout,
    detections: list[Detection],
    frames: int,
    fps: float = FPS,
    repairs: tuple[str, ...] = (),
    label: str | None = None,
    understood: Understanding = NOTHING_OPEN,
) -> Clip:
    """The clip of all people found in a recording.

    Args:
        path: the file.
        layout: of the joints.
        detections: people, frame by frame.
        frames: number of frames T.
        fps: frames a second.
        repairs: what was mended.
        label: the action, if known.
        understood: what the file left open.

    Raises:
        ClipError: nobody is found in it, or it is too long.
    """
    check_frames(path, frames)
    if not detections:
        raise ClipError(path, f"shows nobody in any of its {frames} frames; leave this clip out")
    positions, present, dropped = follow(detections, frames)
    return clean_clip(
        positions,
        present,
        source=str(path),
        layout=layout,
        fps=fps,
        label=label,
        repairs=(*repairs, *dropped),
        understood=understood,
    )
