"""The procedural movements: their names, and that each does what its name says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llm_ar.applications import make_procedural
from llm_ar.skeletons.actions.ontology import Ontology
from llm_ar.skeletons.datasets.protocols import dataset_named
from llm_ar.skeletons.store import ClipStore
from llm_ar.skeletons.synthetic.body import CHANNELS, INDEX, Array, forward_kinematics, random_body
from llm_ar.skeletons.synthetic.dataset import (
    EVERYDAY,
    LONGEST,
    SHORTEST,
    perform,
    procedural_clips,
    random_subject,
)
from llm_ar.skeletons.synthetic.motion import STAND, Action, in_posture, pose
from llm_ar.skeletons.synthetic.movements import MOVEMENTS
from llm_ar.skeletons.synthetic.reach import hand_at

NAMES = tuple(dict.fromkeys(action.name for action in MOVEMENTS))
HIPS, NECK, HEAD = 0, 2, 3
LEFT_ELBOW, LEFT_HAND, RIGHT_ELBOW, RIGHT_HAND = 5, 7, 9, 11
LEFT_FOOT, RIGHT_FOOT = 15, 19
BODY = random_body(np.random.default_rng(5))
REACH = BODY.upper_arm + BODY.forearm + BODY.hand


def entries(name: str) -> list[Action]:
    found = [action for action in MOVEMENTS if action.name == name]
    assert found, name
    return found


def performed(action: Action) -> Array:
    """Joints (60, 20, 3) of one repetition by a right-handed person who faces +z."""
    poses = action.motion(np.linspace(0, 1, 60, endpoint=not action.cyclic))
    assert poses.shape == (60, len(CHANNELS)) and np.isfinite(poses).all()
    return forward_kinematics(BODY, poses)


def distance(joints: Array, one: int, other: int) -> Array:
    return np.asarray(np.linalg.norm(joints[:, one] - joints[:, other], axis=-1))


def test_every_name_is_the_canonical_one_of_a_concept() -> None:
    ontology = Ontology.built_in()
    assert len(NAMES) >= 100
    for name in NAMES:
        assert ontology.find(name) is not None, f"{name} is no concept of the ontology"
        assert ontology.canonical(name) == name


@pytest.mark.parametrize("number", range(len(MOVEMENTS)), ids=lambda n: f"{MOVEMENTS[n].name}-{n}")
def test_joints_stay_within_what_a_body_can_do(number: int) -> None:
    action = MOVEMENTS[number]
    assert 0.25 <= action.seconds <= 4 and 1 <= action.repeats[0] <= action.repeats[1]
    assert action.seconds * action.repeats[0] <= 4.5
    poses = action.motion(np.linspace(0, 1, 80))
    for side in ("left", "right"):
        elbow, knee = (poses[:, INDEX[f"{side}_{part}"]] for part in ("elbow", "knee"))
        assert elbow.min() >= -1 and elbow.max() <= 155
        assert knee.min() >= -5 and knee.max() <= 155
    joints = performed(action)
    # Something moves, unless the name says otherwise.
    if "still" not in action.name:
        assert np.ptp(joints, axis=0).max() > 0.02
    # No joint goes faster than a professional's fist.
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1) * 60 / action.seconds
    assert speed.max() < 20


def near_head(hand: int, share: float, within: float = 0.62) -> Callable[[Array], bool]:
    """A hand is within a share of the arm's length of the head for a share of the time."""
    return lambda joints: bool(
        (distance(joints, hand, HEAD) < within * REACH).mean() >= share
        or (distance(joints, LEFT_HAND + RIGHT_HAND - hand, HEAD) < within * REACH).mean() >= share
    )


def turns(sign: float) -> Callable[[Array], bool]:
    """The hand's path encloses an area of that sign, seen by the person who moves."""

    def check(joints: Array) -> bool:
        # The person's right is -x: what they see has x to the right.
        x, y = -joints[:, RIGHT_HAND, 0], joints[:, RIGHT_HAND, 1]
        area = 0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)
        return bool(sign * area > 0.01)

    return check


def both_hands(check: Callable[[Array, int], np.bool_]) -> Callable[[Array], bool]:
    return lambda joints: bool(check(joints, LEFT_HAND) and check(joints, RIGHT_HAND))


