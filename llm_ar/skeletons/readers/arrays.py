"""NumPy arrays: ``.npy`` with joints alone, ``.npz`` with joints and what else is known.

Joints are ``(T, J, C)`` or ``(T, M, J, C)`` numbers. C = 3: x, y, z in any unit with y up. C = 2:
image coordinates (x right, y down), which are turned upright. NaN marks a missing joint. The keys
of an ``.npz``: ``joints``, and if wanted ``present`` (the joints' shape without C), ``fps``,
``layout`` (a layout's name), ``label``, ``subject``, ``camera``.

Toyota Smarthome's poses in COCO order travel as ``.npz`` with the key ``kpts`` in place of
``joints``, ``(T, 17, 2)``; there a joint at exactly 0, 0 was not found, and the file's name tells
the action, person and camera.

MediaPipe's 33 landmarks may come as it counts them, ``(T, 33, 3 to 5)`` or ``(T, 99 to 165)``
with visibility and presence behind x, y, z (see `landmarks`).

The layout is the named one, or that of a file ``layout.yaml`` in the same folder, or the built-in
one with so many joints.
"""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError, LayoutError
from llm_ar.skeletons.clip import Clip, Mask, clean_clip
from llm_ar.skeletons.datasets.dataset import ClipInfo
from llm_ar.skeletons.datasets.smarthome import describe
from llm_ar.skeletons.layouts import LAYOUTS, MEDIAPIPE, Layout, layout_named
from llm_ar.skeletons.readers import smarthome
from llm_ar.skeletons.readers.files import MAX_BYTES, check_frames, read_bytes
from llm_ar.skeletons.readers.landmarks import upright

FPS = 30.0
"""Assumed where the file does not say."""
LAYOUT_FILE = "layout.yaml"
KEYS = ("joints", "kpts", "present", "fps", "layout", "label", "subject", "camera")

_LANDMARKS = len(MEDIAPIPE.joints)
_FLAT_LANDMARKS = [_LANDMARKS * size for size in (3, 4, 5)]
_NPY, _ZIP = b"\x93NUMPY", b"PK\x03\x04"


def sniff(path: Path, head: bytes) -> bool:
    """NumPy's magic bytes, or a zip whose first member is an array, or NumPy's endings."""
    if head.startswith(_NPY) or (head.startswith(_ZIP) and b".npy" in head[:200]):
        return True
    return path.suffix.lower() in (".npy", ".npz")


def read(path: Path) -> Clip:
    """Read one clip.

    Raises:
        ClipError: not NumPy's format, truncated, Python objects inside, another shape, an unknown
            key or layout, or no usable position.
    """
    data = read_bytes(path)
    if data.startswith(_NPY):
        content = {"joints": _array(path, "the array", data)}
    else:
        content = _members(path, data)
    given = [content[key] for key in ("joints", "kpts") if key in content]
    if len(given) != 1:
        raise ClipError(path, f"needs one array 'joints', but has {sorted(content)}; name it so")
    positions, present = _positions(path, given[0])
    of_smarthome = "kpts" in content
    if of_smarthome:
        present &= (positions != 0).any(axis=-1)
    named = describe(str(path)) if of_smarthome else None
    known = named or ClipInfo(None, None, None, None, str(path))
    if "present" in content:
        present = _present(path, content["present"], positions.shape) & present
    return clean_clip(
        positions,
        present,
        source=str(path),
        layout=layout_for(path, _text(path, content, "layout"), positions.shape[2]),
        fps=_fps(path, content, smarthome.FPS if of_smarthome else FPS),
        label=_text(path, content, "label") or known.label,
        subject=_text(path, content, "subject") or known.subject,
        camera=_text(path, content, "camera") or known.camera,
    )


def _members(path: Path, data: bytes) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            unknown = sorted(set(infos) - set(KEYS))
            if unknown:
                raise ClipError(path, f"has an array {unknown[0]!r}; allowed are {', '.join(KEYS)}")
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


def _positions(path: Path, joints: NDArray[Any]) -> tuple[NDArray[Any], Mask]:
    """Joints as ``(T, M, J, C)`` with y up, and which of them are seen."""
    if joints.dtype.kind not in "fiu":
        raise ClipError(path, f"the joints are {joints.dtype}, expected numbers")
    given = joints.shape
    if joints.ndim == 2 and joints.shape[1] in _FLAT_LANDMARKS:
        joints = joints.reshape(len(joints), _LANDMARKS, -1)
    of_landmarks = joints.ndim in (3, 4) and joints.shape[-2] == _LANDMARKS
    sizes = (2, 3, 4, 5) if of_landmarks else (2, 3)
    if joints.ndim not in (3, 4) or joints.shape[-1] not in sizes:
        raise ClipError(
            path,
            f"the joints have shape {given}, expected (frames, joints, 2 or 3) or "
            "(frames, people, joints, 2 or 3)",
        )
    check_frames(path, joints.shape[0])
    positions = joints[:, None] if joints.ndim == 3 else joints
    if 0 in positions.shape:
        raise ClipError(path, f"holds no positions at all (shape {given}); leave it out")
    if of_landmarks and positions.shape[3] > 2:
        return upright(positions.astype(np.float64))
    seen = np.ones(positions.shape[:3], dtype=np.bool_)
    # A half turn brings y up and a facing person's right to +x, as 3-D cameras have it.
    return (-positions.astype(np.float64) if positions.shape[3] == 2 else positions), seen


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
    """The layout of that name, or with so many joints; one beside the file comes first.

    Raises:
        ClipError: there is none, or the file beside is broken.
    """
    own = path.parent / LAYOUT_FILE
    try:
        candidates = (*([Layout.from_yaml(own)] if own.is_file() else []), *LAYOUTS)
        for layout in candidates:
            if layout.name == name or (name is None and len(layout.joints) == joints):
                return layout
        if name is not None:
            return layout_named(name)
    except LayoutError as error:
        raise ClipError(path, str(error)) from None
    known = ", ".join(f"{layout.name} ({len(layout.joints)})" for layout in candidates)
    raise ClipError(
        path,
        f"has {joints} joints, as no known layout has: {known}; describe its joints in a file "
        f"{LAYOUT_FILE} in the same folder",
    )
