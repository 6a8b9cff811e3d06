"""Ensembles: products of posteriors, and models that cannot be combined."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from llm_ar.ablations.ensemble import Member, member_predictions, product
from llm_ar.errors import ConfigError
from llm_ar.evaluation.evaluate import Evaluation

LABELS = ("sit down", "stand up", "walk")


def evaluation(probabilities: list[list[float]], truth: list[int]) -> Evaluation:
    clips = len(truth)
    return Evaluation(
        model="toy",
        dataset="nw-ucla",
        protocol="xview",
        labels=LABELS,
        indices=np.arange(clips),
        truth=np.array(truth),
        probabilities=np.array(probabilities),
        sentences=np.zeros((clips, 4), dtype=np.int64),
        duplicates=np.zeros(clips, dtype=bool),
        seconds=1.0,
        seed=0,
        date="2026-01-01T00:00:00+00:00",
    )


def test_the_product_is_that_of_the_odds() -> None:
    first, second = np.array([[0.6, 0.3, 0.1]]), np.array([[0.1, 0.3, 0.6]])
    expected = np.sqrt(first * second)
    np.testing.assert_allclose(product([first, second]), expected / expected.sum())
    np.testing.assert_allclose(product([first]), first)


def test_a_certain_member_does_not_break_the_product() -> None:
    found = product([np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 1.0, 0.0]])])
    # What is held impossible counts as 1e-12, and the square roots of the products are summed.
    odds = np.sqrt([[1e-12, 1e-12, 1e-24]])
    np.testing.assert_allclose(found, odds / odds.sum())


def test_members_that_err_in_different_clips_are_right_together() -> None:
    sure, unsure = [0.05, 0.9, 0.05], [0.5, 0.4, 0.1]
    one = Member(evaluation([sure, unsure], [1, 1]), None)
    two = Member(evaluation([unsure, sure], [1, 1]), np.array([sure, sure]))
    found = member_predictions([one, two])
    assert found["1"] == {"llm": 50.0}
    assert found["2"] == {"llm": 50.0, "reader": 100.0, "product": 100.0}
    assert found["all"] == {"llm": 100.0}, "not every tokenizer has a name head"
    assert member_predictions([two]).keys() == {"1"}


def test_models_of_other_clips_or_names_are_refused() -> None:
    first = evaluation([[1, 0, 0], [0, 1, 0]], [0, 1])
    unknown_labels = (
        replace(first, indices=np.array([3, 4])),
        replace(first, labels=("a", "b", "c")),
        replace(first, dataset="utd-mhad"),
    )
    for other in unknown_labels:
        with pytest.raises(ConfigError, match="toy answers other clips or other names than toy"):
            member_predictions([Member(first, None), Member(other, None)])
