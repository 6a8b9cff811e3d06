"""Files as programs write them, generated: one person, each read back to the same joints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.doubts import doubts
from llm_ar.skeletons.layouts import (
    AZURE_32,
    BODY_25,
    COCO,
    COCO_18,
    COCO_WHOLEBODY,
    HALPE_26,
    KINECT_V1,
    KINECT_V2,
    MEDIAPIPE,
    Layout,
    map_clip,
)
from llm_ar.skeletons.readers import format_of, read_clip
from tests.bodies import body

FRAMES = 12
SIDES = np.array([1280, 720])


def image(layout: Layout) -> NDArray[np.float64]:
    """Image points (T, J, 2) in pixels, x right and y down, of a person."""
    return (500 - 100 * body(FRAMES, layout)[..., :2]).round(2).astype(np.float64)


def wholebody(rest: int) -> NDArray[np.float64]:
    """Points of COCO-WholeBody (T, 23 + rest, 2); those after the feet lie at the wrist."""
    points = image(COCO_WHOLEBODY)
    return np.concatenate([points, np.repeat(points[:, 9:10], rest, axis=1)], axis=1)


def halpe(rest: int) -> NDArray[np.float64]:
    points = image(HALPE_26)
    return np.concatenate([points, np.repeat(points[:, 9:10], rest, axis=1)], axis=1)


def instance(points: NDArray[np.float64]) -> dict[str, Any]:
    return {"keypoints": points.tolist(), "keypoint_scores": [0.9] * len(points)}


def triples(points: NDArray[np.float64]) -> list[float]:
    scored = np.column_stack([points, np.full(len(points), 0.9)])
    return [float(value) for value in scored.ravel()]


def coco_list(points: Iterable[NDArray[np.float64]], image_id: str) -> list[dict[str, Any]]:
    return [
        {"image_id": image_id.format(frame), "keypoints": triples(frame_points), "score": 0.9}
        for frame, frame_points in enumerate(points)
    ]


def kinetics(points: NDArray[np.float64]) -> dict[str, Any]:
    frames = [
        {"frame_index": frame, "skeleton": [{"pose": one.ravel().tolist(), "score": [0.8] * 18}]}
        for frame, one in enumerate(points / SIDES, 1)
    ]
    return {"data": frames, "label": "squat", "label_index": 3}


IMAGES: dict[str, tuple[Layout, str, Callable[[], Any]]] = {
    "MMPose's list of frames": (
        COCO,
        "MMPose or ultralytics JSON",
        lambda: [
            {"frame_id": frame, "instances": [instance(one)]}
            for frame, one in enumerate(image(COCO))
        ],
    ),
    "MMPose's instance_info": (
        COCO,
        "MMPose or ultralytics JSON",
        lambda: {
            "meta_info": {"dataset_name": "coco"},
            "instance_info": [
                {"frame_id": frame, "instances": [instance(one)]}
                for frame, one in enumerate(image(COCO), 1)
            ],
        },
    ),
    "MMPose's predictions": (
        COCO,
        "MMPose or ultralytics JSON",
        lambda: {"predictions": [[instance(one)] for one in image(COCO)]},
    ),
    "ultralytics' to_json": (
        COCO,
        "MMPose or ultralytics JSON",
        lambda: [
            [
                {
                    "name": "person",
                    "confidence": 0.9,
                    "track_id": 1,
                    "keypoints": {
                        "x": one[:, 0].tolist(),
                        "y": one[:, 1].tolist(),
                        "visible": [0.9] * 17,
                    },
                }
            ]
            for one in image(COCO)
        ],
    ),
    "Kinetics-skeleton": (
        COCO_18,
        "Kinetics-skeleton JSON",
        lambda: kinetics(image(COCO_18)),
    ),
    "AlphaPose's bodies": (
        COCO,
        "AlphaPose JSON",
        lambda: {
            f"{frame}.jpg": {"version": "AlphaPose v0.3", "bodies": [{"joints": triples(one)}]}
            for frame, one in enumerate(image(COCO))
        },
    ),
    "AlphaPose with the camera after the frame": (
        COCO,
        "AlphaPose JSON",
        lambda: coco_list(image(COCO), "{:05}_cam1.jpg"),
    ),
    "Halpe, 136 points": (HALPE_26, "AlphaPose JSON", lambda: coco_list(halpe(110), "{}.jpg")),
    "COCO-WholeBody, 133 points": (
        COCO_WHOLEBODY,
        "AlphaPose JSON",
        lambda: coco_list(wholebody(110), "{}.jpg"),
    ),
}


@pytest.mark.parametrize("name", IMAGES)
def test_json_of_image_points(tmp_path: Path, name: str) -> None:
    layout, form, content = IMAGES[name]
    path = tmp_path / "x.json"
    path.write_text(json.dumps(content()))
    assert format_of(path) == form
    clip = read_clip(path)
    assert (clip.frames, clip.people, clip.layout) == (FRAMES, 1, layout)
    assert clip.present.all() and doubts(clip) == ()
    expected = -image(layout)
    if name == "Kinetics-skeleton":
        # Shares of the image's sides, of which only the ratio is known.
        scale = clip.joints[0, 0, 0, 0] / expected[0, 0, 0]
        expected = expected * scale
    assert np.allclose(clip.joints[:, 0, :, :2], expected, rtol=1e-4, atol=1e-3)


def test_a_folder_of_ultralytics_labels(tmp_path: Path) -> None:
    points = image(COCO)
    for frame, one in enumerate(points):
        shares = np.column_stack([one / SIDES, np.full(17, 0.9)]).ravel()
        box = "0 0.5 0.5 0.2 0.6"
        line = " ".join([box, *(f"{share:.6f}" for share in shares)])
        (tmp_path / f"clip_{frame}.txt").write_text(line + "\n")
    clip = read_clip(tmp_path)
    assert format_of(tmp_path) == "ultralytics labels"
    assert (clip.frames, clip.people, clip.layout) == (FRAMES, 1, COCO)
    ours, theirs = clip.joints[:, 0, :, :2], -points
    assert np.allclose(ours / np.abs(ours).max(), theirs / np.abs(theirs).max(), atol=1e-3)


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (
            ("walk_1", "walk_2", "jog_1"),
            "several videos, 'jog' and 'walk'; give each video a folder",
        ),
        (("first", "second"), "not numbered by frame, as VIDEO_"),
    ],
)
@pytest.mark.parametrize("form", ["openpose", "ultralytics"])
def test_a_folder_of_several_videos(
    tmp_path: Path, form: str, names: tuple[str, ...], problem: str
) -> None:
    one = image(COCO)[0]
    for name in names:
        if form == "openpose":
            person = {"pose_keypoints_2d": triples(one)}
            (tmp_path / f"{name}.json").write_text(json.dumps({"people": [person]}))
        else:
            shares = np.column_stack([one / SIDES, np.full(17, 0.9)]).ravel()
            line = " ".join(["0 0.5 0.5 0.2 0.6", *(f"{share:.6f}" for share in shares)])
            (tmp_path / f"{name}.txt").write_text(line)
    with pytest.raises(ClipError, match=problem):
        read_clip(tmp_path)


def test_a_folder_of_openpose_in_3d(tmp_path: Path) -> None:
    points = body(FRAMES, BODY_25)
    for frame, one in enumerate(points):
        # Millimeters, x left and y down as OpenPose's camera has them.
        rows = np.column_stack([one * (-1000, -1000, 1000), np.full(25, 0.8)])
        person = {"pose_keypoints_2d": [], "pose_keypoints_3d": rows.ravel().tolist()}
        file = tmp_path / f"clip_{frame:012}_keypoints.json"
        file.write_text(json.dumps({"version": 1.3, "people": [person]}))
    clip = read_clip(tmp_path)
    assert (clip.frames, clip.dimensions, clip.layout) == (FRAMES, 3, BODY_25)
    assert np.allclose(clip.joints[:, 0] / 1000, points, atol=1e-3)


KINECT = (
    "SpineBase SpineMid Neck Head ShoulderLeft ElbowLeft WristLeft HandLeft ShoulderRight "
    "ElbowRight WristRight HandRight HipLeft KneeLeft AnkleLeft FootLeft HipRight KneeRight "
    "AnkleRight FootRight SpineShoulder HandTipLeft ThumbLeft HandTipRight ThumbRight"
).split()
"""Joints of the Kinect SDK 2, in its order."""
KINECT_COLUMNS = {
    "position": "{}.Position.{}",
    "joint type": "JointType_{}.{}",
    "brackets": "{} ({})",
    "underscore": "{}_{}",
}
START = datetime(2024, 5, 1, 12)
STAMPS: dict[str, Callable[[int], str]] = {
    "ticks": lambda frame: str(630_000_000_000_000_000 + frame * 10_000_000 // 30),
    "microseconds": lambda frame: str(frame * 1_000_000 // 30),
    "dates": lambda frame: f"{START + timedelta(seconds=frame / 30):%Y-%m-%d %H:%M:%S.%f}",
}


def table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    path.write_text("\n".join(",".join(map(str, row)) for row in [header, *rows]) + "\n")
    return path


@pytest.mark.parametrize("stamps", STAMPS)
@pytest.mark.parametrize("columns", KINECT_COLUMNS)
def test_tables_of_kinect_recorders(tmp_path: Path, columns: str, stamps: str) -> None:
    points = body(FRAMES, KINECT_V2)
    header = [KINECT_COLUMNS[columns].format(joint, axis) for joint in KINECT for axis in "XYZ"]
    rows = [[STAMPS[stamps](frame), *points[frame].ravel()] for frame in range(FRAMES)]
    clip = read_clip(table(tmp_path / "x.csv", ["timestamp", *header], rows))
    assert clip.layout is KINECT_V2 and clip.fps == pytest.approx(30, rel=0.01)
    assert np.allclose(clip.joints[:, 0], points, atol=1e-4)


def landmarks() -> NDArray[np.float64]:
    """MediaPipe's world landmarks (T, 33, 4), x right, y down, z away; all sure."""
    points = body(FRAMES, MEDIAPIPE) * (-1, -1, 1)
    points -= points[:, [23, 24]].mean(axis=1, keepdims=True)
    return np.dstack([points, np.full(points.shape[:2], 0.99)])


