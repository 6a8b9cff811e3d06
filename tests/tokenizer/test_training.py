"""What both stages share: who is kept aside, and which checkpoint a killed run goes on from."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from llm_ar.config import OptimConfig
from llm_ar.resume import latest_checkpoint
from llm_ar.training import fit_and_held_out, training_arguments

LABELS = [0] * 40 + [1] * 20 + [2] * 10 + [0] * 10


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_every_class_gives_its_share(share: float) -> None:
    fit, held_out = fit_and_held_out(LABELS, share, seed=0)
    assert sorted(fit + held_out) == list(range(len(LABELS)))
    assert fit == sorted(fit) and held_out == sorted(held_out)
    counts = Counter(LABELS[i] for i in held_out)
    assert counts == {0: 50 * share, 1: 20 * share, 2: 10 * share}


def test_the_seed_decides_who() -> None:
    draws = [fit_and_held_out(LABELS, 0.2, seed)[1] for seed in (0, 0, 1, 2)]
    assert draws[0] == draws[1]
    assert draws[0] != draws[2] != draws[3]


def test_nobody_is_held_out_without_a_share() -> None:
    assert fit_and_held_out(LABELS, 0.0, seed=0) == (list(range(80)), [])


def test_small_classes_keep_a_clip_to_fit() -> None:
    labels = [0] * 20 + [1] * 2 + [2]
    for share in (0.05, 0.2, 0.9, 1.0):
        fit, held_out = fit_and_held_out(labels, share, seed=0)
        assert {labels[i] for i in fit} == {0, 1, 2}
        assert {labels[i] for i in held_out} == {0, 1}, "a class of one clip is not held out"
        assert not set(fit) & set(held_out)


def checkpoint(folder: Path, step: int, state: str | None = None) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "model.safetensors").write_bytes(b"weights")
    text = json.dumps({"global_step": step, "epoch": 1.0}) if state is None else state
    (path / "trainer_state.json").write_text(text)
    return path


def test_the_newest_checkpoint_is_the_one_of_most_steps(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path / "nowhere") is None
    assert latest_checkpoint(tmp_path) is None
    for step in (900, 1000, 20):
        checkpoint(tmp_path, step)
    (tmp_path / "logs").mkdir()
    assert latest_checkpoint(tmp_path) == tmp_path / "checkpoint-1000"


@pytest.mark.parametrize("state", ["", '{"global_step": 2', "{}", "[]", "null"])
def test_half_written_checkpoints_are_passed_over(tmp_path: Path, state: str) -> None:
    good, broken = checkpoint(tmp_path, 10), checkpoint(tmp_path, 20, state)
    bare = tmp_path / "checkpoint-30"
    bare.mkdir()
    assert latest_checkpoint(tmp_path) == good
    assert not broken.exists() and not bare.exists(), "they are of no use to anybody"
    assert good.exists()


def test_warm_up_is_a_share_of_all_steps(tmp_path: Path) -> None:
    optim = OptimConfig(epochs=10, batch_size=8, warmup=0.1, learning_rate=2e-3)
    arguments = training_arguments(optim, tmp_path, clips=20, seed=7)
    assert arguments.warmup_steps == 3  # of 3 steps an epoch, ten epochs
    assert (arguments.learning_rate, arguments.seed) == (2e-3, 7)
    assert arguments.output_dir == str(tmp_path)
