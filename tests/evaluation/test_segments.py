"""Segment F1 and frame accuracy, by hand."""

from __future__ import annotations

import pytest

from llm_ar.evaluation.segments import iou, segment_scores
from llm_ar.recognizer.merging import Segment

TRUTH = [Segment(0, 2, "a"), Segment(3, 5, "b")]


def test_overlap() -> None:
    assert iou(Segment(0, 2, "a"), Segment(1, 3, "a")) == pytest.approx(1 / 3)
    assert iou(Segment(0, 1, "a"), Segment(2, 3, "a")) == 0


def test_the_truth_itself_is_perfect() -> None:
    scores = segment_scores([(TRUTH, TRUTH)], [6.0])
    assert scores.f1 == {0.25: 1, 0.5: 1} and scores.frame_accuracy == 1


def test_a_true_action_is_found_once_and_names_must_agree() -> None:
    found = [Segment(0, 0.9, "a"), Segment(0.9, 2, "a"), Segment(3, 5, "c"), Segment(5, 6, None)]
    scores = segment_scores([(found, TRUTH)], [6.0])
    assert scores.precision[0.25] == pytest.approx(1 / 3)
    assert scores.recall[0.25] == pytest.approx(1 / 2)
    assert scores.f1[0.5] == pytest.approx(2 / 5)
    # Right: 2 s of "a", 1 s before "b" and 1 s at the end, of 6.
    assert scores.frame_accuracy == pytest.approx(4 / 6)
    assert scores.known_frame_accuracy == pytest.approx(1 / 2)
