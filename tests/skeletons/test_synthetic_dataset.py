"""The procedural source: a plausible body, right recordings, the same clips for the same seed."""

from __future__ import annotations

import itertools
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from llm_ar.errors import ConfigError, DatasetError
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.skeletons.store import ClipStore
from llm_ar.skeletons.synthetic.actions import ACTIONS
from llm_ar.skeletons.synthetic.body import (
    CHANNELS,
    Array,
    forward_kinematics,
    mirrored,
    random_body,
)
from llm_ar.skeletons.synthetic.dataset import (
    PROCEDURAL_ACTIONS,
    make_procedural,
    perform,
    procedural_clips,
    random_subject,
)
from llm_ar.skeletons.synthetic.motion import arm, pose, trunk

J = {name: index for index, name in enumerate(KINECT_V1.joints)}
FEET = [J[f"{side}_{joint}"] for side in ("left", "right") for joint in ("ankle", "foot")]
BODY = random_body(np.random.default_rng(0))
PHASES = np.linspace(0.0, 1.0, 91)


def performed(name: str) -> Array:
    """Joints ``(91, 20, 3)`` of one repetition of an action, without anything random."""
    action = ACTIONS[PROCEDURAL_ACTIONS.index(name)]
    return forward_kinematics(BODY, action.motion(PHASES))


@pytest.mark.parametrize("name", PROCEDURAL_ACTIONS)
def test_bones_keep_their_length_and_feet_stay_above_the_ground(name: str) -> None:
    joints = performed(name)
    for joint, parent in enumerate(KINECT_V1.parents):
        if parent < 0:
            continue
        lengths = np.linalg.norm(joints[:, joint] - joints[:, parent], axis=-1)
        np.testing.assert_allclose(lengths, lengths[0], rtol=1e-9)
        assert 0.04 < lengths[0] < 0.6
    assert joints[..., 1].min() > 0.0


@pytest.mark.parametrize("name", PROCEDURAL_ACTIONS)
def test_motion_is_smooth(name: str) -> None:
    seconds = ACTIONS[PROCEDURAL_ACTIONS.index(name)].seconds
    speeds = np.linalg.norm(np.diff(performed(name), axis=0), axis=-1) * 90 / seconds
    assert speeds.max() < 12.0, "no hand or foot of a layman is that fast (m/s)"


@pytest.mark.parametrize("name", [name for name in PROCEDURAL_ACTIONS if name != "jump"])
def test_one_foot_stands_on_the_ground(name: str) -> None:
    """A foot's joint is never higher than on tiptoe, except for the jogger's short flight."""
    lowest = performed(name)[:, FEET, 1].min(axis=1)
    assert lowest.max() < 0.1


def test_a_standing_foot_does_not_slide() -> None:
    for name in ("squat", "sit down", "bow", "drink from a cup"):
        ankles = performed(name)[:, [J["left_ankle"], J["right_ankle"]]]
        assert np.abs(ankles - ankles[0]).max() < 0.03, name


def test_angles_mean_what_they_say() -> None:
    raised = pose(arm("right", plane=90, raised=90, rotate=0, elbow=90))
    joints = forward_kinematics(BODY, raised[None])[0]
    upper = joints[J["right_elbow"]] - joints[J["right_shoulder"]]
    lower = joints[J["right_wrist"]] - joints[J["right_elbow"]]
    np.testing.assert_allclose(upper / BODY.upper_arm, [0, 0, 1], atol=1e-9)
    np.testing.assert_allclose(lower / BODY.forearm, [0, 1, 0], atol=1e-9)
    assert joints[J["left_hand"], 0] > 0 > joints[J["right_hand"], 0]
    leaning = forward_kinematics(BODY, pose(trunk(lean=90))[None])[0]
    np.testing.assert_allclose(
        (leaning[J["head"]] - leaning[J["hip_center"]])[1:] / leaning[J["head"], 2],
        [0, 1],
        atol=0.02,
    )


def test_what_actions_do() -> None:
    hips = J["hip_center"]
    standing = performed("bow")[0, hips, 1]
    for name, lowered in (("squat", 0.4), ("sit down", 0.35), ("jump", 0.2)):
        assert performed(name)[:, hips, 1].min() < standing - lowered, name
    assert performed("jump")[:, FEET, 1].min(axis=1).max() > 0.2
    assert performed("pick up something")[:, J["right_hand"], 1].min() < 0.3
    assert np.ptp(performed("walk")[:, hips, 2]) > 0.8
    clap = performed("clap hands")
    gap = np.linalg.norm(clap[:, J["left_hand"]] - clap[:, J["right_hand"]], axis=-1)
    assert gap.min() < 0.12 and gap.max() > 0.25
    arms = performed("raise both arms")
    assert (arms[45, [J["left_hand"], J["right_hand"]], 1] > arms[45, J["head"], 1]).all()
    drink = performed("drink from a cup")
    assert np.linalg.norm(drink[:, J["right_hand"]] - drink[:, J["head"]], axis=-1).min() < 0.35
    turned = performed("turn around")[[0, -1]]
    facing = turned[:, J["left_shoulder"], 0] - turned[:, J["right_shoulder"], 0]
    assert facing[0] > 0.2 and facing[1] < -0.2


