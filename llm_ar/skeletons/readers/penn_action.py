"""Penn Action's annotations (Zhang, Zhu and Derpanis, ICCV 2013), one MATLAB file a clip.

Variables ``x``, ``y`` and ``visibility`` of frames x 13, pixels from the image's upper left corner,
``action`` and ``train`` (1, or -1 of the clips that test). A hidden joint lies where the annotator
thinks it is. One that is out of the image lies in its corner, at (1, 1) times the scale of the
video, which is between a half and one and a half: only that one is missing.

The joints are head, shoulders, elbows, wrists, hips, knees, ankles; of each pair first the right
one. The publishers' list calls that one left, but it lies on the image's left where people face the
camera, and right-handers throw with it.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat, whosmat

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.datasets.penn_action import PHRASES
from llm_ar.skeletons.layouts import PENN_13
from llm_ar.skeletons.readers import matlab
from llm_ar.skeletons.readers.files import check_frames, read_bytes

FPS = 30.0
"""Assumed: the files do not say."""

_ARRAYS = ("x", "y", "visibility")
_SPLITS = {1: "train", -1: "test"}
_JOINTS = len(PENN_13.joints)
_TO_PENN_13 = PENN_13.mirror_index()
_CORNER = 2.0
"""Pixels from both edges, up to which a hidden joint is one out of the image; real ones lie at 10
and more."""


def sniff(path: Path, head: bytes) -> bool:
    """A MATLAB file with variables ``x``, ``y`` and ``visibility``."""
    return matlab.sniff(path, head) and set(_ARRAYS) <= set(matlab.names(path))


def read(path: Path) -> Clip:
    """Read one clip; ``label`` and ``split`` come from the file.

    Raises:
        ClipError: not a MATLAB 5 file, other shapes, or no usable position.
    """
    return parse(path, read_bytes(path))


def parse(path: Path, data: bytes) -> Clip:
    """The clip in a file's bytes, wherever they came from; otherwise as `read`."""
    try:
        shapes = {name: shape for name, shape, _ in whosmat(io.BytesIO(data))}
        if not set(_ARRAYS) <= set(shapes):
            raise ClipError(path, "has no variables x, y and visibility; copy it again")
        frames = shapes["x"][0]
        if any(shapes[name] != (frames, _JOINTS) for name in _ARRAYS):
            found = ", ".join(f"{name} {shapes[name]}" for name in _ARRAYS)
            raise ClipError(
                path, f"expected x, y and visibility of frames x {_JOINTS}, found {found}"
            )
        check_frames(path, frames)
        single = [name for name in ("action", "train") if shapes.get(name) in ((1,), (1, 1))]
        content = loadmat(io.BytesIO(data), variable_names=[*_ARRAYS, *single])
        # MATLAB's files keep whole numbers in the smallest type that holds them.
        x, y, visibility = (np.asarray(content[name], dtype=np.float64) for name in _ARRAYS)
    except ClipError:
        raise
    except Exception as error:  # scipy raises whatever its parser trips over
        raise ClipError(
            path, f"is not a complete MATLAB 5 file ({type(error).__name__}); copy it again"
        ) from None
    positions = np.stack([x, y], axis=-1)
    with np.errstate(invalid="ignore"):
        present = (visibility > 0) | (positions > _CORNER).any(axis=-1)
    return clean_clip(
        # A half turn brings y up and a facing person's right to +x.
        -positions[:, None, _TO_PENN_13],
        present[:, None, _TO_PENN_13],
        source=str(path),
        layout=PENN_13,
        fps=FPS,
        label=_label(content.get("action")),
        split=_split(content.get("train")),
    )


def _label(value: Any) -> str | None:
    """The action's phrase, or the file's own wording of an action that is not the dataset's."""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "U" or value.size != 1:
        return None
    name = str(value.item())
    return PHRASES.get(name, name) or None


def _split(value: Any) -> str | None:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu" or value.size != 1:
        return None
    return _SPLITS.get(int(value.item()))
