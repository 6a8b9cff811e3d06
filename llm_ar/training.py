"""What both stages share: the library's training loop, its checkpoints, its progress, its data.

The loop is ``transformers.Trainer`` (several processes, mixed precision, resume). Everything random
in a step is drawn from torch's global generator inside the forward pass, whose state checkpoints
hold, so that a resumed run is the run it would have been.
"""

from __future__ import annotations

import json
import math
import shutil
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.utils.data import Dataset
from torch.utils.tensorboard import SummaryWriter
from transformers import (
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.integrations import TensorBoardCallback

from llm_ar.config import OptimConfig

_STATE_FILE = "trainer_state.json"


class ClipIndices(Dataset[dict[str, int]]):
    """Rows ``{"index": i}`` of the clips to train on; their tensors are looked up in the step."""

    def __init__(self, indices: Sequence[int]) -> None:
        self.indices = list(indices)

    def __len__(self) -> int:
        """Number of clips."""
        return len(self.indices)

    def __getitem__(self, place: int) -> dict[str, int]:
        """The row at a place."""
        return {"index": self.indices[place]}


def fit_and_held_out(labels: Sequence[int], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Split training clips into those to fit and those that choose the epoch, class by class.

    Both stages must leave out the same clips: a tokenizer that has seen them would flatter every
    epoch of the recogniser. Test clips never enter here.

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
    """The library's arguments for one stage; checkpoints go to ``folder``."""
    steps = math.ceil(clips / optim.batch_size) * optim.epochs
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=optim.epochs,
        per_device_train_batch_size=optim.batch_size,
        learning_rate=optim.learning_rate,
        weight_decay=optim.weight_decay,
        lr_scheduler_type="cosine",
        warmup_steps=round(optim.warmup * steps),
        max_grad_norm=1.0,
        save_strategy="no",
        save_total_limit=2,
        logging_steps=10,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        seed=seed,
        **extra,
    )


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
        self._sums: dict[str, float] = defaultdict(float)
        self._steps = 0
        for callback in (PrinterCallback, ProgressCallback):
            self.remove_callback(callback)
        self.add_callback(TimedCheckpoints(save_minutes))
        self._progress = TrainingProgress(title, args.train_batch_size * args.world_size)
        if self.is_world_process_zero():
            self.add_callback(self._progress)
            writer = SummaryWriter(str(Path(str(args.output_dir)) / "logs"))
            self.add_callback(TensorBoardCallback(writer))

    def train(self, *given: Any, **named: Any) -> Any:
        """As the library's; an interrupted training gives the terminal back as well."""
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
        for name, value in outputs.items():
            if name != "loss":
                self._sums[name] += float(value)
        self._steps += 1
        return (outputs["loss"], outputs) if return_outputs else outputs["loss"]

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the averaged parts to what the library logs."""
        if "loss" in logs and self._steps:
            logs |= {name: total / self._steps for name, total in self._sums.items()}
            self._sums.clear()
            self._steps = 0
        super().log(logs, start_time)


class TimedCheckpoints(TrainerCallback):
    """Asks for a checkpoint every few minutes, what a killed run can lose, and at the end.

    With the last one, resuming a stage that is complete does nothing.
    """

    def __init__(self, minutes: float) -> None:
        self._seconds = minutes * 60
        self._last = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """See the class."""
        due = time.monotonic() - self._last >= self._seconds
        if due or state.global_step >= state.max_steps:
            control.should_save = True
            self._last = time.monotonic()


_LINE_SECONDS = 30
"""How often the progress is written where it cannot be redrawn (a log file)."""


class TrainingProgress(TrainerCallback):
    """One line on standard error: stage, epoch, loss, clips a second, time left.

    It is redrawn on a terminal and written anew every half minute elsewhere.
    """

    def __init__(self, title: str, clips_a_step: int) -> None:
        self._title, self._clips_a_step = title, clips_a_step
        self._task: TaskID | None = None
        self._console = Console(stderr=True)
        self._written = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} steps"),
            TextColumn("epoch {task.fields[epoch]:.1f}  loss {task.fields[loss]:.3f}"),
            TextColumn("{task.fields[speed]:.0f} clips/s"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start the line where a resumed run stands."""
        self._start, self._first = time.monotonic(), state.global_step
        self._task = self._progress.add_task(
            self._title,
            total=state.max_steps,
            completed=state.global_step,
            epoch=state.epoch or 0.0,
            loss=math.nan,
            speed=0.0,
        )
        self._progress.start()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Move the bar."""
        clips = (state.global_step - self._first) * self._clips_a_step
        assert self._task is not None
        self._progress.update(
            self._task,
            completed=state.global_step,
            epoch=state.epoch or 0.0,
            speed=clips / max(time.monotonic() - self._start, 1e-9),
        )
        last = state.global_step == state.max_steps
        if not self._console.is_terminal and (last or self._due()):
            self._console.print(self._progress.get_renderable())

    def _due(self) -> bool:
        due = time.monotonic() - self._written >= _LINE_SECONDS
        if due:
            self._written = time.monotonic()
        return due

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Show the newest loss."""
        if logs and "loss" in logs and self._task is not None:
            self._progress.update(self._task, loss=logs["loss"])

    def stop(self) -> None:
        """Leave the last state of the line standing."""
        if self._task is not None:
            self._progress.stop()


def latest_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint under a folder; half-written ones are removed.

    The library writes ``trainer_state.json`` last, so a checkpoint that has it whole is complete.
    """
    complete: dict[int, Path] = {}
    for path in folder.glob("checkpoint-*"):
        try:
            step = int(json.loads((path / _STATE_FILE).read_text())["global_step"])
        except (OSError, ValueError, KeyError, TypeError):
            shutil.rmtree(path, ignore_errors=True)
        else:
            complete[step] = path
    return complete[max(complete)] if complete else None


def training_device() -> torch.device:
    """Where this process trains: its CUDA device if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
