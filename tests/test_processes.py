"""Several processes train one model: the same weights in each of them, and one folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from llm_ar.config import OptimConfig
from llm_ar.errors import ConfigError, MissingExtraError
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.training import training_arguments, without_deepspeed

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


# Dropout and augmentation are off, and what is still drawn is drawn from the step's number, so that
# one process with a whole batch draws what several with its parts do.
STEPPED = """
import os
import sys

import torch

from llm_ar.applications.cli import main
from llm_ar.recognizer import train as second
from llm_ar.tokenizer import train as first
from llm_ar.tokenizer.model import ActionTokenizer

stop = int(os.environ.get("STOP_AT", "-1"))

class Stepped(first.TokenizerTraining):
    def forward(self, *given, **named):
        step = self.objective.tokenizer.codebook._step
        for module in self.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        if step == stop:
            os._exit(0)
        return super().forward(*given, **named)

class Seeded(first.TokenizerObjective):
    # Here, since augmentation draws as many numbers as a process has clips.
    def forward(self, *given, **named):
        torch.manual_seed(1000 + self.tokenizer.codebook._step)
        return super().forward(*given, **named)

first.TokenizerTraining, first.TokenizerObjective = Stepped, Seeded
ActionTokenizer.round_weights = lambda self: None
sys.exit(main(["train", os.environ["STAGE"], "--config", *sys.argv[1:]]))
"""

SETTINGS = """
data: {data}
out: {out}
preprocess: {{frames: 16}}
augment: {{yaw_degrees: 0, tilt_degrees: 0, scale: 0, crop: 0, joint_dropout: 0, noise: 0}}
tokenizer:
  encoder: {{width: 8, dropout: 0}}
  codebook: {{size: 16, dim: 32, warmup_steps: 2, update: {update}}}
  extensions: {{name_loss: 1.0, pooled_name_loss: 1.0}}
  optim: {{epochs: 2, batch_size: 32, save_minutes: 0}}
recognizer:
  llm: {{name: {llm}}}
  lora: {{dropout: 0}}
  optim: {{epochs: 2, batch_size: 32, save_minutes: 0}}
"""


class Trainings:
    """Trains the same settings by some number of processes, and reads what they logged."""

    def __init__(
        self, folder: Path, data: Path, llm: Path, update: str, launcher: Sequence[str] = ()
    ) -> None:
        self.folder, self.data, self.llm, self.update = folder, data, llm, update
        self.launcher = launcher or ("torch.distributed.run", "--standalone", "--nproc_per_node")
        self.worker = folder / "worker.py"
        self.worker.write_text(STEPPED)

    def train(
        self, name: str, processes: int, stage: str = "tokenizer", stop: int = -1, *more: str
    ) -> Path:
        out = self.folder / name
        config = self.folder / f"{name}.yaml"
        config.write_text(
            SETTINGS.format(data=self.data, out=out, llm=self.llm, update=self.update)
        )
        launch = ["-m", *self.launcher, str(processes)] if processes > 1 else []
        done = subprocess.run(
            [
                sys.executable,
                *launch,
                str(self.worker),
                str(config),
                *more,
            ],
            capture_output=True,
            text=True,
            timeout=500,
            env={**os.environ, "STAGE": stage, "STOP_AT": str(stop)},
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return out

    def logged(self, out: Path, stage: str) -> list[dict[str, float]]:
        """Losses, their parts and the norm of the gradient, step by step."""
        files = (out / "training" / stage).glob("checkpoint-*/trainer_state.json")
        last = max(files, key=lambda file: int(file.parent.name.partition("-")[2]))
        history = json.loads(last.read_text())["log_history"]
        ignored = {"seconds", "epoch"}
        return [
            {name: value for name, value in entry.items() if name not in ignored}
            for entry in history
            if "loss" in entry
        ]


def assert_alike(found: list[dict[str, float]], expected: list[dict[str, float]]) -> None:
    assert [entry["step"] for entry in found] == [entry["step"] for entry in expected]
    assert len(found) == 6
    for entry, other in zip(found, expected, strict=True):
        assert entry.keys() == other.keys()
        for name, value in entry.items():
            assert value == pytest.approx(other[name], rel=TOLERANCE, abs=TOLERANCE), (
                f"{name} at step {entry['step']:.0f}"
            )


TOLERANCE = 1e-3
"""Of losses and the gradient's norm over six steps; sums are taken in another order."""


