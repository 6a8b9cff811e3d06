"""NumPy arrays: ``.npy`` with joints alone, ``.npz`` with joints and what else is known.

Joints are ``(T, J, C)`` or ``(T, M, J, C)`` numbers; other orders of the axes, and tables of flat
rows, are read where their content allows one reading only (see `axes`). C = 3: x, y, z in any
unit; or x, y and a score of 0..1. C = 2: image coordinates (x right, y down), which are turned
upright. NaN marks a missing joint. The keys of an ``.npz``: ``joints`` (or one array of any name),
and if wanted ``present`` and ``scores`` (the joints' shape without C), ``fps``, ``layout`` (a
layout's name), ``label``, ``subject``, ``camera``.

Toyota Smarthome's poses in COCO order travel as ``.npz`` with the key ``kpts`` in place of
``joints``, ``(T, 17, 2)``; there a joint at exactly 0, 0 was not found, and the file's name tells
the action, person and camera.

MediaPipe's 33 landmarks may come as it counts them, ``(T, 33, 3 to 5)`` or ``(T, 99 to 165)``
with visibility and presence behind x, y, z (see `landmarks`).

The layout is the named one, or that of a file ``layout.yaml`` in the same folder, or the built-in
one with so many joints that fits the body (see `layout_choice`).
"""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, Mask, Understanding, clean_clip, finite
from llm_ar.skeletons.datasets.dataset import ClipInfo
from llm_ar.skeletons.datasets.smarthome import describe
from llm_ar.skeletons.layouts import COCO, MEDIAPIPE, Layout
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions
from llm_ar.skeletons.readers import smarthome
from llm_ar.skeletons.readers.axes import arrange
from llm_ar.skeletons.readers.files import MAX_BYTES, check_frames, listed, read_bytes
from llm_ar.skeletons.readers.landmarks import upright
from llm_ar.skeletons.readers.layout_choice import LAYOUT_FILE as LAYOUT_FILE
from llm_ar.skeletons.readers.layout_choice import choose_layout, known_layouts
from llm_ar.skeletons.readers.people import MIN_SCORE
from llm_ar.skeletons.readers.scores import third_is_score

FPS = 30.0
"""Assumed where the file does not say."""
KEYS = ("joints", "kpts", "present", "fps", "layout", "label", "subject", "camera")

_SCORES = ("scores", "score", "keypoint_scores", "keypoint_score", "confidence")
"""Arrays ``(T, M, J)`` or ``(T, J)`` of an estimator's confidence beside the positions."""
_LANDMARKS = len(MEDIAPIPE.joints)
_NPY, _ZIP = b"\x93NUMPY", b"PK\x03\x04"


def sniff(path: Path, head: bytes) -> bool:
    """NumPy's magic bytes, or a zip whose first member is an array, or NumPy's endings."""
    if head.startswith(_NPY) or (head.startswith(_ZIP) and b".npy" in head[:200]):
        return True
    return path.suffix.lower() in (".npy", ".npz")


def read(path: Path, options: ReadOptions = BY_FILE) -> Clip:
    """Read one clip.

    Raises:
        ClipError: not NumPy's format, truncated, Python objects inside, a shape that no order of
            axes or several fit, an unknown layout or several that fit, or no usable position.
    """
    data = read_bytes(path)
    if data.startswith(_NPY):
        content = {"joints": _array(path, "the array", data)}
    elif path.suffix.lower() == ".npy" and not data.startswith(_ZIP):
        raise ClipError(path, "does not begin as a NumPy array; save it again with numpy.save")
    else:
        content = _members(path, data)
    key = _main(path, content)
    values = content[key]
    positions, said = _arranged(path, values, content, options)
    seen = np.ones(positions.shape[:3], dtype=np.bool_)
    if key == "kpts":
        seen &= (positions != 0).any(axis=-1)
    if "present" in content:
        seen &= _present(path, content["present"], positions.shape)
    for name in _SCORES:
        if name in content:
            seen &= _per_joint(path, name, content[name], positions.shape) >= MIN_SCORE
    named = describe(str(path)) if key == "kpts" else None
    known = named or ClipInfo(None, None, None, None, str(path))
    fps = _fps(path, content, smarthome.FPS) if key == "kpts" or "fps" in content else None
    return array_clip(
        path,
        positions,
        seen,
        options=replace(options, layout=_layout(path, content, options)),
        fps=fps,
        label=_text(path, content, "label") or known.label,
        subject=_text(path, content, "subject") or known.subject,
        camera=_text(path, content, "camera") or known.camera,
        axes=said,
    )