def same_as_landmarks(path: Path) -> None:
    clip = read_clip(path)
    assert (clip.frames, clip.layout) == (FRAMES, MEDIAPIPE) and clip.present.all()
    expected = landmarks()[..., :3] * (-1, -1, 1)
    assert np.allclose(clip.joints[:, 0], expected, atol=1e-3)


@pytest.mark.parametrize("more", [0, 468], ids=["pose", "pose and face"])
def test_tables_of_mediapipe_tutorials(tmp_path: Path, more: int) -> None:
    values = np.concatenate([landmarks(), np.repeat(landmarks()[:, :1], more, axis=1)], axis=1)
    header = [f"{axis}{joint}" for joint in range(1, 34 + more) for axis in "xyzv"]
    rows = [["squat", *frame.ravel()] for frame in values]
    path = table(tmp_path / "x.csv", ["class", *header], rows)
    same_as_landmarks(path)
    assert read_clip(path).label == "squat"


def test_a_table_with_a_row_a_landmark(tmp_path: Path) -> None:
    rows = [
        [frame, joint, *values]
        for frame, one in enumerate(landmarks())
        for joint, values in enumerate(one)
    ]
    header = ["frame", "landmark", "x", "y", "z", "visibility"]
    same_as_landmarks(table(tmp_path / "x.csv", header, rows))


