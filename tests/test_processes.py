"""Several processes train one model: the same weights in each of them, and one folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from llm_ar.recognizer.model import ActionRecognizer

WORKER = """
import sys

import torch
import torch.distributed as distributed

from llm_ar.applications.cli import main
from llm_ar.recognizer import train as second
from llm_ar.tokenizer import train as first

def differing(module):
    "Names of what is not the same in both processes."
    found = []
    for name, mine in module.state_dict().items():
        both = [torch.empty_like(mine) for _ in range(2)]
        distributed.all_gather(both, mine.contiguous())
        if not torch.equal(*both):
            found.append(name)
    return found

trainings = []

class Remembered(first.TokenizerTraining):
    def __init__(self, *given):
        super().__init__(*given)
        trainings.append(self)

def compared(run, resume=False):
    assert distributed.get_world_size() == 2
    assert differing(trainings[0].objective.tokenizer) == []
    model = trained(run, resume)
    assert differing(model.llm) == []
    print("the same in both")
    return model

first.TokenizerTraining = Remembered
trained, second.train_recognizer = second.train_recognizer, compared
sys.exit(main(["train", "--config", sys.argv[1]]))
"""


@pytest.mark.slow
def test_two_processes_train_one_model(
    byte_llm: Path, procedural_data: Path, tmp_path: Path
) -> None:
    config = tmp_path / "tiny.yaml"
    config.write_text(
        f"""
data: {procedural_data}
out: {tmp_path / "run"}
preprocess: {{frames: 16}}
augment: {{mirror: 0.5, part_dropout: 0.5, warp: 1.0}}
tokenizer:
  encoder: {{width: 8}}
  codebook: {{size: 16, dim: 32, warmup_steps: 2, update: ema}}
  extensions:
    {{joint_blocks: 1, joint_width: 8, clip_tokens: 1, name_loss: 1.0, pooled_name_loss: 1.0}}
  optim: {{epochs: 3, batch_size: 16}}
recognizer:
  llm: {{name: {byte_llm}}}
  optim: {{epochs: 2, batch_size: 16}}
"""
    )
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*command, "--master_port", "0", "--standalone", str(worker), str(config)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("the same in both") == 2
    model = ActionRecognizer.from_pretrained(tmp_path / "run")
    assert model.training["epochs"] == 2
