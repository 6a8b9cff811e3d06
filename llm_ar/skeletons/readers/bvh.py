"""BVH motion capture: a hierarchy of joints and their channels, frame by frame.

Positions come of forward kinematics: a joint's rotations apply in the order of its channels, in
degrees; a position channel takes the place of that part of the joint's offset. Lengths keep the
file's unit. BVH has y up and a person at rest looks along z with the left side at +x; a half turn
about y makes that the axes of `Clip`.

The layout is the file's own hierarchy, end sites included; joints with usual names get the names
of the built-in layouts (`llm_ar.skeletons.readers.bvh_names`), so that clips can be mapped.

The label is known of files of the Bandai-Namco Research Motiondataset, by their names.
"""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.datasets.bandai_namco import describe
from llm_ar.skeletons.readers.bvh_names import layout_of
from llm_ar.skeletons.readers.files import check_frames, read_bytes

MAX_JOINTS = 400
MAX_POSITIONS = 5_000_000
"""Frames times joints; an hour of a usual skeleton has four million."""

_CHANNEL = re.compile(r"([XYZ])(position|rotation)", re.IGNORECASE)
_AXES = {"X": 0, "Y": 1, "Z": 2}

Matrix = NDArray[np.float64]


@dataclass
class _Joint:
    name: str
    parent: int
    offset: tuple[float, ...] = (0.0, 0.0, 0.0)
    channels: list[tuple[int, str, int]] = field(default_factory=list)
    """(column, "position" or "rotation", axis)"""


