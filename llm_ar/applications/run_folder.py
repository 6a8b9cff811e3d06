"""The folder of a training: what is in it, whether it may be written, and the command that goes on.

Nothing here needs torch, so a training that would overwrite another is refused at once.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from llm_ar.applications.ui.models import COMMAND_FILE
from llm_ar.errors import ConfigError

Stage = Literal["tokenizer", "recognizer", "both"]
STAGES: tuple[Stage, ...] = ("tokenizer", "recognizer", "both")
_NUMBERS = {"tokenizer": 1, "recognizer": 2}
_MODEL_FILES = ("config.json", "training.json")
"""Written last: that of a model, and that of a reader of `llm_ar.ablations`."""


@dataclass(frozen=True)
class Checkpoint:
    """The newest checkpoint of a stage.

    Args:
        stage: which one.
        step: the steps that are done.
        steps: all of them.
    """

    stage: str
    step: int
    steps: int

    def __str__(self) -> str:
        """Where the training stands."""
        name = f"stage {_NUMBERS[self.stage]} ({self.stage})"
        if self.step >= self.steps:
            return f"{name} is finished"
        return f"{name} is at step {self.step:,} of {self.steps:,}"


@dataclass(frozen=True)
class RunFolder:
    """What a training has left in its folder.

    Args:
        out: the folder.
        finished: whether it holds a whole model.
        tokenizer: whether stage 1 is finished.
        checkpoints: the newest one of each stage that has any.
        begun: whether a training has begun in it.
    """

    out: Path
    finished: bool
    tokenizer: bool
    checkpoints: tuple[Checkpoint, ...]
    begun: bool

    @classmethod
    def look(cls, out: Path) -> RunFolder:
        """Look into a folder, which need not be there."""
        found = (newest_checkpoint(out, stage) for stage in _NUMBERS)
        return cls(
            out,
            any((out / name).is_file() for name in _MODEL_FILES),
            (out / "tokenizer" / "config.json").is_file(),
            tuple(checkpoint for checkpoint in found if checkpoint is not None),
            (out / COMMAND_FILE).is_file(),
        )

    @property
    def stopped_early(self) -> bool:
        """Whether a training that began in it ended before its first checkpoint."""
        return self.begun and not (self.finished or self.tokenizer or self.checkpoints)

    def of(self, stage: Stage) -> tuple[Checkpoint, ...]:
        """The checkpoints of the stages that are to be trained."""
        return tuple(one for one in self.checkpoints if stage in ("both", one.stage))

    def check(self, stage: Stage, resume: bool, command: str) -> None:
        """Refuse a training that would overwrite another, or that has nothing to go on with.

        Args:
            stage: what is to be trained.
            resume: whether to go on.
            command: what was typed, without ``--resume``.

        Raises:
            ConfigError: naming the command to use instead.
        """
        if resume:
            if self.finished and not self.of(stage):
                raise ConfigError(
                    f"{self.out}: is a finished model without checkpoints, so there is nothing to "
                    f"resume; to train it again: {command} --overwrite"
                )
            return
        before = self.of(stage)
        if stage != "recognizer":
            before = self.checkpoints
        if self.finished:
            raise ConfigError(
                f"{self.out}: already holds a finished model; choose another --out, or replace it "
                f"with: {command} --overwrite"
            )
        if before:
            raise ConfigError(
                f"{self.out}: already holds an unfinished training ({before[-1]}); go on with: "
                f"{command} --resume, or begin again with: {command} --overwrite"
            )
        if self.tokenizer and stage != "recognizer":
            raise ConfigError(
                f"{self.out}: already holds a trained tokenizer; train stage 2 alone (llm-ar train "
                f"recognizer), or begin again with: {command} --overwrite"
            )

    def clear(self, stage: Stage) -> None:
        """Remove what the stages to be trained have left; the model is unfinished from then on."""
        for name in _MODEL_FILES:
            (self.out / name).unlink(missing_ok=True)
        shutil.rmtree(self.out / "training" / "clips", ignore_errors=True)
        for one in _NUMBERS if stage != "recognizer" else ("recognizer",):
            shutil.rmtree(self.out / "training" / one, ignore_errors=True)
        if stage != "recognizer":
            shutil.rmtree(self.out / "tokenizer", ignore_errors=True)

    def keep_command(self, command: str) -> None:
        """Note the command that goes on, for a message about the unfinished model."""
        file = self.out / COMMAND_FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{command} --resume\n", encoding="utf-8")


def newest_checkpoint(out: Path, stage: str) -> Checkpoint | None:
    """The newest whole checkpoint of a stage, if there is one."""
    found: dict[int, int] = {}
    for file in (out / "training" / stage).glob("checkpoint-*/trainer_state.json"):
        try:
            state = json.loads(file.read_text(encoding="utf-8"))
            found[int(state["global_step"])] = int(state["max_steps"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return Checkpoint(stage, max(found), found[max(found)]) if found else None


def typed_command(arguments: Sequence[str]) -> str:
    """The command as it was typed, without ``--resume`` and ``--overwrite``."""
    kept = [word for word in arguments if word not in ("--resume", "--overwrite")]
    return shlex.join(["llm-ar", "train", *kept])


def interrupted(out: Path, command: str) -> str:
    """What a person who stops a training wants to know: is anything kept, and how does it go on?"""
    checkpoints = RunFolder.look(out).checkpoints
    if not checkpoints:
        return f"interrupted before the first checkpoint; begin again with: {command}"
    where = " and ".join(map(str, checkpoints[-1:]))
    return f"interrupted; the checkpoint in {out} is kept: {where}; go on with: {command} --resume"
