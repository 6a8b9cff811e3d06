"""A step of stage 1: where its time goes, what it must compute, how near it is to the machine.

Beside it, step by step in turn, stage 1 as it was first written (`benchmarks.plain_stage1`).
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.machine import product_rate
from benchmarks.plain_stage1 import plain_formulas
from benchmarks.training_data import WIDTH, procedural_tensors, untrained_tokenizer
from llm_ar.config import AugmentConfig, PreprocessConfig, TokenizerConfig
from llm_ar.tokenizer.objective import TokenizerObjective
from llm_ar.tokenizer.train import TokenizerTraining

WORDS = 8_192


def stage1_step(
    config: TokenizerConfig, preprocess: PreprocessConfig, clips: int
) -> tuple[TokenizerTraining, dict[str, Tensor]]:
    """Stage 1 as a training makes it, past its unquantized beginning, and a batch for it."""
    torch.manual_seed(0)
    quantized = dataclasses.replace(config.codebook, warmup_steps=1)
    config = dataclasses.replace(config, codebook=quantized)
    tokenizer = untrained_tokenizer(config, preprocess, WIDTH)
    tensors = procedural_tensors(clips, preprocess)
    objective = TokenizerObjective(tokenizer, config.losses, torch.randn(WORDS, WIDTH))
    training = TokenizerTraining(objective, tensors.names, AugmentConfig()).train()
    return training, tensors.batch(torch.arange(clips))


def measure_stage1(steps: int) -> dict[str, Any]:
    """Speed, operations, the machine's rate and the profile."""
    config = TokenizerConfig()
    batch = config.optim.batch_size
    wide = dataclasses.replace(config.codebook, dim=WIDTH)
    step, plain = _stepper(config), _stepper(dataclasses.replace(config, codebook=wide))
    for _ in range(3):
        step()
        with plain_formulas():
            plain()
    counter = FlopCounterMode(display=False)
    with counter:
        step()
    operations = counter.get_total_flops() / batch
    seconds, plain_seconds, rates = [], [], []
    width = config.encoder.width
    for _ in range(steps):
        seconds.append(_processor_seconds(step))
        with plain_formulas():
            plain_seconds.append(_processor_seconds(plain))
        rates.append(
            product_rate(batch * PreprocessConfig().frames // 2, 3 * width, width, rounds=1)
        )
    speed, rate = batch / statistics.median(seconds), statistics.median(rates)
    plain_speed = batch / statistics.median(plain_seconds)
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        for _ in range(3):
            step()
    return {
        "batch": batch,
        "clips_per_second": round(speed, 2),
        "plain_clips_per_second": round(plain_speed, 2),
        "times_faster": round(speed / plain_speed, 2),
        "gigaflop_a_clip": round(operations / 1e9, 4),
        "product_gigaflops": round(rate / 1e9, 1),
        "reached_gigaflops": round(speed * operations / 1e9, 1),
        "share_of_limit": round(speed * operations / rate, 3),
        "profile": top(profiled),
    }


def _stepper(config: TokenizerConfig) -> Callable[[], None]:
    """Steps of a training of its own, the optimizer's part included."""
    training, batch = stage1_step(config, PreprocessConfig(), config.optim.batch_size)
    optimizer = torch.optim.AdamW(training.parameters(), lr=1e-4, fused=True)

    def step() -> None:
        training(**batch)["loss"].backward()
        torch.nn.utils.clip_grad_norm_(training.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    return step


def _processor_seconds(step: Callable[[], None]) -> float:
    start = time.process_time()
    step()
    return time.process_time() - start


def top(profiled: profile, count: int = 12) -> list[dict[str, Any]]:
    """The operations that take most of the processor's time, with their share of it."""
    events = sorted(profiled.key_averages(), key=lambda event: -event.self_cpu_time_total)
    total = sum(event.self_cpu_time_total for event in events)
    return [
        {"name": event.key, "share": round(event.self_cpu_time_total / total, 4)}
        for event in events[:count]
    ]
