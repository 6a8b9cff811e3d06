"""CSV: one row a frame (and person), row 1 names the columns.

``hip_center_x, hip_center_y, hip_center_z, ...`` (`LeftHip.X`, `x_left_hip` and `RHip_x` are
understood as well), or numbered joints ``0_x``, ``joint0_x``, ``x0``; without z the positions are
image coordinates (x right, y down). Behind a joint's axes may stand ``_score`` (or
``_confidence``, ``_visibility``, ``_likelihood``). Other columns: ``frame`` keeps the clock,
``time`` or ``timestamp`` (numbers in any unit of time, or ISO dates) gives the frame rate,
``person`` separates people, ``label``, ``subject`` and ``camera`` say what is known. An empty cell
is missing.

A table may also have one row a joint (columns ``frame, landmark, x, y, z``), or numbers alone
without names, which are read as an array of flat rows (`arrays`).

The layout is the one with these joints; of numbered ones, that of so many that fits the body. Of
MediaPipe's holistic landmarks and of points with face and hands the body's are read.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, clean_clip, finite
from llm_ar.skeletons.estimator_layouts import BODY_PARTS
from llm_ar.skeletons.layouts import AZURE_32, LAYOUTS, MEDIAPIPE, Layout
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions
from llm_ar.skeletons.readers.arrays import FPS, LAYOUT_FILE, clip_of_array, layout_for
from llm_ar.skeletons.readers.clock import Rate, frames_of, rate_of, seconds
from llm_ar.skeletons.readers.csv_forms import Rows, is_long, is_nameless, is_number, wide
from llm_ar.skeletons.readers.csv_names import Columns, columns_of, is_axis, joint_name
from llm_ar.skeletons.readers.files import check_frames, listed, read_bytes
from llm_ar.skeletons.readers.layout_choice import choose_layout, known_layouts
from llm_ar.skeletons.readers.people import MIN_SCORE, Detection, follow

_WITH_FACE_AND_HANDS = {501: MEDIAPIPE, 543: MEDIAPIPE, 75: MEDIAPIPE, **BODY_PARTS}
"""By the count of numbered points: the layout whose joints are the first of them."""

_SEPARATOR = re.compile(r"[,;\t]")


def sniff(path: Path, head: bytes) -> bool:
    """A first line of several names, of which one speaks of x."""
    if b"\x00" in head or head.lstrip()[:1] in (b"{", b"["):
        return False
    line = head.decode("utf-8-sig", "replace").partition("\n")[0]
    names = [name.strip(' \r"') for name in _SEPARATOR.split(line)]
    return any(is_axis(name) for name in names) or is_long(names) or is_nameless(names)


def read(path: Path, options: ReadOptions = BY_FILE) -> Clip:
    """Read one clip.

    Raises:
        ClipError: a column's name says nothing, joints are incomplete or of no known layout, or a
            cell is no number (its row is named).
    """
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ClipError(path, f"is not text in UTF-8 (byte {error.start}); save it so") from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(text.splitlines(), delimiter=delimiter)
    try:
        header = next(rows, [])
        table = [(rows.line_num, row) for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ClipError(path, f"row {rows.line_num}: {error}") from None
    if is_nameless(header):
        return _nameless(path, [(1, header), *table], options)
    if options.axes is not None:
        raise ClipError(path, "is a table whose columns are named; leave --axes out")
    if is_long(header):
        header, table = wide(path, header, table)
    columns = columns_of(path, header)
    if not table:
        raise ClipError(path, "has no row below the names of its columns; leave this clip out")
    layouts, joints = _joints(path, columns, options.layout)
    axes = 3 if "z" in joints[0] else 2
    cells = [joint[axis] for joint in joints for axis in "xyz"[:axes]]
    positions = _numbers(path, table, columns, cells).reshape(len(table), -1, axes)
    present = np.ones(positions.shape[:2], dtype=np.bool_)
    for place, joint in enumerate(joints):
        if "score" in joint:
            present[:, place] = _numbers(path, table, columns, [joint["score"]])[:, 0] >= MIN_SCORE
    layout = layouts[0]
    if len(layouts) > 1:
        there = present & finite(positions)
        judged = np.where(there[..., None], positions, 0.0)
        layout, _ = choose_layout(path, judged[:, None], there[:, None])
    if axes == 2 or layout in (MEDIAPIPE, AZURE_32):
        positions[..., :2] *= -1
    people = _people(table, columns)
    clock = frames_of(_whole(path, table, columns, people))
    frames = clock.numbers
    if not columns.special.keys() & {"frame", "time"} and len(set(people)) > 1:
        raise ClipError(path, "has several people and no column 'frame'; add it")
    if len(set(zip(frames, people, strict=True))) < len(frames):
        raise ClipError(path, "has two rows of one frame and person; number the frames anew")
    check_frames(path, clock.count)
    rate = _rate(path, header, table, columns) or Rate(clock.rate(FPS), clock.understood.fps or "")
    how = rate.how or f"assumed {FPS:g}, the file does not say"
    found = [
        Detection(frame, row, mask, identity=person)
        for frame, person, row, mask in zip(frames, people, positions, present, strict=True)
    ]
    tracks, masks, repairs = follow(found, clock.count)
    return clean_clip(
        tracks,
        masks,
        source=str(path),
        layout=layout,
        fps=rate.fps,
        repairs=repairs,
        label=_text(table, columns, "label"),
        subject=_text(table, columns, "subject"),
        camera=_text(table, columns, "camera"),
        understood=replace(clock.understood, fps=how),
    )


def _nameless(path: Path, rows: Rows, options: ReadOptions) -> Clip:
    """The clip in rows of numbers; a label or the frame's number may stand first in each."""
    columns = Columns(len(rows[0][1]))
    first = [row[0].strip() for _, row in rows]
    label = first[0] if len(set(first)) == 1 and not is_number(first[0]) else None
    counted = len(rows) > 1 and first in (
        [str(number + start) for number in range(len(rows))] for start in (0, 1)
    )
    begin = 1 if counted or not is_number(first[0]) else 0
    values = _numbers(path, rows, columns, range(begin, columns.count))
    return clip_of_array(path, values, options, what="the table", label=label)


