"""Both ways of training are the same training, and the command ends with all figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.machine import product_rate
from benchmarks.plain_stage1 import plain_formulas, plain_mmd_loss
from benchmarks.tiny_llm import tiny_backbone
from llm_ar.tokenizer import objective
from llm_ar.tokenizer.encoder import TemporalBlock
from llm_ar.tokenizer.losses import mmd_loss

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_both_ways_are_the_same_training(tmp_path: Path) -> None:
    backbone = tiny_backbone(width=64, layers=2)
    backbone.llm.save_pretrained(tmp_path / "llm")
    backbone.text_tokenizer.save_pretrained(tmp_path / "llm")
    command = [sys.executable, "-m", "benchmarks.training", "--steps", "3"]
    command += ["--llm", str(tmp_path / "llm"), "--out", str(tmp_path / "figures.json")]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures == json.loads((tmp_path / "figures.json").read_text())
    stage2 = figures["stage2"]
    losses = stage2["losses"]
    assert len(losses["plain"]) == len(losses["ours"]) == 3
    assert losses["ours"] == pytest.approx(losses["plain"], abs=1e-4)
    assert len(set(losses["ours"])) == 3, "it learns, so each step has a loss of its own"
    assert stage2["largest_difference"] < 1e-4
    assert all(way["training_mib"] < way["peak_mib"] for way in stage2["memory"].values())
    assert 0 < stage2["drawing_share"] < 1
    stage1 = figures["stage1"]
    assert stage1["times_faster"] == pytest.approx(
        stage1["clips_per_second"] / stage1["plain_clips_per_second"], rel=0.01
    )
    reached = stage1["clips_per_second"] * stage1["gigaflop_a_clip"]
    assert stage1["reached_gigaflops"] == pytest.approx(reached, rel=0.01, abs=0.1)
    assert sum(part["share"] for part in stage1["profile"]) <= 1


def test_stage_1_as_first_written_computes_the_same() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(20, 6), torch.randn(30, 6) + 1
    torch.testing.assert_close(plain_mmd_loss(x, y), mmd_loss(x, y), rtol=1e-4, atol=1e-6)
    block = TemporalBlock(8, 0.0)
    clips = torch.randn(2, 9, 8)
    ours = block(clips)
    with plain_formulas():
        assert objective.mmd_loss is plain_mmd_loss
        torch.testing.assert_close(block(clips), ours, rtol=1e-4, atol=1e-5)
    assert objective.mmd_loss is mmd_loss and torch.equal(block(clips), ours)


def test_a_product_has_a_rate() -> None:
    assert 1e7 < product_rate(64, 64, 64, rounds=1) < 1e14
