"""Text of one joint a line, ``frame joint x y z``, 20 joints a frame: MSR Daily Activity 3D.

The joints are numbered from 1 in Kinect v1's order; meters, y up. ``NaN`` is missing. The file's
name is ``aAA_sSS_eEE_skeleton_proj.txt``: action, subject, episode.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.datasets.msr_daily import describe
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.skeletons.readers.files import check_frames, read_bytes
from llm_ar.skeletons.readers.number_rows import number_rows

FPS = 30.0

_JOINTS = len(KINECT_V1.joints)
_NUMBER = rb"(?:[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?|NaN)"
_PLACE = rb"(?:[ \t]+" + _NUMBER + rb"){3}[ \t]*\r?\n"
_HEAD = re.compile(rb"[ \t]*(\d+)[ \t]+1" + _PLACE + rb"[ \t]*\1[ \t]+2" + _PLACE, re.IGNORECASE)


def sniff(path: Path, head: bytes) -> bool:
    """Two lines of a frame's number, the joints 1 and 2, and three numbers each."""
    return _HEAD.match(head) is not None


def read(path: Path) -> Clip:
    """Read one clip; ``label`` and ``subject`` come from the file's name.

    Raises:
        ClipError: a line that is not five numbers, or that names another joint or frame than the
            next one (its number is named); no usable position.
    """
    rows = number_rows(path, read_bytes(path), 5)
    frames = -(-len(rows) // _JOINTS)
    check_frames(path, frames)
    numbers, joints = np.divmod(np.arange(len(rows)), _JOINTS)
    expected = np.stack([rows[0, 0] + numbers, joints + 1], axis=1)
    wrong = np.flatnonzero((rows[:, :2] != expected).any(axis=1))
    if len(wrong):
        frame, joint = expected[wrong[0]]
        raise ClipError(
            path,
            f"row {wrong[0] + 1}: expected joint {joint:.0f} of frame {frame:.0f}; "
            "copy the file again",
        )
    if len(rows) % _JOINTS:
        raise ClipError(
            path, f"ends in the middle of a frame of {_JOINTS} joints; copy the file again"
        )
    known = describe(str(path))
    return clean_clip(
        rows[:, 2:].reshape(frames, 1, _JOINTS, 3),
        source=str(path),
        layout=KINECT_V1,
        fps=FPS,
        label=known.label if known else None,
        subject=known.subject if known else None,
    )
