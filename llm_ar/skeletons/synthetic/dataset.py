"""A built-in source of labeled clips that needs no download: the procedural datasets.

Subjects differ in build, handedness, posture, tempo, and in how each of them does each action.
Every clip differs in tempo, extent, repetitions, idle time before and after, view and sensor
noise. All of it follows from one seed, whatever order the clips are made in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ConfigError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.skeletons.store import PrepareReport, earlier_report, write_store
from llm_ar.skeletons.synthetic.actions import ACTIONS
from llm_ar.skeletons.synthetic.body import (
    CHANNELS,
    INDEX,
    Array,
    Body,
    forward_kinematics,
    mirrored,
    random_body,
)
from llm_ar.skeletons.synthetic.motion import STAND, Action, in_posture
from llm_ar.skeletons.synthetic.movements import MOVEMENTS
from llm_ar.skeletons.synthetic.sensor import noise, seen_from_camera, seen_joints


@dataclass(frozen=True)
class Vocabulary:
    """Actions, the name of the dataset that they make, and how much performances differ.

    Attributes:
        dataset: its name.
        actions: in the order in which each subject does them.
        stride: how far apart in the actions two subjects begin: with a small one, few subjects
            with few clips each would leave actions out.
        extents: spread of how far a subject moves each channel, relative to the usual.
        posture: spread of the subjects' postures, in degrees.
        cut: largest share of an action that is missing at the beginning, and at the end.
        pause: share of the performances that stop for a moment on their way.
    """

    dataset: str
    actions: tuple[Action, ...]
    stride: int = 1
    extents: float = 0.15
    posture: float = 6.0
    cut: float = 0.08
    pause: float = 0.0


PROCEDURAL = Vocabulary("procedural", ACTIONS)
"""Sixteen actions that are easily told apart, for demonstrations and tests."""

EVERYDAY = Vocabulary(
    "movements", MOVEMENTS, stride=61, extents=0.2, posture=8.0, cut=0.2, pause=0.3
)
"""Gestures, sport, exercise, and what people do at home, by their names in the ontology."""

PROCEDURAL_ACTIONS: tuple[str, ...] = tuple(action.name for action in ACTIONS)
"""Names of the actions, in the dataset's order."""

FPS = 30.0
SHORTEST, LONGEST = 20, 120
"""Frames of a clip."""

_VERSION = 1
"""Raised when the same arguments come to mean other clips."""

_LEGS = [i for i, name in enumerate(CHANNELS) if name.endswith(("_hip", "_knee", "_toe"))]
_ARMS = [i for i, name in enumerate(CHANNELS) if name.endswith(("_raise", "_elbow", "_rotate"))]
_FIXED = [i for i, name in enumerate(CHANNELS) if name.endswith("_spread") or name == "turn"]


@dataclass(frozen=True)
class Subject:
    """One person and their habits.

    ``extents`` (actions, C) says how far the person moves each channel in each action, relative
    to the usual; ``posture`` (C,) is added to every pose, in degrees.
    """

    body: Body
    left_handed: bool
    tempo: float
    extents: Array
    posture: Array


def random_subject(rng: np.random.Generator, vocabulary: Vocabulary = PROCEDURAL) -> Subject:
    """Draw a person; one of six is left-handed."""
    extents = np.stack(
        [_extents(rng, vocabulary.extents) for _ in vocabulary.actions]
    ) * rng.uniform(0.85, 1.15)
    posture = np.zeros(len(CHANNELS))
    posture[_ARMS] = rng.normal(0.0, vocabulary.posture, len(_ARMS))
    posture[[INDEX["lean"], INDEX["bend"]]] = rng.normal(0.0, 2.5, 2)
    return Subject(
        body=random_body(rng),
        left_handed=bool(rng.random() < 1 / 6),
        tempo=float(rng.uniform(0.8, 1.25)),
        extents=extents,
        posture=posture,
    )