def test_mirrored_motion_is_the_reflected_motion() -> None:
    """Oracle: reflect the joints in the plane x = 0 and exchange the sides."""
    poses = np.random.default_rng(1).normal(0, 20, (30, len(CHANNELS)))
    poses[:, CHANNELS.index("lift")] = 0
    joints = forward_kinematics(BODY, poses)
    reflected = joints[:, KINECT_V1.mirror_index()] * [-1, 1, 1]
    np.testing.assert_allclose(forward_kinematics(BODY, mirrored(poses)), reflected, atol=1e-9)


def test_clips_are_labeled_recordings_of_a_kinect() -> None:
    clips = list(procedural_clips(160, subjects=8, seed=3))
    assert {clip.label for clip in clips} == set(PROCEDURAL_ACTIONS)
    assert {clip.layout.name for clip in clips} == {"kinect-v1"}
    assert len({clip.source for clip in clips}) == 160
    assert all(20 <= clip.frames <= 120 and clip.fps == 30 for clip in clips)
    missing = [1 - clip.present.mean() for clip in clips]
    assert 0 < np.mean(missing) < 0.05 and min(missing) == 0
    for clip in clips:
        assert not clip.joints[~clip.present].any()
        depth = clip.joints[..., 2][clip.present]
        assert 0.5 < depth.min() and depth.max() < 8.0
    first = np.array([clip.joints[0, 0] for clip in clips if clip.present[0].all()])
    assert (first[:, J["head"], 1] > first[:, J["left_foot"], 1]).all()
    across = first[:, J["right_shoulder"], 0] - first[:, J["left_shoulder"], 0]
    assert (across > 0).mean() > 0.9, "people face the camera, their right to its left"


def test_subjects_are_split_and_actions_take_turns() -> None:
    clips = list(procedural_clips(600, subjects=20, seed=0))
    split = {clip.subject: clip.split for clip in clips}
    assert [subject for subject, part in split.items() if part == "test"] == [
        "P16",
        "P17",
        "P18",
        "P19",
        "P20",
    ]
    for part in ("train", "test"):
        labels = [clip.label for clip in clips if clip.split == part]
        counts = [labels.count(name) for name in PROCEDURAL_ACTIONS]
        assert min(counts) > 0 and max(counts) - min(counts) <= 2


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    def content(clips: int, seed: int) -> list[bytes]:
        made = procedural_clips(clips, subjects=4, seed=seed)
        return [clip.joints.tobytes() + clip.present.tobytes() for clip in made]

    assert content(12, seed=5) == content(30, seed=5)[:12]
    assert not set(content(12, seed=5)) & set(content(12, seed=6))


def test_performances_of_one_person_differ_less_than_those_of_many() -> None:
    """Habits: hands reach heights that vary more between people than within one."""
    raise_both = PROCEDURAL_ACTIONS.index("raise both arms")
    column = CHANNELS.index("left_raise")
    rng = np.random.default_rng(0)
    highest = np.array(
        [
            [perform(rng, subject, raise_both)[:, column].max() for _ in range(12)]
            for subject in (random_subject(rng) for _ in range(12))
        ]
    )
    assert highest.mean(axis=1).std() > 0.5 * highest.std(axis=1).mean()
    assert highest.std(axis=1).min() > 1.0, "yet no performance is repeated exactly"


def test_memory_does_not_grow_with_the_clips() -> None:
    stream = procedural_clips(10**9, subjects=4)
    next(stream)
    tracemalloc.start()
    for _ in itertools.islice(stream, 20):
        pass
    _, few = tracemalloc.get_traced_memory()
    for _ in itertools.islice(stream, 100):
        pass
    _, many = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert many < 1.5 * few + 2**20


@pytest.mark.parametrize(
    ("clips", "subjects", "seed", "named"),
    [(0, 20, 0, "clips is 0"), (10, 1, 0, "subjects is 1"), (10, 2, -1, "seed is -1")],
)
def test_impossible_arguments_are_refused(
    tmp_path: Path, clips: int, subjects: int, seed: int, named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        make_procedural(tmp_path / "set", clips, subjects, seed)
    assert not (tmp_path / "set").exists()


def test_the_dataset_on_disk_is_the_stream(tmp_path: Path) -> None:
    out = tmp_path / "procedural"
    report = make_procedural(out, clips=32, subjects=4, seed=2)
    assert (report.read, report.refused, report.unchanged) == (32, (), False)
    store = ClipStore.open(out)
    for index, clip in enumerate(procedural_clips(32, subjects=4, seed=2)):
        if index % 7 == 0:
            np.testing.assert_array_equal(store[index].joints, clip.joints)
            assert (store[index].label, store[index].subject) == (clip.label, clip.subject)
    train, test = store.split("xsub")
    assert (len(train), len(test)) == (24, 8)
    assert {store[index].subject for index in test} == {"P04"}
    assert make_procedural(out, clips=32, subjects=4, seed=2).unchanged
    assert not make_procedural(out, clips=32, subjects=4, seed=3).unchanged


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DatasetError):
        make_procedural(tmp_path, clips=4, subjects=2)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
