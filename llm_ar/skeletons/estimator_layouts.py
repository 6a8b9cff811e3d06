"""Layouts of the pose estimators that look at images: COCO, Halpe, OpenPose and MediaPipe."""

from __future__ import annotations

from llm_ar.skeletons.layout import Layout, layout_from_words

_COCO_TREE = """nose left_eye<nose right_eye<nose left_ear<left_eye right_ear<right_eye
    left_shoulder<nose right_shoulder<nose left_elbow<left_shoulder right_elbow<right_shoulder
    left_wrist<left_elbow right_wrist<right_elbow left_hip<left_shoulder
    right_hip<right_shoulder left_knee<left_hip right_knee<right_hip left_ankle<left_knee
    right_ankle<right_knee"""

COCO = layout_from_words(
    "coco-17",
    _COCO_TREE,
    centre="left_hip right_hip",
    size_bones="left_hip-left_shoulder right_hip-right_shoulder",
    parts={
        "head": "nose left_eye right_eye left_ear right_ear",
        "torso": "left_shoulder right_shoulder left_hip right_hip",
        "left_arm": "left_elbow left_wrist",
        "right_arm": "right_elbow right_wrist",
        "left_leg": "left_knee left_ankle",
        "right_leg": "right_knee right_ankle",
    },
)

BODY_25 = layout_from_words(
    "body-25",
    """nose<neck neck<hip_center right_shoulder<neck right_elbow<right_shoulder
    right_wrist<right_elbow left_shoulder<neck left_elbow<left_shoulder left_wrist<left_elbow
    hip_center right_hip<hip_center right_knee<right_hip right_ankle<right_knee
    left_hip<hip_center left_knee<left_hip left_ankle<left_knee right_eye<nose left_eye<nose
    right_ear<right_eye left_ear<left_eye left_big_toe<left_ankle left_small_toe<left_big_toe
    left_heel<left_ankle right_big_toe<right_ankle right_small_toe<right_big_toe
    right_heel<right_ankle""",
    centre="hip_center",
    size_bones="hip_center-neck",
    parts={
        "head": "nose right_eye left_eye right_ear left_ear",
        "torso": "neck hip_center",
        "left_arm": "left_shoulder left_elbow left_wrist",
        "right_arm": "right_shoulder right_elbow right_wrist",
        "left_leg": "left_hip left_knee left_ankle left_big_toe left_small_toe left_heel",
        "right_leg": "right_hip right_knee right_ankle right_big_toe right_small_toe right_heel",
    },
)
"""OpenPose's default model."""

COCO_18 = layout_from_words(
    "coco-18",
    """nose<neck neck right_shoulder<neck right_elbow<right_shoulder right_wrist<right_elbow
    left_shoulder<neck left_elbow<left_shoulder left_wrist<left_elbow right_hip<neck
    right_knee<right_hip right_ankle<right_knee left_hip<neck left_knee<left_hip
    left_ankle<left_knee right_eye<nose left_eye<nose right_ear<right_eye left_ear<left_eye""",
    centre="left_hip right_hip",
    size_bones="left_hip-left_shoulder right_hip-right_shoulder",
    parts={
        "head": "nose right_eye left_eye right_ear left_ear",
        "torso": "neck left_shoulder right_shoulder left_hip right_hip",
        "left_arm": "left_elbow left_wrist",
        "right_arm": "right_elbow right_wrist",
        "left_leg": "left_knee left_ankle",
        "right_leg": "right_knee right_ankle",
    },
)
"""OpenPose's older model."""

MEDIAPIPE = layout_from_words(
    "mediapipe-33",
    """nose left_eye_inner<nose left_eye<left_eye_inner left_eye_outer<left_eye
    right_eye_inner<nose right_eye<right_eye_inner right_eye_outer<right_eye
    left_ear<left_eye_outer right_ear<right_eye_outer left_mouth<nose right_mouth<nose
    left_shoulder<nose right_shoulder<nose left_elbow<left_shoulder right_elbow<right_shoulder
    left_wrist<left_elbow right_wrist<right_elbow left_pinky<left_wrist right_pinky<right_wrist
    left_index<left_wrist right_index<right_wrist left_thumb<left_wrist right_thumb<right_wrist
    left_hip<left_shoulder right_hip<right_shoulder left_knee<left_hip right_knee<right_hip
    left_ankle<left_knee right_ankle<right_knee left_heel<left_ankle right_heel<right_ankle
    left_foot_index<left_heel right_foot_index<right_heel""",
    centre="left_hip right_hip",
    size_bones="left_hip-left_shoulder right_hip-right_shoulder",
    parts={
        "head": "nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye "
        "right_eye_outer left_ear right_ear left_mouth right_mouth",
        "torso": "left_shoulder right_shoulder left_hip right_hip",
        "left_arm": "left_elbow left_wrist left_pinky left_index left_thumb",
        "right_arm": "right_elbow right_wrist right_pinky right_index right_thumb",
        "left_leg": "left_knee left_ankle left_heel left_foot_index",
        "right_leg": "right_knee right_ankle right_heel right_foot_index",
    },
)
"""MediaPipe Pose, in the order of its PoseLandmark."""

_FEET = {
    "left_leg": "left_knee left_ankle left_big_toe left_small_toe left_heel",
    "right_leg": "right_knee right_ankle right_big_toe right_small_toe right_heel",
}

HALPE_26 = layout_from_words(
    "halpe-26",
    """nose<head left_eye<nose right_eye<nose left_ear<left_eye right_ear<right_eye
    left_shoulder<neck right_shoulder<neck left_elbow<left_shoulder right_elbow<right_shoulder
    left_wrist<left_elbow right_wrist<right_elbow left_hip<hip_center right_hip<hip_center
    left_knee<left_hip right_knee<right_hip left_ankle<left_knee right_ankle<right_knee head<neck
    neck<hip_center hip_center left_big_toe<left_ankle right_big_toe<right_ankle
    left_small_toe<left_big_toe right_small_toe<right_big_toe left_heel<left_ankle
    right_heel<right_ankle""",
    centre="hip_center",
    size_bones="hip_center-neck",
    parts={
        "head": "nose left_eye right_eye left_ear right_ear head",
        "torso": "left_shoulder right_shoulder left_hip right_hip neck hip_center",
        "left_arm": "left_elbow left_wrist",
        "right_arm": "right_elbow right_wrist",
        **_FEET,
    },
)
"""AlphaPose's Halpe body; of its 136 points these are the first."""

COCO_WHOLEBODY = layout_from_words(
    "coco-wholebody",
    f"""{_COCO_TREE} left_big_toe<left_ankle left_small_toe<left_big_toe left_heel<left_ankle
    right_big_toe<right_ankle right_small_toe<right_big_toe right_heel<right_ankle""",
    centre="left_hip right_hip",
    size_bones="left_hip-left_shoulder right_hip-right_shoulder",
    parts={
        "head": "nose left_eye right_eye left_ear right_ear",
        "torso": "left_shoulder right_shoulder left_hip right_hip",
        "left_arm": "left_elbow left_wrist",
        "right_arm": "right_elbow right_wrist",
        **_FEET,
    },
)
"""Body and feet of COCO-WholeBody; of its 133 points these are the first."""

BODY_PARTS: dict[int, Layout] = {133: COCO_WHOLEBODY, 136: HALPE_26}
"""By the count of points with face and hands: the layout whose joints are the first of them."""
