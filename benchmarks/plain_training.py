"""Stage 2 as most published scripts train: ``transformers.Trainer``, padded prompts, all logits.

Every prompt is padded to the longest possible, its label is the answer and -100 elsewhere, and the
LLM computes logits at every place and its own loss. LoRA is peft's.
"""

from __future__ import annotations

from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn
from transformers import PreTrainedModel, PrinterCallback, Trainer, TrainingArguments
from transformers.trainer_callback import TrainerCallback

from benchmarks.training_data import TrainingData
from llm_ar.config import LoraSettings


class PlainModel(nn.Module):
    """Padded prompts to the LLM's own loss; action tokens are numbered behind the LLM's words.

    Action tokens must not become possible answers, so that their embeddings stand beside the
    LLM's vocabulary and not in it.
    """

    def __init__(self, llm: nn.Module, token_embeddings: Tensor) -> None:
        super().__init__()
        self.llm = llm
        self.register_buffer("token_embeddings", token_embeddings, persistent=False)

    token_embeddings: Tensor

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor, **rest: Any
    ) -> dict[str, Tensor]:
        """The loss of prompts (B, L)."""
        words = self.llm.get_input_embeddings()
        action = input_ids - words.num_embeddings
        embedded = torch.where(
            (action >= 0).unsqueeze(-1),
            self.token_embeddings[action.clamp_min(0)],
            words(input_ids.clamp_max(words.num_embeddings - 1)),
        )
        out = self.llm(inputs_embeds=embedded, attention_mask=attention_mask, labels=labels, **rest)
        return {"loss": out.loss}


def plain_trainer(
    llm: PreTrainedModel,
    data: TrainingData,
    settings: LoraSettings,
    args: TrainingArguments,
    callbacks: list[TrainerCallback],
) -> Trainer:
    """The library's trainer on padded prompts."""
    adapted = get_peft_model(
        llm,
        LoraConfig(
            task_type="CAUSAL_LM",
            r=settings.rank,
            lora_alpha=settings.alpha,
            lora_dropout=settings.dropout,
            target_modules=list(settings.targets),
        ),
    )
    words = llm.get_input_embeddings().num_embeddings
    before, after = data.prompt.before, data.prompt.after
    prompts = [[*before, *(words + u for u in row), *after] for row in data.tokens.tolist()]
    answers = [data.answers[number] for number in data.classes.tolist()]
    longest = len(prompts[0]) + max(map(len, data.answers))
    rows = [
        {
            "input_ids": _padded(prompt + answer, longest, 0),
            "attention_mask": _padded([1] * len(prompt + answer), longest, 0),
            "labels": _padded([-100] * len(prompt) + answer, longest, -100),
        }
        for prompt, answer in zip(prompts, answers, strict=True)
    ]
    model = PlainModel(adapted, data.token_embeddings)
    trainer = Trainer(model, args, train_dataset=rows, callbacks=callbacks)
    trainer.remove_callback(PrinterCallback)
    return trainer


def _padded(row: list[int], length: int, filler: int) -> Tensor:
    return torch.tensor(row + [filler] * (length - len(row)))
