"""The training loop of stage 2: checkpoints of the adapter alone, and the choice of the epoch."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from llm_ar.recognizer.adapter import load_adapter, save_adapter
from llm_ar.recognizer.checkpoint import ADAPTER_FILE
from llm_ar.recognizer.objective import AnswerObjective
from llm_ar.recognizer.private_apis import CheckpointTrainer
from llm_ar.recognizer.scoring import CandidateTrie, score
from llm_ar.recognizer.sharding import TrainedAlone, is_sharded
from llm_ar.training import StageTrainer

_METER_FILE = "meter.json"
_EPOCHS_FILE = "held_out.json"
_BEST_FOLDER = "best"


class Meter:
    """The mean loss of the current epoch, kept over an interruption.

    The sum stays on the device: ``float(loss)`` would wait for it at each step.
    """

    def __init__(self, total: float = 0.0, steps: int = 0) -> None:
        self._total, self.steps = torch.tensor(total, dtype=torch.double), steps

    def add(self, loss: Tensor) -> None:
        """Note the loss of one step."""
        self._total = self._total.to(loss.device) + loss.detach().double()
        self.steps += 1

    @property
    def loss(self) -> float:
        """The mean; waits for the device."""
        return float(self._total) / max(1, self.steps)

    def state(self) -> dict[str, float | int]:
        """What ``Meter(**state)`` goes on from."""
        return {"total": float(self._total), "steps": self.steps}


class AnswerTrainer(CheckpointTrainer, StageTrainer):
    """Trains the adapter.

    Args:
        objective: what is trained.
        args: the library's arguments.
        save_minutes: a checkpoint at least this often.
        llm_name: for the adapters' description.
        trie: the candidates that held-out clips are scored against.
        held_out: numbers (H,) of the training clips kept aside to choose the epoch, or none.
        rest: for the library's trainer.

    Attributes:
        meter: the epoch's losses.
    """

    def __init__(
        self,
        objective: AnswerObjective,
        args: TrainingArguments,
        save_minutes: float,
        llm_name: str,
        trie: CandidateTrie,
        held_out: Tensor,
        **rest: Any,
    ) -> None:
        self.meter = Meter()
        self._objective, self._llm_name, self._trie = objective, llm_name, trie
        self._held_out = objective.sentences.plain(held_out) if len(held_out) else None
        divided = is_sharded(objective.llm) or args.deepspeed_plugin is not None
        trained = TrainedAlone(objective) if divided else objective
        super().__init__(trained, args, "recognizer", save_minutes, **rest)
        self.add_callback(_EpochEnds(self))

    def compute_loss(self, *given: Any, **named: Any) -> Any:
        """As the library's, with each step's loss noted."""
        loss = super().compute_loss(*given, **named)
        self.meter.add(loss)
        return loss

    @property
    def accuracies(self) -> dict[int, float]:
        """Accuracy on the held-out clips after each epoch that ended."""
        try:
            found = json.loads((self._folder / _EPOCHS_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return {int(epoch): float(accuracy) for epoch, accuracy in found.items()}

    def try_epoch(self, epoch: int) -> float | None:
        """Score the held-out clips after an epoch; the adapter of the best one is kept.

        The share of clips whose name is the likeliest of all candidates, or None if no clips are
        held out.
        """
        if self._held_out is None:
            return None
        accuracy = self._accuracy(*self._held_out)
        self.log({"held_out_accuracy": accuracy})
        if self.is_world_process_zero():
            others = {e: value for e, value in self.accuracies.items() if e != epoch}
            if all(accuracy > value for e, value in others.items() if e < epoch):
                save_adapter(self._objective.llm, self._folder / _BEST_FOLDER, self._llm_name)
            _write_json(self._folder / _EPOCHS_FILE, others | {epoch: accuracy})
        return accuracy

    def take_best(self) -> None:
        """Go back to the adapter of the best epoch."""
        self.accelerator.wait_for_everyone()
        load_adapter(self._objective.llm, self._folder / _BEST_FOLDER / ADAPTER_FILE)

    def _accuracy(self, tokens: Tensor, classes: Tensor) -> float:
        objective = self._objective
        objective.eval()
        right = 0
        for rows in torch.arange(len(classes)).split(self.args.per_device_train_batch_size):
            with torch.inference_mode():
                sentences = objective.token_embeddings[tokens[rows]]
                words = objective.llm.get_input_embeddings()
                prompts = objective.prompt.embed(sentences, words)
            best = score(objective.llm, prompts, self._trie).argmax(-1)
            right += int((best == classes[rows]).sum())
        return right / len(classes)

    @property
    def _folder(self) -> Path:
        return Path(str(self.args.output_dir))

    def write_weights(self, folder: Path) -> None:
        """Write the adapter and the losses of the epoch so far."""
        save_adapter(self._objective.llm, folder, self._llm_name)
        _write_json(folder / _METER_FILE, self.meter.state())

    def read_weights(self, folder: Path) -> None:
        """Read the adapter and the losses of the epoch so far."""
        load_adapter(self._objective.llm, folder / ADAPTER_FILE)
        self.meter = Meter(**json.loads((folder / _METER_FILE).read_text(encoding="utf-8")))


class _EpochEnds(TrainerCallback):
    """At each epoch's end: held-out clips, a line for the reader, a checkpoint."""

    def __init__(self, trainer: AnswerTrainer) -> None:
        self.trainer = trainer

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Make up for an epoch whose end was saved but not scored."""
        ended = int(state.epoch or 0)
        if ended == state.epoch and ended > 0 and ended not in self.trainer.accuracies:
            self.trainer.try_epoch(ended)

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Forget the last epoch's losses, but not those of a resumed epoch's beginning."""
        if not state.epoch or state.epoch == int(state.epoch):
            self.trainer.meter = Meter()

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """See the class."""
        meter, epoch = self.trainer.meter, round(state.epoch or 0)
        accuracy = self.trainer.try_epoch(epoch)
        if state.is_world_process_zero:
            held_out = "" if accuracy is None else f", {100 * accuracy:.1f} % of held-out clips"
            print(
                f"recognizer: epoch {epoch} of {args.num_train_epochs:.0f}, "
                f"loss {meter.loss:.3f}{held_out}",
                file=sys.stderr,
            )
        self.trainer.check_finite()
        control.should_save = True


def _write_json(file: Path, content: Any) -> None:
    unfinished = file.with_name(file.name + ".tmp")
    unfinished.write_text(json.dumps(content) + "\n", encoding="utf-8")
    unfinished.replace(file)
