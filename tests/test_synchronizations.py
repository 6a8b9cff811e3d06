"""No step waits for the device: what a CPU computes at once would stall a GPU's queue."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from llm_ar.config import (
    AugmentConfig,
    CodebookConfig,
    EncoderConfig,
    ExtensionConfig,
    LossConfig,
    RunConfig,
)
from llm_ar.recognizer.data import Sentences, classes_on_host
from llm_ar.recognizer.llm import attach_lora, load_backbone
from llm_ar.recognizer.objective import AnswerObjective
from llm_ar.recognizer.prompt import Prompt
from llm_ar.recognizer.trainer import Meter
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.data import TrainingClips
from llm_ar.tokenizer.extensions.build import build_auxiliary_losses
from llm_ar.tokenizer.model import ActionTokenizer
from llm_ar.tokenizer.objective import TokenizerObjective
from llm_ar.tokenizer.train import TokenizerTraining

_WAITS = {"aten::item", "aten::_local_scalar_dense", "aten::is_nonzero", "aten::nonzero"}
"""Operators that copy a value to the host, or whose result's shape depends on values."""


def waits(step: Callable[[], object]) -> dict[str, int]:
    """Operators of a step that would wait for a device, with their counts."""
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        step()
    return {event.key: event.count for event in profiled.key_averages() if event.key in _WAITS}


def test_the_count_sees_what_waits() -> None:
    assert waits(lambda: float(torch.ones(3).sum())).keys() >= {"aten::_local_scalar_dense"}
    assert "aten::nonzero" in waits(lambda: torch.ones(3)[torch.ones(3).bool()])


def backward(losses: dict[str, Tensor]) -> None:
    losses["loss"].backward()


def test_stage_1(run: RunConfig) -> None:
    store = ClipStore.open(run.data)
    for update in ("loss", "ema"):
        extensions = ExtensionConfig(
            clip_tokens=1, name_loss=1.0, pooled_name_loss=1.0, clip_token_name_loss=1.0
        )
        encoder = EncoderConfig(width=16, blocks=1)
        codebook = CodebookConfig(size=24, dim=8, update=update, warmup_steps=2)
        tokenizer = ActionTokenizer(
            encoder, codebook, run.preprocess, store.layout, extensions, 12, 12
        )
        clips = TrainingClips.of_run(store, run, store.layout)
        names = torch.randn(len(clips.names), 12)
        auxiliary, _ = build_auxiliary_losses(encoder, extensions, 8, names, None)
        objective = TokenizerObjective(tokenizer, LossConfig(), torch.randn(50, 12), auxiliary)
        augmentation = AugmentConfig(
            temporal_oversampling=run.augment.temporal_oversampling,
            mirror=0.5,
            part_dropout=0.3,
            warp=0.5,
            shear=0.1,
            hip_centred=0.3,
        )
        training = TokenizerTraining(objective, clips.names, augmentation)
        batch = clips.batch(torch.arange(6))
        for _ in range(4):
            backward(training(**batch))
        assert not waits(lambda call=training, batch=batch: backward(call(**batch))), update


def test_stage_2(run: RunConfig) -> None:
    store = ClipStore.open(run.data)
    tokenizer = ActionTokenizer.from_pretrained(run.out / "tokenizer")
    clips = TrainingClips.of_run(store, run, tokenizer.layout)
    backbone = load_backbone(run.recognizer.llm)
    llm = attach_lora(backbone.llm, run.recognizer.lora)
    prompt = Prompt(run.recognizer.template, backbone.text_tokenizer)
    width = llm.get_input_embeddings().weight.shape[1]
    objective = AnswerObjective(
        llm,
        prompt,
        torch.randn(24, width),
        Sentences(tokenizer, clips, run.augment, 0.1),
        backbone.text_tokenizer,
    )
    meter, batch = Meter(), clips.batch(torch.arange(4))

    def step() -> None:
        losses = objective(**classes_on_host(batch))
        backward(losses)
        meter.add(losses["loss"])

    for _ in range(3):
        step()
    assert not waits(step)
