"""A body's joints from the markers or joints that motion capture names: Kinect v1's of them.

Joints that pose software writes (``RHip``, ``Neck``, ``RBigToe``) are taken as they are; of a set
of markers on the skin (Plug-in Gait: ``RASI``, ``LKNE``, ``C7``) a joint is the mean of those
around it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, Understanding, clean_clip, finite
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.skeletons.readers.csv_names import joint_name
from llm_ar.skeletons.readers.files import check_frames, listed

_CENTER: dict[str, tuple[str, ...]] = {
    "head": ("head", "lfhd rfhd lbhd rbhd", "lfhd rfhd", "headtop", "nose", "thead"),
    "shoulder_center": ("neck", "c7 clav", "c7", "thorax", "clav"),
    "spine": ("spine", "torso", "chest", "t10 strn", "t10", "strn", "t8"),
    "hip_center": ("hip", "pelvis", "midhip", "lasi rasi lpsi rpsi", "lasi rasi sacr", "lasi rasi"),
}
_SIDES: dict[str, tuple[str, ...]] = {
    "shoulder": ("?sho", "?acr", "?sjc"),
    "elbow": ("?elb ?elbm", "?lel ?mel", "?elb", "?ejc"),
    "wrist": ("?wra ?wrb", "?wri", "?wrist", "?wjc"),
    "hand": ("?fin", "?hand", "?wra ?wrb"),
    "hip": ("?hjc", "?hip", "?asi ?psi", "?asi"),
    "knee": ("?kjc", "?kne ?knem", "?kne ?mkne", "?lfc ?mfc", "?kne"),
    "ankle": ("?ajc", "?ank ?ankm", "?ank ?mank", "?ank"),
    "foot": ("?toe", "?bigtoe", "?mt2", "?foot"),
}
"""Per joint the markers whose mean it is, the best first; ``?`` is l or r."""
_NEEDED = tuple(
    f"{side}_{joint}"
    for side in ("left", "right")
    for joint in ("shoulder", "elbow", "hip", "knee", "ankle")
)


def clip_of_markers(
    path: Path,
    names: Sequence[str],
    positions: NDArray[np.float64],
    fps: float,
) -> Clip:
    """The clip of named markers over time.

    Args:
        path: the file.
        names: of the N markers; a subject's name before a colon is left out.
        positions: ``(T, N, 3)``, NaN where a marker is missing.
        fps: frames a second.

    Raises:
        ClipError: shoulders, elbows, hips, knees or ankles are not among them, or none is seen.
    """
    check_frames(path, len(positions))
    short = [name.rpartition(":")[2].strip() for name in names]
    plain = {re.sub(r"[^a-z0-9]", "", name.lower()): place for place, name in enumerate(short)}
    named = {joint_name(name): place for place, name in enumerate(short)}
    groups: dict[str, list[int]] = {}
    for joint in KINECT_V1.joints:
        if joint in named:
            groups[joint] = [named[joint]]
            continue
        for markers in _alternatives(joint):
            if all(marker in plain for marker in markers):
                groups[joint] = [plain[marker] for marker in markers]
                break
    lacking = [joint for joint in _NEEDED if joint not in groups]
    if lacking:
        raise ClipError(
            path,
            f"its {len(names)} markers ({listed(short)}) do not tell where {lacking[0]} is; name "
            "joints as RHip, LKnee or markers as Plug-in Gait does, or save joints as .npy",
        )
    if "hip_center" not in groups:
        groups["hip_center"] = groups["left_hip"] + groups["right_hip"]
    if "shoulder_center" not in groups:
        groups["shoulder_center"] = groups["left_shoulder"] + groups["right_shoulder"]
    joints = np.full((len(positions), len(KINECT_V1.joints), 3), np.nan)
    for joint, places in groups.items():
        joints[:, KINECT_V1.joints.index(joint)] = positions[:, places].mean(axis=1)
    return clean_clip(
        np.nan_to_num(joints)[:, None],
        finite(joints)[:, None],
        source=str(path),
        layout=KINECT_V1,
        fps=fps,
        understood=Understanding(
            layout=f"{KINECT_V1.name}, by the names of {len(names)} markers",
            fps="stated by the file",
        ),
    )


def _alternatives(joint: str) -> list[list[str]]:
    """The sets of markers whose mean is a joint."""
    side, _, part = joint.partition("_")
    if side in ("left", "right") and part in _SIDES:
        return [group.replace("?", side[0]).split() for group in _SIDES[part]]
    return [group.split() for group in _CENTER.get(joint, ())]