@pytest.mark.slow
@pytest.mark.parametrize("update", ["ema", "loss"])
def test_two_processes_train_stage_1_as_one_does_with_the_whole_batch(
    byte_llm: Path, procedural_data: Path, tmp_path: Path, update: str
) -> None:
    trainings = Trainings(tmp_path, procedural_data, byte_llm, update)
    one, two = trainings.train("one", 1), trainings.train("two", 2)
    expected, found = trainings.logged(one, "tokenizer"), trainings.logged(two, "tokenizer")
    terms = {"reconstruction", "commitment", "zipf", "context", "mmd", "grad_norm", "perplexity"}
    assert terms <= expected[-1].keys()
    assert_alike(found, expected)
    weights = load_file(one / "tokenizer" / "model.safetensors")
    for name, weight in load_file(two / "tokenizer" / "model.safetensors").items():
        torch.testing.assert_close(weight, weights[name], rtol=0, atol=5e-3, msg=name)


@pytest.mark.slow
def test_another_number_of_processes_goes_on(
    byte_llm: Path, procedural_data: Path, tmp_path: Path
) -> None:
    trainings = Trainings(tmp_path, procedural_data, byte_llm, "ema")
    expected = trainings.logged(trainings.train("one", 1), "tokenizer")
    for name, before, after in (("up", 1, 2), ("down", 2, 1)):
        out = trainings.train(name, before, "tokenizer", 4)
        assert not (out / "tokenizer" / "config.json").exists()
        trainings.train(name, after, "tokenizer", -1, "--resume")
        assert_alike(trainings.logged(out, "tokenizer"), expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    "more",
    [
        (),
        ("--recognizer.llm.sharded", "true"),
        ("--recognizer.llm.sharded", "true", "--recognizer.llm.gradient_checkpointing", "true"),
    ],
    ids=["DDP", "FSDP", "FSDP with gradient checkpointing"],
)
def test_two_processes_train_stage_2_as_one_does_with_the_whole_batch(
    byte_llm: Path, procedural_data: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    trainings = Trainings(tmp_path, procedural_data, byte_llm, "ema")
    one = trainings.train("one", 1)
    shutil.copytree(one / "tokenizer", tmp_path / "two" / "tokenizer")
    trainings.train("one", 1, "recognizer")
    trainings.train("two", 2, "recognizer", -1, *more)
    expected = trainings.logged(one, "recognizer")
    assert expected[-1]["loss"] < expected[0]["loss"]
    assert_alike(trainings.logged(tmp_path / "two", "recognizer"), expected)
    weights = load_file(one / "adapter_model.safetensors")
    for name, weight in load_file(tmp_path / "two" / "adapter_model.safetensors").items():
        torch.testing.assert_close(weight, weights[name], rtol=0, atol=5e-3, msg=name)


DEEPSPEED = """
compute_environment: LOCAL_MACHINE
distributed_type: DEEPSPEED
deepspeed_config: {zero_stage: STAGE, zero3_init_flag: false}
mixed_precision: 'no'
num_machines: 1
machine_rank: 0
main_training_function: main
use_cpu: false
"""


@pytest.mark.slow
def test_deepspeed_trains_as_one_process_does(
    byte_llm: Path, procedural_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("deepspeed")
    monkeypatch.setenv("DS_ACCELERATOR", "cpu")
    settings = tmp_path / "accelerate.yaml"
    settings.write_text(DEEPSPEED.replace("STAGE", "2"))
    launcher = ("accelerate.commands.launch", "--config_file", str(settings), "--num_processes")
    trainings = Trainings(tmp_path, procedural_data, byte_llm, "ema", launcher)
    one, two = trainings.train("one", 1), trainings.train("two", 2)
    assert_alike(trainings.logged(two, "tokenizer"), trainings.logged(one, "tokenizer"))
    shutil.rmtree(two / "tokenizer")
    shutil.copytree(one / "tokenizer", two / "tokenizer")

    trainings.train("one", 1, "recognizer")
    trainings.train("two", 2, "recognizer")
    expected = trainings.logged(one, "recognizer")
    assert_alike(trainings.logged(two, "recognizer"), expected)
    weights = load_file(one / "adapter_model.safetensors")
    for name, weight in load_file(two / "adapter_model.safetensors").items():
        torch.testing.assert_close(weight, weights[name], rtol=0, atol=5e-3, msg=name)

    # Away with the last checkpoint: the one before goes on, by as many processes only.
    checkpoints = two / "training" / "recognizer"
    (last,) = checkpoints.glob("checkpoint-6")
    shutil.rmtree(last)
    (two / "config.json").unlink()
    assert "DeepSpeed processes (was 2, is 1)" in refused(trainings, 1, "--resume")
    trainings.train("two", 2, "recognizer", -1, "--resume")
    assert_alike(trainings.logged(two, "recognizer"), expected)

    # The frozen layers divided as well.
    (two / "config.json").unlink()
    shutil.rmtree(checkpoints)
    divided = ("--recognizer.llm.sharded", "true")
    trainings.train("two", 2, "recognizer", -1, *divided)
    assert_alike(trainings.logged(two, "recognizer"), expected)

    (two / "config.json").unlink()
    shutil.rmtree(checkpoints)
    settings.write_text(DEEPSPEED.replace("STAGE", "3"))
    assert "ZeRO stage 3 is not supported" in refused(trainings, 2)


def refused(trainings: Trainings, processes: int, *more: str) -> str:
    """What a training of stage 2 that is refused says."""
    launch = [sys.executable, "-m", *trainings.launcher, str(processes), str(trainings.worker)]
    done = subprocess.run(
        [*launch, str(trainings.folder / "two.yaml"), *more],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "STAGE": "recognizer"},
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr.partition("torch/distributed")[0]
    return done.stderr


PARTS = """
import sys

import torch
from torch.distributed.tensor import DTensor

from llm_ar.config import LlmConfig, LoraSettings
from llm_ar.recognizer.llm import attach_lora, load_backbone
from llm_ar.recognizer.sharding import is_sharded

ids = torch.arange(12).view(2, 6)
whole = load_backbone(LlmConfig(name=sys.argv[1], sharded=True)).llm
torch.distributed.init_process_group("gloo")
llm = attach_lora(load_backbone(LlmConfig(name=sys.argv[1], sharded=True)).llm, LoraSettings())
assert is_sharded(llm) and not is_sharded(whole)
torch.testing.assert_close(llm(input_ids=ids).logits, whole(input_ids=ids).logits)
divided = [p for p in llm.parameters() if isinstance(p, DTensor)]
layers = sum(p.numel() for p in whole.model.layers.parameters())
assert sum(p.numel() for p in divided) == layers
assert sum(p.to_local().numel() for p in divided) == layers / 2
assert not any(p.requires_grad for p in divided)
assert all(type(p.data) is torch.Tensor for p in llm.parameters() if p.requires_grad)
"""


@pytest.mark.slow
def test_each_process_holds_its_part_of_the_layers(byte_llm: Path, tmp_path: Path) -> None:
    script = tmp_path / "parts.py"
    script.write_text(PARTS)
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [sys.executable, *launch, str(script), str(byte_llm)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
def test_a_divided_training_goes_on_and_chooses_its_epoch(
    byte_llm: Path, procedural_data: Path, tmp_path: Path
) -> None:
    trainings = Trainings(tmp_path, procedural_data, byte_llm, "ema")
    chosen = ("--held_out", "0.2")
    one = trainings.train("one", 1, "tokenizer", -1, *chosen)
    shutil.copytree(one / "tokenizer", tmp_path / "two" / "tokenizer")
    trainings.train("one", 1, "recognizer", -1, *chosen)
    divided = (*chosen, "--recognizer.llm.sharded", "true")
    two = trainings.train("two", 2, "recognizer", -1, *divided)
    # Away with what came after the first epoch.
    folder = two / "training" / "recognizer"
    checkpoints = sorted(
        folder.glob("checkpoint-*"), key=lambda found: int(found.name.partition("-")[2])
    )
    shutil.rmtree(checkpoints[-1])
    (two / "config.json").unlink()
    trainings.train("two", 2, "recognizer", -1, *divided, "--resume")
    models = [ActionRecognizer.from_pretrained(out) for out in (one, two)]
    held_out, others = (model.training["held_out_accuracy"] for model in models)
    assert held_out == others
    for name, weight in load_file(two / "adapter_model.safetensors").items():
        expected = load_file(one / "adapter_model.safetensors")[name]
        torch.testing.assert_close(weight, expected, rtol=0, atol=5e-3, msg=name)


def test_a_step_that_cannot_be_divided_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(ConfigError, match="32 clips a step .* 3 processes; choose a multiple of 3"):
        training_arguments(OptimConfig(batch_size=32), tmp_path, 96, 0)


def test_a_model_in_parts_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(ConfigError, match="FSDP is not supported.*recognizer.llm.sharded"):
        training_arguments(OptimConfig(), tmp_path, 96, 0)


def test_an_absent_deepspeed_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ACCELERATE_USE_DEEPSPEED", "true")
    with monkeypatch.context() as patched:
        patched.setattr("importlib.util.find_spec", lambda name: None)
        with pytest.raises(MissingExtraError, match="DEEPSPEED needs .*'llm-ar\\[deepspeed\\]'"):
            training_arguments(OptimConfig(), tmp_path, 96, 0)
    with without_deepspeed():
        assert training_arguments(OptimConfig(), tmp_path, 96, 0).deepspeed_plugin is None
