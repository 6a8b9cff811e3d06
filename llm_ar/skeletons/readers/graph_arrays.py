"""Data sets as graph networks take them: one ``.npz`` of ``x_train``, ``y_train``, ``x_test``.

CTR-GCN's form: ``x_train`` and ``x_test`` are ``(N, T, M * V * C)`` (``(N, 300, 150)`` of NTU
RGB+D: two people, 25 joints, 3 coordinates) or any array of clips that `axes` understands, such as
``(N, C, T, V, M)``. ``y_train`` and ``y_test`` are one-hot rows ``(N, classes)`` or class numbers
``(N,)``. Frames of zeros behind the end of a clip are cut off.

One clip of the file is named ``FILE.npz#test/12``; `members` lists them. The name of a class is
line ``label`` (from 0) of a text file `NAMES_FILE` in the same folder, or else the number itself.
Arrays that are not compressed stay on the disk until a clip is read.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions
from llm_ar.skeletons.readers.arrays import clip_of_array
from llm_ar.skeletons.readers.files import version_of
from llm_ar.skeletons.readers.pyskl import NAMES_FILE, class_names, container

_PARTS = {"train": "train", "val": "validation", "test": "test"}
"""Words behind ``x_`` and ``y_``, and the split that they mean."""
_MAX_BYTES = 2**31
"""A compressed array that unpacks to more is refused; others are read where they lie."""
_ROWS: dict[int, tuple[int, int, int]] = {
    150: (2, 25, 3),
    75: (1, 25, 3),
    120: (2, 20, 3),
    60: (1, 20, 3),
    102: (2, 17, 3),
    68: (2, 17, 2),
}
"""People, joints and coordinates of a flat row of so many numbers."""
_LOCAL_HEADER = 30
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
"""Functions that read an array's shape, order and type behind its first bytes, by their version."""


@dataclass(frozen=True)
class _Content:
    clips: Mapping[str, NDArray[Any]]
    labels: Mapping[str, NDArray[Any]]
    names: tuple[str, ...]


def sniff(path: Path, head: bytes) -> bool:
    """A zip of arrays with one called ``x_train`` or ``x_test``."""
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(container(path)) as archive:
            return bool({"x_train.npy", "x_test.npy"} & set(archive.namelist()))
    except Exception:  # zipfile raises whatever it trips over; the reader of arrays says it
        return False


def members(path: Path) -> list[Path]:
    """The clips of a file as paths that `read` takes; one clip's path is itself.

    Raises:
        ClipError: as `read`, for what concerns the whole file.
    """
    if container(path) != path:
        return [path]
    content = _content(path)
    return [Path(f"{path}#{part}/{n}") for part, x in content.clips.items() for n in range(len(x))]


def read(path: Path, options: ReadOptions = BY_FILE) -> Clip:
    """Read one clip: ``FILE.npz#PART/NUMBER``, or the only one of the file.

    Raises:
        ClipError: damaged, clips and labels that do not belong together, several clips and none
            named, none of that name, or as `arrays.clip_of_array`.
    """
    file = container(path)
    content = _content(file)
    name = str(path)[len(str(file)) + 1 :]
    count = sum(map(len, content.clips.values()))
    if not name and count == 1:
        name = next(f"{part}/0" for part, x in content.clips.items() if len(x))
    part, _, number = name.partition("/")
    known = number.isdigit() and len(number) < 12 and part in content.clips
    if not known or int(number) >= len(content.clips[part]):
        held = ", ".join(f"{part} 0 to {len(x) - 1}" for part, x in content.clips.items())
        what = f"has no clip {name[:40]!r}" if name else f"has {count:,} clips"
        example = next(part for part, x in content.clips.items() if len(x))
        raise ClipError(
            file,
            f"{what} ({held}); name one of them, such as {file.name}#{example}/0, or prepare all "
            "with a row in labels.csv whose label is *",
        )
    values = _shortened(path, np.asarray(content.clips[part][int(number)]))
    if values.ndim == 2 and values.shape[1] in _ROWS and options.axes is None:
        values = values.reshape(len(values), *_ROWS[values.shape[1]])
        options = replace(options, axes="TMVC")
    clip = clip_of_array(path, values, options, what=f"clip {name}")
    return replace(clip, label=_label(file, content, part, int(number)), split=_PARTS[part])