def test_a_table_without_names(tmp_path: Path) -> None:
    first, *rest = (one.ravel() for one in landmarks())
    same_as_landmarks(table(tmp_path / "x.csv", list(map(str, first)), rest))


@pytest.mark.parametrize("capitals", [False, True])
def test_landmarks_by_key_and_by_name(tmp_path: Path, capitals: bool) -> None:
    keys = ("x", "y", "z", "visibility")
    named = [key.title() if capitals else key for key in keys]
    frames: list[Any] = [
        [dict(zip(named, joint, strict=True)) for joint in one] for one in landmarks().tolist()
    ]
    path = tmp_path / "x.json"
    path.write_text(json.dumps(frames))
    same_as_landmarks(path)
    joints = [joint.upper() for joint in MEDIAPIPE.joints]
    joints[9:11] = ["MOUTH_LEFT", "MOUTH_RIGHT"]
    path.write_text(
        json.dumps(
            [
                {"frame": place, "landmarks": dict(zip(joints, one, strict=True))}
                for place, one in enumerate(frames)
            ]
        )
    )
    same_as_landmarks(path)


def test_landmarks_below_half_visibility_are_missing(tmp_path: Path) -> None:
    values = landmarks()
    values[:, 25:, 3] = 0.2
    values[:, 25:, :3] = 9
    path = tmp_path / "x.json"
    path.write_text(json.dumps(values.tolist()))
    clip = read_clip(path)
    assert not clip.present[:, 0, 25:].any() and clip.present[:, 0, :25].all()
    assert not (clip.joints == 9).any()


