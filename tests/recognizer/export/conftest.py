"""A tiny recognizer whose adapter changes its LLM, and a plain reading of its export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from llm_ar.config import LlmConfig, RecognizerConfig, RunConfig
from llm_ar.recognizer.llm import attach_lora, load_backbone
from llm_ar.recognizer.model import ActionRecognizer
from tests.tiny_llm import LABELS, make_tokenizer

Recognizer = Callable[[Path], ActionRecognizer]


@pytest.fixture()
def recognizer(tmp_path: Path) -> Recognizer:
    """Makes a recognizer of an LLM's folder, as loaded from its own folder."""

    def make(llm_folder: Path) -> ActionRecognizer:
        run = RunConfig(
            out=tmp_path / "tiny", recognizer=RecognizerConfig(llm=LlmConfig(name=str(llm_folder)))
        )
        tokenizer, backbone = make_tokenizer(), load_backbone(run.recognizer.llm)
        llm = attach_lora(backbone.llm, run.recognizer.lora).eval()
        torch.manual_seed(3)
        for name, weight in llm.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.3)
        embeddings = torch.randn(tokenizer.vocabulary, llm.config.hidden_size)
        made = ActionRecognizer(run, LABELS, tokenizer, backbone, llm, embeddings, {})
        made.save_pretrained(run.out)
        return ActionRecognizer.from_pretrained(run.out)

    return make


def plain_log_likelihoods(folder: Path, prompts: Sequence[str], names: Sequence[str]) -> Tensor:
    """Log-likelihoods (B, N) of names after prompts, by transformers alone."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    words = AutoTokenizer.from_pretrained(folder)
    llm = AutoModelForCausalLM.from_pretrained(folder)
    rows = []
    for prompt in prompts:
        asked = words(prompt).input_ids
        answers = [words(prompt + " " + name).input_ids + [words.eos_token_id] for name in names]
        longest = max(map(len, answers))
        # What follows a text has no influence on it.
        batch = torch.tensor([ids + [words.eos_token_id] * (longest - len(ids)) for ids in answers])
        with torch.inference_mode():
            steps = llm(batch).logits[:, len(asked) - 1 : -1].double().log_softmax(-1)
        found = steps.gather(2, batch[:, len(asked) :, None])[:, :, 0]
        lengths = [len(ids) - len(asked) for ids in answers]
        rows.append([row[:count].sum() for row, count in zip(found, lengths, strict=True)])
    return torch.tensor(rows)


@pytest.fixture()
def plain() -> Callable[[Path, Sequence[str], Sequence[str]], Tensor]:
    """See `plain_log_likelihoods`."""
    return plain_log_likelihoods