def hips_fall(share: float) -> Callable[[Array], bool]:
    return lambda joints: bool(np.ptp(joints[:, HIPS, 1]) > share * BODY.leg)


def hands_together(share: float) -> Callable[[Array], bool]:
    """The hands are within 0.35 m of each other for a share of the time."""
    return lambda joints: bool((distance(joints, LEFT_HAND, RIGHT_HAND) < 0.35).mean() >= share)


def hand_goes(axis: int, sign: float) -> Callable[[Array], bool]:
    """While the right hand is higher than the elbow of a hanging arm, it goes in that direction."""

    def check(joints: Array) -> bool:
        hand = joints[:, RIGHT_HAND] - joints[:, NECK]
        raised = hand[hand[:, 1] > -0.55 * REACH, axis]
        return bool(sign * (raised[-1] - raised[0]) > 0.15)

    return check


def above(one: int, other: int, share: float) -> Callable[[Array], bool]:
    return lambda joints: bool((joints[:, one, 1] > joints[:, other, 1]).mean() >= share)


def feet_lift(height: float) -> Callable[[Array], bool]:
    return lambda joints: bool(
        max(np.ptp(joints[:, foot, 1]) for foot in (LEFT_FOOT, RIGHT_FOOT)) > height * BODY.leg
    )


def hands_low(joints: Array) -> bool:
    """A hand comes down to the shins."""
    low = joints[:, [LEFT_HAND, RIGHT_HAND], 1].min()
    return bool(low < 0.45 * BODY.leg)


def travels(joints: Array) -> bool:
    path = joints[:, HIPS, [0, 2]] - joints[0, HIPS, [0, 2]]
    return bool(np.linalg.norm(path, axis=-1).max() > 0.4)


