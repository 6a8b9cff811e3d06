"""`llm-ar ensemble`: what it prints and writes, and the page that is made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llm_ar.applications.cli import main
from llm_ar.evaluation.report.results_page import page

Capture = pytest.CaptureFixture[str]


def test_models_together_on_screen_in_a_file_and_on_the_page(
    tiny_model: Path, procedural_data: Path, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "ensembles" / "toy.json"
    words = ["ensemble", str(tiny_model), str(tiny_model), "--data", str(procedural_data)]
    assert main([*words, "--json", "--record", str(file)]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["1"] == figures["2"] == figures["all"], "a model agrees with itself"
    found = json.loads(file.read_text("utf-8"))
    assert found["figures"] == figures and found["clips"] == 32
    assert found["models"] == [tiny_model.name] * 2 and found["seeds"] == [0, 0]
    assert found["selection"] == ["last-epoch"] * 2
    assert f"| {tiny_model.name}, seed 0 | {figures['1']['llm']:.1f} |" in page(tmp_path)

    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "all together" in shown and f"{figures['all']['llm']:.1f} %" in shown


def test_a_folder_that_is_no_model_is_named(tmp_path: Path, procedural_data: Path) -> None:
    assert main(["ensemble", str(tmp_path / "none"), "--data", str(procedural_data)]) == 2
