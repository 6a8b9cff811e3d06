"""The text of NTU RGB+D and UAV-Human: frames, bodies, joints, one line each.

First line: number of frames T. A frame: its number of bodies; a body: 10 fields, the number of
joints J, J lines of 12 fields, of which x, y, z and the last (0 not tracked, 1 inferred, 2 tracked)
are used. Lines may end in LF or CR LF.

The counts are followed from line to line, which are few; the joints' numbers, which are many, are
parsed at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.readers.files import check_frames

MAX_TRACKS = 16
"""IDs that are followed; a sensor shows at most six people at a time, under changing IDs."""
MAX_PLACES = 432_000
"""Frames times tracks: four people for an hour."""

JOINT_FIELDS = 12
_BODY_FIELDS = 10
_LONGEST_COUNT = 20
_HIGHEST_STATE = 9

_THREE_NUMBERS = 40
"""Bytes that hold the first three numbers of a line, and fewer than a whole published line has."""
_BLANK = ord(" ")


@dataclass(frozen=True)
class Bodies:
    """All bodies of a text, in its order.

    Args:
        frames: number of frames T, those without bodies included.
        frame: frame of each body ``(N,)``.
        identity: its ID, ``(N,)``; IDs are followed over frames.
        positions: ``(N, J, 3)``.
        tracking: ``(N, J)``, the joints' last field.
    """

    frames: int
    frame: NDArray[np.int64]
    identity: tuple[int, ...]
    positions: NDArray[np.float32]
    tracking: NDArray[np.int64]


def head_pattern(joints: int) -> re.Pattern[bytes]:
    """What the text begins with: counts, a body's fields, its number of joints."""
    return re.compile(rb"\s*\d+(?:\s+0)*\s+[1-9]\d*\s+\d+(?:\s+\S+){9}\s+%d\s" % joints)


def parse_bodies(path: Path, data: bytes, joints: int) -> Bodies:
    """All bodies in the text.

    Args:
        path: what messages call the file.
        data: its bytes.
        joints: J, which each body must have.

    Raises:
        ClipError: truncated, or not this format, with the line that shows it; no body in it.
    """
    text = data if data.endswith(b"\n") else data + b"\n"
    lines = _Lines(path, text)
    frames, found = _find_bodies(lines, joints)
    if not found:
        raise ClipError(path, f"shows no body in any of its {frames} frames; leave this clip out")
    first = np.array([line for _, _, line in found])
    values = _uniform_rows(lines, first, joints)
    if values is None:
        values = _rows_singly(lines, (first[:, None] + np.arange(joints)).ravel())
    values = values.reshape(len(found), joints, 4)
    return Bodies(
        frames=frames,
        frame=np.array([frame for frame, _, _ in found]),
        identity=tuple(body for _, body, _ in found),
        positions=values[..., :3],
        tracking=values[..., 3].astype(np.int64),
    )


@dataclass(frozen=True)
class Tracks:
    """Bodies by ID, each with a place of its own, in order of their appearance.

    Args:
        identity: the ID of each of the M tracks.
        positions: ``(T, M, J, 3)`` float32; 0 where the body is not seen.
        tracking: ``(T, M, J)``; 0 where the body is not seen.
        dropped: tracks left out, those seen in the fewest frames.
    """

    identity: tuple[str, ...]
    positions: NDArray[np.float32]
    tracking: NDArray[np.int8]
    dropped: int


