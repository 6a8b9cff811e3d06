"""`llm-ar train` and the demonstration, on a tiny model from the first clip to the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llm_ar.applications import demo
from llm_ar.applications.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture()
def experiment(byte_llm: Path, procedural_data: Path, tmp_path: Path) -> Path:
    """Settings of a training that takes a second."""
    path = tmp_path / "tiny.yaml"
    path.write_text(
        f"""
data: {procedural_data}
out: {tmp_path / "run"}
preprocess: {{frames: 16}}
tokenizer:
  encoder: {{width: 8, blocks: 1}}
  codebook: {{size: 16, dim: 32, warmup_steps: 1}}
  optim: {{epochs: 1, batch_size: 16}}
recognizer:
  llm: {{name: {byte_llm}}}
  optim: {{epochs: 1, batch_size: 16}}
"""
    )
    return path


def test_both_stages_in_one_command_or_one_by_one(
    experiment: Path, tmp_path: Path, procedural_data: Path, capsys: Capture
) -> None:
    assert main(["train", "--config", str(experiment), "--seed", "3"]) == 0
    assert str(tmp_path / "run") in capsys.readouterr().out.replace("\n", "")
    other = ["--config", str(experiment), "--seed", "3", "--out", str(tmp_path / "other")]
    assert main(["train", "tokenizer", *other]) == 0
    assert (tmp_path / "other" / "tokenizer" / "model.safetensors").is_file()
    assert main(["train", "recognizer", *other]) == 0
    for name in ("tokenizer/model.safetensors", "adapter_model.safetensors"):
        once = (tmp_path / "run" / name).read_bytes()
        assert once == (tmp_path / "other" / name).read_bytes(), name

    # The model's folder alone tells evaluate what made it.
    config = json.loads((tmp_path / "run" / "config.json").read_text("utf-8"))
    assert config["run"]["seed"] == 3
    capsys.readouterr()
    words = ["evaluate", "--model", str(tmp_path / "run"), "--data", str(procedural_data)]
    assert main([*words, "--out", str(tmp_path / "results"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 32
    assert json.loads((tmp_path / "results" / "evaluation.json").read_text("utf-8"))["seed"] == 3


def test_the_recognizer_needs_a_tokenizer(experiment: Path, capsys: Capture) -> None:
    assert main(["train", "recognizer", "--config", str(experiment)]) == 2
    shown = capsys.readouterr().err
    assert len(shown.splitlines()) == 1 and "tokenizer" in shown


def test_the_demo_recognises_at_once(tiny_model: Path, capsys: Capture) -> None:
    demo.recognize_samples(tiny_model)
    shown = capsys.readouterr().out
    assert shown.count(" %") >= 2 * demo.SAMPLES and "walk" in shown


def test_the_demo_trains_and_writes_a_report(
    experiment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    data, out = tmp_path / "clips", tmp_path / "demo"
    small = {"clips": 128, "subjects": 8}
    from llm_ar.skeletons.synthetic import dataset as procedural

    made = procedural.make_procedural
    monkeypatch.setattr(procedural, "make_procedural", lambda folder: made(folder, **small))
    report = demo.train_and_evaluate(experiment, data, out)
    assert "Confusion matrix" in report.read_text("utf-8")
    shown = capsys.readouterr().out
    assert str(report) in "".join(c for c in shown if c not in "│ \n")


def test_the_demo_can_be_interrupted(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "MODEL", tiny_model)
    monkeypatch.setattr(demo, "train_and_evaluate", interrupted)
    assert demo.main() == 0
    shown = capsys.readouterr()
    assert "Ctrl-C" in shown.out and "Stopped" in shown.out
    assert "Traceback" not in shown.err
