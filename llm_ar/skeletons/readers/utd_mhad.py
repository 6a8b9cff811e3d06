"""UTD-MHAD skeletons, one MATLAB file a clip (Chen, Jafari and Kehtarnavaz, ICIP 2015).

Variable ``d_skel`` of 20 joints x 3 x T (Kinect v1, metres); the file's name is
``aA_sS_tT_skeleton.mat``: action, subject, trial.
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat, whosmat

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.datasets.utd_mhad import describe
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.skeletons.readers.files import check_frames, read_bytes

FPS = 30.0

_ORDER = (
    "head shoulder_center spine hip_center left_shoulder left_elbow left_wrist left_hand "
    "right_shoulder right_elbow right_wrist right_hand left_hip left_knee left_ankle left_foot "
    "right_hip right_knee right_ankle right_foot"
).split()
_TO_KINECT_V1 = [_ORDER.index(joint) for joint in KINECT_V1.joints]


def sniff(path: Path, head: bytes) -> bool:
    """A MATLAB 5 file, or any file with MATLAB's ending."""
    return head.startswith(b"MATLAB") or path.suffix.lower() == ".mat"


def read(path: Path) -> Clip:
    """Read one clip; ``label`` and ``subject`` come from the file's name.

    Raises:
        ClipError: not a MATLAB file, no numbers of the right shape under ``d_skel``, or no usable
            position.
    """
    positions = _positions(path, read_bytes(path))
    known = describe(str(path))
    return clean_clip(
        positions.transpose(2, 0, 1)[:, None, _TO_KINECT_V1],
        source=str(path),
        layout=KINECT_V1,
        fps=FPS,
        label=known.label if known else None,
        subject=known.subject if known else None,
    )


def _positions(path: Path, data: bytes) -> NDArray[Any]:
    """``d_skel`` as ``(20, 3, T)``; its shape is judged before its numbers are unpacked."""
    try:
        shapes = {name: shape for name, shape, _ in whosmat(io.BytesIO(data))}
        shape = shapes.get("d_skel", ())
        if _fits(shape):
            check_frames(path, math.prod(shape[2:]))
            content = loadmat(io.BytesIO(data), variable_names=["d_skel"])
            positions = content["d_skel"]
    except ClipError:
        raise
    except Exception as error:  # scipy raises whatever its parser trips over
        raise ClipError(
            path, f"is not a complete MATLAB 5 file ({type(error).__name__}); copy it again"
        ) from None
    if not _fits(shape):
        found = f"it has shape {shape}" if shape else f"there are only {sorted(shapes)}"
        raise ClipError(
            path, f"is not a UTD-MHAD clip: expected 'd_skel' of 20 x 3 x frames, {found}"
        )
    if not isinstance(positions, np.ndarray) or positions.dtype.kind not in "fiu":
        raise ClipError(path, "is not a UTD-MHAD clip: 'd_skel' does not hold numbers")
    # MATLAB drops the last axis of a single frame.
    return positions.reshape(*positions.shape[:2], -1)


def _fits(shape: tuple[int, ...]) -> bool:
    return len(shape) in (2, 3) and shape[:2] == (len(_ORDER), 3) and 0 not in shape
