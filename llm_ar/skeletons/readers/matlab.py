"""MATLAB files of others: a single array of positions, read as `arrays` reads one.

For 20 joints UTD-MHAD's order is tried beside Kinect v1's. MATLAB's 7.3 files are HDF5.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat, whosmat

from llm_ar.errors import ClipError
from llm_ar.skeletons.anatomy import best_fits
from llm_ar.skeletons.clip import Clip, finite
from llm_ar.skeletons.layouts import KINECT_V1, Layout
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions
from llm_ar.skeletons.readers.arrays import array_clip, clip_of_array
from llm_ar.skeletons.readers.axes import arrange
from llm_ar.skeletons.readers.files import MAX_BYTES, check_frames, listed, read_bytes
from llm_ar.skeletons.readers.layout_choice import known_layouts

UTD_MHAD = "d_skel"
"""The variable of UTD-MHAD's skeletons, which comes before others."""

_NUMBERS = frozenset("double single int8 uint8 int16 uint16 int32 uint32 int64 uint64".split())
"""MATLAB's classes of arrays of numbers."""

ORDER = (
    "head shoulder_center spine hip_center left_shoulder left_elbow left_wrist left_hand "
    "right_shoulder right_elbow right_wrist right_hand left_hip left_knee left_ankle left_foot "
    "right_hip right_knee right_ankle right_foot"
).split()
TO_KINECT_V1 = [ORDER.index(joint) for joint in KINECT_V1.joints]
_HDF5 = b"\x89HDF\r\n\x1a\n"
_NEW = b"MATLAB 7.3"
_OF_UTD_MHAD = Layout.from_dict(
    KINECT_V1.to_dict()
    | {
        "joints": ORDER,
        "parents": [
            None
            if (parent := KINECT_V1.parents[KINECT_V1.joints.index(joint)]) < 0
            else KINECT_V1.joints[parent]
            for joint in ORDER
        ],
    }
)
"""Kinect v1's joints in UTD-MHAD's order."""


def sniff(path: Path, head: bytes) -> bool:
    """A MATLAB 5 or 7.3 file, or any file with MATLAB's ending."""
    return head.startswith(b"MATLAB") or path.suffix.lower() == ".mat"


def read(path: Path, options: ReadOptions = BY_FILE) -> Clip:
    """Read one clip.

    Raises:
        ClipError: not a MATLAB file, no single array of numbers of a readable shape, or no usable
            position.
    """
    return clip_of_variable(path, *variable(path), options)


def clip_of_variable(path: Path, name: str, values: NDArray[Any], options: ReadOptions) -> Clip:
    """The clip in an array; the anatomy decides the order of 20 joints.

    Raises:
        ClipError: as `read`.
    """
    what = f"the variable {name!r}"
    if options.layout is not None or len(ORDER) not in values.shape:
        return clip_of_array(path, values, options, what=what)
    layouts = (*known_layouts(path), _OF_UTD_MHAD)
    positions, said = arrange(path, values, layouts, options.axes, what)
    if positions.shape[2] != len(ORDER):
        return clip_of_array(path, values, options, what=what)
    seen = finite(positions) & (positions != 0).any(axis=(-2, -1))[..., None]
    judged = np.where(seen[..., None], positions, 0.0)
    notes: tuple[str, ...] = ()
    if seen.any() and best_fits(judged, seen, (KINECT_V1, _OF_UTD_MHAD))[0].layout != KINECT_V1:
        positions, seen = positions[:, :, TO_KINECT_V1], seen[:, :, TO_KINECT_V1]
        notes = ("the joints are in the order of UTD-MHAD, which begins with the head",)
    return array_clip(path, positions, seen, options=options, axes=said, notes=notes)


def names(path: Path) -> list[str]:
    """The names of a file's variables; none where it cannot be read."""
    data = read_bytes(path)
    try:
        if _is_hdf5(data):
            with h5py.File(io.BytesIO(data), "r") as file:
                return list(file)
        return [name for name, _, _ in whosmat(io.BytesIO(data))]
    except Exception:  # the reader says what is wrong
        return []


def _is_hdf5(data: bytes) -> bool:
    return data.startswith(_NEW) or _HDF5 in data[:2048]


def variable(path: Path) -> tuple[str, NDArray[Any]]:
    """The name and content of ``d_skel``, or else of the only array.

    Raises:
        ClipError: as `read`.
    """
    data = read_bytes(path)
    if _is_hdf5(data):
        return _single(path, _of_hdf5(path, data))
    try:
        found = {
            name: shape
            for name, shape, kind in whosmat(io.BytesIO(data))
            if kind in _NUMBERS and sum(size > 1 for size in shape) > 1
        }
        names = [UTD_MHAD] if UTD_MHAD in found else list(found)
        if len(names) == 1:
            check_frames(path, max(found[names[0]]))
            content = loadmat(io.BytesIO(data), variable_names=names)
            found = {names[0]: content[names[0]]}
    except ClipError:
        raise
    except Exception as error:  # scipy raises whatever its parser trips over
        raise ClipError(
            path, f"is not a complete MATLAB 5 file ({type(error).__name__}); copy it again"
        ) from None
    return _single(path, {name: found[name] for name in names})


def _single(path: Path, found: dict[str, Any]) -> tuple[str, NDArray[Any]]:
    if len(found) != 1:
        has = f"has the arrays {listed(found)}" if found else "has no array of numbers"
        raise ClipError(
            path, f"{has}; expected one array of positions, or 'd_skel' of 20 x 3 x frames"
        )
    name, values = next(iter(found.items()))
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        raise ClipError(path, f"the variable {name!r} does not hold numbers")
    return name, values


def _of_hdf5(path: Path, data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a MATLAB 7.3 file, with MATLAB's order of axes."""
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            sets = {
                name: entry
                for name, entry in file.items()
                if isinstance(entry, h5py.Dataset) and entry.ndim > 1 and entry.dtype.kind in "fiu"
            }
            if UTD_MHAD in sets:
                sets = {UTD_MHAD: sets[UTD_MHAD]}
            if any(entry.nbytes > MAX_BYTES for entry in sets.values()):
                raise ClipError(path, f"unpacks to more than {MAX_BYTES // 2**20} MiB; cut it")
            return {name: np.asarray(entry[()]).T for name, entry in sets.items()}
    except ClipError:
        raise
    except Exception as error:  # h5py raises whatever HDF5 trips over
        reason = str(error).rpartition("(")[2].strip(")")[:80] or type(error).__name__
        raise ClipError(
            path,
            f"is a MATLAB 7.3 file (HDF5) whose content cannot be opened ({reason}); save it in "
            "MATLAB with save(FILE, VARIABLE, '-v7'), or as .npy in Python",
        ) from None
