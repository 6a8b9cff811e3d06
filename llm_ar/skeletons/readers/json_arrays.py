"""Positions as plain lists of numbers in JSON: an array, read as `arrays` reads one.

``[[[x, y, z], ...], ...]``: frames of joints, or of people of joints, of any known layout.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import LAYOUTS, MEDIAPIPE
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions
from llm_ar.skeletons.readers.arrays import clip_of_array
from llm_ar.skeletons.readers.json_files import is_json, read_json

_COUNTS = {len(layout.joints) for layout in LAYOUTS} - {len(MEDIAPIPE.joints)}


def sniff(path: Path, head: bytes) -> bool:
    """JSON lists of numbers that make an array of as many joints as a known layout has."""
    if not is_json(head):
        return False
    array = _array(read_json(path))
    return array is not None and array.shape[-2] in _COUNTS and array.shape[-1] in (2, 3)


def read(path: Path, options: ReadOptions = BY_FILE) -> Clip:
    """Read one clip.

    Raises:
        ClipError: the lists are no array, or as `arrays.clip_of_array`.
    """
    array = _array(read_json(path))
    if array is None:
        raise ClipError(path, "is not a list of frames of joints, each a list of 2 or 3 numbers")
    return clip_of_array(path, array, options, what="the list of numbers")


def _array(data: Any) -> NDArray[np.float64] | None:
    try:
        array = np.array(data, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    return array if array.ndim in (3, 4) else None
