"""What happens beside a training's steps: checkpoints by the clock, progress for the reader."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

_FIRST_SECONDS = 20
"""Until a stage's first checkpoint at most: a training that is stopped soon can go on as well."""


class TimedCheckpoints(TrainerCallback):
    """Asks for a checkpoint soon, every few minutes, what a killed run can lose, and at the end.

    With the last one, resuming a stage that is complete does nothing.

    Args:
        minutes: at most so many between two checkpoints; the first comes after `_FIRST_SECONDS`.
        check: called before each of them; it raises if the weights are not worth keeping.
    """

    def __init__(self, minutes: float, check: Callable[[], None]) -> None:
        self._seconds, self._check = minutes * 60, check
        self._wait = min(self._seconds, _FIRST_SECONDS)
        self._last = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """See the class."""
        due = _of_first_process(time.monotonic() - self._last >= self._wait)
        if due or state.global_step >= state.max_steps:
            self._check()
            control.should_save = True
            self._last, self._wait = time.monotonic(), self._seconds


def _of_first_process(decision: bool) -> bool:
    """What the first process decided: a checkpoint needs the part of every process."""
    distributed = torch.distributed
    if not (distributed.is_available() and distributed.is_initialized()):
        return decision
    decisions = [decision]
    distributed.broadcast_object_list(decisions, src=0)
    return decisions[0]


_LINE_SECONDS = 30
"""How often the progress is written where it cannot be redrawn (a log file)."""


class StepTimes:
    """Time left, by the mean time of a step; what is long ago counts less.

    Weights halve every `HALF_LIFE` seconds, so a checkpoint, or another program that takes the
    cores for a while, hardly moves the mean, and a lasting change of speed does within minutes.
    """

    HALF_LIFE = 120.0
    LEAST_SECONDS, LEAST_STEPS = 5.0, 3
    """Nothing is expected of less; the first step of all, which sets much up, is not counted."""

    def __init__(self) -> None:
        self._steps = self._seconds = 0.0
        self._seen, self._last = -1, 0.0

    def step(self, now: float) -> None:
        """Note the end of a step.

        Args:
            now: seconds of a clock.
        """
        if self._seen >= 0:
            took = now - self._last
            kept = 0.5 ** (took / self.HALF_LIFE)
            self._steps = self._steps * kept + 1
            self._seconds = self._seconds * kept + took
        self._seen, self._last = self._seen + 1, now

    def left(self, steps: int) -> float | None:
        """Seconds that so many more steps take; None while too little is known."""
        if self._seen < self.LEAST_STEPS or self._seconds < self.LEAST_SECONDS:
            return None
        return steps * self._seconds / self._steps


def duration(seconds: float | None) -> str:
    """Time left as people say it, in full minutes; "-" while it is not known."""
    if seconds is None:
        return "-"
    minutes = round(seconds / 60)
    if minutes < 1:
        return "under 1 min" if seconds > 0 else "0 min"
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02} min"


class TrainingProgress(TrainerCallback):
    """One line on standard error: stage, epoch, loss, clips a second, time left.

    It is redrawn on a terminal and written anew every half minute elsewhere.
    """

    def __init__(self, title: str, clips_a_step: int) -> None:
        self._title, self._clips_a_step = title, clips_a_step
        self._task: TaskID | None = None
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._written = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} steps"),
            TextColumn("epoch {task.fields[epoch]:.1f}  loss {task.fields[loss]}"),
            TextColumn("{task.fields[speed]:.0f} clips/s"),
            TextColumn("{task.fields[left]} left"),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start the line where a resumed run stands."""
        self._start, self._first = time.monotonic(), state.global_step
        self._times = StepTimes()
        self._task = self._progress.add_task(
            self._title,
            total=state.max_steps,
            completed=state.global_step,
            epoch=state.epoch or 0.0,
            loss="-",
            speed=0.0,
            left="-",
        )
        self._progress.start()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Move the bar."""
        clips = (state.global_step - self._first) * self._clips_a_step
        now = time.monotonic()
        self._times.step(now)
        assert self._task is not None
        self._progress.update(
            self._task,
            completed=state.global_step,
            epoch=state.epoch or 0.0,
            speed=clips / max(now - self._start, 1e-9),
            left=duration(self._times.left(state.max_steps - state.global_step)),
        )
        if state.global_step < state.max_steps and self._due():
            self._write()

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Write the last line, with the last loss in it."""
        if self._task is not None:
            self._progress.update(self._task, left=duration(0.0))
            self._write()

    def _write(self) -> None:
        if not self._console.is_terminal and self._task is not None:
            task = self._progress.tasks[0]
            self._console.print(
                f"{self._title}: step {task.completed:.0f} of {task.total:.0f}, "
                f"epoch {task.fields['epoch']:.1f}, loss {task.fields['loss']}, "
                f"{task.fields['speed']:.0f} clips/s, {task.fields['left']} left",
                soft_wrap=True,
            )

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
            self._progress.update(self._task, loss=f"{logs['loss']:.3f}")

    def stop(self) -> None:
        """Leave the last state of the line standing."""
        if self._task is not None:
            self._progress.stop()
