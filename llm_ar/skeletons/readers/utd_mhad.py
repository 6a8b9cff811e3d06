"""MATLAB files: UTD-MHAD's skeletons (Chen, Jafari and Kehtarnavaz, ICIP 2015), and others' arrays.

UTD-MHAD has a variable ``d_skel`` of 20 joints x 3 x T (Kinect v1 in an order of its own, metres);
the file's name is ``aA_sS_tT_skeleton.mat``: action, subject, trial. Any other file with a single
array of positions is read as `arrays` reads one; for 20 joints UTD-MHAD's order is tried beside
Kinect v1's. MATLAB's 7.3 files are HDF5.
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
from llm_ar.skeletons.clip import Clip, clean_clip, finite
from llm_ar.skeletons.datasets.utd_mhad import describe
from llm_ar.skeletons.layouts import KINECT_V1, Layout
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions
from llm_ar.skeletons.readers.arrays import array_clip, clip_of_array
from llm_ar.skeletons.readers.axes import arrange
from llm_ar.skeletons.readers.files import MAX_BYTES, check_frames, listed, read_bytes
from llm_ar.skeletons.readers.layout_choice import known_layouts

FPS = 30.0

_NUMBERS = frozenset("double single int8 uint8 int16 uint16 int32 uint32 int64 uint64".split())
"""MATLAB's classes of arrays of numbers."""

_ORDER = (
    "head shoulder_center spine hip_center left_shoulder left_elbow left_wrist left_hand "
    "right_shoulder right_elbow right_wrist right_hand left_hip left_knee left_ankle left_foot "
    "right_hip right_knee right_ankle right_foot"
).split()
_TO_KINECT_V1 = [_ORDER.index(joint) for joint in KINECT_V1.joints]
_HDF5 = b"\x89HDF\r\n\x1a\n"
_OF_UTD_MHAD = Layout.from_dict(
    KINECT_V1.to_dict()
    | {
        "joints": _ORDER,
        "parents": [
            None
            if (parent := KINECT_V1.parents[KINECT_V1.joints.index(joint)]) < 0
            else KINECT_V1.joints[parent]
            for joint in _ORDER
        ],
    }
)
"""Kinect v1's joints in UTD-MHAD's order."""


def sniff(path: Path, head: bytes) -> bool:
    """A MATLAB 5 or 7.3 file, or any file with MATLAB's ending."""
    return head.startswith(b"MATLAB") or path.suffix.lower() == ".mat"


def read(path: Path, options: ReadOptions = BY_FILE) -> Clip:
    """Read one clip; of UTD-MHAD ``label`` and ``subject`` come from the file's name.

    Raises:
        ClipError: not a MATLAB file, no single array of numbers of a readable shape, or no usable
            position.
    """
    name, positions = _variable(path, read_bytes(path))
    usual = options.axes is None and options.layout in (None, KINECT_V1.name)
    if not usual or name != "d_skel" or not _fits(positions.shape):
        return _other(path, name, positions, options)
    # MATLAB drops the last axis of a single frame.
    positions = positions.reshape(*positions.shape[:2], -1)
    known = describe(str(path))
    return clean_clip(
        positions.transpose(2, 0, 1)[:, None, _TO_KINECT_V1],
        source=str(path),
        layout=KINECT_V1,
        fps=FPS,
        label=known.label if known else None,
        subject=known.subject if known else None,
    )


def _other(path: Path, name: str, values: NDArray[Any], options: ReadOptions) -> Clip:
    """The clip in another array; the anatomy tells the order of 20 joints."""
    what = f"the variable {name!r}"
    if options.layout is not None or len(_ORDER) not in values.shape:
        return clip_of_array(path, values, options, what=what)
    layouts = (*known_layouts(path), _OF_UTD_MHAD)
    positions, said = arrange(path, values, layouts, options.axes, what)
    if positions.shape[2] != len(_ORDER):
        return clip_of_array(path, values, options, what=what)
    seen = finite(positions) & (positions != 0).any(axis=(-2, -1))[..., None]
    judged = np.where(seen[..., None], positions, 0.0)
    notes: tuple[str, ...] = ()
    if seen.any() and best_fits(judged, seen, (KINECT_V1, _OF_UTD_MHAD))[0].layout != KINECT_V1:
        positions, seen = positions[:, :, _TO_KINECT_V1], seen[:, :, _TO_KINECT_V1]
        notes = ("the joints are in the order of UTD-MHAD, which begins with the head",)
    return array_clip(path, positions, seen, options=options, axes=said, notes=notes)


def _variable(path: Path, data: bytes) -> tuple[str, NDArray[Any]]:
    """The name and content of ``d_skel``, or else of the only array."""
    if _HDF5 in data[:2048]:
        return _single(path, _of_hdf5(path, data))
    try:
        found = {
            name: shape
            for name, shape, kind in whosmat(io.BytesIO(data))
            if kind in _NUMBERS and sum(size > 1 for size in shape) > 1
        }
        names = ["d_skel"] if "d_skel" in found else list(found)
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
            if "d_skel" in sets:
                sets = {"d_skel": sets["d_skel"]}
            if any(entry.nbytes > MAX_BYTES for entry in sets.values()):
                raise ClipError(path, f"unpacks to more than {MAX_BYTES // 2**20} MiB; cut it")
            return {name: np.asarray(entry[()]).T for name, entry in sets.items()}
    except ClipError:
        raise
    except Exception as error:  # h5py raises whatever HDF5 trips over
        reason = str(error)[:80] or type(error).__name__
        raise ClipError(
            path,
            f"is a MATLAB 7.3 file (HDF5) that cannot be opened ({reason}); save it in MATLAB with "
            "save(FILE, VARIABLE, '-v7')",
        ) from None


def _fits(shape: tuple[int, ...]) -> bool:
    return len(shape) in (2, 3) and shape[:2] == (len(_ORDER), 3) and 0 not in shape
