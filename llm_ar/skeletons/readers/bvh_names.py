"""Joints of motion capture under the names of the built-in layouts, and the layout they make."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from llm_ar.skeletons.layout import Layout
from llm_ar.skeletons.readers.bvh_structure import by_structure

_OWN = "bvh-"
_SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}
_FILLERS = re.compile(
    r"bip\d*|mixamorig\d*|joint|jnt|bind|def|org|cc|base|character\d*|twist\d*|j|c|f"
)
"""Words of a joint's name that rigs put around it."""
_NEEDED = (
    "hip_center head left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist "
    "left_hip right_hip left_knee right_knee left_ankle right_ankle"
).split()
"""Where the names do not tell one of these, the hierarchy does."""

# Motion capture calls a joint by the bone that begins there: the forearm's is the elbow. Of the
# names that may mean a joint the first one found counts; each joint is used once, in this order.
_SIDED: dict[str, tuple[str, ...]] = {
    "shoulder": ("upperarm", "uparm", "arm", "shldr", "shoulder"),
    "elbow": ("forearm", "lowerarm", "lowarm", "elbow"),
    "wrist": ("wrist", "hand"),
    "hand": (
        "hand",
        "palm",
        "handmiddle1",
        "middle1",
        "mid1",
        "handindex1",
        "index1",
        "fingerbase",
    ),
    "hip": ("upleg", "upperleg", "thigh", "hip"),
    "knee": ("lowerleg", "lowleg", "calf", "shin", "shank", "knee", "leg"),
    "ankle": ("ankle", "foot"),
    "foot": ("toebase", "toe", "toes", "ball", "foot"),
}
_MIDDLE: dict[str, tuple[str, ...]] = {
    "hip_center": ("hips", "pelvis", "hip", "root"),
    "spine": ("spine1", "spine", "spine2", "chest", "abdomen", "torso", "lowerback"),
    "shoulder_center": ("neck", "neck1", "upperchest", "spine3"),
    "head": ("head",),
}
_TIPS = {"left_hand": "left_wrist", "right_hand": "right_wrist"}
_TIPS |= {"left_foot": "left_ankle", "right_foot": "right_ankle", "head": "shoulder_center"}
"""Where a joint is found by no name, the tip behind another takes its place."""

_PARTS = {
    "head": "head",
    "left_shoulder": "left_arm",
    "right_shoulder": "right_arm",
    "left_hip": "left_leg",
    "right_hip": "right_leg",
}
"""The joint that a part of the body begins with."""
_TORSOS = (
    ("hip_center-spine", "spine-shoulder_center"),
    ("hip_center-shoulder_center",),
    ("left_hip-left_shoulder", "right_hip-right_shoulder"),
    ("hip_center-head",),
)


def is_own(layout: Layout) -> bool:
    """Whether a layout is the hierarchy of some BVH file."""
    return layout.name.startswith(_OWN)


def layout_of(names: Sequence[str], parents: Sequence[int], places: NDArray[np.float64]) -> Layout:
    """The layout of a hierarchy, with the joints of a body called by the built-in names.

    They are found by their names, or by the hierarchy where the names do not tell all of them.

    Args:
        names: as the file has them; an end site is ``PARENT_end``.
        parents: of each, -1 for a root, always before their children.
        places: of the joints in one frame ``(J, 3)``, finite.
    """
    sided = [_side_and_core(name) for name in names]
    found = _usual(sided, names, parents)
    if any(name not in found for name in _NEEDED):
        shaped = by_structure([side for side, _ in sided], parents, places)
        found = shaped | {
            name: joint
            for name, joint in found.items()
            if name not in shaped and joint not in shaped.values()
        }
    if "hip_center" in found:
        # What lies above the hips is a mark on the floor, not a part of the body.
        parents = [-1 if n == found["hip_center"] else p for n, p in enumerate(parents)]
    called = {joint: name for name, joint in found.items()}
    joints: list[str] = []
    for number, name in enumerate(names):
        free = called.get(number) or name
        while number not in called and (free in found or free in joints):
            free += "_"
        joints.append(free)
    digest = hashlib.sha256(repr((joints, list(parents))).encode("utf-8", "replace")).hexdigest()
    hips = [found[name] for name in ("left_hip", "right_hip") if name in found]
    return Layout(
        name=f"{_OWN}{digest[:8]}",
        joints=tuple(joints),
        parents=tuple(parents),
        pairs=_pairs(found, sided),
        parts=_parts(found, parents),
        centre=(found["hip_center"],) if "hip_center" in found else tuple(hips) or (0,),
        size_bones=_torso(found),
    )


def _side_and_core(name: str) -> tuple[str, str]:
    """("left", "upleg") of ``mixamorig:LeftUpLeg``, ``UpLeg_L`` or ``l up leg``."""
    words = re.findall(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+", name.rpartition(":")[2])
    lower = [word.lower() for word in words]
    side = next((_SIDES[word] for word in lower if word in _SIDES), "")
    kept = [w for w in lower if w not in _SIDES and not _FILLERS.fullmatch(w)]
    return side, re.sub(r"0+(?=\d)", "", "".join(kept))


def _usual(
    sided: list[tuple[str, str]], names: Sequence[str], parents: Sequence[int]
) -> dict[str, int]:
    """The built-in name of each joint that has a usual name."""
    wanted = [("", name, cores) for name, cores in _MIDDLE.items()]
    wanted += [(s, f"{s}_{name}", c) for s in ("left", "right") for name, c in _SIDED.items()]
    place: dict[tuple[str, str], int] = {}
    for number, key in enumerate(sided):
        place.setdefault(key, number)
    found: dict[str, int] = {}
    for side, name, cores in wanted:
        for core in cores:
            joint = place.get((side, core))
            if joint is not None and joint not in found.values():
                found[name] = joint
                break
    for tip, joint_name in _TIPS.items():
        if tip not in found and joint_name in found:
            ends = [
                number
                for number, parent in enumerate(parents)
                if parent == found[joint_name] and names[number].endswith("_end")
            ]
            if ends:
                found[tip] = ends[0]
    return found


def _pairs(found: dict[str, int], sided: list[tuple[str, str]]) -> tuple[tuple[int, int], ...]:
    pairs = [
        (joint, found[name.replace("left", "right", 1)])
        for name, joint in found.items()
        if name.startswith("left") and name.replace("left", "right", 1) in found
    ]
    used = {joint for pair in pairs for joint in pair}
    others = {key: number for number, key in enumerate(sided) if number not in used}
    pairs += [
        (number, others["right", core])
        for (side, core), number in others.items()
        if side == "left" and ("right", core) in others
    ]
    return tuple(pairs)


def _parts(found: dict[str, int], parents: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Each joint belongs to the part that the nearest joint above it begins; else to the torso."""
    begins = {found[name]: part for name, part in _PARTS.items() if name in found}
    part_of: list[str] = []
    for number, parent in enumerate(parents):
        inherited = part_of[parent] if parent >= 0 else "torso"
        part_of.append(begins.get(number, inherited))
    return {
        part: tuple(number for number, own in enumerate(part_of) if own == part)
        for part in ("head", "torso", "left_arm", "right_arm", "left_leg", "right_leg")
        if part in part_of
    }


def _torso(found: dict[str, int]) -> tuple[tuple[int, int], ...]:
    for bones in _TORSOS:
        ends = [tuple(bone.split("-")) for bone in bones]
        if all(name in found for bone in ends for name in bone):
            return tuple((found[first], found[second]) for first, second in ends)
    return ((0, 0),)
