"""Long recordings made of clips: actions of one person, pauses, and movements between them.

After each clip the body holds its last pose, trembling a little, then moves to the first pose of
the next clip. The next clip begins where the body stands and is performed at its own place from
there on. Who, which clips and how long the pauses are is drawn from a seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from llm_ar.recognizer.merging import Segment
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.store import ClipStore
from llm_ar.skeletons.windows import RATE, at_rate, duration

PAUSE = (0.5, 2.5)
"""Seconds that a pose is held between two actions."""
MOVE = (0.4, 1.0)
"""Seconds from one action's last pose to the next one's first."""
TREMBLE = 0.002
"""Standard deviation of a held pose, in body extents."""
SHORTEST = 0.7
"""Clips that last less are no action that a window can find."""


@dataclass(frozen=True)
class Recording:
    """A long clip and what happens in it.

    Args:
        clip: at `RATE` frames a second.
        truth: the actions, in order; between them nothing known happens.
    """

    clip: Clip
    truth: tuple[Segment, ...]


def recordings(
    store: ClipStore, indices: Sequence[int], count: int, actions: int, seed: int
) -> list[Recording]:
    """Recordings of so many actions each, all of one by the same person.

    Args:
        store: the clips.
        indices: those that may occur.
        count: number of recordings.
        actions: in each.
        seed: of everything that is drawn.
    """
    random = np.random.default_rng(seed)
    known = store.metadata()
    by_person: dict[str | None, list[int]] = {}
    for index in indices:
        by_person.setdefault(known[index].subject, []).append(index)
    people = sorted(by_person, key=str)
    found = []
    for number in range(count):
        mine = by_person[people[number % len(people)]]
        chosen: list[Clip] = []
        for index in random.permutation(mine).tolist():
            clip = store[index]
            if SHORTEST <= duration(clip) and clip.present.all(axis=2).any():
                chosen.append(clip)
            if len(chosen) == actions:
                break
        found.append(joined(chosen, random))
    return found


def joined(clips: Sequence[Clip], random: np.random.Generator) -> Recording:
    """One recording of clips in their order, with a pause before, between and after them."""
    parts: list[NDArray[np.float64]] = []
    truth: list[Segment] = []
    frames = 0
    for number, clip in enumerate(clips):
        body = _first_person(at_rate(clip))
        if number:
            last = parts[-1][-1]
            body = body + (last.mean(axis=0) - body[0].mean(axis=0)) * np.array([1, 0, 1])
            parts.append(_moved(last, body[0], random))
        else:
            parts.append(_held(body[0], random))
        frames = sum(map(len, parts))
        truth.append(Segment(frames / RATE, (frames + len(body)) / RATE, str(clip.label)))
        parts += [body, _held(body[-1], random)]
    joints = np.concatenate(parts).astype(np.float32)[:, None]
    clip = replace(
        clips[0],
        joints=joints,
        present=np.ones(joints.shape[:3], np.bool_),
        fps=RATE,
        label=None,
        source="joined clips",
    )
    return Recording(clip, tuple(truth))


def _first_person(clip: Clip) -> NDArray[np.float64]:
    """Positions (T, J, 3) of the person who is seen most, gaps filled from the time before."""
    person = int(clip.present.sum(axis=(0, 2)).argmax())
    joints = clip.joints[:, person].astype(np.float64)
    present = clip.present[:, person]
    times = np.arange(clip.frames)
    for joint in range(joints.shape[1]):
        seen = present[:, joint]
        if seen.any() and not seen.all():
            for axis in range(3):
                joints[:, joint, axis] = np.interp(times, times[seen], joints[seen, joint, axis])
    return joints


def _held(pose: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """A pose held for a while, trembling slowly."""
    frames = max(2, round(random.uniform(*PAUSE) * RATE))
    knots = max(2, frames // 6)
    size = float(np.ptp(pose, axis=0).max())
    drift = random.normal(scale=TREMBLE * size, size=(knots, *pose.shape))
    at = np.linspace(0, knots - 1, frames)
    low = np.minimum(np.floor(at).astype(int), knots - 2)
    share = (at - low)[:, None, None]
    return pose + (1 - share) * drift[low] + share * drift[low + 1]


def _moved(
    first: NDArray[np.float64], last: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.float64]:
    """From one pose to another, slow at both ends."""
    frames = max(2, round(random.uniform(*MOVE) * RATE))
    share = np.linspace(0, 1, frames)
    share = (share * share * (3 - 2 * share))[:, None, None]
    return (1 - share) * first + share * last
