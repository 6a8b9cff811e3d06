"""SBU Kinect Interaction ``skeleton_pos.txt``: two people, 15 joints each (Yun et al., 2012).

A row is a frame: its number, x, y, z of the left person's 15 joints, and of the right person's, 91
numbers separated by commas. x and y are normalized to the image, z to the sensor's range. The
dataset's README (v2.0) gives them back as ``X = 1280 - 2560 x``, ``Y = 960 - 1920 y``,
``Z = 10000 z / 7.8125``, millimeters, which are body-proportionate; meters here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.datasets.sbu import describe
from llm_ar.skeletons.layouts import SBU
from llm_ar.skeletons.readers.files import check_frames, read_bytes
from llm_ar.skeletons.readers.number_rows import number_rows

FPS = 15.0
"""Of the recordings (Yun et al., sec. 3)."""
PEOPLE = 2

_JOINTS = len(SBU.joints)
_FIELDS = 1 + PEOPLE * _JOINTS * 3
_NUMBER = rb"-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_HEAD = re.compile(rb"\s*\d+(?:,[ \t]*" + _NUMBER + rb"){25}")
"""A frame's number and more numbers than another table's line has."""


def sniff(path: Path, head: bytes) -> bool:
    """The file's name; or a first line that can only be this: a frame's number and positions."""
    return path.name.lower() == "skeleton_pos.txt" or (
        path.suffix.lower() == ".txt" and _HEAD.match(head) is not None
    )


def read(path: Path) -> Clip:
    """Read one clip; ``label`` and ``subject`` (the pair) come from the folders' names.

    Raises:
        ClipError: a line that is not 91 numbers, named with its number; no usable position.
    """
    return parse(path, read_bytes(path))


def parse(path: Path, data: bytes) -> Clip:
    """The clip in a file's bytes, wherever they came from; otherwise as `read`."""
    rows = number_rows(path, data, _FIELDS, ",")
    check_frames(path, len(rows))
    normalized = rows[:, 1:].reshape(len(rows), PEOPLE, _JOINTS, 3)
    known = describe(path.as_posix())
    return clean_clip(
        body_proportionate(normalized),
        # An unseen person's row is all zeros; its place in space would not be.
        (normalized != 0).any(axis=-1),
        source=str(path),
        layout=SBU,
        fps=FPS,
        label=known.label if known else None,
        subject=known.subject if known else None,
    )


def body_proportionate(normalized: NDArray[Any]) -> NDArray[np.float64]:
    """Meters ``(..., 3)``, x to the camera's left, y up, z away, of normalized x, y, z."""
    with np.errstate(over="ignore", invalid="ignore"):
        meters: NDArray[np.float64] = normalized * np.array(
            [-2.560, -1.920, 10 / 7.8125]
        ) + np.array([1.280, 0.960, 0.0])
    return meters