def follow(bodies: Bodies) -> Tracks:
    """One track an ID: one that vanishes and returns keeps its place and the gap between.

    Of more than `MAX_TRACKS` tracks (fewer in very long recordings, whose memory is bounded) those
    seen in most frames are kept.
    """
    tracks: dict[int, int] = {}
    for body in bodies.identity:
        tracks[body] = tracks.get(body, 0) + 1
    most = max(1, min(MAX_TRACKS, MAX_PLACES // bodies.frames))
    kept = set(sorted(tracks, key=lambda body: -tracks[body])[:most])
    places = {body: place for place, body in enumerate(b for b in tracks if b in kept)}
    rows = [row for row, body in enumerate(bodies.identity) if body in places]
    at = bodies.frame[rows], [places[bodies.identity[row]] for row in rows]
    shape = (bodies.frames, len(places), bodies.positions.shape[1])
    positions = np.zeros((*shape, 3), dtype=np.float32)
    tracking = np.zeros(shape, dtype=np.int8)
    positions[at] = bodies.positions[rows]
    tracking[at] = bodies.tracking[rows]
    names = tuple(str(body) for body in places)
    return Tracks(names, positions, tracking, len(tracks) - len(places))


class _Lines:
    """A text by lines, without copying it."""

    def __init__(self, path: Path, text: bytes) -> None:
        self.path, self.text = path, text
        self.characters = np.frombuffer(text, dtype=np.uint8)
        self.places = np.flatnonzero(self.characters == ord("\n"))
        """Place of each line's end; also, for looking at single ones, as ``ends``."""
        self.ends: list[int] = self.places.tolist()
        self.carriage_return = int(text[self.ends[0] - 1 : self.ends[0]] == b"\r")

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, line: int) -> bytes:
        return self.text[self.ends[line - 1] + 1 if line else 0 : self.ends[line]]

    def fail(self, line: int, problem: str) -> NoReturn:
        raise ClipError(self.path, f"line {line + 1}: {problem}")

    def quick_count(self, line: int, fields: int = 1) -> int | None:
        """As `count` for a line that is spaced as published, None for any other."""
        if line >= len(self.ends):
            return None
        word = self.text[self.ends[line - 1] + 1 : self.ends[line] - self.carriage_return]
        if fields > 1:
            words = word.split(b" ")
            if len(words) != fields:
                return None
            word = words[0]
        return int(word) if word.isdigit() and len(word) <= _LONGEST_COUNT else None

    def count(self, line: int, what: str, fields: int = 1) -> int:
        """The whole number that begins a line of so many fields."""
        if line >= len(self):
            self.fail(len(self) - 1, f"the file ends where {what} should follow; copy it again")
        words = self[line].split()
        if len(words) != fields or not words[0].isdigit() or len(words[0]) > _LONGEST_COUNT:
            shown = self[line][:40].decode("ascii", "replace").strip()
            self.fail(line, f"expected {what}, found {shown!r}")
        return int(words[0])


def _find_bodies(lines: _Lines, joints: int) -> tuple[int, list[tuple[int, int, int]]]:
    """Number of frames, and (frame, body ID, index of its first joint's line) of each body."""
    frames = lines.count(0, "the number of frames")
    if frames < 1 or frames > len(lines):
        raise ClipError(
            lines.path,
            f"line 1 promises {frames} frames, but {len(lines) - 1} lines follow; copy it again",
        )
    check_frames(lines.path, frames)
    bodies: list[tuple[int, int, int]] = []
    line = 1
    for frame in range(frames):
        count = lines.quick_count(line)
        if count is None:
            count = lines.count(line, f"the number of bodies in frame {frame}")
        line += 1
        for _ in range(count):
            body = lines.quick_count(line, fields=_BODY_FIELDS)
            if body is None:
                body = lines.count(line, "a body's ID", fields=_BODY_FIELDS)
            if lines.quick_count(line + 1) != joints:
                if lines.count(line + 1, "the number of joints") != joints:
                    lines.fail(line + 1, f"expected {joints} joints")
            if line + 2 + joints > len(lines):
                lines.fail(len(lines) - 1, "the file ends in the middle of a body; copy it again")
            bodies.append((frame, body, line + 2))
            line += 2 + joints
    if any(lines[rest].strip() for rest in range(line, len(lines))):
        lines.fail(line, f"expected the end after the {frames} frames that line 1 promises")
    return frames, bodies


def _uniform_rows(
    lines: _Lines, first: NDArray[np.int64], joints: int
) -> NDArray[np.float32] | None:
    """The used fields ``(N, [x, y, z, tracking])`` of lines spaced as published, else None.

    The first three blanks of each line are looked for in its first bytes, all lines at once; Arrow
    parses what is between them where it lies.
    """
    text = lines.characters
    rows = (first[:, None] + np.arange(joints)).ravel()
    ends = lines.places
    start, end = ends[rows - 1] + 1, ends[rows] - lines.carriage_return
    if int((end - start).min()) < _THREE_NUMBERS:
        return None
    # Of any other number of blanks, some line has too many or too few fields.
    expected = (JOINT_FIELDS - 1) * len(rows) + (_BODY_FIELDS - 1) * len(first)
    if np.count_nonzero(text == _BLANK) != expected:
        return None
    state = text[end - 1] - np.uint8(ord("0"))
    if state.max() > _HIGHEST_STATE or (text[end - 2] != _BLANK).any():
        return None
    heads = np.lib.stride_tricks.sliding_window_view(text, _THREE_NUMBERS)[start]
    blanks = np.flatnonzero(heads == _BLANK)
    in_heads = np.arange(len(rows)) * _THREE_NUMBERS
    third = np.searchsorted(blanks, in_heads) + 2
    if third[-1] >= len(blanks) or (blanks[third] >= in_heads + _THREE_NUMBERS).any():
        return None
    bounds = np.empty((len(rows), 6), dtype=np.int32)
    bounds[:, 0] = start
    for number in range(3):
        blank = blanks[third - 2 + number] + start - in_heads
        bounds[:, 2 * number + 1] = blank
        if number < 2:
            bounds[:, 2 * number + 2] = blank + 1
    offsets = np.append(bounds.ravel(), np.int32(len(text)))
    words = pa.StringArray.from_buffers(bounds.size, pa.py_buffer(offsets), pa.py_buffer(text))
    try:
        numbers = words.take(pa.array(np.arange(0, bounds.size, 2))).cast(pa.float32())
    except pa.ArrowException:
        return None
    return np.column_stack([numbers.to_numpy().reshape(-1, 3), state])


def _rows_singly(lines: _Lines, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """The same a line at a time, for unusual spacing, and to name the line that is wrong."""
    values = []
    for line in rows.tolist():
        words = lines[line].split()
        if len(words) != JOINT_FIELDS:
            lines.fail(line, f"expected {JOINT_FIELDS} fields of a joint, found {len(words)}")
        try:
            if b"_" in lines[line]:
                raise ValueError("an underscore is part of no number")
            state = float(words[-1])
            if not state.is_integer() or not 0 <= state <= _HIGHEST_STATE:
                raise ValueError(f"tracking state {words[-1].decode('ascii', 'replace')[:20]}")
            values.append([*(float(word) for word in words[:3]), state])
        except ValueError as error:
            lines.fail(line, f"expected numbers for a joint ({str(error)[:80]})")
    with np.errstate(over="ignore"):
        return np.array(values).astype(np.float32)
