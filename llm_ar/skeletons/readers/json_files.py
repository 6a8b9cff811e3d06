"""What the readers of JSON share: its values, and numbers taken from them with their place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.layouts import BODY_25, COCO, COCO_18, Layout
from llm_ar.skeletons.readers.files import check_frames, read_bytes
from llm_ar.skeletons.readers.people import MIN_SCORE, Detection, follow

FPS = 30.0
"""Assumed: none of these formats says."""

ESTIMATES: dict[int, Layout] = {51: COCO, 54: COCO_18, 75: BODY_25}
"""The layout of an image pose estimator by the count of its numbers, x, y, score a joint."""


def read_json(path: Path) -> Any:
    """The values in a JSON file.

    Raises:
        ClipError: it cannot be read, or is not JSON.
    """
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


class Estimates:
    """People whom a pose estimator found in a recording's images, all in one layout."""

    def __init__(self) -> None:
        self._layout: Layout | None = None
        self._found: list[Detection] = []

    def add(
        self,
        path: Path,
        where: str,
        value: Any,
        frame: int,
        identity: int | None,
        score: float | None = None,
    ) -> None:
        """Take x, y, score of each joint of a person, as an estimator wrote them.

        Args:
            path: the file.
            where: what messages call the numbers.
            value: the numbers.
            frame: which frame they are of.
            identity: the person's number, where there is one.
            score: the estimator's confidence; by default the mean of the joints'.

        Raises:
            ClipError: they are not numbers, not as many as a known layout has, or in another layout
                than those before.
        """
        values = numbers(path, where, value)
        layout = ESTIMATES.get(len(values))
        if layout is None:
            known = ", ".join(f"{size} ({layout.name})" for size, layout in ESTIMATES.items())
            raise ClipError(path, f"{where} has {len(values)} numbers, expected {known}")
        if self._layout is not None and layout is not self._layout:
            raise ClipError(
                path, f"{where} is in layout {layout.name}, those before in {self._layout.name}"
            )
        self._layout = layout
        joints = values.reshape(-1, 3)
        sure = float(joints[:, 2].mean()) if score is None else score
        # A half turn brings y up and a facing person's right to +x, as 3-D cameras have it.
        turned, present = -joints[:, :2], joints[:, 2] >= MIN_SCORE
        self._found.append(Detection(frame, turned, present, sure, identity))

    def clip(self, path: Path, frames: int) -> Clip:
        """The clip of all people.

        Raises:
            ClipError: there is nobody, or it is too long.
        """
        if self._layout is None:
            raise ClipError(path, f"shows nobody in any of its {frames} frames; leave it out")
        return clip_of(path, self._layout, self._found, frames)


def clip_of(
    path: Path,
    layout: Layout,
    detections: list[Detection],
    frames: int,
    fps: float = FPS,
    repairs: tuple[str, ...] = (),
) -> Clip:
    """The clip of all people found in a recording.

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
        repairs=(*repairs, *dropped),
    )


def frame_number(name: object) -> int | None:
    """The last number in an image's name, which counts the frames, or None."""
    if isinstance(name, int) and not isinstance(name, bool):
        return name if 0 <= name < 10**15 else None
    if isinstance(name, str):
        found = re.findall(r"\d{1,15}", name.rpartition("/")[2].rpartition("\\")[2])
        return int(found[-1]) if found else None
    return None
