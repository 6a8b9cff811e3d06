"""UTD-MHAD's skeletons (Chen, Jafari and Kehtarnavaz, ICIP 2015) in MATLAB files.

A variable ``d_skel`` of 20 joints x 3 x T (Kinect v1 in an order of its own, meters); the file's
name is ``aA_sS_tT_skeleton.mat``: action, subject, trial. Other MATLAB files are read by `matlab`.
"""

from __future__ import annotations

from pathlib import Path

from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.datasets.utd_mhad import describe
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions
from llm_ar.skeletons.readers import matlab

FPS = 30.0


def sniff(path: Path, head: bytes) -> bool:
    """A MATLAB file with a variable ``d_skel``."""
    return matlab.sniff(path, head) and matlab.UTD_MHAD in matlab.names(path)


def read(path: Path, options: ReadOptions = BY_FILE) -> Clip:
    """Read one clip; ``label`` and ``subject`` come from the file's name.

    Raises:
        ClipError: as `matlab.read`.
    """
    name, positions = matlab.variable(path)
    usual = options.axes is None and options.layout in (None, KINECT_V1.name)
    if not usual or name != matlab.UTD_MHAD or not _fits(positions.shape):
        return matlab.clip_of_variable(path, name, positions, options)
    # MATLAB drops the last axis of a single frame.
    positions = positions.reshape(*positions.shape[:2], -1)
    known = describe(str(path))
    return clean_clip(
        positions.transpose(2, 0, 1)[:, None, matlab.TO_KINECT_V1],
        source=str(path),
        layout=KINECT_V1,
        fps=FPS,
        label=known.label if known else None,
        subject=known.subject if known else None,
    )


def _fits(shape: tuple[int, ...]) -> bool:
    return len(shape) in (2, 3) and shape[:2] == (len(matlab.ORDER), 3) and 0 not in shape
