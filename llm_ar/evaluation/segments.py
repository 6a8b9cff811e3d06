"""Figures of merit of segments over time: F1 at an intersection over union, and frame accuracy.

Segment F1 as in temporal action segmentation (Lea et al., "Temporal Convolutional Networks for
Action Segmentation and Detection", CVPR 2017): a found segment is right if one of the same action
that is not taken yet overlaps it by at least the intersection over union (IoU) asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from llm_ar.recognizer.merging import Segment

STEP = 0.05
"""Seconds between the moments at which frame accuracy looks."""


@dataclass(frozen=True)
class SegmentScores:
    """How well segments of several recordings agree with the truth.

    Args:
        f1: F1 in [0, 1] for each IoU.
        precision: likewise.
        recall: likewise.
        frame_accuracy: share of the time at which the answer is right, in [0, 1]; nothing known
            counts as an answer.
        known_frame_accuracy: the same of the time at which an action happens.
    """

    f1: dict[float, float]
    precision: dict[float, float]
    recall: dict[float, float]
    frame_accuracy: float
    known_frame_accuracy: float


def iou(one: Segment, other: Segment) -> float:
    """Intersection over union of two segments."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    union = max(one.end, other.end) - min(one.start, other.start)
    return max(0.0, shared) / union if union > 0 else 0.0


def matches(found: Sequence[Segment], truth: Sequence[Segment], least: float) -> int:
    """How many found actions are right, each true one taken once, in the order of time."""
    taken: set[int] = set()
    right = 0
    for segment in found:
        if segment.action is None:
            continue
        overlaps = [
            (iou(segment, true), place)
            for place, true in enumerate(truth)
            if place not in taken and true.action == segment.action
        ]
        best, place = max(overlaps, default=(0.0, -1))
        if best >= least and best > 0:
            taken.add(place)
            right += 1
    return right


def action_at(segments: Sequence[Segment], time: float) -> str | None:
    """The action at a time; of several the first."""
    return next((s.action for s in segments if s.start <= time < s.end), None)


def segment_scores(
    pairs: Sequence[tuple[Sequence[Segment], Sequence[Segment]]],
    seconds: Sequence[float],
    ious: Sequence[float] = (0.25, 0.5),
) -> SegmentScores:
    """Scores over recordings, counts and times summed over all of them.

    Args:
        pairs: of each recording the found segments and the true ones.
        seconds: that each recording lasts.
        ious: the least overlaps.
    """
    f1, precision, recall = {}, {}, {}
    answered = sum(s.action is not None for found, _ in pairs for s in found)
    wanted = sum(s.action is not None for _, truth in pairs for s in truth)
    for least in ious:
        right = sum(matches(found, _actions(truth), least) for found, truth in pairs)
        precision[least] = right / answered if answered else 0.0
        recall[least] = right / wanted if wanted else 0.0
        both = answered + wanted
        f1[least] = 2 * right / both if both else 1.0
    agree, known = [], []
    for (found, truth), length in zip(pairs, seconds, strict=True):
        for time in np.arange(STEP / 2, length, STEP).tolist():
            true = action_at(truth, time)
            agree.append(action_at(found, time) == true)
            known.append(true is not None)
    right_at, is_known = np.array(agree, bool), np.array(known, bool)
    return SegmentScores(
        f1,
        precision,
        recall,
        float(right_at.mean()) if len(right_at) else 1.0,
        float(right_at[is_known].mean()) if is_known.any() else 1.0,
    )


def _actions(segments: Sequence[Segment]) -> list[Segment]:
    return [segment for segment in segments if segment.action is not None]
