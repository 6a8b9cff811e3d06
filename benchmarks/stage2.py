"""Stage 2 by both ways: a step of one, then a step of the other; and the memory of each alone."""

from __future__ import annotations

import dataclasses
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import Tensor
from transformers import Trainer, TrainerCallback, set_seed

from benchmarks.plain_training import plain_trainer
from benchmarks.training_data import (
    NAMES,
    procedural_tensors,
    training_data,
    untrained_tokenizer,
)
from llm_ar.config import (
    AugmentConfig,
    LlmConfig,
    LoraSettings,
    OptimConfig,
    PreprocessConfig,
    RecognizerConfig,
    TokenizerConfig,
)
from llm_ar.provenance import peak_memory_mib
from llm_ar.recognizer.data import Sentences, classes_on_host
from llm_ar.recognizer.llm import attach_lora, load_backbone
from llm_ar.recognizer.objective import AnswerObjective
from llm_ar.recognizer.scoring import CandidateTrie
from llm_ar.recognizer.trainer import AnswerTrainer
from llm_ar.training import training_arguments

MEMORY_STEPS = 2
WAYS = ("plain", "ours")
OPTIM: OptimConfig = dataclasses.replace(RecognizerConfig().optim, epochs=1, save_minutes=60)


class GivenSentences(AnswerObjective):
    """The objective for sentences that are there already."""

    def forward(  # type: ignore[override]
        self, tokens: Tensor, classes: Sequence[int]
    ) -> dict[str, Tensor]:
        """The mean loss for sentences (B, W)."""
        return {"loss": self.loss(tokens, torch.as_tensor(classes))}


class Turns(TrainerCallback):
    """Lets trainers in threads of their own take steps in turn, and notes each step's time."""

    def __init__(self, number: int, turn: list[int], ready: threading.Condition) -> None:
        self.number, self.turn, self.ready = number, turn, ready
        self.seconds: list[float] = []

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Wait for the turn."""
        with self.ready:
            self.ready.wait_for(lambda: self.turn[0] in (self.number, -1))
        self.start = time.process_time()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Note the time and give the turn to the other."""
        self.seconds.append(time.process_time() - self.start)
        self._pass_on()

    def _pass_on(self) -> None:
        with self.ready:
            self.turn[0] = 1 - self.number if self.turn[0] >= 0 else -1
            self.ready.notify_all()

    def give_up(self) -> None:
        """Never let the other wait again."""
        with self.ready:
            self.turn[0] = -1
            self.ready.notify_all()


def side_by_side(llm: str, steps: int, dropout: float) -> dict[str, dict[str, Any]]:
    """Losses and speeds of both ways, step by step in turn."""
    turn, ready = [0], threading.Condition()
    callbacks = [Turns(number, turn, ready) for number in range(len(WAYS))]
    with tempfile.TemporaryDirectory(prefix="training-") as folder:
        trainers = [
            _trainer(way, llm, steps, dropout, Path(folder) / way, callback)
            for way, callback in zip(WAYS, callbacks, strict=True)
        ]

        def train(trainer: Trainer, callback: Turns) -> None:
            try:
                trainer.train()
            finally:
                callback.give_up()

        threads = [
            threading.Thread(target=train, args=pair)
            for pair in zip(trainers, callbacks, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        batch = OPTIM.batch_size
        seconds = [
            statistics.median(callback.seconds[1:] or callback.seconds) for callback in callbacks
        ]
        return {
            way: {
                "losses": [
                    round(entry["loss"], 6)
                    for entry in trainer.state.log_history
                    if "loss" in entry
                ],
                "clips_per_second": round(batch / second, 3),
            }
            for way, trainer, second in zip(WAYS, trainers, seconds, strict=True)
        }


def drawing_seconds(batch: int) -> float:
    """Processor time to draw the action tokens of a batch, as a training does."""
    config, preprocess = TokenizerConfig(), PreprocessConfig()
    tokenizer = untrained_tokenizer(config, preprocess, 0).eval()
    clips = procedural_tensors(batch, preprocess)
    sentences = Sentences(tokenizer, clips, AugmentConfig(), RecognizerConfig().token_noise)
    times = []
    for _ in range(5):
        start = time.process_time()
        sentences.draw_at(torch.arange(batch))
        times.append(time.process_time() - start)
    return min(times)


def _trainer(
    way: str, llm: str, steps: int, dropout: float, folder: Path, callback: TrainerCallback
) -> Trainer:
    """A trainer that takes so many steps of one epoch, and logs each."""
    set_seed(0)
    backbone = load_backbone(LlmConfig(name=llm))
    clips = steps * OPTIM.batch_size
    data = training_data(clips, backbone)
    settings = LoraSettings(dropout=dropout)
    args = training_arguments(OPTIM, folder, clips, 0)
    args.logging_steps = 1
    set_seed(0)
    if way == "plain":
        return plain_trainer(backbone.llm, data, settings, args, [callback])
    objective = GivenSentences(
        attach_lora(backbone.llm, settings),
        data.prompt,
        data.token_embeddings,
        data,  # type: ignore[arg-type]
        backbone.text_tokenizer,
    )
    return AnswerTrainer(
        objective,
        args,
        OPTIM.save_minutes,
        llm,
        CandidateTrie(backbone.text_tokenizer, NAMES),
        torch.tensor([], dtype=torch.long),
        train_dataset=data,
        data_collator=classes_on_host,
        callbacks=[callback],
    )


def memory_of(way: str, llm: str) -> dict[str, int]:
    """The most memory of a training of its own, and what the steps added to it."""
    # A copy of this process has its libraries loaded; it has computed nothing yet.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_tell_memory, args=(way, llm, sender))
    process.start()
    told: dict[str, int] = receiver.recv()
    process.join()
    return told


def _tell_memory(way: str, llm: str, sender: Any) -> None:
    with tempfile.TemporaryDirectory(prefix="training-") as folder:
        trainer = _trainer(
            way, llm, MEMORY_STEPS, LoraSettings().dropout, Path(folder), TrainerCallback()
        )
        for weight in trainer.model.parameters():
            # They are read from disk when first touched, and are no part of what steps take.
            weight.detach().sum()
        before, resting = peak_memory_mib() or 0, psutil.Process().memory_info().rss / 2**20
        if sys.platform == "linux":
            # Forget the peak of reading the LLM.
            Path("/proc/self/clear_refs").write_text("5")
        trainer.train()
        peak = peak_memory_mib() or 0
    sender.send({"peak_mib": max(before, peak), "training_mib": round(peak - resting)})
