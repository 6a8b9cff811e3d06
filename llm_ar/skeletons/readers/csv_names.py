"""What the names of a table's columns mean: which joint, which axis, or something about the row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from llm_ar.errors import ClipError

_SPECIAL = {
    "frame": "frame",
    "frame_id": "frame",
    "frame_number": "frame",
    "person": "person",
    "person_id": "person",
    "track_id": "person",
    "label": "label",
    "action": "label",
    "class": "label",
    "subject": "subject",
    "camera": "camera",
    "": "unused",
    "index": "unused",
    "unnamed: 0": "unused",
}
_TIME = re.compile(
    r"(?:(?:relative|frame|elapsed|device|system|capture)?[\s_]*time[\s_]*(?:stamp)?s?|t|date|date[\s_]*time"
    r"|elapsed|seconds|ticks)(?:[\s_]*[(\[]?(?:s|secs?|seconds|ms|msec|us|usec|ns|ticks)[)\]]?)?"
)
"""Names of a column of times, with a unit or without."""
_AXES = {"x": "x", "y": "y", "z": "z"} | dict.fromkeys(
    ("score", "confidence", "conf", "visibility", "likelihood", "c", "v", "s"), "score"
)
_WORDS = "|".join(_AXES)
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?P<joint>.+?)\s*\((?P<axis>(?i:{_WORDS}))\)",  # Head (X)
        rf"(?P<joint>.+?)[\s_.:\-]+(?P<axis>(?i:{_WORDS}))",  # left_hip_x, 12.x
        rf"(?P<axis>(?i:{_WORDS}))[\s_.:\-]*(?P<joint>\d+)",  # x12
        rf"(?P<axis>(?i:{_WORDS}))[\s_.:\-]+(?P<joint>.+)",  # x_left_hip
        rf"(?P<joint>.*\d)(?P<axis>(?i:{_WORDS}))",  # joint12x
        r"(?P<joint>.*[a-z])(?P<axis>[XYZ])",  # LeftHipX
    )
)
_NUMBERED = re.compile(r"(?:joint|keypoint|kp|landmark|marker|point|j|p)?[\s_.:\-]*0*(\d{1,4})")
_UNSPOKEN = frozenset("position pos joint type".split())
"""Words that programs write beside a joint's name: ``Head.Position``, ``JointType_Head``."""
_SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}
_SYNONYMS = {
    "mid_hip": "hip_center",
    "hip_centre": "hip_center",
    "pelvis": "hip_center",
    "spine_base": "hip_center",
    "spine_mid": "spine",
    "spine_shoulder": "shoulder_center",
    "shoulder_centre": "shoulder_center",
    "spine_navel": "spine",
    "spine_naval": "spine",
    "spine_chest": "chest",
    "left_handtip": "left_hand_tip",
    "right_handtip": "right_hand_tip",
    "left_tip": "left_hand_tip",
    "right_tip": "right_hand_tip",
    "thorax": "shoulder_center",
}


@dataclass
class Columns:
    """The columns of a table.

    Args:
        count: how many there are.
        special: "frame", "time", "person", "label", "subject" or "camera" to its column.
        joints: joint (a name, or a number as text) to "x", "y", "z", "score" to its column.
    """

    count: int
    special: dict[str, int] = field(default_factory=dict)
    joints: dict[str, dict[str, int]] = field(default_factory=dict)


def columns_of(path: Path, header: Sequence[str]) -> Columns:
    """Understand row 1.

    Raises:
        ClipError: a name means nothing, two mean the same, or a joint lacks an axis.
    """
    columns = Columns(len(header))
    for number, text in enumerate(header):
        name = text.strip()
        special = "time" if _TIME.fullmatch(name.lower()) else _SPECIAL.get(name.lower())
        if special is not None:
            columns.special.setdefault(special, number)
            continue
        found = next((match for form in _FORMS if (match := form.fullmatch(name))), None)
        if found is None or len(name) > 80:
            raise ClipError(
                path,
                f"row 1: column {number + 1}, {name[:40]!r}, is neither JOINT_x, JOINT_y, JOINT_z, "
                "JOINT_score nor frame, time, person, label, subject or camera; rename it",
            )
        joint, axis = joint_name(found["joint"]), _AXES[found["axis"].lower()]
        axes = columns.joints.setdefault(joint, {})
        if axis in axes:
            raise ClipError(path, f"row 1: two columns are {axis} of joint {joint!r}")
        axes[axis] = number
    if not columns.joints:
        raise ClipError(path, "row 1 names no joint; expected columns such as left_hip_x")
    wanted = {"x", "y", "z"} if any("z" in axes for axes in columns.joints.values()) else {"x", "y"}
    for joint, axes in columns.joints.items():
        if not wanted <= set(axes):
            lacking = ", ".join(sorted(wanted - set(axes)))
            raise ClipError(path, f"row 1: joint {joint!r} has no column for {lacking}")
    return columns


def is_axis(name: str) -> bool:
    """Whether a column's name is a joint's x."""
    found = (form.fullmatch(name.strip()) for form in _FORMS)
    return len(name) <= 80 and any(match and match["axis"].lower() == "x" for match in found)


def joint_name(name: str) -> str:
    """A joint as the built-in layouts write it: ``left_hip`` of ``LHip`` or ``HipLeft``."""
    numbered = _NUMBERED.fullmatch(name.strip().lower())
    if numbered:
        return str(int(numbered[1]))
    split = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    words = [word.lower() for word in split]
    side = next((_SIDES[word] for word in words if word in _SIDES), None)
    kept = [word for word in words if word not in _SIDES and word not in _UNSPOKEN]
    joined = "_".join([side, *kept] if side else kept)
    return _SYNONYMS.get(joined, joined)
