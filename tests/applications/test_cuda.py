"""The commands on a CUDA card, from training to an answer and what carried it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from llm_ar.applications.cli import main
from llm_ar.recognizer.fast import early_exit
from llm_ar.skeletons.synthetic.dataset import procedural_clips

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA card to be seen"),
]


def test_train_evaluate_recognize_explain(
    byte_llm: Path,
    procedural_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(early_exit, "AGREEMENT", 0.0)
    settings = tmp_path / "tiny.yaml"
    settings.write_text(
        f"""
data: {procedural_data}
out: {tmp_path / "run"}
preprocess: {{frames: 16}}
augment:
  {{warp: 1.0, temporal_oversampling: 2, front_back_flip: 0.2, part_dropout: 0.5, mirror: 0.5}}
tokenizer:
  encoder: {{width: 8, blocks: 1}}
  codebook: {{size: 16, dim: 32, warmup_steps: 1}}
  extensions:
    joint_blocks: 1
    joint_width: 8
    clip_tokens: 1
    name_loss: 1.0
    pooled_name_loss: 1.0
    clip_token_name_loss: 1.0
    part_loss: 0.5
    descriptions: true
  optim: {{epochs: 2, batch_size: 16}}
recognizer:
  llm: {{name: {byte_llm}}}
  optim: {{epochs: 1, batch_size: 16}}
"""
    )
    model = ["--model", str(tmp_path / "run")]
    data = ["--data", str(procedural_data)]
    assert main(["train", "--config", str(settings)]) == 0
    for fast in ([], ["--fast"]):
        assert main(["evaluate", *model, *data, *fast, "--out", str(tmp_path / "results")]) == 0
    capsys.readouterr()
    recording = tmp_path / "clip.npy"
    np.save(recording, next(iter(procedural_clips(1, subjects=2, seed=5))).joints[:, 0])
    assert main(["recognize", *model, "--json", str(recording)]) == 0
    answer = json.loads(capsys.readouterr().out)["top"][0]["action"]
    assert main(["explain", *model, *data, "--json", str(recording)]) == 0
    assert json.loads(capsys.readouterr().out)["answer"] == answer
    words = ["--labels", "wave,sit down", "--zero-shot", "--json"]
    assert main(["recognize", *model, *words, str(recording)]) == 0
    assert len(json.loads(capsys.readouterr().out)["top"]) == 2
