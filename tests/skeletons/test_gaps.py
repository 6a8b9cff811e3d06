"""Short gaps are filled, single outliers taken out, clean clips left as they are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llm_ar.config import PreprocessConfig
from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.doubts import doubts
from llm_ar.skeletons.gaps import fill_gaps, find_spikes, gap_notes, short_gaps
from llm_ar.skeletons.layouts import COCO, KINECT_V1
from llm_ar.skeletons.preprocess import preprocess_clip
from llm_ar.skeletons.readers import read_clip
from tests.bodies import body

FRAMES = 60
CONFIG = PreprocessConfig()


def clip_of(positions: np.ndarray, present: np.ndarray | None = None, fps: float = 30.0) -> Clip:
    return clean_clip(positions[:, None], present, source="made", layout=KINECT_V1, fps=fps)


def test_clean_clips_are_the_same_object() -> None:
    clip = clip_of(body(FRAMES))
    assert fill_gaps(clip) is clip
    assert gap_notes(clip) == ()


def test_short_gaps_all_over_the_clip_change_nearly_nothing() -> None:
    whole = clip_of(body(FRAMES))
    present = whole.present.copy()
    present[1:-1:4] = False
    expected, _ = preprocess_clip(whole, CONFIG)
    joints, mask = preprocess_clip(replace(whole, present=present), CONFIG)
    assert mask.all()
    assert np.abs(joints - expected).max() < 0.05


def test_gaps_of_a_third_of_a_second_are_short() -> None:
    present = np.ones((40, 1, 20), bool)
    present[5:15, 0, 3] = False  # 10 frames
    present[20:31, 0, 4] = False  # 11 frames
    present[:4, 0, 5] = present[36:, 0, 6] = False  # open ends
    gaps = short_gaps(present, 30.0)
    assert np.array_equal(np.argwhere(gaps), [[t, 0, 3] for t in range(5, 15)])
    assert short_gaps(present, 60.0).sum() == 21
    assert gap_notes(clip_of(body(40), present)) == ()


def test_people_are_filled_and_single_joints_stay_missing() -> None:
    present = np.ones((40, 1, 20), bool)
    present[5:15] = False
    present[20:25, 0, 4] = False
    clip = clip_of(body(40), present)
    assert gap_notes(clip) == ("10 frames without a person, at most 10 in a row, interpolated",)
    filled = fill_gaps(clip)
    assert filled.present[5:15].all() and not filled.present[20:25, 0, 4].any()
    present[5:15, 0, :3] = True  # a few joints are no person
    assert fill_gaps(clip_of(body(40), present)).present[5:15].all()
    present[4, 0, 3:] = False  # one frame more than a third of a second
    assert not fill_gaps(clip_of(body(40), present)).present[4:15, 0, 3:].any()


def test_filled_frames_do_not_count_as_seen() -> None:
    present = np.zeros((100, 1, 20), bool)
    present[40:45] = True
    present[42] = False
    clip = clip_of(body(100), present)
    assert "only 4 of 100 frames show somebody" in doubts(clip)


@pytest.mark.parametrize("frame", [0, 20, FRAMES - 1])
@pytest.mark.parametrize("joint", ["hip_center", "right_hand", "head"])
def test_a_spike_moves_neither_scale_nor_place(frame: int, joint: str) -> None:
    positions = body(FRAMES)
    expected, _ = preprocess_clip(clip_of(positions), CONFIG)
    positions[frame, KINECT_V1.joints.index(joint)] += [40, -30, 20]
    clip = clip_of(positions)
    assert find_spikes(clip).sum() == 1
    assert gap_notes(clip)[-1] == "1 joint position jumps away for one frame, interpolated"
    joints, _ = preprocess_clip(clip, CONFIG)
    assert np.abs(joints - expected).max() < 0.2


def test_a_spike_of_the_second_person_does_not_make_them_first() -> None:
    two = np.stack([body(FRAMES), body(1)[np.zeros(FRAMES, int)] + 1], axis=1)
    two[20, 1] += 50
    clip = clean_clip(two, source="made", layout=KINECT_V1, fps=30.0)
    joints, _ = preprocess_clip(clip, CONFIG)
    alone, _ = preprocess_clip(clip_of(two[:, 0]), CONFIG)
    assert np.allclose(joints, alone, atol=1e-4)


def test_fast_movement_and_jumps_to_stay_are_no_spikes() -> None:
    positions = body(FRAMES)
    positions[30:] += [5, 0, 0]
    assert not find_spikes(clip_of(positions)).any()
    flickering = body(FRAMES)
    flickering[20:40:2] += [3, 0, 0]
    assert not find_spikes(clip_of(flickering)).any()


def test_readers_say_what_is_interpolated(tmp_path: Path) -> None:
    positions = body(FRAMES)
    positions[10:13] = np.nan
    path = tmp_path / "gap.npy"
    np.save(path, positions)
    clip = read_clip(path)
    assert not clip.present[10:13].any()
    assert "3 frames without a person, at most 10 in a row" in clip.repairs[-1]


def test_hips_at_the_corner_of_an_image_are_missing_in_all_frames(tmp_path: Path) -> None:
    image = 400 - 100 * body(FRAMES, COCO)[..., :2]
    hips = [COCO.joints.index(f"{side}_hip") for side in ("left", "right")]
    image[:, [*hips, COCO.joints.index("nose")]] = 0
    path = tmp_path / "yolo.npy"
    np.save(path, image)
    clip = read_clip(path)
    assert not clip.present[:, 0, hips].any()
    assert clip.present.mean() == pytest.approx(14 / 17)
    rows = [{"keypoints": {"x": x[:, 0].tolist(), "y": x[:, 1].tolist()}} for x in image]
    (tmp_path / "yolo.json").write_text(json.dumps([[row] for row in rows]))
    assert not read_clip(tmp_path / "yolo.json").present[:, 0, hips].any()


def test_the_root_of_centered_image_positions_stays() -> None:
    flat = body(FRAMES)[..., :2]
    flat = flat - flat[:, :1]
    clip = clean_clip(flat[:, None], source="made", layout=KINECT_V1, fps=30.0)
    assert clip.present.all()
