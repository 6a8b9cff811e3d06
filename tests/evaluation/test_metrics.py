"""Figures of merit against scikit-learn and against cases counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    top_k_accuracy_score,
)

from llm_ar.evaluation import metrics


@pytest.fixture(params=range(3))
def answers(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (200, 7) that are often right, and the true classes, all of them present."""
    random = np.random.default_rng(request.param)
    truth = np.concatenate([np.arange(7), random.integers(0, 7, 193)])
    scores = random.normal(size=(200, 7))
    scores[np.arange(200), truth] += 1.5
    probabilities = np.exp(scores)
    return probabilities / probabilities.sum(axis=1, keepdims=True), truth


def test_top_k_agrees_with_sklearn(answers: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, truth = answers
    assert metrics.top_k(probabilities, truth, 1) == pytest.approx(
        accuracy_score(truth, probabilities.argmax(axis=1))
    )
    for k in (2, 5):
        assert metrics.top_k(probabilities, truth, k) == pytest.approx(
            top_k_accuracy_score(truth, probabilities, k=k, labels=np.arange(7))
        )


def test_more_answers_than_classes_are_always_right() -> None:
    assert metrics.top_k(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([1, 0]), 5) == 1.0


def test_a_tie_is_no_right_answer() -> None:
    even = np.full((1, 4), 0.25)
    assert metrics.top_k(even, np.array([0]), 1) == 0.0
    assert metrics.top_k(even, np.array([0]), 4) == 1.0


def test_mean_class_agrees_with_sklearn(answers: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, truth = answers
    best = probabilities.argmax(axis=1)
    counts = metrics.confusion_counts(best, truth, 7)
    assert (counts == confusion_matrix(truth, best)).all()
    assert metrics.mean_class(counts) == pytest.approx(balanced_accuracy_score(truth, best))


def test_mean_class_leaves_out_classes_without_clips() -> None:
    counts = metrics.confusion_counts(np.array([0, 0, 1, 2]), np.array([0, 0, 1, 1]), 4)
    assert np.isnan(metrics.class_accuracy(counts)[2:]).all()
    assert metrics.mean_class(counts) == pytest.approx((1.0 + 0.5) / 2)


def test_calibration_by_hand() -> None:
    # Two clips at 0.9 (one right), two at 0.6 (both right): ECE = (2 * 0.4 + 2 * 0.4) / 4.
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    found = metrics.calibration(probabilities, np.array([0, 1, 0, 0]), bins=5)
    assert found.ece == pytest.approx(0.4)
    assert [row.clips for row in found.bins] == [0, 0, 2, 0, 2]
    assert found.bins[4].confidence == pytest.approx(0.9)
    assert found.bins[4].accuracy == pytest.approx(0.5)


def test_calibration_counts_each_clip_once(answers: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, truth = answers
    found = metrics.calibration(probabilities, truth)
    assert sum(row.clips for row in found.bins) == len(truth)
    certain = metrics.calibration(np.eye(7), np.arange(7))
    assert certain.bins[-1].clips == 7 and certain.ece == 0.0
