"""The preset for small datasets: the epochs follow from the number of clips."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_ar.ablations.eta import Rates, stage_minutes
from llm_ar.applications import train as command
from llm_ar.applications.cli import main
from llm_ar.applications.small_set import LARGEST, epochs_for, fitted
from llm_ar.config import RunConfig
from llm_ar.config_files import load_run, stated_settings

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("clips", "first", "second"),
    # 32,000 and 500 clips seen, repetitions counted; 16 to 400 and 2 to 30 epochs.
    [(1, 400, 30), (27, 400, 19), (100, 320, 5), (291, 110, 2), (431, 74, 2), (2000, 16, 2)],
)
def test_epochs_by_the_number_of_clips(clips: int, first: int, second: int) -> None:
    assert epochs_for("tokenizer", clips) == first
    assert epochs_for("recognizer", clips) == second


def test_a_small_set_takes_less_than_the_preset_ours() -> None:
    ours = load_run(None, ["--preset", "ours"])
    small = fitted(load_run(None, ["--preset", "small-set"]), 291, ())
    before, after = (stage_minutes(run, 291, Rates()) for run in (ours, small))
    # Stage 1 sees half the frames in nearly twice the epochs, stage 2 half the epochs.
    assert after[1] == pytest.approx(before[1] / 2)
    assert sum(after) < 0.75 * sum(before)
    most = sum(stage_minutes(fitted(small, LARGEST, ()), LARGEST, Rates()))
    assert most < 20


def test_the_preset_alone_is_for_three_hundred_clips() -> None:
    small = load_run(None, ["--preset", "small-set"])
    assert fitted(small, 300, ()) == small
    ours = load_run(None, ["--preset", "ours"])
    assert small.tokenizer.extensions == ours.tokenizer.extensions
    assert small.recognizer.token_embeddings == ours.recognizer.token_embeddings


def test_what_the_user_states_stays(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("recognizer: {optim: {epochs: 7}}\n")
    words = ["--preset=small-set", "--tokenizer.optim.epochs", "5"]
    stated = stated_settings(file, words)
    assert {"recognizer.optim.epochs", "tokenizer.optim.epochs"} <= stated
    run = fitted(load_run(file, words), 50, stated)
    assert (run.tokenizer.optim.epochs, run.recognizer.optim.epochs) == (5, 7)


def test_the_command_counts_the_training_clips(
    procedural_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """The dataset has 96 training clips of 16 actions."""
    trained: list[RunConfig] = []

    def keep(settings: RunConfig, *_: object, **__: object) -> Path:
        trained.append(settings)
        return settings.out

    monkeypatch.setattr(command, "train", keep)
    words = ["train", "--data", str(procedural_data), "--out", str(tmp_path / "run")]
    for more in (
        ["--preset", "small-set"],
        ["--preset", "small-set", "--shots", "2"],
        ["--preset", "small-set", "--recognizer.optim.epochs", "9"],
        ["--preset", "ours"],
    ):
        assert main([*words, *more]) == 0
    epochs = [(run.tokenizer.optim.epochs, run.recognizer.optim.epochs) for run in trained]
    usual = load_run(None, ["--preset", "ours"])
    assert epochs == [
        (333, 5),
        (400, 16),
        (333, 9),
        (usual.tokenizer.optim.epochs, usual.recognizer.optim.epochs),
    ]
    monkeypatch.setattr(command, "LARGEST", 50)
    capsys.readouterr()
    assert main([*words, "--preset", "small-set"]) == 0
    assert "epochs for at most 50 training clips, these are 96" in capsys.readouterr().err


def test_data_that_are_not_there(tmp_path: Path, capsys: Capture) -> None:
    assert main(["train", "--preset", "small-set", "--data", str(tmp_path / "no")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
