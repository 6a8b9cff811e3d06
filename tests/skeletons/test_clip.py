"""The clip refuses what is none, and raw positions become clips with their gaps marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from llm_ar.errors import ClipError, ConfigError
from llm_ar.skeletons.clip import clean_clip
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.skeletons.read_options import ReadOptions

KNOWN = {"source": "file.npy", "layout": KINECT_V1, "fps": 30.0}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"joints": np.zeros((8, 1, 20, 3))}, "float32"),
        ({"joints": np.zeros((8, 1, 20, 2), np.float32)}, "must have shape"),
        ({"present": np.ones((8, 1, 19), bool)}, "must have shape"),
        ({"present": np.zeros((8, 1, 20), bool)}, "no joint is present"),
        ({"joints": np.full((8, 1, 20, 3), np.nan, np.float32)}, "NaN"),
        ({"fps": 0.0}, "frames a second"),
        ({"fps": float("nan")}, "frames a second"),
        ({"dimensions": 2}, "z differs"),
        ({"joints": np.zeros((0, 1, 20, 3), np.float32), "present": np.ones((0, 1, 20), bool)}, ""),
        (
            {"joints": np.ones((8, 1, 19, 3), np.float32), "present": np.ones((8, 1, 19), bool)},
            "19 joints, but layout kinect-v1 has 20",
        ),
    ],
)
def test_impossible_clips_are_refused(make_clip, changes, problem):
    with pytest.raises(ClipError, match=f"made-0: .*{problem}"):
        replace(make_clip(), **changes)


def test_numbers_that_are_none_become_missing_joints():
    positions = np.ones((4, 1, 20, 3))
    positions[1, 0, 5, 2] = np.nan
    positions[2, 0, 6, 0] = 1e300
    clip = clean_clip(positions, **KNOWN)
    assert not clip.present[1, 0, 5] and not clip.present[2, 0, 6]
    assert clip.present.sum() == 78
    assert np.array_equal(clip.joints[1, 0, 5], [0, 0, 0])
    assert clip.repairs == ("2 joint positions not a finite number, marked as missing",)


def test_zeros_are_missing_but_a_root_that_is_always_there_is_not():
    positions = np.ones((3, 2, 20, 3))
    positions[1, 0] = 0
    positions[2, 0, [0, 5]] = 0
    clip = clean_clip(positions, **KNOWN)
    assert not clip.present[1, 0].any() and clip.present[1, 1].all()
    assert not clip.present[2, 0, [0, 5]].any() and clip.present[2, 0].sum() == 18
    # A recording whose root is the origin: in each frame that shows the body.
    positions[:, 0, 0] = 0
    centered = clean_clip(positions, **KNOWN)
    assert centered.present[[0, 2], 0, 0].all() and not centered.present[1, 0].any()
    # The same of a hand is no recording of a body.
    positions[:, :, 11] = 0
    assert not clean_clip(positions, **KNOWN).present[:, :, 11].any()


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_nothing_usable_is_refused(value):
    with pytest.raises(ClipError, match=r"^file.npy: no joint is present"):
        clean_clip(np.full((4, 1, 20, 3), value), **KNOWN)


def test_flat_positions_say_so():
    clip = clean_clip(np.ones((4, 2, 20, 2)), **KNOWN)
    assert clip.dimensions == 2
    assert clip.joints.shape == (4, 2, 20, 3) and not clip.joints[..., 2].any()
    assert (clip.frames, clip.people) == (4, 2)


@pytest.mark.parametrize(
    ("source", "name"),
    [("a/b/c.json", "c"), ("a\\b\\c.d.json", "c.d"), ("procedural-3", "procedural-3")],
)
def test_name_is_the_stem_of_the_source(make_clip, source, name):
    assert make_clip(source=source).name == name


@pytest.mark.parametrize("fps", [0.0, -1.0, 5e-324, 1e-4, 1e7, float("inf"), float("nan")])
def test_frames_a_second_that_no_recording_has_are_refused(fps: float) -> None:
    joints = np.ones((4, 1, 20, 3), np.float32)
    with pytest.raises(ClipError, match="frames a second must be a number from 0.001 to 1,000,000"):
        clean_clip(joints, source="x", layout=KINECT_V1, fps=fps)
    with pytest.raises(ConfigError, match="--fps must be a number from 0.001 to 1,000,000"):
        ReadOptions(fps=fps)