def make_procedural(
    out: str | Path,
    clips: int = 600,
    subjects: int = 20,
    seed: int = 0,
    vocabulary: Vocabulary = PROCEDURAL,
) -> PrepareReport:
    """Write procedural clips to a dataset folder, unless it holds these already.

    Args:
        out: the dataset's folder; it appears when complete.
        clips: how many; other arguments as in `procedural_clips`.
        subjects: how many people.
        seed: of everything random.
        vocabulary: which actions.

    Raises:
        ConfigError: an argument is out of range.
        DatasetError: ``out`` holds something else than a dataset.
    """
    made = procedural_clips(clips, subjects, seed, vocabulary)
    name = vocabulary.dataset
    fingerprint = f"{name} {_VERSION}: {clips} clips, {subjects} subjects, seed {seed}"
    return earlier_report(Path(out), fingerprint) or write_store(
        made, Path(out), dataset=name, layout=KINECT_V1, fingerprint=fingerprint
    )


def procedural_clips(
    clips: int = 600, subjects: int = 20, seed: int = 0, vocabulary: Vocabulary = PROCEDURAL
) -> Iterator[Clip]:
    """Make clips one after the other; subjects and, within each, actions take turns.

    The last quarter of the subjects (at least one) has the split ``test``, the others ``train``.
    Clip ``i`` depends on nothing but the arguments and ``i``.

    Args:
        clips: how many.
        subjects: how many people perform them, at least 2.
        seed: any whole number of at least 0.
        vocabulary: which actions.

    Returns:
        Clips of one person in Kinect v1 layout, meters, 20 to 120 frames at 30 a second.

    Raises:
        ConfigError: an argument is out of range.
    """
    for name, value, least in (("clips", clips, 1), ("subjects", subjects, 2), ("seed", seed, 0)):
        if value < least:
            raise ConfigError(f"{name} is {value}; give a whole number of at least {least}")
    return _clips(clips, subjects, seed, vocabulary)