def clip_of_array(
    path: Path,
    values: NDArray[Any],
    options: ReadOptions = BY_FILE,
    *,
    fps: float | None = None,
    what: str = "the array",
    label: str | None = None,
    subject: str | None = None,
    camera: str | None = None,
) -> Clip:
    """The clip in an array of positions of any shape that `axes.arrange` understands.

    For readers of files that hold one array without names: MATLAB variables, pickles, tables.

    Args:
        path: the file.
        values: numbers; NaN is missing.
        options: what the user states.
        fps: as the file states it.
        what: how messages call the array.
        label, subject, camera: as the file knows them.

    Raises:
        ClipError: as `read`.
    """
    if values.dtype.kind not in "fiu":
        raise ClipError(path, f"{what} is {values.dtype}, expected numbers")
    layouts = known_layouts(path, options.layout)
    positions, said = arrange(path, values, layouts, options.axes, what)
    return array_clip(
        path,
        positions,
        np.ones(positions.shape[:3], dtype=np.bool_),
        options=options,
        fps=fps,
        label=label,
        subject=subject,
        camera=camera,
        axes=said,
    )


def array_clip(
    path: Path,
    positions: NDArray[np.float64],
    seen: Mask,
    *,
    options: ReadOptions = BY_FILE,
    fps: float | None = None,
    label: str | None = None,
    subject: str | None = None,
    camera: str | None = None,
    axes: str | None = None,
    notes: tuple[str, ...] = (),
) -> Clip:
    """The clip of positions whose axes are known: scores, layout and image axes are settled here.

    Args:
        path: the file.
        positions: ``(T, M, V, C)`` as in the file, C = 2 or 3, or up to 5 for 33 landmarks.
        seen: ``(T, M, V)``.
        options: what the user states.
        fps: as the file states it; 30 is assumed where it does not.
        label, subject, camera: as the file knows them.
        axes: how the array's axes were read.
        notes: what else the reader decided.

    Raises:
        ClipError: as `read`.
    """
    check_frames(path, len(positions))
    if positions.shape[2] == _LANDMARKS and positions.shape[3] > 2:
        positions, visible = upright(positions)
        seen = seen & visible
    elif positions.shape[3] == 3 and third_is_score(path, positions, options.axes):
        with np.errstate(invalid="ignore"):
            seen = seen & (positions[..., 2] >= MIN_SCORE)
        positions = positions[..., :2]
        notes = (*notes, "the third number of a joint is a score (0..1), not a depth")
    if positions.shape[3] == 2:
        # A half turn brings y up and a facing person's right to +x, as 3-D cameras have it.
        positions = -positions
    there = seen & finite(positions) & (positions != 0).any(-1)
    judged = np.where(there[..., None], positions, 0.0)
    layout, why = choose_layout(path, judged, there, options.layout)
    return clean_clip(
        positions,
        seen,
        source=str(path),
        layout=layout,
        fps=FPS if fps is None else fps,
        label=label,
        subject=subject,
        camera=camera,
        understood=Understanding(
            axes=axes,
            layout=why,
            fps=f"assumed {FPS:g}, the file does not say" if fps is None else "stated by the file",
            notes=notes,
        ),
    )


def _main(path: Path, content: dict[str, NDArray[Any]]) -> str:
    """The name of the array of positions: ``joints``, ``kpts``, or the only one of its kind."""
    given = [key for key in content if key in ("joints", "kpts")]
    if not given:
        given = [
            key
            for key, array in content.items()
            if key not in (*KEYS, *_SCORES) and array.ndim > 1 and array.dtype.kind in "fiu"
        ]
    if len(given) != 1:
        raise ClipError(
            path,
            f"needs one array of positions, but has {listed(content) or 'none'}; name the "
            "positions 'joints', or save them alone",
        )
    return given[0]


def _arranged(
    path: Path, values: NDArray[Any], content: dict[str, NDArray[Any]], options: ReadOptions
) -> tuple[NDArray[np.float64], str]:
    """Joints as ``(T, M, V, C)`` as in the file, and how the axes were read."""
    if values.dtype.kind not in "fiu":
        raise ClipError(path, f"the joints are {values.dtype}, expected numbers")
    layouts = known_layouts(path, _layout(path, content, options))
    return arrange(path, values, layouts, options.axes, "the array of joints")


