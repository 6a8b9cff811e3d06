"""The language model: the bundled default or any causal LM, its words, and the LoRA adapter.

The LLM's own weights are never changed (paper, sec. 3.4); everything learned is in the adapter.
"""

from __future__ import annotations

import hashlib
import importlib.util
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import SafetensorError
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from llm_ar.config import LlmConfig, LoraSettings
from llm_ar.errors import ConfigError, MissingExtraError, ModelError
from llm_ar.recognizer.bundled_llm import BUNDLED, bundled_folder
from llm_ar.recognizer.sharding import shard_layers
from llm_ar.tokenizer.distributed import several

_SAMPLED_WORDS = 997
_RANDOM_SEED = 240_400_532


@dataclass(frozen=True)
class Backbone:
    """A language model that is ready to be used or adapted."""

    llm: PreTrainedModel
    text_tokenizer: PreTrainedTokenizerBase
    fingerprint: str
    """Hash of the LLM's shape and of a sample of its word embeddings: identifies an LLM."""


def load_backbone(
    config: LlmConfig, device: torch.device | str = "cpu", *, random: bool = False
) -> Backbone:
    """Load the language model, frozen and in evaluation mode.

    With ``config.sharded`` its layers are divided among the processes that train it. On the CPU it
    computes in float32 whatever ``config.dtype`` says: half precision is emulated there, hundreds
    of times slower.

    Raises:
        ModelError: if there is no such LLM.
        MissingExtraError: if 4-bit weights are asked for and bitsandbytes is not installed.
        ConfigError: if 4-bit weights are asked for on the CPU, or its layers cannot be divided.
    """
    device = torch.device(device)
    options: dict[str, Any] = {"dtype": _dtype(config, device)}
    if config.four_bit:
        options |= _four_bit(options["dtype"], device)
    llm, text_tokenizer = _read(config, options, random)
    llm.requires_grad_(False)
    if config.sharded and several():
        shard_layers(llm, device)
    if not config.four_bit:
        llm = llm.to(device)
    llm.eval()
    return Backbone(llm, text_tokenizer, fingerprint(llm))


def load_words(config: LlmConfig) -> tuple[Tensor, PreTrainedTokenizerBase]:
    """The LLM's word embeddings (V, width), float32 on the CPU, and its text tokenizer.

    Word embeddings are never quantized, so that a 4-bit LLM's are those of the whole one. That is
    read in the precision of its files: a large one in float32 might not fit.

    Raises:
        ModelError: if there is no such LLM.
        ConfigError, MissingExtraError: 4-bit weights are asked for and cannot be had here; told
            now, before a stage of training that does not need them.
    """
    if config.four_bit:
        _check_four_bit(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    llm, text_tokenizer = _read(config, {"dtype": "auto"})
    return llm.get_input_embeddings().weight.detach().float().clone(), text_tokenizer


def _read(
    config: LlmConfig, options: dict[str, Any], random: bool = False
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    source = bundled_folder() if config.name == BUNDLED else config.name
    try:
        with without_progress():
            text_tokenizer = AutoTokenizer.from_pretrained(source)
            if random:
                llm = _random_llm(source, options["dtype"])
            else:
                llm = AutoModelForCausalLM.from_pretrained(source, **options)
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(
            f"recognizer.llm.name: cannot load the language model '{config.name}' "
            f"({_first_line(error)}); give '{BUNDLED}', a folder with a Hugging Face causal LM, "
            "or the name of one that can be downloaded from here."
        ) from error
    return llm, text_tokenizer


def embed_names(
    words: Tensor, text_tokenizer: PreTrainedTokenizerBase, names: Sequence[str]
) -> Tensor:
    """Text embedding of each name: (C, width) from word embeddings (V, width).

    A mean of the name's word embeddings in which earlier words weigh more: a plain mean could not
    tell "sit to stand" from "stand to sit".
    """
    rows = []
    for name in names:
        ids = text_tokenizer(" " + name, add_special_tokens=False).input_ids
        weights = torch.arange(len(ids), 0, -1, dtype=words.dtype, device=words.device)
        rows.append((weights / weights.sum()) @ words[torch.tensor(ids)])
    return torch.stack(rows)


def attach_lora(llm: PreTrainedModel, settings: LoraSettings) -> PeftModel:
    """Wrap the LLM with a fresh LoRA adapter in float32, the only part that can be trained.

    Raises:
        ConfigError: if the LLM has no layers of the names in ``settings.targets``.
    """
    lora = LoraConfig(
        task_type="CAUSAL_LM",
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(settings.targets),
    )
    try:
        with warnings.catch_warnings():
            # peft asks transformers by an old name; no concern of the user's.
            warnings.simplefilter("ignore", FutureWarning)
            adapted = get_peft_model(llm, lora)
    except ValueError as error:
        raise ConfigError(
            f"recognizer.lora.targets: {_first_line(error)}; name linear layers of this LLM."
        ) from error
    assert isinstance(adapted, PeftModel)
    return adapted


def fingerprint(llm: PreTrainedModel) -> str:
    """Hash that identifies a language model, the same whatever the precision they are held in.

    Word embeddings are never quantized, so a sample of them, rounded to bfloat16, is the same in
    float32, bfloat16 and 4-bit models.
    """
    words = llm.get_input_embeddings().weight.detach()
    rows = torch.linspace(0, len(words) - 1, min(_SAMPLED_WORDS, len(words))).long()
    sample = words[rows.to(words.device)].to("cpu", torch.bfloat16).view(torch.int16)
    shape = (llm.config.model_type, llm.config.num_hidden_layers, tuple(words.shape))
    return hashlib.sha256(repr(shape).encode() + sample.numpy().tobytes()).hexdigest()[:16]


def weights_hash(llm: torch.nn.Module) -> str:
    """Hash of all of the LLM's own weights, with or without an adapter around it.

    Equal hashes before and after training are the proof that it changed none of them.
    """
    digest = hashlib.sha256()
    for name, weight in sorted(llm.named_parameters()):
        if "lora_" not in name:
            plain = weight.detach().cpu().contiguous().flatten().view(torch.uint8)
            own_name = name.replace(".base_layer", "").removeprefix("base_model.model.")
            digest.update(own_name.encode())
            digest.update(plain.numpy().tobytes())
    return digest.hexdigest()


def _random_llm(source: str | Path, dtype: torch.dtype) -> PreTrainedModel:
    """An LLM of that shape with random weights, always the same: a model's folder has none."""
    shape = AutoConfig.from_pretrained(source)
    with torch.random.fork_rng():
        torch.manual_seed(_RANDOM_SEED)
        return AutoModelForCausalLM.from_config(shape, dtype=dtype)


def _dtype(config: LlmConfig, device: torch.device) -> torch.dtype:
    dtypes = {
        "float32": torch.float32,
        "bfloat16": torch.bfloat16,
        "float16": torch.float16,
    }
    return torch.float32 if device.type == "cpu" else dtypes[config.dtype]


def _check_four_bit(device: torch.device) -> None:
    if device.type != "cuda":
        raise ConfigError(
            "recognizer.llm.four_bit: 4-bit weights need a CUDA device; set it to false."
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise MissingExtraError("an LLM in 4 bits", "four-bit")


def _four_bit(dtype: torch.dtype, device: torch.device) -> dict[str, Any]:
    _check_four_bit(device)
    from transformers import BitsAndBytesConfig

    quantization = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )
    return {"quantization_config": quantization, "device_map": {"": device}}


@contextmanager
def without_progress() -> Iterator[None]:
    """Silence the bar that would flash by while weights are read or written."""
    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else repr(error)
