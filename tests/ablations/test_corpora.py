"""Datasets that were left out, and datasets one by one: figures against a count by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from llm_ar.ablations.corpora import accuracy, write_figures
from llm_ar.skeletons.actions.ontology import Ontology

NAMES = ["wave", "wave both hands", "squat", "walk"]


def scores(answers: list[int]) -> torch.Tensor:
    """(N, 4) scores whose largest are the answers."""
    return torch.nn.functional.one_hot(torch.tensor(answers), len(NAMES)).float()


def test_right_broader_and_lost_clips_are_counted() -> None:
    ontology = Ontology.built_in()
    assert "wave" in ontology.broader("wave both hands"), "the test rests on it"
    truth = torch.tensor([1, 1, 2, 3])
    found = accuracy(scores([1, 0, 2, 2]), truth, NAMES, ontology, 0)
    assert (found["right"], found["right_or_broader"]) == (50.0, 75.0)
    lost = accuracy(scores([1, 0, 2, 2]), truth, NAMES, ontology, 4)
    assert (lost["right"], lost["right_or_broader"]) == (25.0, 37.5)


def test_the_interval_holds_the_figure_and_narrows_with_clips() -> None:
    ontology = Ontology.built_in()
    widths = []
    for clips in (20, 2000):
        truth = torch.arange(clips) % 4
        answers = torch.where(torch.arange(clips) % 2 == 0, truth, (truth + 1) % 4)
        found = accuracy(scores(answers.tolist()), truth, NAMES, ontology, 0)
        low, high = found["interval"]
        assert low <= found["right"] <= high
        widths.append(high - low)
    # Of a share of a half: 2 x 1.96 x sqrt(0.25 / N).
    assert widths[0] == pytest.approx(43.8, abs=8) and widths[1] == pytest.approx(4.4, abs=1)


def test_figures_of_runs_stand_beside_each_other(tmp_path: Path) -> None:
    file = tmp_path / "left-out.json"
    write_figures(file, "first", {"right": 1.0}, "make first")
    write_figures(file, "second", {"right": 2.0}, "make second")
    write_figures(file, "first", {"right": 3.0}, "make first")
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["benchmark"] == "left-out"
    assert {key: run["right"] for key, run in found["runs"].items()} == {
        "first": 3.0,
        "second": 2.0,
    }
    assert found["runs"]["second"]["command"] == "make second"
