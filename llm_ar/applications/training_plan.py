"""The lines around a training: what it reads, writes and takes; where stages change."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from llm_ar.applications.run_folder import Stage
from llm_ar.applications.ui.terminal import note
from llm_ar.config import RunConfig

if TYPE_CHECKING:
    from llm_ar.skeletons.store import ClipStore

_TITLES = {"tokenizer": "action tokenizer", "recognizer": "language model"}
_MEASURED_LLM = "smollm2-135m-instruct"


def is_first_process() -> bool:
    """Whether this is the process that writes, of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def training_size(settings: RunConfig, store: ClipStore) -> tuple[int, int]:
    """How many clips of how many actions train."""
    training, _ = store.split(settings.protocol)
    infos = store.metadata()
    actions = len({infos[index].label for index in training})
    clips = len(training)
    return min(clips, settings.shots * actions) if settings.shots else clips, actions


def plan(settings: RunConfig, stage: Stage, store: ClipStore, command: str) -> list[str]:
    """What a training reads, writes and takes, and how it is stopped and gone on with.

    Args:
        settings: of the run.
        stage: what is trained.
        store: the dataset.
        command: what was typed, without ``--resume``; empty if the training was not typed.
    """
    clips, actions = training_size(settings, store)
    epochs = {
        "tokenizer": settings.tokenizer.optim.epochs,
        "recognizer": settings.recognizer.optim.epochs,
    }
    stages = [name for name in epochs if stage in ("both", name)]
    minutes = settings.tokenizer.optim.save_minutes
    lines = [
        f"Reads {settings.data}, protocol {settings.protocol}: {clips:,} clips train, "
        f"{actions:,} actions",
        f"Writes {settings.out}",
        "Stages: "
        + ", then ".join(f"{_TITLES[name]} ({epochs[name]} epochs)" for name in stages)
        + f"; the language model is {settings.recognizer.llm.name}",
        _duration(settings, stages, clips),
        f"Ctrl-C stops it; a checkpoint is written soon after the start of a stage, every "
        f"{minutes:g} minutes and at its end{_to_go_on(command)}",
    ]
    return lines


def _to_go_on(command: str) -> str:
    """The command that goes on; one of another program does so without an option."""
    if not command:
        return ""
    return f". To go on: {command}{' --resume' if command.startswith('llm-ar ') else ''}"


def _duration(settings: RunConfig, stages: list[str], clips: int) -> str:
    """The expected minutes where a rate was measured: on a processor, with the bundled LLM."""
    import torch

    from llm_ar.ablations.eta import Rates, stage_minutes

    if torch.cuda.is_available() or settings.recognizer.llm.name != _MEASURED_LLM:
        return "Duration: shown after the first steps; --dry-run computes it for a GPU"
    first, second = stage_minutes(settings, clips, Rates())
    expected = {"tokenizer": first, "recognizer": second}
    each = " and ".join(f"{max(expected[name], 1):.0f}" for name in stages)
    unit = "minute" if each == "1" else "minutes"
    return f"Duration: about {each} {unit} on two free processor cores"


@contextmanager
def announced(name: str) -> Iterator[None]:
    """Print which stage begins, and how long it took."""
    number = 1 if name == "tokenizer" else 2
    which = f"Stage {number} of 2: {_TITLES[name]}"
    started = time.monotonic()
    if is_first_process():
        note(which)
    yield
    if is_first_process():
        note(f"Stage {number} is finished after {(time.monotonic() - started) / 60:.1f} minutes")
