"""A normalized clip does not depend on where, how large or how long the recording was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from llm_ar.config import PreprocessConfig
from llm_ar.errors import ClipError, LayoutError
from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.layouts import CANONICAL, COCO, KINECT_V1, LAYOUTS, layout_named, map_clip
from llm_ar.skeletons.preprocess import BONE_LENGTHS, body_size, preprocess_clip
from llm_ar.skeletons.synthetic.dataset import procedural_clips

JOINT = {name: i for i, name in enumerate(KINECT_V1.joints)}


def clip_of(positions: np.ndarray, present: np.ndarray | None = None) -> Clip:
    return clean_clip(positions, present, source="made", layout=KINECT_V1, fps=30.0)


def standing(frames: int, people: int = 1) -> np.ndarray:
    """A body 0.5 long from hips to neck, hips along x, at (1, 2, 3)."""
    positions = np.zeros((frames, people, 20, 3))
    for name, place in {
        "spine": (0, 0.2, 0),
        "shoulder_center": (0, 0.5, 0),
        "head": (0, 0.7, 0),
        "left_hip": (-0.1, 0, 0),
        "right_hip": (0.1, 0, 0),
    }.items():
        positions[:, :, JOINT[name]] = place
    return positions + [1, 2, 3]


@pytest.mark.parametrize("frames", [1, 2, 63, 64, 65, 1000])
def test_any_length_becomes_the_same(frames):
    joints, present = preprocess_clip(clip_of(standing(frames)), PreprocessConfig())
    assert joints.shape == (64, 1, 20, 3) and joints.dtype == np.float32
    assert present.shape == (64, 1, 20) and present.all()
    assert np.allclose(joints[:, 0, JOINT["hip_center"]], 0, atol=1e-6)
    assert np.allclose(joints[:, 0, JOINT["head"]], [0, 1.4, 0], atol=1e-6)


def test_place_and_size_do_not_matter_but_the_way_walked_does():
    way = np.linspace(0, 2, 30)[:, None, None, None] * [1, 0, 0]
    walking = standing(30) + way
    expected, _ = preprocess_clip(clip_of(walking), PreprocessConfig())
    moved, _ = preprocess_clip(clip_of(3 * (walking + [5, -4, 7])), PreprocessConfig())
    assert np.allclose(moved, expected, atol=1e-4)
    hips = expected[:, 0, JOINT["hip_center"], 0]
    assert np.isclose(hips[-1] - hips[0], 2 / 0.5, atol=1e-4)


def test_linear_movement_stays_linear_and_keeps_its_ends():
    positions = standing(17)
    positions[:, 0, JOINT["right_hand"], 1] += np.linspace(0, 1, 17)
    joints, _ = preprocess_clip(clip_of(positions), PreprocessConfig(frames=40))
    height = joints[:, 0, JOINT["right_hand"], 1]
    assert np.allclose(height, np.linspace(0, 2, 40), atol=1e-5)


def test_gaps_are_interpolated_and_marked():
    positions = standing(64)
    positions[:, 0, JOINT["head"], 0] += np.linspace(0, 1, 64)
    present = np.ones((64, 1, 20), bool)
    present[10:20, 0, JOINT["head"]] = False
    present[:, 0, JOINT["right_foot"]] = False
    positions[~present] = 99
    joints, mask = preprocess_clip(clip_of(positions, present), PreprocessConfig())
    assert np.array_equal(mask, present)
    assert np.allclose(joints[:, 0, JOINT["head"], 0], np.linspace(0, 2, 64), atol=1e-5)
    # Never seen: where its parent is.
    assert np.array_equal(joints[:, 0, JOINT["right_foot"]], joints[:, 0, JOINT["right_ankle"]])


def test_a_gap_stays_marked_when_frames_are_resampled():
    present = np.ones((10, 1, 20), bool)
    present[4, 0, 3] = False
    _, mask = preprocess_clip(clip_of(standing(10), present), PreprocessConfig(frames=64))
    times = np.linspace(0, 9, 64)
    assert np.array_equal(mask[:, 0, 3], (times <= 3) | (times >= 5))


def test_frames_that_show_nobody_are_cut_off_at_the_ends_only():
    positions = standing(50)
    positions[:, 0, JOINT["head"], 0] += np.arange(50)
    present = np.ones((50, 1, 20), bool)
    present[[*range(10), *range(15, 30), *range(40, 50)]] = False
    joints, mask = preprocess_clip(clip_of(positions, present), PreprocessConfig(frames=60))
    assert np.allclose(np.diff(joints[:, 0, JOINT["head"], 0]), 2 * 29 / 59, atol=1e-5)
    times = np.linspace(10, 39, 60)
    assert np.array_equal(mask[:, 0, 0], (times <= 14) | (times >= 30))


def test_people_come_in_order_of_motion_and_absent_ones_are_padded():
    positions = standing(32, people=3)
    positions[:, 1, :, 0] += np.sin(np.arange(32) / 3)[:, None]
    present = np.ones((32, 3, 20), bool)
    present[:, 0] = False
    joints, mask = preprocess_clip(
        clip_of(positions, present), PreprocessConfig(frames=32, people=4)
    )
    assert mask[:, :2].all() and not mask[:, 2:].any()
    assert np.ptp(joints[:, 0, 0, 0]) > 1 and np.ptp(joints[:, 1, 0, 0]) == 0
    assert not joints[:, 2:].any()


def test_one_person_is_the_one_who_moves():
    positions = standing(32, people=2)
    positions[:, 1, JOINT["right_hand"], 1] += np.linspace(0, 1, 32)
    joints, _ = preprocess_clip(clip_of(positions), PreprocessConfig(frames=32))
    assert np.isclose(joints[-1, 0, JOINT["right_hand"], 1], 2, atol=1e-5)


@pytest.mark.parametrize("degrees", [0, 40, 90, 180, 250])
def test_facing_the_camera_undoes_a_turn(degrees):
    angle = np.radians(degrees)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    positions = standing(20)
    positions[:, 0, JOINT["right_hand"]] += np.linspace(0, 1, 20)[:, None] * [0.3, 0.5, -0.4]
    config = PreprocessConfig(frames=20, face_camera=True)
    expected, _ = preprocess_clip(clip_of(positions), PreprocessConfig(frames=20))
    turned, _ = preprocess_clip(clip_of(positions @ turn.T), config)
    assert np.allclose(turned, expected, atol=1e-5)


def test_flat_clips_stay_flat_and_are_not_turned():
    positions = np.random.default_rng(0).normal(size=(12, 1, 17, 2))
    clip = clean_clip(positions, source="made", layout=COCO, fps=30.0)
    plain, _ = preprocess_clip(clip, PreprocessConfig())
    facing, _ = preprocess_clip(clip, PreprocessConfig(face_camera=True))
    assert not plain[..., 2].any() and np.array_equal(plain, facing)


def test_size_without_a_torso_is_the_extent():
    clip = clip_of(standing(5))
    assert np.isclose(body_size(clip.joints.astype(float), clip.present, KINECT_V1), 0.5)
    present = clip.present.copy()
    present[:, :, JOINT["spine"]] = False
    # Head 0.7 above the hips is the largest extent.
    assert np.isclose(body_size(clip.joints.astype(float), present, KINECT_V1), 0.7)
    point = replace(clip, joints=np.ones_like(clip.joints))
    assert body_size(point.joints.astype(float), point.present, KINECT_V1) == 1.0


@settings(max_examples=60, deadline=None)
@given(
    positions=arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.integers(1, 3), st.just(20), st.just(3)),
        elements=st.floats(width=32, allow_nan=True),
        fill=st.sampled_from([0.0, 1.0, float(np.float32(-1e38))]),
    ),
    face_camera=st.booleans(),
)
def test_any_numbers_give_finite_bounded_views(positions, face_camera):
    try:
        clip = clip_of(positions)
    except ClipError:
        return
    joints, present = preprocess_clip(
        clip, PreprocessConfig(frames=8, people=2, face_camera=face_camera)
    )
    assert np.isfinite(joints).all() and np.abs(joints).max() < 3000
    assert present.any()


@pytest.mark.data
def test_real_people_have_plausible_proportions(real_data):
    from llm_ar.skeletons.readers import read_clip

    for path in ("nw_ucla/all_sqe/a05_s03_e01_v02.json", "utd_mhad/Skeleton/a9_s2_t1_skeleton.mat"):
        joints, present = preprocess_clip(read_clip(real_data / path), PreprocessConfig())
        assert present.all()
        thigh = joints[:, 0, JOINT["left_hip"]] - joints[:, 0, JOINT["left_knee"]]
        assert 0.6 < np.median(np.linalg.norm(thigh, axis=-1)) < 1.3
        assert (joints[:4, 0, JOINT["head"], 1] > joints[:4, 0, JOINT["left_foot"], 1] + 2).all()


STANDARD = PreprocessConfig(standard_bones=True)


def bones_of(joints: np.ndarray) -> np.ndarray:
    """(F, bones, 3) of the first person in the canonical layout."""
    ends = [(joint, parent) for joint, parent in enumerate(CANONICAL.parents) if parent >= 0]
    return np.stack([joints[:, 0, joint] - joints[:, 0, parent] for joint, parent in ends], axis=1)


def test_standard_bones_keep_directions_and_the_path():
    """People of all sizes become one body, which moves as they do."""
    standard = [
        BONE_LENGTHS[name.removeprefix("left_").removeprefix("right_")]
        for name, parent in zip(CANONICAL.joints, CANONICAL.parents, strict=True)
        if parent >= 0
    ]
    for clip in procedural_clips(clips=4, subjects=4, seed=0):
        body = map_clip(clip, CANONICAL)
        plain, present = preprocess_clip(body, PreprocessConfig(frames=16, face_camera=False))
        joints, seen = preprocess_clip(
            body, PreprocessConfig(frames=16, face_camera=False, standard_bones=True)
        )
        assert np.array_equal(present, seen)
        np.testing.assert_allclose(joints[:, 0, 0], plain[:, 0, 0], atol=1e-5)
        ours, theirs = bones_of(joints), bones_of(plain)
        # Interpolation in time shortens bones that turn quickly.
        assert np.median(np.abs(np.linalg.norm(ours, axis=-1) - standard)) < 0.02
        shown = np.linalg.norm(theirs, axis=-1) > 0.1
        cosines = (ours * theirs).sum(-1)[shown] / (
            np.linalg.norm(ours, axis=-1) * np.linalg.norm(theirs, axis=-1)
        )[shown]
        assert np.median(cosines) > 0.99


def test_standard_bones_need_the_canonical_body_and_leave_2d_alone():
    with pytest.raises(LayoutError, match="standard_bones: the bones of layout kinect-v1"):
        preprocess_clip(clip_of(standing(8)), STANDARD)
    rng = np.random.default_rng(0)
    flat = clean_clip(rng.normal(size=(8, 1, 15, 2)), source="x", layout=CANONICAL, fps=30.0)
    kept, plain = (preprocess_clip(flat, one)[0] for one in (STANDARD, PreprocessConfig()))
    np.testing.assert_array_equal(kept, plain)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_every_layout_has_the_canonical_body(layout):
    """Joints of its own, or means of such that lie there; none is made of another body part."""
    rng = np.random.default_rng(0)
    positions = rng.normal(size=(4, 1, len(layout.joints), 3))
    clip = clean_clip(positions, source="x", layout=layout, fps=30.0)
    mapped = map_clip(clip, CANONICAL)
    assert mapped.present.all() and layout_named("body-15") == CANONICAL
    for side in ("left", "right"):
        for joint in ("shoulder", "elbow", "hip", "knee"):
            name = f"{side}_{joint}"
            np.testing.assert_allclose(
                mapped.joints[:, 0, CANONICAL.joints.index(name)],
                positions[:, 0, layout.joints.index(name)],
                rtol=1e-6,
            )