AZURE = (
    "PELVIS SPINE_NAVEL SPINE_CHEST NECK CLAVICLE_LEFT SHOULDER_LEFT ELBOW_LEFT WRIST_LEFT "
    "HAND_LEFT HANDTIP_LEFT THUMB_LEFT CLAVICLE_RIGHT SHOULDER_RIGHT ELBOW_RIGHT WRIST_RIGHT "
    "HAND_RIGHT HANDTIP_RIGHT THUMB_RIGHT HIP_LEFT KNEE_LEFT ANKLE_LEFT FOOT_LEFT HIP_RIGHT "
    "KNEE_RIGHT ANKLE_RIGHT FOOT_RIGHT HEAD NOSE EYE_LEFT EAR_LEFT EYE_RIGHT EAR_RIGHT"
).split()
"""Joints of the Azure Kinect's body tracking, in its order."""


@pytest.mark.parametrize("form", ["csv", "json"])
def test_azure_kinect(tmp_path: Path, form: str) -> None:
    points = body(FRAMES, AZURE_32)
    # Millimeters; x right in the image, y down, z away: a half turn of the clip's axes.
    written = points * (-1000, -1000, 1000)
    if form == "csv":
        header = ["frame", *(f"{joint}_{axis}" for joint in AZURE for axis in "xyz")]
        rows = [[frame, *one.ravel()] for frame, one in enumerate(written)]
        path = table(tmp_path / "x.csv", header, rows)
    else:
        path = tmp_path / "x.json"
        frames = [
            {
                "frame_id": frame,
                "timestamp_usec": frame * 1_000_000 // 30,
                "bodies": [{"body_id": 1, "joint_positions": one.tolist()}],
            }
            for frame, one in enumerate(written)
        ]
        path.write_text(json.dumps({"joint_names": AZURE, "frames": frames}))
    clip = read_clip(path)
    assert (clip.frames, clip.layout) == (FRAMES, AZURE_32)
    assert clip.fps == pytest.approx(30, rel=0.01)
    assert np.allclose(clip.joints[:, 0] / 1000, points, atol=1e-3)


