"""What a run would take: known models' sizes, arithmetic that adds up, every experiment."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from llm_ar.applications.cli import main
from llm_ar.applications.estimate.architectures import Shapes, shapes
from llm_ar.applications.estimate.arithmetic import (
    GIB,
    Work,
    inference_memory,
    training_memory,
    weights,
)
from llm_ar.applications.estimate.dry_run import dry_run
from llm_ar.config import LlmConfig, LoraSettings, OptimConfig, RecognizerConfig, RunConfig
from llm_ar.config_files import load_run
from llm_ar.errors import ConfigError, DatasetError, ModelError
from llm_ar.recognizer.llm import attach_lora
from llm_ar.skeletons.datasets.protocols import dataset_named, protocol_named
from llm_ar.skeletons.layouts import KINECT_V1, KINECT_V2

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments" / "paper"
SCALE = EXPERIMENTS.parent / "scale"
CONFIGS = sorted(
    path
    for path in (
        *EXPERIMENTS.rglob("*.yaml"),
        *SCALE.glob("*gpu-*gb.yaml"),
        SCALE / "eight-gpus.yaml",
    )
    # Grids are no runs, and nothing is known of a merged dataset before it is made.
    if path.parent.name != "ablations" and path.stem not in ("generalist", "without-utd-mhad")
)
PAPER = {
    *("ntu60-xsub", "ntu60-xview", "ntu120-xsub", "ntu120-xset"),
    *("smarthome-cs", "smarthome-cv1", "smarthome-cv2", "uav-human-csv1"),
}


def run_with(name: str, rank: int = 8, **llm: object) -> RunConfig:
    settings = RecognizerConfig(llm=LlmConfig(name=name, **llm), lora=LoraSettings(rank=rank))
    return RunConfig(data=Path("data/ntu60"), recognizer=settings)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_experiments_load_and_can_be_estimated(config, tmp_path, monkeypatch):
    run = load_run(config)
    monkeypatch.chdir(tmp_path)
    assert "memory for training: " in dry_run(run, "a100-80gb")
    assert protocol_named(dataset_named(run.data.name), run.protocol).name == run.protocol
    assert config.read_text().startswith("# ")


@pytest.mark.parametrize(
    ("name", "gpu"),
    [("one-gpu-80gb", "a100-80gb"), ("one-gpu-24gb", "rtx-4090"), ("eight-gpus", "h100-80gb")],
)
def test_large_runs_fit_their_gpus(name, gpu, tmp_path, monkeypatch):
    run = load_run(SCALE / f"{name}.yaml")
    monkeypatch.chdir(tmp_path)
    assert "the training fits" in dry_run(run, gpu)
    assert run.recognizer.llm.name == "huggyllama/llama-13b"
    assert run.recognizer.llm.dtype == "bfloat16" and run.recognizer.llm.gradient_checkpointing


def test_accelerate_reads_its_settings_and_divides_the_steps():
    from accelerate.commands.config.config_args import load_config_from_file

    settings = load_config_from_file(str(SCALE / "accelerate-8-gpus.yaml"))
    assert (settings.num_processes, str(settings.distributed_type.value)) == (8, "MULTI_GPU")
    deepspeed = load_config_from_file(str(SCALE / "accelerate-deepspeed.yaml"))
    assert str(deepspeed.distributed_type.value) == "DEEPSPEED"
    assert deepspeed.deepspeed_config["zero_stage"] == 2 and deepspeed.num_processes == 8
    for name in ("eight-gpus", "eight-gpus-24gb"):
        run = load_run(SCALE / f"{name}.yaml")
        for optim in (run.tokenizer.optim, run.recognizer.optim):
            assert optim.batch_size % settings.num_processes == 0
        assert run.recognizer.llm.sharded == (name == "eight-gpus-24gb")
    run = load_run(SCALE / "eight-gpus.yaml")
    one = load_run(SCALE / "one-gpu-80gb.yaml").recognizer.optim.batch_size
    assert run.recognizer.optim.batch_size // 8 <= one


def test_every_protocol_of_the_paper_has_a_large_and_a_small_run():
    for folder in ("llama-13b", "small"):
        assert {path.stem for path in (EXPERIMENTS / folder).glob("*.yaml")} >= PAPER
    for name in PAPER:
        large, small = (
            load_run(EXPERIMENTS / kind / f"{name}.yaml") for kind in ("llama-13b", "small")
        )
        assert (large.data, large.protocol, large.preprocess) == (
            small.data,
            small.protocol,
            small.preprocess,
        )
        assert large.recognizer.llm.name == "huggyllama/llama-13b"
        assert large.out != small.out


def test_parameters_of_llama_13b():
    shape = shapes(run_with("huggyllama/llama-13b", rank=64), KINECT_V2)
    # As its model card and peft print them.
    assert shape.llm == 13_015_864_320
    assert shape.adapter == 40 * 4 * 64 * (5_120 + 5_120) == 104_857_600
    assert shape.linear == shape.llm - 2 * 32_000 * 5_120 - 81 * 5_120


def test_parameters_of_the_default(tiny_run):
    shape = shapes(run_with("smollm2-135m-instruct"), KINECT_V1)
    assert shape.llm == 134_515_008
    tiny = shapes(tiny_run, KINECT_V1)
    assert (tiny.hidden, tiny.layers) == (32, 2)


def test_memory_adds_up():
    shape = Shapes(10**6, 10**9, 9 * 10**8, 10**7, 10, 1_000, 3_000, 32_000)
    work = Work(clips=1_000, sentence=16, prompt=40, answer=10, nodes=100)
    run = run_with("x", dtype="bfloat16")
    for figures in (training_memory(run, shape, work), inference_memory(run, shape, work)):
        assert figures[-1].value == pytest.approx(sum(f.value for f in figures[:-1]) + 1.0)
        assert all(f.value > 0 for f in figures)
    assert weights(run, shape).value == pytest.approx(2 * 10**9 / GIB)
    four_bit = weights(run_with("x", dtype="bfloat16", four_bit=True), shape)
    assert four_bit.value == pytest.approx((9e8 * 0.516 + 1e8 * 2) / GIB)
    less = training_memory(
        run_with("x", dtype="bfloat16", gradient_checkpointing=True), shape, work
    )
    kept = training_memory(run, shape, work)
    assert less[2].value < kept[2].value


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_activations_against_what_autograd_keeps(dtype):
    hidden, intermediate, layers = 256, 704, 6
    config = LlamaConfig(
        vocab_size=100,
        hidden_size=hidden,
        intermediate_size=intermediate,
        num_hidden_layers=layers,
        num_attention_heads=4,
    )
    llm = LlamaForCausalLM(config).to(getattr(torch, dtype)).requires_grad_(False)
    adapted = attach_lora(llm, LoraSettings()).train()
    own = {parameter.untyped_storage().data_ptr() for parameter in adapted.parameters()}
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage
        return tensor

    words = torch.randn(2, 45, hidden, dtype=getattr(torch, dtype))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        adapted(inputs_embeds=words, logits_to_keep=1, use_cache=False)
    measured = sum(storage.nbytes() for storage in kept.values())
    shape = Shapes(1, 1, 1, 1, layers, hidden, intermediate, 100)
    run = run_with("x", dtype=dtype)
    run = replace(run, recognizer=replace(run.recognizer, optim=OptimConfig(batch_size=2)))
    activations = training_memory(run, shape, Work(1, 16, 36, 9, 1))[2]
    assert activations.value * GIB == pytest.approx(measured, rel=0.1)


def test_the_paper_s_run_on_a_named_gpu(capsys):
    config = EXPERIMENTS / "llama-13b" / "ntu60-xsub.yaml"
    assert main(["train", "--config", str(config), "--dry-run", "--gpu", "H100-80GB"]) == 0
    printed = capsys.readouterr().out
    assert "40,091 clips train (published), 60 actions" in printed
    assert "13,015,864,320, frozen" in printed and "16 action tokens" in printed
    assert "the training fits" in printed and "h100-80gb" in printed
    total = float(re.search(r"memory for training: ([\d.]+) GiB", printed)[1])
    assert 24.2 < total < 80
    assert not (Path.cwd() / "runs/llama-13b").exists()
    longer = ["--dry-run", "--tokenizer.extensions.clip_tokens", "1"]
    assert main(["train", "--config", str(config), *longer]) == 0
    assert "17 action tokens (one for 4 frames and 1 for the whole)" in capsys.readouterr().out


def test_a_prepared_dataset_is_counted(tiny_run):
    run = replace(tiny_run, recognizer=RecognizerConfig(llm=LlmConfig()))
    assert "96 clips train (counted)" in dry_run(run, "l4")


def test_a_large_model_does_not_fit_a_small_gpu():
    run = replace(load_run(EXPERIMENTS / "llama-13b" / "smarthome-cv1.yaml"))
    assert "does not fit" in dry_run(run, "rtx-3090")


@pytest.mark.parametrize(
    ("change", "gpu", "error"),
    [
        ({}, "abacus", ConfigError),
        ({"data": Path("data/nowhere")}, "l4", DatasetError),
        ({"data": Path("data/folder")}, "l4", DatasetError),
        ({"protocol": "xset"}, "l4", DatasetError),
        ({"recognizer": RecognizerConfig(llm=LlmConfig(name="big"))}, "l4", ModelError),
        ({"recognizer": RecognizerConfig(template="none")}, "l4", ConfigError),
    ],
)
def test_what_cannot_be_estimated_is_refused(change, gpu, error):
    run = replace(run_with("smollm2-135m-instruct"), **change)
    with pytest.raises(error):
        dry_run(run, gpu)
