"""The operating system's kill, which no `finally` survives, at moments that nobody chose."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from llm_ar.config import RunConfig
from llm_ar.config_files import settings_to_dict
from llm_ar.recognizer.train import checkpoint_folder, train_recognizer

PROGRAM = """
import json, sys
from llm_ar.config import RunConfig
from llm_ar.config_files import settings_from_dict
from llm_ar.recognizer.train import train_recognizer
train_recognizer(settings_from_dict(RunConfig, json.load(open(sys.argv[1]))), resume=True)
"""


@pytest.mark.slow
def test_killed_three_times_and_still_the_same_adapter(run: RunConfig, tmp_path: Path) -> None:
    optim = dataclasses.replace(run.recognizer.optim, epochs=20, save_minutes=0)
    recognizer = dataclasses.replace(run.recognizer, optim=optim)
    killed = dataclasses.replace(run, recognizer=recognizer, held_out=0.25)
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(settings_to_dict(killed)))
    chance = random.Random(0)
    command = [sys.executable, "-c", PROGRAM, str(settings)]
    for _ in range(3):
        before = set(checkpoint_folder(killed.out).glob("checkpoint-*"))
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ) as process:
            while process.poll() is None:
                if set(checkpoint_folder(killed.out).glob("checkpoint-*")) - before:
                    time.sleep(chance.uniform(0, 0.5))
                    process.send_signal(signal.SIGKILL)
                    break
                time.sleep(0.01)
    assert not (killed.out / "config.json").exists(), "it was over before it could be killed"
    resumed = train_recognizer(killed, resume=True)

    straight = dataclasses.replace(killed, out=tmp_path / "straight")
    (straight.out / "tokenizer").mkdir(parents=True)
    for file in (killed.out / "tokenizer").iterdir():
        (straight.out / "tokenizer" / file.name).write_bytes(file.read_bytes())
    expected = train_recognizer(straight)
    weights = load_file(straight.out / "adapter_model.safetensors")
    for name, weight in load_file(killed.out / "adapter_model.safetensors").items():
        torch.testing.assert_close(weight, weights[name], atol=1e-6, rtol=0)
    for figure in ("chosen_epoch", "held_out_accuracy", "loss"):
        assert resumed.training[figure] == expected.training[figure]
