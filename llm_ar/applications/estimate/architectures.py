"""The shapes of a run's models, without their weights: built on the meta device, offline."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, PretrainedConfig

from llm_ar.config import LlmConfig, RunConfig
from llm_ar.errors import ModelError
from llm_ar.recognizer.llm import attach_lora
from llm_ar.skeletons.layouts import Layout
from llm_ar.tokenizer.model import ActionTokenizer

_LLAMA_13B = {
    "vocab_size": 32_000,
    "hidden_size": 5_120,
    "intermediate_size": 13_824,
    "num_hidden_layers": 40,
    "num_attention_heads": 40,
}
_LLAMA_7B = {
    "vocab_size": 32_000,
    "hidden_size": 4_096,
    "intermediate_size": 11_008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
}
_SMOLLM2_135M = {
    "vocab_size": 49_152,
    "hidden_size": 576,
    "intermediate_size": 1_536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "tie_word_embeddings": True,
}
KNOWN: dict[str, dict[str, int]] = {
    "huggyllama/llama-13b": _LLAMA_13B,
    "huggyllama/llama-7b": _LLAMA_7B,
    "meta-llama/Llama-2-13b-hf": _LLAMA_13B,
    "meta-llama/Llama-2-7b-hf": _LLAMA_7B,
    "smollm2-135m-instruct": _SMOLLM2_135M,
}
"""Published sizes of language models, by the names that configurations use."""


@dataclass(frozen=True)
class Shapes:
    """What matters of a run's models for memory and time.

    Args:
        tokenizer: parameters of the action tokenizer.
        llm: parameters of the language model, all frozen.
        linear: those of them in linear layers that every token passes (neither embeddings nor
            the output layer).
        adapter: parameters of the LoRA adapter, all trained in stage 2.
        layers, hidden, intermediate, vocabulary: sizes of the language model.
    """

    tokenizer: int
    llm: int
    linear: int
    adapter: int
    layers: int
    hidden: int
    intermediate: int
    vocabulary: int


def shapes(run: RunConfig, layout: Layout) -> Shapes:
    """The shapes of a run's models for skeletons of a layout.

    Raises:
        ModelError: the language model is neither known by name nor a folder.
        ConfigError: a setting that no model can have.
    """
    config = llm_config(run.recognizer.llm)
    with torch.device("meta"):
        codebook = run.tokenizer.codebook
        tokenizer = ActionTokenizer(
            run.tokenizer.encoder,
            dataclasses.replace(codebook, dim=codebook.dim or config.hidden_size),
            run.preprocess,
            layout,
        )
        llm = AutoModelForCausalLM.from_config(config)
        words = {llm.get_input_embeddings().weight, llm.get_output_embeddings().weight}
        own = _count(llm)
        linear = sum(
            module.weight.numel()
            for module in llm.modules()
            if isinstance(module, nn.Linear) and module.weight not in words
        )
        adapted = attach_lora(llm, run.recognizer.lora)
    return Shapes(
        tokenizer=_count(tokenizer),
        llm=own,
        linear=linear,
        adapter=_count(adapted) - own,
        layers=config.num_hidden_layers,
        hidden=config.hidden_size,
        intermediate=config.intermediate_size,
        vocabulary=config.vocab_size,
    )


def llm_config(settings: LlmConfig) -> PretrainedConfig:
    """The architecture of a language model, from its known sizes or from its folder.

    Raises:
        ModelError: it is neither.
    """
    if settings.name in KNOWN:
        return LlamaConfig(**KNOWN[settings.name])
    try:
        if Path(settings.name).is_dir():
            return AutoConfig.from_pretrained(settings.name)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"recognizer.llm.name: {settings.name}: no language model ({reason})"
        ) from None
    raise ModelError(
        f"recognizer.llm.name: the sizes of '{settings.name}' are not known here; give a folder "
        f"with its config.json, or one of {', '.join(KNOWN)}"
    )


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
