"""The pictures hold what they are given, and nothing that a label could smuggle in."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np

from llm_ar.evaluation.metrics import calibration
from llm_ar.evaluation.report.plots import confusion_matrix, reliability


def titles(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("title")]


def test_the_matrix_tells_every_count() -> None:
    counts = np.random.default_rng(0).integers(0, 5, (6, 6))
    counts[3] = 0
    labels = [f"action {n}" for n in range(6)]
    found = {}
    for title in titles(confusion_matrix(counts, labels)):
        row, column, count, clips = re.fullmatch(
            r"action (\d) → action (\d): (\d+) of (\d+)", title
        ).groups()
        found[int(row), int(column)] = int(count)
        assert int(clips) == counts[int(row)].sum()
    assert found == {(i, j): counts[i, j] for i in range(6) for j in range(6) if counts[i, j]}


def test_the_matrix_shows_right_and_wrong_apart() -> None:
    svg = ElementTree.fromstring(confusion_matrix(np.array([[3, 1], [0, 2]]), ["a", "b"]))
    kinds = [element.get("class") for element in svg.iter("rect")]
    assert kinds.count("right") == 2 and kinds.count("wrong") == 1


def test_labels_are_text_whatever_they_hold() -> None:
    label = '<script>alert("x")</script>&'
    svg = confusion_matrix(np.eye(2, dtype=np.int64), [label, "b"])
    assert "<script" not in svg
    assert titles(svg)[0] == f"{label} → {label}: 1 of 1"


def test_reliability_has_a_bar_for_each_bin_with_clips() -> None:
    probabilities = np.array([[0.95, 0.05], [0.92, 0.08], [0.55, 0.45]])
    svg = reliability(calibration(probabilities, np.array([0, 1, 0])))
    figures = [e.text for e in ElementTree.fromstring(svg).iter("text") if e.get("class")]
    assert figures == ["1", "2"]
    assert titles(svg) == [
        "1 clips with confidence 50-60 %: 55.0 % sure on average, 100.0 % right",
        "2 clips with confidence 90-100 %: 93.5 % sure on average, 50.0 % right",
    ]