def _shortened(path: Path, values: NDArray[Any]) -> NDArray[Any]:
    """A clip without the frames of zeros behind its end; of 2 axes or 3 the first is time."""
    if values.dtype.kind not in "fiu":
        raise ClipError(path, f"its clips are {values.dtype}, expected numbers")
    time = 1 if values.ndim == 4 and values.shape[0] in (2, 3) else 0
    rest = tuple(axis for axis in range(values.ndim) if axis != time)
    shown = np.flatnonzero((values != 0).any(axis=rest))
    if not len(shown):
        raise ClipError(path, "shows nobody in any frame; leave this clip out")
    return values.take(range(int(shown[-1]) + 1), axis=time)


def _label(path: Path, content: _Content, part: str, number: int) -> str | None:
    if part not in content.labels:
        return None
    label = int(content.labels[part][number])
    if content.names and not (label < len(content.names) and content.names[label]):
        raise ClipError(path, f"label {label} has no line in {NAMES_FILE} beside the file")
    return content.names[label] if content.names else str(label)


def _content(path: Path) -> _Content:
    return _loaded(path, *version_of(path))


@lru_cache(maxsize=1)
def _loaded(path: Path, size: int, changed: int) -> _Content:
    """The whole file, which is opened once for all of its clips."""
    clips: dict[str, NDArray[Any]] = {}
    labels: dict[str, NDArray[Any]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            for part in _PARTS:
                if f"x_{part}" in infos:
                    clips[part] = _array(path, archive, infos[f"x_{part}"])
                if f"y_{part}" in infos:
                    labels[part] = _classes(path, part, _array(path, archive, infos[f"y_{part}"]))
    except ClipError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise whatever they trip over
        raise ClipError(
            path, f"is not a complete .npz file ({type(error).__name__}); save it again"
        ) from None
    for part, values in clips.items():
        if values.ndim < 3:
            raise ClipError(
                path, f"x_{part} has shape {values.shape}, expected (clips, frames, ...)"
            )
        if part in labels and len(labels[part]) != len(values):
            raise ClipError(
                path, f"x_{part} has {len(values)} clips, but y_{part} {len(labels[part])} labels"
            )
    if not any(map(len, clips.values())):
        raise ClipError(path, "holds no clip under x_train or x_test; leave it out")
    return _Content(clips, labels, class_names(path))


def _classes(path: Path, part: str, values: NDArray[Any]) -> NDArray[Any]:
    """Class numbers ``(N,)`` of one-hot rows or of numbers."""
    if values.dtype.kind in "biuf" and values.ndim == 2 and values.shape[1] > 1:
        one_hot = ((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all()
        if one_hot:
            return np.asarray(values.argmax(axis=1))
    if values.dtype.kind in "iu" and values.size == len(values) and (values >= 0).all():
        return values.reshape(-1)
    raise ClipError(
        path,
        f"y_{part} is {values.dtype} of shape {values.shape}, expected one-hot rows or class "
        "numbers from 0",
    )


def _array(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    """One array of the file; what is not compressed is a map of the file."""
    with archive.open(info) as stream:
        shape, fortran, dtype = HEADERS[np.lib.format.read_magic(stream)](stream)
        start = stream.tell()
        length = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if dtype.kind not in "fiub" or length == 0 or start + length != info.file_size:
            raise ClipError(
                path,
                f"{info.filename} holds {dtype} of shape {shape}, expected numbers and as many "
                "bytes as they take; save it again",
            )
        order: Literal["C", "F"] = "F" if fortran else "C"
        if info.compress_type == zipfile.ZIP_STORED:
            at = _place(path, info) + start
            return np.memmap(path, dtype=dtype, mode="r", offset=at, shape=shape, order=order)
        if length > _MAX_BYTES:
            raise ClipError(
                path,
                f"{info.filename} is compressed and unpacks to {length / 2**30:,.1f} GiB; save it "
                "with numpy.savez, which does not compress",
            )
        data = stream.read(length)
    return np.frombuffer(data, dtype).reshape(shape, order=order)


def _place(path: Path, info: zipfile.ZipInfo) -> int:
    """Where in the file the member's content begins."""
    with path.open("rb") as file:
        file.seek(info.header_offset)
        header = file.read(_LOCAL_HEADER)
    lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    return info.header_offset + _LOCAL_HEADER + lengths
