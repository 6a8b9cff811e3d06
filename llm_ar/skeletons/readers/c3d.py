"""C3D: markers over time in the binary form of motion capture (www.c3d.org).

Blocks of 512 bytes: a header, parameters (group ``POINT`` with ``LABELS`` and ``RATE``), then a
frame after the other: x, y, z and a residual of each point, below 0 where the point is missing, and
analog samples, which are passed over. Numbers are floats or scaled 16-bit integers, of Intel or
MIPS processors.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers.files import check_frames, read_bytes
from llm_ar.skeletons.readers.markers import clip_of_markers

_BLOCK = 512
_KEY = 0x50
_ORDERS = {84: "<", 86: ">"}
"""Byte order by the number of the processor."""


@dataclass(frozen=True)
class _Header:
    points: int
    analog: int
    frames: int
    scale: float
    start: int
    fps: float


def sniff(path: Path, head: bytes) -> bool:
    """The key 0x50 in the second byte, and the ending or a parameter block where it should be."""
    return len(head) > _BLOCK and head[1] == _KEY and path.suffix.lower() == ".c3d"


def read(path: Path) -> Clip:
    """Read one recording.

    Raises:
        ClipError: truncated, of a DEC processor, without labels, or the markers are no body's.
    """
    data = read_bytes(path)
    try:
        begin = (data[0] - 1) * _BLOCK
        order = _ORDERS.get(data[begin + 3]) if begin >= 0 else None
        if order is None:
            raise ClipError(path, "has numbers of an old DEC processor; save it in Intel's format")
        labels, rate = _parameters(data[begin + 4 :], order)
        header = _header(data, order)
    except (IndexError, struct.error):
        raise ClipError(path, "ends within its header or parameters; copy it again") from None
    check_frames(path, header.frames)
    if not 0 < len(labels) <= header.points:
        raise ClipError(
            path, f"has {header.points} points, but {len(labels)} POINT:LABELS; name each point"
        )
    kind = np.dtype(f"{order}f4" if header.scale < 0 else f"{order}i2")
    width = 4 * header.points + header.analog
    held = max(len(data) - header.start, 0) // (kind.itemsize * width)
    if header.frames < 1 or held < header.frames:
        raise ClipError(path, f"promises {header.frames} frames, {held} follow; copy it again")
    values = np.frombuffer(data, kind, header.frames * width, header.start)
    points = values.reshape(header.frames, width)[:, : 4 * header.points].astype(np.float64)
    points = points.reshape(header.frames, header.points, 4)
    with np.errstate(invalid="ignore", over="ignore"):
        positions = points[..., :3] * (1 if header.scale < 0 else header.scale)
    positions[~(points[..., 3] >= 0)] = np.nan
    fps = rate if rate > 0 else header.fps
    if not 0 < fps < 1e6:
        raise ClipError(path, f"states {fps:g} frames a second; state them with --fps")
    return clip_of_markers(path, labels, positions[:, : len(labels)], fps)


def _header(data: bytes, order: str) -> _Header:
    points, analog, first, last = struct.unpack_from(f"{order}4H", data, 2)
    scale, start = struct.unpack_from(f"{order}fH", data, 12)
    (fps,) = struct.unpack_from(f"{order}f", data, 20)
    place = max(start - 1, 0) * _BLOCK
    return _Header(
        points, analog, last - first + 1, scale if math.isfinite(scale) else 0, place, fps
    )


def _parameters(data: bytes, order: str) -> tuple[list[str], float]:
    """The labels of the points, and the rate; 0 where it is not stated."""
    at, group = 0, {}
    found: dict[tuple[int, str], bytes] = {}
    shapes: dict[tuple[int, str], tuple[int, ...]] = {}
    while at + 2 < len(data) and data[at]:
        length, number = struct.unpack_from("bb", data, at)
        length = abs(length)
        name = data[at + 2 : at + 2 + length].decode("latin-1").upper()
        place = at + 2 + length
        (offset,) = struct.unpack_from(f"{order}h", data, place)
        if number < 0:
            group[-number] = name
        else:
            kind, dimensions = struct.unpack_from("bB", data, place + 2)
            sides = tuple(data[place + 4 : place + 4 + dimensions])
            begin = place + 4 + dimensions
            found[number, name] = data[begin : begin + abs(kind) * math.prod(sides)]
            shapes[number, name] = sides
        if offset <= 0:
            break
        at = place + offset
    point = next((number for number, name in group.items() if name == "POINT"), 0)
    labels: list[str] = []
    for more in ("", "2", "3", "4"):
        key = (point, f"LABELS{more}")
        text, shape = found.get(key, b""), shapes.get(key, ())
        if len(shape) == 2 and shape[0]:
            rows = [text[row : row + shape[0]] for row in range(0, len(text), shape[0])]
            labels += [row.decode("latin-1").strip("\x00 ") for row in rows]
    rate = found.get((point, "RATE"), b"")
    fps = float(struct.unpack(f"{order}f", rate)[0]) if len(rate) == 4 else 0.0
    named = [number for number, label in enumerate(labels) if label]
    return labels[: named[-1] + 1] if named else [], fps if math.isfinite(fps) else 0.0
