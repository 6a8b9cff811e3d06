"""The line of progress: a steady time left, a loss from early on, one line in a log file."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from transformers import TrainerControl, TrainerState

from llm_ar import callbacks
from llm_ar.callbacks import StepTimes, TrainingProgress, duration
from llm_ar.config import OptimConfig
from llm_ar.training import training_arguments


def test_time_left_does_not_jump() -> None:
    """One step in fifty takes a hundred times as long (a checkpoint, another program)."""
    random = np.random.default_rng(0)
    times, now, steps, found = StepTimes(), 0.0, 4000, []
    spent = [(10.0 if step % 50 == 25 else 0.1) * random.uniform(0.7, 1.4) for step in range(steps)]
    for step, seconds in enumerate(spent):
        now += seconds
        times.step(now)
        left = times.left(steps - step - 1)
        truth = sum(spent[step + 1 :])
        if step > 500 and truth > 120 and left is not None:
            found.append(left / truth)
    assert 0.6 < min(found) and max(found) < 1.6
    jumps = np.abs(np.diff(np.log(found)))
    assert jumps.max() < 0.2


def test_time_left_follows_a_lasting_change() -> None:
    times, now = StepTimes(), 0.0
    for seconds in [0.1] * 3000 + [1.0] * 600:
        now += seconds
        times.step(now)
    left = times.left(100)
    assert left is not None and left == pytest.approx(100, rel=0.2)


def test_nothing_is_said_too_early() -> None:
    times = StepTimes()
    for now in (30.0, 31.0, 32.0):
        times.step(now)
        assert times.left(100) is None
    # The first step, which set everything up, does not count.
    for now in range(33, 40):
        times.step(float(now))
    assert times.left(100) == pytest.approx(100)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "-"), (0, "0 min"), (20, "under 1 min"), (1080, "18 min"), (7200, "2 h 00 min")],
)
def test_durations_in_words(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(("clips", "epochs"), [(10, 1), (10, 60), (40, 4), (2000, 60)])
def test_a_loss_is_shown_early(clips: int, epochs: int, tmp_path: Path) -> None:
    optim = OptimConfig(epochs=epochs, batch_size=32)
    args = training_arguments(optim, tmp_path, clips, 0)
    steps = -(-clips // 32) * epochs
    assert args.logging_steps <= max(1, steps // 10)


@pytest.mark.parametrize(
    ("minutes", "saved"), [(3.0, [20, 200, 380, 400]), (0.1, list(range(6, 400, 6)) + [400])]
)
def test_the_first_checkpoint_comes_soon(
    minutes: float, saved: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 400 steps of a second each."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: clock.now)
    checked: list[float] = []
    timed = callbacks.TimedCheckpoints(minutes, lambda: checked.append(clock.now))
    found = []
    for step in range(1, 401):
        clock.now = float(step)
        control = TrainerControl()
        timed.on_step_end(SimpleNamespace(), TrainerState(global_step=step, max_steps=400), control)
        if control.should_save:
            found.append(step)
    assert found == saved == checked


def test_a_log_file_gets_whole_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(callbacks, "_LINE_SECONDS", 0)
    progress = TrainingProgress("recognizer", 16)
    args, control = SimpleNamespace(), TrainerControl()
    state = TrainerState(max_steps=2)
    progress.on_train_begin(args, state, control)
    for step in (1, 2):
        state.global_step, state.epoch = step, step / 2
        progress.on_step_end(args, state, control)
        progress.on_log(args, state, control, {"loss": 1.5 / step})
    progress.on_train_end(args, state, control)
    progress.stop()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("recognizer: step 1 of 2, epoch 0.5, loss -, ")
    assert lines[1].startswith("recognizer: step 2 of 2, epoch 1.0, loss 0.750, ")
    assert lines[1].endswith(" 0 min left")
