"""A tiny recognizer whose adapter changes its LLM, and a plain reading of its export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks.export import plain_log_likelihoods
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


@pytest.fixture()
def plain() -> Callable[[Path, Sequence[str], Sequence[str]], Tensor]:
    """See `plain_log_likelihoods`."""
    return plain_log_likelihoods
