"""The only place where private names of transformers and torch are used.

A release may rename or remove them without notice. Each one is listed in ``PRIVATE_APIS``, so that
a test can name the one that an installed version no longer has.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel, Trainer

PRIVATE_APIS: tuple[tuple[Any, str], ...] = (
    (torch.ops.aten, "_cdist_forward"),
    (PretrainedConfig, "_attn_implementation"),
    (PreTrainedModel, "_supports_attention_backend"),
    (Trainer, "_save"),
    (Trainer, "_load_from_checkpoint"),
)
"""Owner and attribute of every private API that is used."""


def attention_implementation(llm: PreTrainedModel) -> str | None:
    """Name of the attention function that an LLM, adapted or not, computes with."""
    name: str | None = llm.config._attn_implementation
    return name


def set_attention_implementation(llm: PreTrainedModel, name: str) -> None:
    """Let an LLM, adapted or not, compute with a registered attention function.

    The public ``set_attn_implementation`` guesses from the source of the model's module whether it
    may, and where not, it logs a warning and changes nothing. Here the caller compares outputs.
    """
    llm.config._attn_implementation = name


def uses_registered_attention(llm: nn.Module) -> bool:
    """Whether any part of an LLM looks its attention function up by name."""
    return any(
        isinstance(module, PreTrainedModel) and module._supports_attention_backend
        for module in llm.modules()
    )


class CheckpointTrainer(Trainer, ABC):
    """``Trainer`` whose subclasses decide which weights a checkpoint holds.

    Optimizer, scheduler, random states and progress are saved by the library.
    """

    @abstractmethod
    def write_weights(self, folder: Path) -> None:
        """Write the trained weights into a checkpoint's folder, which exists."""

    @abstractmethod
    def read_weights(self, folder: Path) -> None:
        """Read what `write_weights` wrote there."""

    def _save(
        self, output_dir: str | None = None, state_dict: dict[str, Any] | None = None
    ) -> None:
        if not self.args.should_save:  # every process calls this; one writes
            return
        folder = Path(output_dir or str(self.args.output_dir))
        folder.mkdir(parents=True, exist_ok=True)
        self.write_weights(folder)

    def _load_from_checkpoint(
        self, resume_from_checkpoint: str, model: nn.Module | None = None
    ) -> None:
        self.read_weights(Path(resume_from_checkpoint))


def pairwise_distance_operator() -> Any:
    """What ``torch.cdist`` is called in an exported graph."""
    return torch.ops.aten._cdist_forward.default
