"""The built-in joint layouts, and the way of a clip from one layout to another."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from llm_ar.errors import LayoutError
from llm_ar.skeletons.body_model_layouts import AZURE_32, H36M_17, PENN_13, SMPL_22, SMPL_24
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.estimator_layouts import (
    BODY_25,
    COCO,
    COCO_18,
    COCO_WHOLEBODY,
    HALPE_26,
    MEDIAPIPE,
)
from llm_ar.skeletons.layout import Layout, layout_from_words

__all__ = [
    "AZURE_32",
    "BODY_25",
    "CAD60",
    "COCO",
    "COCO_18",
    "COCO_WHOLEBODY",
    "H36M_17",
    "HALPE_26",
    "KARD",
    "KINECT_V1",
    "KINECT_V2",
    "LAYOUTS",
    "MEDIAPIPE",
    "PENN_13",
    "SBU",
    "SMARTHOME",
    "SMPL_22",
    "SMPL_24",
    "Layout",
    "layout_named",
    "map_clip",
]


KINECT_V1 = layout_from_words(
    "kinect-v1",
    """hip_center spine<hip_center shoulder_center<spine head<shoulder_center
    left_shoulder<shoulder_center left_elbow<left_shoulder left_wrist<left_elbow
    left_hand<left_wrist
    right_shoulder<shoulder_center right_elbow<right_shoulder right_wrist<right_elbow
    right_hand<right_wrist
    left_hip<hip_center left_knee<left_hip left_ankle<left_knee left_foot<left_ankle
    right_hip<hip_center right_knee<right_hip right_ankle<right_knee right_foot<right_ankle""",
    centre="hip_center",
    size_bones="hip_center-spine spine-shoulder_center",
    parts={
        "head": "head",
        "torso": "hip_center spine shoulder_center",
        "left_arm": "left_shoulder left_elbow left_wrist left_hand",
        "right_arm": "right_shoulder right_elbow right_wrist right_hand",
        "left_leg": "left_hip left_knee left_ankle left_foot",
        "right_leg": "right_hip right_knee right_ankle right_foot",
    },
)

KINECT_V2 = layout_from_words(
    "kinect-v2",
    """hip_center spine<hip_center neck<shoulder_center head<neck
    left_shoulder<shoulder_center left_elbow<left_shoulder left_wrist<left_elbow
    left_hand<left_wrist
    right_shoulder<shoulder_center right_elbow<right_shoulder right_wrist<right_elbow
    right_hand<right_wrist
    left_hip<hip_center left_knee<left_hip left_ankle<left_knee left_foot<left_ankle
    right_hip<hip_center right_knee<right_hip right_ankle<right_knee right_foot<right_ankle
    shoulder_center<spine left_hand_tip<left_hand left_thumb<left_hand
    right_hand_tip<right_hand right_thumb<right_hand""",
    centre="hip_center",
    size_bones="hip_center-spine spine-shoulder_center",
    parts={
        "head": "neck head",
        "torso": "hip_center spine shoulder_center",
        "left_arm": "left_shoulder left_elbow left_wrist left_hand left_hand_tip left_thumb",
        "right_arm": "right_shoulder right_elbow right_wrist right_hand right_hand_tip right_thumb",
        "left_leg": "left_hip left_knee left_ankle left_foot",
        "right_leg": "right_hip right_knee right_ankle right_foot",
    },
)

_OPENNI_PARTS = {
    "head": "head",
    "torso": "neck spine",
    "left_arm": "left_shoulder left_elbow left_hand",
    "right_arm": "right_shoulder right_elbow right_hand",
    "left_leg": "left_hip left_knee left_foot",
    "right_leg": "right_hip right_knee right_foot",
}
"""Of the 15 joints that OpenNI follows, which datasets list in different orders."""

SBU = layout_from_words(
    "sbu-15",
    """head<neck neck<spine spine
    left_shoulder<neck left_elbow<left_shoulder left_hand<left_elbow
    right_shoulder<neck right_elbow<right_shoulder right_hand<right_elbow
    left_hip<spine left_knee<left_hip left_foot<left_knee
    right_hip<spine right_knee<right_hip right_foot<right_knee""",
    centre="left_hip right_hip",
    size_bones="left_hip-neck right_hip-neck",
    parts=_OPENNI_PARTS,
)

KARD = layout_from_words(
    "kard-15",
    """head<neck neck<spine
    right_shoulder<neck right_elbow<right_shoulder right_hand<right_elbow
    left_shoulder<neck left_elbow<left_shoulder left_hand<left_elbow spine
    right_hip<spine right_knee<right_hip right_foot<right_knee
    left_hip<spine left_knee<left_hip left_foot<left_knee""",
    centre="left_hip right_hip",
    size_bones="left_hip-neck right_hip-neck",
    parts=_OPENNI_PARTS,
)

CAD60 = layout_from_words(
    "cad60-15",
    """head<neck neck<spine spine
    left_shoulder<neck left_elbow<left_shoulder right_shoulder<neck right_elbow<right_shoulder
    left_hip<spine left_knee<left_hip right_hip<spine right_knee<right_hip
    left_hand<left_elbow right_hand<right_elbow left_foot<left_knee right_foot<right_knee""",
    centre="left_hip right_hip",
    size_bones="left_hip-neck right_hip-neck",
    parts=_OPENNI_PARTS,
)

SMARTHOME = layout_from_words(
    "smarthome-13",
    """right_ankle<right_knee left_ankle<left_knee right_knee<right_hip left_knee<left_hip
    right_hip<right_shoulder left_hip<left_shoulder right_wrist<right_elbow left_wrist<left_elbow
    right_elbow<right_shoulder left_elbow<left_shoulder right_shoulder<head left_shoulder<head
    head""",
    centre="left_hip right_hip",
    size_bones="left_hip-left_shoulder right_hip-right_shoulder",
    parts={
        "head": "head",
        "torso": "left_shoulder right_shoulder left_hip right_hip",
        "left_arm": "left_elbow left_wrist",
        "right_arm": "right_elbow right_wrist",
        "left_leg": "left_knee left_ankle",
        "right_leg": "right_knee right_ankle",
    },
)

CANONICAL = layout_from_words(
    "body-15",
    """hip_center neck<hip_center head<neck
    left_shoulder<neck left_elbow<left_shoulder left_wrist<left_elbow
    right_shoulder<neck right_elbow<right_shoulder right_wrist<right_elbow
    left_hip<hip_center left_knee<left_hip left_ankle<left_knee
    right_hip<hip_center right_knee<right_hip right_ankle<right_knee""",
    centre="hip_center",
    size_bones="hip_center-neck",
    parts={
        "head": "head",
        "torso": "hip_center neck",
        "left_arm": "left_shoulder left_elbow left_wrist",
        "right_arm": "right_shoulder right_elbow right_wrist",
        "left_leg": "left_hip left_knee left_ankle",
        "right_leg": "right_hip right_knee right_ankle",
    },
)
"""The joints that every other layout has, or has within a hand's breadth: the body of models that
read all sensors. No format has it, so that no file is guessed to be in it."""

LAYOUTS: tuple[Layout, ...] = (
    KINECT_V1,
    KINECT_V2,
    COCO,
    SBU,
    SMARTHOME,
    BODY_25,
    COCO_18,
    MEDIAPIPE,
    SMPL_22,
    SMPL_24,
    H36M_17,
    AZURE_32,
    HALPE_26,
    COCO_WHOLEBODY,
    PENN_13,
    KARD,
    CAD60,
)


IMAGE_LAYOUTS: frozenset[str] = frozenset(
    {"coco-17", "coco-18", "body-25", "penn-13", "halpe-26", "coco-wholebody"}
)
"""Names of the layouts that pose estimators find in images, as positions in 2-D."""


def layout_named(name: str) -> Layout:
    """The built-in layout of that name.

    Raises:
        LayoutError: there is none.
    """
    known = (*LAYOUTS, CANONICAL)
    for layout in known:
        if layout.name == name:
            return layout
    raise LayoutError(
        f"no joint layout is called {name!r}; built in are "
        f"{', '.join(layout.name for layout in known)}, others are read from a layout.yaml"
    )


_SIDED_STAND_INS: dict[str, tuple[tuple[str, ...], ...]] = {
    "eye": (("head",),),
    "eye_inner": (("SIDE_eye",), ("nose",), ("head",)),
    "eye_outer": (("SIDE_eye",), ("nose",), ("head",)),
    "ear": (("head",),),
    "mouth": (("nose",), ("head",)),
    "clavicle": (("shoulder_center",), ("neck",), ("left_shoulder", "right_shoulder")),
    "wrist": (("SIDE_hand",),),
    "hand": (("SIDE_index", "SIDE_pinky"), ("SIDE_wrist",)),
    "hand_tip": (("SIDE_hand",), ("SIDE_index",), ("SIDE_wrist",)),
    "index": (("SIDE_hand_tip",), ("SIDE_hand",), ("SIDE_wrist",)),
    "pinky": (("SIDE_hand_tip",), ("SIDE_hand",), ("SIDE_wrist",)),
    "thumb": (("SIDE_hand",), ("SIDE_wrist",)),
    "ankle": (("SIDE_foot",),),
    "foot": (("SIDE_foot_index",), ("SIDE_big_toe",), ("SIDE_ankle",)),
    "foot_index": (("SIDE_big_toe",), ("SIDE_foot",), ("SIDE_ankle",)),
    "big_toe": (("SIDE_foot_index",), ("SIDE_foot",), ("SIDE_ankle",)),
    "small_toe": (("SIDE_foot_index",), ("SIDE_foot",), ("SIDE_ankle",)),
    "heel": (("SIDE_ankle",), ("SIDE_foot",)),
}

STAND_INS: dict[str, tuple[tuple[str, ...], ...]] = {
    "hip_center": (("left_hip", "right_hip"),),
    "shoulder_center": (("left_shoulder", "right_shoulder"), ("neck",)),
    "neck": (("shoulder_center",), ("left_shoulder", "right_shoulder")),
    "spine": (
        ("hip_center", "shoulder_center"),
        ("left_hip", "right_hip", "left_shoulder", "right_shoulder"),
    ),
    "lower_spine": (
        ("hip_center", "spine"),
        ("hip_center",),
        ("left_hip", "right_hip"),
    ),
    "chest": (
        ("spine", "shoulder_center"),
        ("shoulder_center",),
        ("neck",),
        ("left_shoulder", "right_shoulder"),
    ),
    "head": (("left_ear", "right_ear"), ("nose",)),
    "nose": (("head",),),
    **{
        f"{side}_{joint}": tuple(
            tuple(member.replace("SIDE", side) for member in group) for group in groups
        )
        for side in ("left", "right")
        for joint, groups in _SIDED_STAND_INS.items()
    },
}
"""For a joint that the source lacks: groups of joints whose mean takes its place, best first."""


def map_clip(clip: Clip, target: Layout) -> Clip:
    """The clip in another layout: each joint by its name, or the mean of its stand-ins.

    A joint made of several is present where all of them are.

    Raises:
        LayoutError: a joint of the target has neither namesake nor stand-ins in the clip's layout.
        ClipError: of the joints that the target keeps, none is present.
    """
    if clip.layout == target:
        return clip
    groups = _groups(clip.layout, target)
    joints = np.zeros((clip.frames, clip.people, len(groups), 3), dtype=np.float32)
    present = np.zeros(joints.shape[:3], dtype=np.bool_)
    for joint, group in enumerate(groups):
        present[:, :, joint] = clip.present[:, :, group].all(axis=2)
        joints[:, :, joint] = clip.joints[:, :, group].mean(axis=2)
    joints[~present] = 0
    return replace(clip, joints=joints, present=present, layout=target)


@lru_cache(maxsize=32)
def _groups(source: Layout, target: Layout) -> tuple[list[int], ...]:
    """For each joint of the target the joints of the source whose mean it is."""
    index = {joint: i for i, joint in enumerate(source.joints)}
    groups = []
    for joint in target.joints:
        for group in ((joint,), *STAND_INS.get(joint, ())):
            if all(member in index for member in group):
                groups.append([index[member] for member in group])
                break
        else:
            raise LayoutError(
                f"a clip in layout {source.name} cannot be turned into layout {target.name}: "
                f"it has nothing for joint {joint!r}; record it in {target.name}, or name its "
                "joints as the built-in layouts do"
            )
    return tuple(groups)
