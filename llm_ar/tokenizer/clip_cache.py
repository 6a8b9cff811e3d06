"""Normalized clips in files that are mapped into memory, so that a dataset may be larger than it.

The files lie beside a training's checkpoints and are named after all that makes them what they
are. Clips are written one by one; the files appear when all of them are there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

import llm_ar
from llm_ar.errors import DatasetError
from llm_ar.skeletons.clip import Joints, Mask

_WHOLE = "whole"
"""An empty file beside the others, written last."""
_JOINTS, _PRESENT = "joints.npy", "present.npy"


def mapped(
    folder: Path,
    made_of: dict[str, Any],
    clips: Iterable[tuple[Joints, Mask]],
    shape: tuple[int, ...],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Joints (N, F, M, J, 3) and presence (N, F, M, J) of clips, mapped from files.

    Args:
        folder: of the files; those of other clips in it are removed.
        made_of: all that the clips depend on, as JSON values.
        clips: drawn one by one where there are no such files yet.
        shape: N, F, M, J.

    Raises:
        DatasetError: the files cannot be written.
    """
    text = json.dumps({**made_of, "version": llm_ar.__version__}, sort_keys=True)
    place = folder / hashlib.sha256(text.encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Of several processes that train, the first one here writes.
        with FileLock(folder / ".lock"):
            if not (place / _WHOLE).exists():
                for other in folder.glob("*/"):
                    shutil.rmtree(other, ignore_errors=True)
                place.mkdir()
                _write(place, clips, shape)
                (place / _WHOLE).touch()
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        size = 13 * int(np.prod(shape)) / 2**30
        raise DatasetError(
            f"{folder}: training clips cannot be written there ({error.strerror or error}); they "
            f"take {size:.2f} GiB: make room, or choose another --out"
        ) from None
    # Copied on write, though nobody writes: torch warns of arrays that are read-only.
    return np.load(place / _JOINTS, mmap_mode="c"), np.load(place / _PRESENT, mmap_mode="c")


def forget(folder: Path) -> None:
    """Remove the files; what is mapped stays readable."""
    shutil.rmtree(folder, ignore_errors=True)


def _write(place: Path, clips: Iterable[tuple[Joints, Mask]], shape: tuple[int, ...]) -> None:
    with (place / _JOINTS).open("wb") as joints_file, (place / _PRESENT).open("wb") as present_file:
        for file, dtype, size in (
            (joints_file, np.dtype(np.float32), (*shape, 3)),
            (present_file, np.dtype(np.bool_), shape),
        ):
            described = {
                "descr": np.lib.format.dtype_to_descr(dtype),
                "fortran_order": False,
                "shape": size,
            }
            np.lib.format.write_array_header_1_0(file, described)
        for joints, present in clips:
            joints_file.write(np.ascontiguousarray(joints).data)
            present_file.write(np.ascontiguousarray(present).data)
        for file in (joints_file, present_file):
            file.flush()
            os.fsync(file.fileno())