def _clips(clips: int, subjects: int, seed: int, vocabulary: Vocabulary) -> Iterator[Clip]:
    actions = vocabulary.actions
    people = [random_subject(_generator(seed, 0, s), vocabulary) for s in range(subjects)]
    testing = max(1, subjects // 4)
    for number in range(clips):
        turn, who = divmod(number, subjects)
        action = (turn + vocabulary.stride * who) % len(actions)
        rng = _generator(seed, 1, number)
        joints, present = _recording(rng, people[who], action, vocabulary)
        yield Clip(
            joints=joints[:, None].astype(np.float32),
            present=present[:, None],
            fps=FPS,
            layout=KINECT_V1,
            label=actions[action].name,
            subject=f"P{who + 1:02d}",
            source=f"{vocabulary.dataset}-{seed}-{number:06d}",
            split="test" if who >= subjects - testing else "train",
        )


def _generator(seed: int, stream: int, number: int) -> np.random.Generator:
    """An independent random stream for each person (stream 0) and each clip (stream 1)."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, number)))


def _recording(
    rng: np.random.Generator, subject: Subject, action: int, vocabulary: Vocabulary
) -> tuple[Array, NDArray[np.bool_]]:
    """Joints ``(T, 20, 3)`` as a camera reports them, and which of them it saw ``(T, 20)``."""
    poses = perform(rng, subject, action, vocabulary)
    joints = seen_from_camera(rng, forward_kinematics(subject.body, poses))
    joints += noise(rng, len(joints))
    present = seen_joints(rng, len(joints))
    return np.where(present[..., None], joints, 0.0), present


def perform(
    rng: np.random.Generator,
    subject: Subject,
    action: int,
    vocabulary: Vocabulary = PROCEDURAL,
) -> Array:
    """The poses ``(T, C)`` of one performance of an action, by its place, in degrees."""
    act = vocabulary.actions[action]
    low, high = act.repeats
    repeats = int(rng.integers(low, high + 1))
    seconds = repeats * act.seconds / (subject.tempo * rng.uniform(0.85, 1.2))
    # Below 0 the recording begins late or ends early.
    cut = (0.25 if act.cyclic else vocabulary.cut) * seconds
    before, after = rng.uniform(-cut, 0.6, size=2)
    wanted = (before + seconds + after) * FPS
    frames = int(np.clip(round(wanted), SHORTEST, LONGEST))
    # A clip that would be too long is done faster instead; one too short is followed by standing.
    pace = max(1.0, wanted / LONGEST) / FPS
    times = np.arange(frames) * pace - before
    progress = times / seconds
    if vocabulary.pause > 0 and not act.cyclic and rng.random() < vocabulary.pause:
        progress = _pausing(rng, progress)
    poses = act.motion(_phases(rng, act, progress, repeats))
    extent = subject.extents[action] * _extents(rng, 0.08) * rng.uniform(0.9, 1.1)
    poses = STAND + extent * (poses - STAND)
    if act.cyclic:
        poses = STAND + _taking_part(times, seconds)[:, None] * (poses - STAND)
    if act.postures:
        poses = in_posture(poses, act.postures[rng.integers(len(act.postures))], times)
    poses += subject.posture + _sway(rng, times)
    # Two people in ten times use the other hand.
    other_hand = rng.random() < 0.1
    left = subject.left_handed != other_hand and not act.sided
    return mirrored(poses) if left else poses


def _phases(rng: np.random.Generator, act: Action, progress: Array, repeats: int) -> Array:
    """Phase in 0..1 of each frame; ``progress`` is 0 at the action's beginning and 1 at its end.

    Time is bent a little, so that no two performances keep the same rhythm.
    """
    inside = np.clip(progress, 0.0, 1.0)
    bent = inside + rng.uniform(-0.3, 0.3) * np.sin(2 * np.pi * inside) / (2 * np.pi)
    if act.cyclic:
        start = rng.random()
        return np.asarray((start + repeats * (bent + progress - inside)) % 1.0)
    return np.asarray(repeats * bent - np.minimum(np.floor(repeats * bent), repeats - 1))


def _pausing(rng: np.random.Generator, progress: Array) -> Array:
    """Progress that stands still for 10 to 35 % of the time somewhere, and is faster elsewhere."""
    at, length = rng.uniform(0.25, 0.75), rng.uniform(0.1, 0.35)
    moments = [0.0, at - length / 2, at + length / 2, 1.0]
    inside = np.interp(progress, moments, [0.0, at, at, 1.0])
    return np.asarray(np.where((progress > 0) & (progress < 1), inside, progress))


def _taking_part(times: Array, seconds: float) -> Array:
    """How far a cyclic action is under way: eases in and out within 0.4 s."""
    ramp = np.clip(np.minimum(times, seconds - times) / 0.4, 0.0, 1.0)
    return np.asarray(ramp * ramp * (3.0 - 2.0 * ramp))


def _extents(rng: np.random.Generator, spread: float) -> Array:
    """Factors ``(C,)`` about 1; both legs keep one factor, so that both feet reach the ground."""
    factors = np.clip(rng.normal(1.0, spread, len(CHANNELS)), 1 - 2.5 * spread, 1 + 2.5 * spread)
    factors[_LEGS] = factors[_LEGS[0]]
    factors[_FIXED] = 1.0
    return np.asarray(factors)


def _sway(rng: np.random.Generator, times: Array) -> Array:
    """Small slow movements ``(T, C)`` of arms and trunk that go on all the time, in degrees."""
    swaying = [*_ARMS, *(INDEX[name] for name in ("lean", "bend", "side", "twist", "nod"))]
    sway = np.zeros((len(times), len(CHANNELS)))
    for _ in range(2):
        rates = rng.uniform(0.2, 0.9, len(swaying))
        begins = rng.uniform(0.0, 1.0, len(swaying))
        sizes = rng.normal(0.0, 1.3, len(swaying))
        sway[:, swaying] += sizes * np.sin(2 * np.pi * (np.outer(times, rates) + begins))
    return sway
