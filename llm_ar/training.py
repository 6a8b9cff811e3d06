"""What both stages share: the library's training loop, its checkpoints, its progress, its data.

The loop is ``transformers.Trainer`` (several processes, mixed precision, resume). Everything random
in a step is drawn from torch's global generator inside the forward pass, whose state checkpoints
hold, so that a resumed run is the run it would have been.
"""

from __future__ import annotations

import importlib.util
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from transformers import PrinterCallback, ProgressCallback, Trainer, TrainingArguments
from transformers.integrations import TensorBoardCallback

from llm_ar.callbacks import TimedCheckpoints, TrainingProgress
from llm_ar.config import OptimConfig
from llm_ar.errors import ConfigError, MissingExtraError, TrainingError

_FSDP, _DEEPSPEED = "ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED"
"""What accelerate's launcher sets for its ways of dividing a model among processes."""


def as_batch(batch: Any) -> Any:
    """The loader's collation for datasets that give whole batches: nothing is left to do."""
    return batch


def fit_and_held_out(labels: Sequence[int], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Split training clips into those to fit and those that choose the epoch, class by class.

    Both stages must leave out the same clips: a tokenizer that has seen them would flatter every
    epoch of the recognizer. Test clips never enter here.

    Each class gives its share, at least one clip, but keeps at least one to fit.
    """
    random = np.random.default_rng(seed)
    held_out: set[int] = set()
    for label in np.unique(labels) if share > 0 else ():
        members = random.permutation(np.flatnonzero(np.asarray(labels) == label))
        count = min(max(round(share * len(members)), 1), len(members) - 1)
        held_out.update(members[:count].tolist())
    return [clip for clip in range(len(labels)) if clip not in held_out], sorted(held_out)


def training_arguments(
    optim: OptimConfig, folder: Path, clips: int, seed: int, **extra: Any
) -> TrainingArguments:
    """The library's arguments for one stage; checkpoints go to ``folder``.

    ``use_cpu`` is set explicitly: without it the library takes several CPU processes for separate
    runs.
    Between processes only gradients travel: all that is trained is used in every step, and the
    frozen rest is the same everywhere. They divide a step's clips among them, so that a training
    is the same, and can be resumed, with any number of them.

    Where accelerate's launcher asks for DeepSpeed (ZeRO stage 1 or 2), its processes share the
    optimizer's state. Stage 2 was tested so; other trainings stay with DDP (`without_deepspeed`).

    Raises:
        ConfigError: the clips of a step cannot be divided so, or the processes are to hold parts of
            the trained weights.
        MissingExtraError: DeepSpeed is asked for and not installed.
    """
    if _asked_for(_FSDP):
        raise ConfigError(
            "FSDP is not supported as a launcher's setting: checkpoints hold whole adapters; use "
            "DDP (for accelerate distributed_type: MULTI_GPU), and recognizer.llm.sharded where a "
            "copy of the language model is too large for a GPU"
        )
    deepspeed, cuda = _asked_for(_DEEPSPEED), torch.cuda.is_available()
    if deepspeed and importlib.util.find_spec("deepspeed") is None:
        raise MissingExtraError("distributed_type: DEEPSPEED", "deepspeed")
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if optim.batch_size % processes:
        raise ConfigError(
            f"optim.batch_size: {optim.batch_size} clips a step cannot be divided among "
            f"{processes} processes; choose a multiple of {processes}"
        )
    steps = math.ceil(clips / optim.batch_size) * optim.epochs
    # Ten steps, fewer in short trainings, so that a loss is shown early.
    log_steps = min(10, max(1, steps // 10))
    args = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=optim.epochs,
        per_device_train_batch_size=optim.batch_size // processes,
        learning_rate=optim.learning_rate,
        weight_decay=optim.weight_decay,
        lr_scheduler_type="cosine",
        warmup_steps=round(optim.warmup * steps),
        max_grad_norm=1.0,
        save_strategy="no",
        save_total_limit=2,
        logging_steps=log_steps,
        # It would wait for the device at each step; `StageTrainer.check_finite` stops instead.
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=cuda,
        accelerator_config={"non_blocking": cuda},
        # With DeepSpeed `use_cpu` means no processes at all, and nothing chooses their backend.
        use_cpu=not cuda and not deepspeed,
        ddp_backend="gloo" if not cuda and deepspeed else None,
        ddp_find_unused_parameters=False,
        ddp_broadcast_buffers=False,
        # At the end the others wait while the first one calibrates the fast path and saves.
        ddp_timeout=7200,
        seed=seed,
        **extra,
    )
    if args.deepspeed_plugin is not None:
        if args.deepspeed_plugin.zero_stage == 3:
            raise ConfigError(
                "DeepSpeed's ZeRO stage 3 is not supported: checkpoints hold whole adapters; set "
                "zero_stage to 2, and recognizer.llm.sharded to true where a copy of the language "
                "model is too large for a GPU"
            )
        # DeepSpeed clips by its own setting, and not at all without one.
        args.deepspeed_plugin.deepspeed_config["gradient_clipping"] = args.max_grad_norm
    return args


@contextmanager
def without_deepspeed() -> Iterator[None]:
    """Train by DDP meanwhile, whatever the launcher asks for."""
    asked = os.environ.pop(_DEEPSPEED, None)
    try:
        yield
    finally:
        if asked is not None:
            os.environ[_DEEPSPEED] = asked


def _asked_for(way: str) -> bool:
    """Whether the launcher asks for a way of dividing a model among processes: its variable."""
    return os.environ.get(way, "false").lower() in ("1", "true")


class StageTrainer(Trainer):
    """``Trainer`` for a module that returns a dict of losses, all of which are logged."""

    def __init__(
        self,
        model: nn.Module,
        args: TrainingArguments,
        title: str,
        save_minutes: float,
        **rest: Any,
    ) -> None:
        super().__init__(model=model, args=args, **rest)
        self._sums: dict[str, Tensor] = {}
        self._steps = 0
        self._not_finite = torch.zeros((), dtype=torch.bool)
        self._title = title
        self._started = time.monotonic()
        self._seconds_before = 0.0
        for callback in (PrinterCallback, ProgressCallback):
            self.remove_callback(callback)
        self.add_callback(TimedCheckpoints(save_minutes, self.check_finite))
        self._progress = TrainingProgress(title, args.train_batch_size * args.world_size)
        if self.is_world_process_zero():
            self.add_callback(self._progress)
            writer = SummaryWriter(str(Path(str(args.output_dir)) / "logs"))
            self.add_callback(TensorBoardCallback(writer))

    def train(self, *given: Any, **named: Any) -> Any:
        """As the library's; an interrupted training gives the terminal back as well."""
        self._started = time.monotonic()
        try:
            return super().train(*given, **named)
        finally:
            self._progress.stop()

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """The module's "loss"; its other parts are averaged until the next log."""
        outputs = model(**inputs)
        loss = outputs["loss"].detach()
        self._not_finite = self._not_finite.to(loss.device) | ~loss.isfinite()
        if loss.device.type == "cpu":
            self.check_finite(outputs)
        for name, value in outputs.items():
            if name != "loss":
                # Not float(value): that would wait for the device at each step.
                self._sums[name] = self._sums.get(name, 0.0) + value.detach().double()
        self._steps += 1
        return (outputs["loss"], outputs) if return_outputs else outputs["loss"]

    def check_finite(self, outputs: Mapping[str, Tensor] | None = None) -> None:
        """Stop before a loss that is no number reaches the weights or a checkpoint.

        On a CPU this is checked in each step. Elsewhere it waits for the device, so only when
        losses are logged and before a checkpoint is written.

        Raises:
            TrainingError: a loss was infinite or not a number.
        """
        if not bool(self._not_finite):
            return
        wrong = [name for name, value in (outputs or {}).items() if not value.isfinite().all()]
        terms = ", ".join(name for name in wrong if name != "loss")
        raise TrainingError(
            f"{self._title}: the loss is no finite number"
            f"{f' ({terms})' if terms else ''} at step {self.state.global_step + 1}; lower "
            f"{self._title}.optim.learning_rate and start again, or look for broken recordings "
            "with 'llm-ar data check'"
        )

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the averaged parts to what the library logs."""
        self.check_finite()
        if "loss" in logs and self._steps:
            means = {name: total / self._steps for name, total in self._sums.items()}
            if self.args.world_size > 1:
                means = self.accelerator.reduce(means, reduction="mean")
            logs |= {name: float(mean) for name, mean in means.items()}
            self._sums.clear()
            self._steps = 0
        if not self._seconds_before:
            self._seconds_before = self._logged_seconds
        logs["seconds"] = self._seconds_before + time.monotonic() - self._started
        super().log(logs, start_time)

    @property
    def minutes(self) -> float:
        """Time that training took so far, the parts before interruptions included."""
        return self._logged_seconds / 60

    @property
    def _logged_seconds(self) -> float:
        return max((entry.get("seconds", 0.0) for entry in self.state.log_history), default=0.0)
