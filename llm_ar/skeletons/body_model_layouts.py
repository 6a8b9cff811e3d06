"""Layouts of body models and motion capture: SMPL, Human3.6M, Azure Kinect and Penn Action."""

from __future__ import annotations

from llm_ar.skeletons.layout import layout_from_words

_SMPL_TREE = """hip_center left_hip<hip_center right_hip<hip_center lower_spine<hip_center
    left_knee<left_hip right_knee<right_hip spine<lower_spine left_ankle<left_knee
    right_ankle<right_knee chest<spine left_foot<left_ankle right_foot<right_ankle neck<chest
    left_clavicle<chest right_clavicle<chest head<neck left_shoulder<left_clavicle
    right_shoulder<right_clavicle left_elbow<left_shoulder right_elbow<right_shoulder
    left_wrist<left_elbow right_wrist<right_elbow"""
_SMPL_PARTS = {
    "head": "neck head",
    "torso": "hip_center lower_spine spine chest",
    "left_arm": "left_clavicle left_shoulder left_elbow left_wrist",
    "right_arm": "right_clavicle right_shoulder right_elbow right_wrist",
    "left_leg": "left_hip left_knee left_ankle left_foot",
    "right_leg": "right_hip right_knee right_ankle right_foot",
}

SMPL_22 = layout_from_words(
    "smpl-22",
    _SMPL_TREE,
    centre="hip_center",
    size_bones="hip_center-spine spine-neck",
    parts=_SMPL_PARTS,
)
"""The SMPL body without hands, as HumanML3D and AMASS write it."""

SMPL_24 = layout_from_words(
    "smpl-24",
    f"{_SMPL_TREE} left_hand<left_wrist right_hand<right_wrist",
    centre="hip_center",
    size_bones="hip_center-spine spine-neck",
    parts=_SMPL_PARTS
    | {
        "left_arm": f"{_SMPL_PARTS['left_arm']} left_hand",
        "right_arm": f"{_SMPL_PARTS['right_arm']} right_hand",
    },
)

H36M_17 = layout_from_words(
    "h36m-17",
    """hip_center right_hip<hip_center right_knee<right_hip right_ankle<right_knee
    left_hip<hip_center left_knee<left_hip left_ankle<left_knee spine<hip_center
    shoulder_center<spine nose<shoulder_center head<nose left_shoulder<shoulder_center
    left_elbow<left_shoulder left_wrist<left_elbow right_shoulder<shoulder_center
    right_elbow<right_shoulder right_wrist<right_elbow""",
    centre="hip_center",
    size_bones="hip_center-spine spine-shoulder_center",
    parts={
        "head": "nose head",
        "torso": "hip_center spine shoulder_center",
        "left_arm": "left_shoulder left_elbow left_wrist",
        "right_arm": "right_shoulder right_elbow right_wrist",
        "left_leg": "left_hip left_knee left_ankle",
        "right_leg": "right_hip right_knee right_ankle",
    },
)
"""Human3.6M's 17 joints, in the order of the 3-D lifting networks."""

AZURE_32 = layout_from_words(
    "azure-32",
    """hip_center spine<hip_center chest<spine neck<chest left_clavicle<chest
    left_shoulder<left_clavicle left_elbow<left_shoulder left_wrist<left_elbow
    left_hand<left_wrist left_hand_tip<left_hand left_thumb<left_wrist right_clavicle<chest
    right_shoulder<right_clavicle right_elbow<right_shoulder right_wrist<right_elbow
    right_hand<right_wrist right_hand_tip<right_hand right_thumb<right_wrist left_hip<hip_center
    left_knee<left_hip left_ankle<left_knee left_foot<left_ankle right_hip<hip_center
    right_knee<right_hip right_ankle<right_knee right_foot<right_ankle head<neck nose<head
    left_eye<head left_ear<head right_eye<head right_ear<head""",
    centre="hip_center",
    size_bones="hip_center-spine spine-chest chest-neck",
    parts={
        "head": "neck head nose left_eye left_ear right_eye right_ear",
        "torso": "hip_center spine chest",
        "left_arm": "left_clavicle left_shoulder left_elbow left_wrist left_hand left_hand_tip "
        "left_thumb",
        "right_arm": "right_clavicle right_shoulder right_elbow right_wrist right_hand "
        "right_hand_tip right_thumb",
        "left_leg": "left_hip left_knee left_ankle left_foot",
        "right_leg": "right_hip right_knee right_ankle right_foot",
    },
)
"""The Azure Kinect body tracking SDK."""

PENN_13 = layout_from_words(
    "penn-13",
    """head left_shoulder<head right_shoulder<head left_elbow<left_shoulder
    right_elbow<right_shoulder left_wrist<left_elbow right_wrist<right_elbow
    left_hip<left_shoulder right_hip<right_shoulder left_knee<left_hip right_knee<right_hip
    left_ankle<left_knee right_ankle<right_knee""",
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
"""Penn Action."""
