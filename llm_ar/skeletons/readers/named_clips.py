"""Many clips in one ``.npz``, each an array under the name ``CLASS/CLIP``: HAR-6's form.

An array is ``(frames, people, 17, 3)``: x and y in pixels from the image's upper left corner, and
the estimator's score, of the joints of COCO. Somebody who is not seen in a frame is NaN there. The
class is the folder of the name.

One clip of the file is named ``FILE.npz#CLASS/CLIP``; `members` lists them.
"""

from __future__ import annotations

import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.datasets.har6 import describe
from llm_ar.skeletons.layouts import COCO
from llm_ar.skeletons.readers.files import MAX_BYTES, check_frames, version_of
from llm_ar.skeletons.readers.graph_arrays import HEADERS
from llm_ar.skeletons.readers.json_files import FPS, clip_of
from llm_ar.skeletons.readers.people import MIN_SCORE, Detection
from llm_ar.skeletons.readers.pyskl import container

_ZIP = b"PK\x03\x04"
_ENDING = ".npy"
_SHAPE = (len(COCO.joints), 3)


def sniff(path: Path, head: bytes) -> bool:
    """A zip of arrays alone, all of them in folders, the first one of a clip's shape."""
    if not head.startswith(_ZIP):
        return False
    try:
        with zipfile.ZipFile(container(path)) as archive:
            names = archive.namelist()
            in_folders = all(name.endswith(_ENDING) and "/" in name for name in names)
            return bool(names) and in_folders and _is_clip(archive, names[0])
    except Exception:  # zipfile raises whatever it trips over; the reader of arrays says it
        return False


def _is_clip(archive: zipfile.ZipFile, name: str) -> bool:
    """Whether an array has a clip's shape; a damaged one may have."""
    try:
        with archive.open(name) as stream:
            shape = HEADERS[np.lib.format.read_magic(stream)](stream)[0]
    except Exception:  # as above; `read` says it
        return True
    return len(shape) == 4 and shape[2:] == _SHAPE


def members(path: Path) -> list[Path]:
    """The clips of a file as paths that `read` takes; one clip's path is itself.

    Raises:
        ClipError: as `read`, for what concerns the whole file.
    """
    if container(path) != path:
        return [path]
    return [Path(f"{path}#{name}") for name in _names(path, *version_of(path))]


def read(path: Path) -> Clip:
    """Read one clip: ``FILE.npz#CLASS/CLIP``, or the only one of the file.

    Raises:
        ClipError: damaged, several clips and none named, none of that name, another shape, or
            nobody in it.
    """
    file = container(path)
    names = _names(file, *version_of(file))
    name = str(path)[len(str(file)) + 1 :]
    if not name and len(names) == 1:
        name = names[0]
    if name not in names:
        what = f"has no clip {name[:80]!r}" if name else f"has {len(names):,} clips"
        raise ClipError(file, f"{what}; name one of them, such as '{file.name}#{names[0]}'")
    values = _array(file, name)
    if values.ndim != 4 or values.shape[2:] != _SHAPE or values.dtype.kind != "f":
        raise ClipError(
            path,
            f"{name} holds {values.dtype} of shape {values.shape}, expected numbers of shape "
            f"(frames, people, {_SHAPE[0]}, {_SHAPE[1]})",
        )
    check_frames(path, len(values))
    known = describe(name)
    return clip_of(
        path,
        COCO,
        _detections(values.astype(np.float64)),
        len(values),
        FPS,
        label=known.label if known else name.partition("/")[0],
    )


def _detections(values: NDArray[np.float64]) -> list[Detection]:
    """The people in each frame of an array ``(T, M, 17, 3)``."""
    found = []
    with np.errstate(invalid="ignore"):
        present = (values[..., 2] >= MIN_SCORE) & np.isfinite(values).all(axis=-1)
    for frame, person in np.argwhere(present.any(axis=-1)):
        one, seen = values[frame, person], present[frame, person]
        # A half turn brings y up and a facing person's right to +x.
        found.append(Detection(int(frame), -one[:, :2], seen, float(one[seen, 2].mean())))
    return found


@lru_cache(maxsize=1)
def _names(path: Path, size: int, changed: int) -> tuple[str, ...]:
    """The names of a file's clips, in the file's order, without their ending."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception as error:  # zipfile raises whatever it trips over
        raise _damaged(path, error) from None
    return tuple(name.removesuffix(_ENDING) for name in names)


def _array(path: Path, name: str) -> NDArray[Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(f"{name}{_ENDING}")
            if info.file_size > MAX_BYTES:
                raise ClipError(path, f"{name} unpacks to {info.file_size / 2**20:,.0f} MiB")
            with archive.open(info) as stream:
                return np.lib.format.read_array(stream, allow_pickle=False)
    except ClipError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise whatever they trip over
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> ClipError:
    return ClipError(path, f"is not a complete .npz file ({type(error).__name__}); save it again")