CHECKS: dict[str, Callable[[Array], bool]] = {
    "make a phone call": near_head(RIGHT_HAND, 0.3),
    "drink": near_head(RIGHT_HAND, 0.2),
    "brush teeth": near_head(RIGHT_HAND, 0.4),
    "brush hair": near_head(RIGHT_HAND, 0.3),
    "wipe the face": near_head(RIGHT_HAND, 0.2),
    "salute": near_head(RIGHT_HAND, 0.2),
    "put on glasses": near_head(RIGHT_HAND, 0.15),
    "put on a hat": near_head(RIGHT_HAND, 0.15),
    "draw circle clockwise": turns(-1),
    "draw circle counter-clockwise": turns(1),
    "swipe left": hand_goes(0, 1),
    "swipe right": hand_goes(0, -1),
    "high arm wave": above(RIGHT_HAND, HEAD, 0.5),
    "wave": above(RIGHT_HAND, RIGHT_ELBOW, 0.6),
    "raise both hands": both_hands(lambda j, hand: (j[:, hand, 1] > j[:, NECK, 1]).mean() > 0.2),
    "clap": hands_together(0.3),
    "cross arms": hands_together(0.0),
    "golf swing": hands_together(0.5),
    "baseball swing": hands_together(0.5),
    "squat": hips_fall(0.25),
    "sit down": hips_fall(0.2),
    "stand up": hips_fall(0.2),
    "fall down": hips_fall(0.2),
    "kick forward": feet_lift(0.3),
    "kick sideways": feet_lift(0.2),
    "kick": feet_lift(0.2),
    "jump": feet_lift(0.1),
    "tie shoelaces": hands_low,
    "pick up with one hand": hands_low,
    "pick up with two hands": hands_low,
    "walk": travels,
    "carry": travels,
    "run": travels,
    "walk to the left": lambda j: bool(j[-1, HIPS, 0] - j[0, HIPS, 0] > 0.1),
    "walk to the right": lambda j: bool(j[0, HIPS, 0] - j[-1, HIPS, 0] > 0.1),
    "walk backwards": lambda j: bool(j[-1, HIPS, 2] - j[0, HIPS, 2] < -0.1),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_movement_does_what_its_name_says(name: str) -> None:
    for number, action in enumerate(entries(name)):
        assert CHECKS[name](performed(action)), f"{name}, entry {number}"


def test_nobody_does_a_sided_movement_with_the_other_hand() -> None:
    """Its mirror image has another name: drawn clockwise, the path turns clockwise for everyone."""
    sided = {action.name for action in MOVEMENTS if action.sided}
    ontology = Ontology.built_in()
    assert sided == {name for name in NAMES if ontology.mirror(name)} | {"draw tick"}
    number = next(i for i, a in enumerate(MOVEMENTS) if a.name == "draw circle clockwise")
    for seed in range(12):
        rng = np.random.default_rng(seed)
        subject = replace(random_subject(rng, EVERYDAY), left_handed=True)
        poses = perform(rng, subject, number, EVERYDAY)
        assert turns(-1)(forward_kinematics(BODY, poses))


def test_stand_up_is_sit_down_the_other_way_round() -> None:
    for down in entries("sit down"):
        joints = performed(down)
        assert joints[-1, HIPS, 1] < joints[0, HIPS, 1] - 0.2 * BODY.leg
    for up in entries("stand up"):
        joints = performed(up)
        assert joints[-1, HIPS, 1] > joints[0, HIPS, 1] + 0.2 * BODY.leg


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(
    "place", [(0.1, -0.3, 0.6), (-0.4, 0.3, 0.4), (0.6, 0.5, 0.1), (0.2, -0.7, 0.2)]
)
@pytest.mark.parametrize("wing", [0.0, 40.0, 90.0])
def test_a_hand_is_where_it_was_put(
    side: str, place: tuple[float, float, float], wing: float
) -> None:
    """Against forward kinematics, for arms with the proportions that `hand_at` takes."""
    body = replace(BODY, upper_arm=0.455, forearm=0.4, hand=0.145)
    poses = pose(hand_at(side, *place, wing=wing))[None]
    joints = forward_kinematics(body, poses)[0]
    shoulder, hand = (4, LEFT_HAND) if side == "left" else (8, RIGHT_HAND)
    out = 1 if side == "left" else -1
    expected = np.array([out * place[0], place[1], place[2]])
    np.testing.assert_allclose(joints[hand] - joints[shoulder], expected, atol=1e-6)


def test_postures_change_the_legs_alone() -> None:
    times = np.linspace(0, 2, 40)
    poses = np.tile(STAND, (40, 1))
    poses[:, INDEX["right_elbow"]] = 70
    arms = [i for i, name in enumerate(CHANNELS) if name.endswith(("_raise", "_elbow", "_rotate"))]
    standing, seated, walking = (
        in_posture(poses, posture, times) for posture in ("standing", "seated", "walking")
    )
    assert np.array_equal(standing, poses)
    for changed in (seated, walking):
        assert np.array_equal(changed[:, arms], poses[:, arms])
    heights = [forward_kinematics(BODY, moved)[:, HIPS, 1] for moved in (standing, seated)]
    assert (heights[1] < heights[0] - 0.3 * BODY.leg).all()
    assert travels(forward_kinematics(BODY, walking))


def test_clips_are_labeled_and_reproducible() -> None:
    clips = list(procedural_clips(800, subjects=12, seed=4, vocabulary=EVERYDAY))
    assert {clip.label for clip in clips} == set(NAMES)
    testing = [clip for clip in clips if clip.split == "test"]
    assert len({clip.label for clip in testing}) > 0.3 * len(NAMES)
    for clip in clips:
        assert SHORTEST <= clip.frames <= LONGEST and np.isfinite(clip.joints).all()
        assert clip.source.startswith("movements-4-")
    again = procedural_clips(800, subjects=12, seed=4, vocabulary=EVERYDAY)
    assert all(np.array_equal(a.joints, b.joints) for a, b in zip(clips, again, strict=True))


def test_the_command_writes_a_known_dataset(tmp_path: Path) -> None:
    out = tmp_path / "movements"
    arguments = ["--vocabulary", "movements", "--clips", "12", "--subjects", "4", "--out", str(out)]
    assert make_procedural.run(arguments) == 0
    store = ClipStore.open(out)
    train, test = store.split("xsub")
    assert store.dataset == "movements" and (len(train), len(test)) == (9, 3)
    known = {action.phrase for action in dataset_named("movements").actions}
    assert known == set(NAMES) and set(store.labels) <= known