RIGS = {
    "Character Creator": (
        "CC_Base_Hip CC_Base_Spine01 CC_Base_NeckTwist01 CC_Base_Head CC_Base_L_Upperarm "
        "CC_Base_L_Forearm CC_Base_L_Hand CC_Base_L_Mid1 CC_Base_R_Upperarm CC_Base_R_Forearm "
        "CC_Base_R_Hand CC_Base_R_Mid1 CC_Base_L_Thigh CC_Base_L_Calf CC_Base_L_Foot "
        "CC_Base_L_ToeBase CC_Base_R_Thigh CC_Base_R_Calf CC_Base_R_Foot CC_Base_R_ToeBase"
    ),
    "Rigify": (
        "spine spine.002 spine.004 spine.006 upper_arm.L forearm.L hand.L f_middle.01.L "
        "upper_arm.R forearm.R hand.R f_middle.01.R thigh.L shin.L foot.L toe.L thigh.R shin.R "
        "foot.R toe.R"
    ),
    "Character1": (
        "Character1_Hips Character1_Spine1 Character1_Neck Character1_Head Character1_LeftArm "
        "Character1_LeftForeArm Character1_LeftHand Character1_LeftHandMiddle1 "
        "Character1_RightArm Character1_RightForeArm Character1_RightHand "
        "Character1_RightHandMiddle1 Character1_LeftUpLeg Character1_LeftLeg "
        "Character1_LeftFoot Character1_LeftToeBase Character1_RightUpLeg Character1_RightLeg "
        "Character1_RightFoot Character1_RightToeBase"
    ),
}
"""Names of the 20 joints of `KINECT_V1`, in its order."""


@pytest.mark.parametrize("up", ["y", "z"])
@pytest.mark.parametrize("rig", RIGS)
def test_bvh_rigs(tmp_path: Path, rig: str, up: str) -> None:
    """A hierarchy in its rest pose, whose root moves up; written in centimeters."""
    names = RIGS[rig].split()
    pose = 100 * body(FRAMES, KINECT_V1)[0].astype(np.float64)
    # A BVH file's person looks along +z; the clip's axes are a half turn about y of it.
    written = pose * (-1, 1, -1)
    if up == "z":
        written = written[:, [0, 2, 1]] * (1, -1, 1)
    children: dict[int, list[int]] = {}
    for joint, parent in enumerate(KINECT_V1.parents):
        children.setdefault(parent, []).append(joint)

    def lines(joint: int, parent: int) -> list[str]:
        at = written[joint] - (written[parent] if parent >= 0 else 0)
        offset = " ".join(f"{value:.6f}" for value in at)
        kind = "ROOT" if parent < 0 else "JOINT"
        channels = "3 Xposition Yposition Zposition" if parent < 0 else "0"
        inner = [line for child in children.get(joint, []) for line in lines(child, joint)]
        inner = inner or ["End Site", "{", "OFFSET 0 0 0", "}"]
        return [
            f"{kind} {names[joint]}",
            "{",
            f"OFFSET {offset}",
            f"CHANNELS {channels}",
            *inner,
            "}",
        ]

    moves = np.zeros((FRAMES, 3))
    moves[:, 1 if up == "y" else 2] = np.arange(FRAMES)
    rows = [" ".join(map(str, row)) for row in moves + written[0]]
    motion = ["MOTION", f"Frames: {FRAMES}", "Frame Time: 0.033333", *rows]
    path = tmp_path / "x.bvh"
    path.write_text("\n".join(["HIERARCHY", *lines(0, -1), *motion]) + "\n")
    clip = map_clip(read_clip(path), KINECT_V1)
    assert clip.present.all()
    expected = pose + np.arange(FRAMES)[:, None, None] * np.array([0, 1, 0])
    between = clip.joints[:, 0] - clip.joints[:, 0, :1]
    assert np.allclose(between, expected - expected[:, :1], atol=0.01)
    assert np.allclose(np.diff(clip.joints[:, 0, 0], axis=0), [0, 1, 0], atol=0.01)
