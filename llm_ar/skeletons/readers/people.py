"""People found frame by frame, followed through the clip: who is who, and who is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from llm_ar.skeletons.clip import Mask

MAX_PEOPLE = 4
"""Kept a clip; of more, those seen in most frames."""
MIN_SCORE = 0.1
"""A joint whose estimator gives it less confidence is missing."""

_CANDIDATES = 16
"""Detections considered a frame: the best of them."""
_MEMORY = 30
"""Frames after which someone who vanished is no longer waited for."""
_REACH = 0.5
"""How far joints may move between two detections of one person, in body extents."""
_SAME = 0.3
"""Mean distance of the joints, in body extents, below which two detections are of one person."""


@dataclass(frozen=True)
class Detection:
    """One person in one frame.

    Args:
        frame: its number.
        joints: ``(J, C)`` positions.
        present: ``(J,)``.
        score: the estimator's confidence, to choose among many.
        identity: the person's number where the estimator follows people itself.
    """

    frame: int
    joints: NDArray[np.float64]
    present: Mask
    score: float = 1.0
    identity: int | None = None


def follow(
    detections: Sequence[Detection], frames: int
) -> tuple[NDArray[np.float32], Mask, tuple[str, ...]]:
    """Detections as people with a fixed place each, in order of their appearance.

    Without identities, people are matched from frame to frame by the smallest sum of distances;
    one person a frame is one person.

    Returns:
        positions ``(frames, M, J, C)``, present ``(frames, M, J)``, and what was left out.
    """
    tracks: list[list[Detection]] = []
    named: dict[int, list[Detection]] = {}
    waiting: list[list[Detection]] = []
    groups = _by_frame(detections)
    if all(len(group) == 1 and group[0].identity is None for group in groups):
        groups = [[replace(group[0], identity=0)] for group in groups]
    for group in groups:
        waiting = [track for track in waiting if group[0].frame - track[-1].frame <= _MEMORY]
        unnamed = [detection for detection in group if detection.identity is None]
        found = iter(_matches(unnamed, waiting))
        for detection in group:
            if detection.identity is None:
                track = next(found)
            else:
                track = named.get(detection.identity)
            if track is None:
                track = []
                tracks.append(track)
                if detection.identity is None:
                    waiting.append(track)
                else:
                    named[detection.identity] = track
            track.append(detection)
    shape = detections[0].joints.shape
    kept, repairs = most_seen([len(track) for track in tracks])
    positions = np.zeros((frames, len(kept), *shape), dtype=np.float32)
    present = np.zeros(positions.shape[:3], dtype=np.bool_)
    for place, chosen in enumerate(kept):
        for detection in tracks[chosen]:
            with np.errstate(over="ignore"):
                positions[detection.frame, place] = detection.joints
            present[detection.frame, place] = detection.present
    return positions, present, repairs


class Follower:
    """Gives the people of one frame after another a place each, and keeps it while they are seen.

    They are matched as by `follow`. Somebody who vanished is waited for; after that the place is
    free for others.
    """

    def __init__(self) -> None:
        self._tracks: list[list[Detection]] = []

    def places(self, group: Sequence[Detection]) -> list[int | None]:
        """The place, below `MAX_PEOPLE`, of each person of the newest frame; None: none is free."""
        found: list[int | None] = []
        if not group:
            return found
        waiting = [track for track in self._tracks if self._waits(track, group[0].frame)]
        taken = _matches(list(group), waiting)
        known = {id(track): place for place, track in enumerate(self._tracks)}
        used = {known[id(track)] for track in taken if track is not None}
        used |= {known[id(track)] for track in waiting}
        for one, track in zip(group, taken, strict=True):
            place = self._free(used) if track is None else known[id(track)]
            found.append(place)
            if place is not None:
                used.add(place)
                self._tracks[place : place + 1] = [[one]]
        return found

    @staticmethod
    def _waits(track: list[Detection], frame: int) -> bool:
        return frame - track[-1].frame <= _MEMORY

    @staticmethod
    def _free(used: set[int]) -> int | None:
        return next((place for place in range(MAX_PEOPLE) if place not in used), None)


def without_doubles(people: Sequence[Detection]) -> list[Detection]:
    """The people of one frame; of detections that coincide the first alone."""
    chosen: list[Detection] = []
    for one in people:
        if all(_distance(one, other) >= _SAME for other in chosen):
            chosen.append(one)
    return chosen


def most_seen(frames: Sequence[int]) -> tuple[list[int], tuple[str, ...]]:
    """The `MAX_PEOPLE` people seen in most frames, in their order, and a note of the others.

    Args:
        frames: in how many frames each person is seen.
    """
    people = len(frames)
    if people <= MAX_PEOPLE:
        return list(range(people)), ()
    kept = sorted(range(people), key=lambda person: -frames[person])[:MAX_PEOPLE]
    left = people - MAX_PEOPLE
    return sorted(kept), (f"{left} of {people} bodies dropped, the least seen",)


def _by_frame(detections: Sequence[Detection]) -> list[list[Detection]]:
    groups: dict[int, list[Detection]] = {}
    for detection in detections:
        groups.setdefault(detection.frame, []).append(detection)
    return [_best(groups[frame]) for frame in sorted(groups)]


def _best(group: list[Detection]) -> list[Detection]:
    """A frame's surest detections, one a person where they have identities."""
    ordered = sorted(group, key=lambda detection: -detection.score)
    chosen: list[Detection] = []
    for detection in ordered:
        taken = {other.identity for other in chosen} - {None}
        if len(chosen) < _CANDIDATES and detection.identity not in taken:
            chosen.append(detection)
    return chosen


def _matches(
    group: list[Detection], waiting: list[list[Detection]]
) -> list[list[Detection] | None]:
    """For each detection of a frame the track that it continues, if any."""
    found: list[list[Detection] | None] = [None] * len(group)
    if group and waiting:
        costs = np.array([[_distance(one, track[-1]) for track in waiting] for one in group])
        for row, column in zip(*linear_sum_assignment(costs), strict=True):
            if costs[row, column] < _REACH:
                found[row] = waiting[column]
    return found


def _distance(first: Detection, second: Detection) -> float:
    """Mean distance of the joints that both have, in extents of the second's body.

    It is measured in the image, x and y: estimated depths jump.
    """
    one, other = first.joints[:, :2], second.joints[:, :2]
    both = first.present & second.present & np.isfinite(one).all(axis=1)
    both &= np.isfinite(other).all(axis=1)
    if not both.any():
        return 10 * _REACH
    with np.errstate(over="ignore", invalid="ignore"):
        extent = float(np.ptp(other[both], axis=0).max())
        apart = float(np.linalg.norm(one[both] - other[both], axis=1).mean())
    near = extent > 0 and apart < 10 * _REACH * extent
    return apart / extent if near else 10 * _REACH