def sniff(path: Path, head: bytes) -> bool:
    """The word HIERARCHY at the start."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:9].upper() == b"HIERARCHY"


def read(path: Path) -> Clip:
    """Read one clip.

    Raises:
        ClipError: the hierarchy or the motion is broken (the line is named), truncated, too large,
            or holds no usable number.
    """
    lines = read_bytes(path).decode("utf-8-sig", "replace").splitlines()
    joints, columns, after = _hierarchy(path, lines)
    values, fps, repairs = _motion(path, lines, after, columns, len(joints))
    with np.errstate(over="ignore", invalid="ignore"):
        positions = _kinematics(joints, values) * (-1, 1, -1)
    names, parents = [joint.name for joint in joints], [joint.parent for joint in joints]
    layout = layout_of(names, parents, _rest(joints, positions))
    known = describe(str(path))
    return clean_clip(
        positions[:, None],
        source=str(path),
        layout=layout,
        fps=fps,
        repairs=repairs,
        label=known.label if known else None,
    )


def _rest(joints: list[_Joint], positions: Matrix) -> Matrix:
    """The places ``(J, 3)`` of the hierarchy at rest; those of frame 1 if it has no offsets.

    In the axes of the file.
    """
    rest = np.zeros((len(joints), 3))
    for number, joint in enumerate(joints):
        rest[number] = np.array(joint.offset) + (rest[joint.parent] if joint.parent >= 0 else 0)
    still = rest if np.ptp(rest, axis=0).any() else positions[0] * (-1, 1, -1)
    return np.nan_to_num(still, posinf=0, neginf=0)


def _hierarchy(path: Path, lines: list[str]) -> tuple[list[_Joint], int, int]:
    """The joints, the number of their channels, and the line of MOTION."""
    joints: list[_Joint] = []
    open_joints: list[int] = []
    columns = 0
    opened = True
    for number, line in enumerate(lines):
        words = line.split()
        if not words:
            continue
        key, current = words[0].upper(), open_joints[-1] if open_joints else -1
        if key == "MOTION":
            if not joints or current >= 0:
                _fail(path, number, "expected the end of the hierarchy before MOTION")
            return joints, columns, number
        if key in ("ROOT", "JOINT") or line.split() == ["End", "Site"] or key == "END":
            if not opened or (current < 0) != (key == "ROOT") or len(joints) >= MAX_JOINTS:
                _fail(path, number, f"a joint at the wrong place, or more than {MAX_JOINTS}")
            end = f"{joints[current].name}_end" if key == "END" else " ".join(words[1:])
            joints.append(_Joint(end[:80] or f"joint {len(joints)}", current))
            opened = False
        elif key == "{":
            if opened:
                _fail(path, number, "a bracket without a joint")
            open_joints.append(len(joints) - 1)
            opened = True
        elif key == "}":
            if current < 0:
                _fail(path, number, "a bracket closes that none opened")
            open_joints.pop()
        elif key == "OFFSET" and current >= 0:
            joints[current].offset = tuple(_numbers(path, number, words[1:], 3))
        elif key == "CHANNELS" and current >= 0:
            for word in words[2:]:
                found = _CHANNEL.fullmatch(word)
                if found is None:
                    _fail(path, number, f"the channel {word[:40]!r} is no position or rotation")
                channel = (columns, found[2].lower(), _AXES[found[1].upper()])
                joints[current].channels.append(channel)
                columns += 1
            if len(words) < 2 or words[1] != str(len(words) - 2):
                _fail(path, number, f"promises {words[1:2]} channels, {len(words) - 2} follow")
        elif key != "HIERARCHY" or joints:
            _fail(path, number, f"expected a joint, OFFSET or CHANNELS, found {words[0][:40]!r}")
    _fail(path, len(lines) - 1, "the file ends before MOTION; copy it again")


def _motion(
    path: Path, lines: list[str], after: int, columns: int, joints: int
) -> tuple[Matrix, float, tuple[str, ...]]:
    """The channels ``(T, columns)``, frames a second, and what was mended."""
    rows = [number for number in range(after + 1, len(lines)) if lines[number].strip()]
    head = [lines[number].replace(":", ": ").split() for number in rows[:2]]
    if [words[0].upper() for words in head] != ["FRAMES:", "FRAME"] or len(head[0]) != 2:
        _fail(path, after, 'expected "Frames: NUMBER" and "Frame Time: SECONDS" after MOTION')
    frames, motion = head[0][1], rows[2:]
    # Rokoko writes one row more than it promises; any other difference is a damaged file.
    more = len(motion) - int(frames) if frames.isdigit() and len(frames) <= 12 else -1
    if more not in (0, 1) or not motion:
        _fail(path, rows[0], f"promises {frames[:20]} frames, {len(motion)} follow; copy it again")
    note = f"the file promises {frames} frames, {len(motion)} follow; those are taken"
    seconds = _numbers(path, rows[1], head[1][2:], 1)[0]
    if not 1e-5 < seconds < 1e5:
        _fail(path, rows[1], f"a frame cannot take {seconds} seconds")
    check_frames(path, len(motion))
    if len(motion) * joints > MAX_POSITIONS:
        raise ClipError(path, f"has {len(motion):,} frames of {joints} joints; cut it into parts")
    if not columns:
        _fail(path, after, "no joint has a channel, so nothing moves")
    text = "\n".join(lines[number] for number in motion)
    try:
        values = np.loadtxt(io.StringIO(text), ndmin=2, comments=None)
    except ValueError:
        values = np.empty((0, 0))
    if values.shape != (len(motion), columns):
        for number in motion:
            _numbers(path, number, lines[number].split(), columns)
        _fail(path, after, "the motion is not a table of numbers")
    return values, 1 / seconds, (note,) if more else ()


def _kinematics(joints: list[_Joint], values: Matrix) -> Matrix:
    """Positions of all joints ``(T, J, 3)``."""
    frames = len(values)
    positions = np.zeros((frames, len(joints), 3))
    turned: list[Matrix] = []
    for number, joint in enumerate(joints):
        place = np.tile(np.array(joint.offset), (frames, 1))
        turn = np.broadcast_to(np.eye(3), (frames, 3, 3))
        if joint.parent >= 0:
            turn = turned[joint.parent]
        before = turn
        for column, kind, axis in joint.channels:
            if kind == "position":
                place[:, axis] = values[:, column]
            else:
                turn = turn @ _rotation(axis, np.radians(values[:, column]))
        if joint.parent >= 0:
            place = positions[:, joint.parent] + (before @ place[..., None])[..., 0]
        positions[:, number] = place
        turned.append(turn)
    return positions


def _rotation(axis: int, angles: NDArray[np.float64]) -> Matrix:
    """Right-handed rotations about one axis ``(T, 3, 3)``."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    turn = np.zeros((len(angles), 3, 3))
    turn[:, axis, axis] = 1
    turn[:, first, first] = turn[:, second, second] = np.cos(angles)
    turn[:, second, first] = np.sin(angles)
    turn[:, first, second] = -turn[:, second, first]
    return turn


def _numbers(path: Path, line: int, words: list[str], count: int) -> list[float]:
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        _fail(path, line, f"expected numbers ({str(error)[:80]})")
    if len(values) != count or (count == 1 and not math.isfinite(values[0])):
        _fail(path, line, f"expected {count} numbers, found {len(values)}")
    return values


def _fail(path: Path, line: int, problem: str) -> NoReturn:
    raise ClipError(path, f"line {line + 1}: {problem}")