def _joints(
    path: Path, columns: Columns, stated: str | None
) -> tuple[list[Layout], list[dict[str, int]]]:
    """The possible layouts, and the columns of each joint."""
    names = set(columns.joints)
    known = known_layouts(path, stated)
    if all(name.isdigit() for name in names):
        numbers = sorted(map(int, names))
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))) or numbers[0] > 1:
            raise ClipError(path, "row 1: the joints' numbers must run from 0 (or 1) without gaps")
        ordered = [columns.joints[str(number)] for number in numbers]
        whole = _WITH_FACE_AND_HANDS.get(len(numbers))
        if whole is not None:
            return [whole], ordered[: len(whole.joints)]
        fitting = [layout for layout in known if len(layout.joints) == len(numbers)]
        return fitting or [layout_for(path, stated, len(numbers))], ordered
    for layout in known:
        wanted = {joint_name(joint): joint for joint in layout.joints}
        if names == set(wanted):
            return [layout], [columns.joints[name] for name in wanted]
    best = min(LAYOUTS, key=lambda layout: len(names ^ set(layout.joints)))
    missing, more = sorted(set(best.joints) - names)[:4], sorted(names - set(best.joints))[:4]
    raise ClipError(
        path,
        f"row 1: its joints are those of no known layout; the nearest, {best.name}, lacks "
        f"{listed(more) or 'none'} of them and has {listed(missing) or 'none'} besides; "
        f"describe them in a file {LAYOUT_FILE} in the same folder",
    )


def _numbers(
    path: Path, table: list[tuple[int, list[str]]], columns: Columns, cells: Sequence[int]
) -> NDArray[np.float64]:
    """Some columns as numbers ``(rows, len(cells))``; an empty cell is NaN."""
    values = np.empty((len(table), len(cells)))
    for place, (line, row) in enumerate(table):
        if len(row) != columns.count:
            raise ClipError(
                path, f"row {line}: {len(row)} cells, expected {columns.count} as in row 1"
            )
        try:
            values[place] = [_value(row[cell].strip()) for cell in cells]
        except ValueError as error:
            raise ClipError(path, f"row {line}: {str(error)[:80]}") from None
    return values


def _value(cell: str) -> float:
    """A cell as a number; a date with a time as seconds."""
    return seconds(cell) if cell else math.nan


def _whole(
    path: Path, table: list[tuple[int, list[str]]], columns: Columns, people: list[int]
) -> list[int]:
    """The frame's number of each row; without a column of them the order of times, or of rows."""
    if "frame" not in columns.special:
        if "time" not in columns.special or len(set(people)) < 2:
            return list(range(len(table)))
        times = _numbers(path, table, columns, [columns.special["time"]])[:, 0]
        return [int(place) for place in np.unique(times, return_inverse=True)[1]]
    values = _numbers(path, table, columns, [columns.special["frame"]])[:, 0]
    for (line, _), value in zip(table, values, strict=True):
        if not abs(value) < 2**53 or value != int(value):
            raise ClipError(path, f"row {line}: column 'frame' is no whole number")
    return [int(value) for value in values]


def _people(table: list[tuple[int, list[str]]], columns: Columns) -> list[int]:
    """The rows' people, numbered in order of appearance."""
    if "person" not in columns.special:
        return [0] * len(table)
    numbers: dict[str, int] = {}
    return [
        numbers.setdefault(row[columns.special["person"]].strip(), len(numbers)) for _, row in table
    ]


def _rate(
    path: Path, header: Sequence[str], table: list[tuple[int, list[str]]], columns: Columns
) -> Rate | None:
    """Frames a second by the column of times; None without one, or of a single row."""
    if "time" not in columns.special or len(table) == 1:
        return None
    column = columns.special["time"]
    stamps = _numbers(path, table, columns, [column])[:, 0].tolist()
    rate = rate_of(stamps, header[column])
    if rate is None:
        raise ClipError(path, "column 'time' does not go forward; write seconds or milliseconds")
    return rate


def _text(table: list[tuple[int, list[str]]], columns: Columns, name: str) -> str | None:
    """What a column says, if it says the same in all rows."""
    if name not in columns.special:
        return None
    found = {row[columns.special[name]].strip() for _, row in table}
    return next(iter(found)) or None if len(found) == 1 else None
