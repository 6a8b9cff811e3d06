from __future__ import annotations

import json
from pathlib import Path

import pytest

from llm_ar.ablations import probe


def test_variants_are_probed_once(
    byte_llm: Path, procedural_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "tiny.yaml"
    config.write_text(
        f"""
data: {procedural_data}
preprocess: {{frames: 16}}
tokenizer:
  encoder: {{width: 8, blocks: 1}}
  codebook: {{size: 16, warmup_steps: 1}}
  optim: {{batch_size: 32}}
recognizer:
  llm: {{name: {byte_llm}}}
"""
    )
    out = tmp_path / "probe.json"
    words = [str(config), "--out", str(out), "--epochs", "4", "--seeds", "0"]
    probe.main([*words, "--only", "all", "no-mmd"])
    found = json.loads(out.read_text())
    assert list(found["runs"]) == ["all-seed0", "no-mmd-seed0"] and found["epochs"] == 4
    whole, without = found["runs"].values()
    # 16 actions: chance is about 6 %.
    assert 15 < whole["token_counts_top1"] <= 100 and 15 < whole["mean_latent_top1"] <= 100
    assert "mmd" in whole and "mmd" not in without

    def never(run: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(probe, "probe", never)
    probe.main([*words, "--only", "all", "no-mmd"])
    assert json.loads(out.read_text()) == found
