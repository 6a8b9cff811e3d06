"""A pickled array of positions, alone or the only one in a dictionary.

It is read as data (`pickles`), and its axes and layout are found as those of `arrays`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions
from llm_ar.skeletons.readers import pickles
from llm_ar.skeletons.readers.arrays import clip_of_array

_FIRST = b"\x80"
"""Byte that pickles of protocol 2 and later begin with."""


def sniff(path: Path, head: bytes) -> bool:
    """A pickle that holds one array and no annotations."""
    pickled = head.startswith(_FIRST) or path.suffix.lower() in (".pkl", ".pickle")
    return pickled and path.is_file() and _array(pickles.load_once(path)) is not None


def read(path: Path, options: ReadOptions = BY_FILE) -> Clip:
    """Read one clip.

    Raises:
        ClipError: no pickle of one array, or as `arrays.clip_of_array`.
    """
    values = _array(pickles.load_once(path))
    if values is None:
        raise ClipError(path, "holds no array of positions by itself; save it as .npy")
    return clip_of_array(path, values, options)


def _array(data: Any) -> NDArray[Any] | None:
    if isinstance(data, dict) and not data.keys() & {"annotations", "keypoint"}:
        arrays = [
            value for value in data.values() if isinstance(value, np.ndarray) and value.ndim > 1
        ]
        data = arrays[0] if len(arrays) == 1 else None
    return data if isinstance(data, np.ndarray) and data.ndim > 1 else None