def _layout(path: Path, content: dict[str, NDArray[Any]], options: ReadOptions) -> str | None:
    """The layout's name, as far as the user or the file states it; ``kpts`` are in COCO order."""
    stated = options.layout or _text(path, content, "layout")
    return stated or (COCO.name if "kpts" in content else None)


def _per_joint(
    path: Path, name: str, values: NDArray[Any], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Numbers a joint ``(T, M, V)``, one person's axis added or moved where it stands first."""
    if values.ndim == 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim == 2:
        values = values[:, None]
    if values.shape != shape[:3] and values.ndim == 3:
        values = values.swapaxes(0, 1)
    if values.dtype.kind not in "biuf" or values.shape != shape[:3]:
        raise ClipError(
            path,
            f"array {name!r} is {values.dtype} of shape {values.shape}, expected numbers of shape "
            f"{shape[:3]}",
        )
    return values.astype(np.float64)


def _members(path: Path, data: bytes) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if sum(info.file_size for info in infos.values()) > MAX_BYTES:
                raise ClipError(path, f"unpacks to more than {MAX_BYTES // 2**20} MiB; cut it")
            return {
                name: _array(path, f"array {name!r}", archive.read(info))
                for name, info in infos.items()
            }
    except ClipError:
        raise
    except Exception as error:  # zipfile and zlib raise whatever they trip over
        raise ClipError(
            path, f"is not a complete .npz file ({type(error).__name__}); save it again"
        ) from None


def _array(path: Path, what: str, data: bytes) -> NDArray[Any]:
    """The array in NumPy's format; its header is believed only as far as the bytes reach."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, fortran, dtype = header(stream)
        start = stream.tell()
    except Exception as error:  # the header is a Python literal: any parser's error can come
        raise ClipError(
            path, f"{what} has no valid NumPy header ({type(error).__name__}); save it again"
        ) from None
    if dtype.kind not in "fiubU" or dtype.itemsize == 0:
        raise ClipError(path, f"{what} holds {dtype}, expected numbers; save it as float32")
    if any(length < 0 for length in shape):
        raise ClipError(path, f"{what} has the impossible shape {shape}; save it again")
    count = math.prod(shape)
    if count * dtype.itemsize != len(data) - start:
        raise ClipError(
            path,
            f"{what} should have {count * dtype.itemsize:,} bytes for shape {shape}, but has "
            f"{len(data) - start:,}; copy or save it again",
        )
    values = np.frombuffer(data, dtype=dtype, count=count, offset=start)
    return values.reshape(shape, order="F" if fortran else "C")


def _present(path: Path, present: NDArray[Any], shape: tuple[int, ...]) -> Mask:
    if present.ndim == 2:
        present = present[:, None]
    if present.dtype.kind not in "biuf" or present.shape != shape[:3]:
        raise ClipError(
            path,
            f"array 'present' is {present.dtype} of shape {present.shape}, expected True or False "
            f"of shape {shape[:3]}",
        )
    return np.asarray(present != 0)


def _fps(path: Path, content: dict[str, NDArray[Any]], usual: float) -> float:
    value = content.get("fps", np.array(usual))
    if value.size != 1 or value.dtype.kind not in "fiu" or not 0 < value.item() < math.inf:
        raise ClipError(path, "array 'fps' must be one positive number")
    return float(value.item())


def _text(path: Path, content: dict[str, NDArray[Any]], key: str) -> str | None:
    if key not in content:
        return None
    value = content[key]
    if value.size != 1 or value.dtype.kind not in "Uiu" or not str(value.item()).strip():
        raise ClipError(path, f"array {key!r} must be one word or name")
    return str(value.item()).strip()


def layout_for(path: Path, name: str | None, joints: int) -> Layout:
    """The layout of that name, or the first with so many joints; one beside the file comes first.

    Raises:
        ClipError: there is none, or the file beside is broken.
    """
    known = known_layouts(path, name)
    for layout in known:
        if name is not None or len(layout.joints) == joints:
            return layout
    counts = ", ".join(f"{layout.name} ({len(layout.joints)})" for layout in known)
    raise ClipError(
        path,
        f"has {joints} joints, as no known layout has: {counts}; describe its joints in a file "
        f"{LAYOUT_FILE} in the same folder",
    )
