"""NTU RGB+D 60 / 120 ``.skeleton`` text (Shahroudy et al., CVPR 2016; Liu et al., PAMI 2019).

First line: number of frames T. A frame: its number of bodies; a body: 10 fields, the number of
joints (25), 25 lines of 12 fields, of which x, y, z (metres) and the last (0 not tracked, 1
inferred, 2 tracked) are used. The file's name is ``SsssCcccPpppRrrrAaaa.skeleton``: setup, camera,
performer, replication, action.

A frame without bodies keeps its time. A body is followed by its ID: one that vanishes and returns
keeps its person and the gap between.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.layouts import KINECT_V2
from llm_ar.skeletons.readers.files import check_frames, read_bytes

FPS = 30.0
MAX_TRACKS = 4
"""Bodies kept a clip; of more, those seen in most frames."""

NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})\.skeleton")

_JOINTS = len(KINECT_V2.joints)
_BODY_FIELDS = 10
_COLUMNS = [str(column) for column in range(12)]
_USED = ["0", "1", "2", "11"]
_HEAD = re.compile(rb"\s*\d+(?:\s+0)*\s+[1-9]\d*\s+\d+(?:\s+\S+){9}\s+25\s")


def sniff(path: Path, head: bytes) -> bool:
    """The ending, or a text that begins with counts, a body's fields and 25 joints."""
    return path.suffix.lower() == ".skeleton" or _HEAD.match(head) is not None


def read(path: Path) -> Clip:
    """Read one clip with up to `MAX_TRACKS` people, in order of their appearance.

    ``subject`` and ``camera`` come from the file's name.

    Raises:
        ClipError: truncated, or not this format, with the line that shows it; no body in it.
    """
    lines = read_bytes(path).split(b"\n")
    frames, bodies = _find_bodies(path, lines)
    if not bodies:
        raise ClipError(path, f"shows no body in any of its {frames} frames; leave this clip out")
    values = _parse_joints(path, lines, [line for _, _, line in bodies])
    tracks: dict[int, int] = {}
    for _, body, _ in bodies:
        tracks[body] = tracks.get(body, 0) + 1
    kept = sorted(tracks, key=lambda body: -tracks[body])[:MAX_TRACKS]
    slots = {body: slot for slot, body in enumerate(b for b in tracks if b in kept)}
    positions = np.zeros((frames, len(slots), _JOINTS, 3))
    present = np.zeros(positions.shape[:3], dtype=np.bool_)
    rows = [row for row, (_, body, _) in enumerate(bodies) if body in slots]
    at = [bodies[row][0] for row in rows], [slots[bodies[row][1]] for row in rows]
    positions[at] = values[rows, :, :3]
    present[at] = values[rows, :, 3] > 0
    dropped = len(tracks) - len(slots)
    named = NAME.fullmatch(path.name)
    return clean_clip(
        positions,
        present,
        source=str(path),
        layout=KINECT_V2,
        fps=FPS,
        subject=str(int(named[3])) if named else None,
        camera=str(int(named[2])) if named else None,
        repairs=(f"{dropped} of {len(tracks)} bodies dropped, the least seen",) if dropped else (),
    )


def _find_bodies(path: Path, lines: list[bytes]) -> tuple[int, list[tuple[int, int, int]]]:
    """Number of frames, and (frame, body ID, index of its first joint's line) of each body."""
    frames = _count(path, lines, 0, "the number of frames")
    if frames < 1 or frames > len(lines):
        raise ClipError(
            path, f"line 1 promises {frames} frames, but {len(lines)} lines follow; copy it again"
        )
    check_frames(path, frames)
    bodies: list[tuple[int, int, int]] = []
    line = 1
    for frame in range(frames):
        count = _count(path, lines, line, f"the number of bodies in frame {frame}")
        line += 1
        ids: set[int] = set()
        for _ in range(count):
            body = _count(path, lines, line, "a body's ID", fields=_BODY_FIELDS)
            if body in ids:
                _fail(path, line, f"body {body} appears twice in frame {frame}")
            ids.add(body)
            if _count(path, lines, line + 1, "the number of joints") != _JOINTS:
                _fail(path, line + 1, f"expected {_JOINTS} joints")
            if line + 2 + _JOINTS > len(lines):
                _fail(path, len(lines) - 1, "the file ends in the middle of a body; copy it again")
            bodies.append((frame, body, line + 2))
            line += 2 + _JOINTS
    if any(rest.strip() for rest in lines[line:]):
        _fail(path, line, f"expected the end after the {frames} frames that line 1 promises")
    return frames, bodies


def _count(path: Path, lines: list[bytes], line: int, what: str, fields: int = 1) -> int:
    """The whole number that begins a line of so many fields."""
    if line >= len(lines):
        _fail(path, len(lines) - 1, f"the file ends where {what} should follow; copy it again")
    words = lines[line].split()
    if len(words) != fields or not words[0].isdigit() or len(words[0]) > 20:
        shown = lines[line][:40].decode("ascii", "replace").strip()
        _fail(path, line, f"expected {what}, found {shown!r}")
    return int(words[0])


def _parse_joints(path: Path, lines: list[bytes], starts: list[int]) -> NDArray[np.float64]:
    """The used fields of all joints of all bodies, ``(bodies, J, [x, y, z, tracking])``."""
    rows = [line for start in starts for line in lines[start : start + _JOINTS]]
    text = b"\n".join(rows).replace(b"\r\n", b"\n").rstrip(b"\r")
    try:
        table = csv.read_csv(
            pa.BufferReader(text),
            csv.ReadOptions(use_threads=False, column_names=_COLUMNS),
            csv.ParseOptions(delimiter=" ", quote_char=False),
            csv.ConvertOptions(
                include_columns=_USED,
                column_types=dict.fromkeys(_USED, pa.float64()),
                null_values=[],
            ),
        )
        if len(table) != len(rows) or b"\r" in text:
            raise pa.ArrowInvalid
        values = np.stack([table[name].to_numpy() for name in _USED], axis=-1)
    except pa.ArrowException:
        values = _parse_singly(path, lines, starts)
    return values.reshape(len(starts), _JOINTS, len(_USED))


def _parse_singly(path: Path, lines: list[bytes], starts: list[int]) -> NDArray[np.float64]:
    """The same a line at a time, for unusual spacing, and to name the line that is wrong."""
    values = []
    for line in (line for start in starts for line in range(start, start + _JOINTS)):
        words = lines[line].split()
        if len(words) != len(_COLUMNS):
            _fail(path, line, f"expected {len(_COLUMNS)} fields of a joint, found {len(words)}")
        try:
            values.append([float(words[int(column)]) for column in _USED])
        except ValueError as error:
            _fail(path, line, f"expected numbers for a joint ({error})")
    return np.array(values)


def _fail(path: Path, line: int, problem: str) -> NoReturn:
    raise ClipError(path, f"line {line + 1}: {problem}")
