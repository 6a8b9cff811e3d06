"""The adapter on disk: its own weights alone, in the form that peft reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict

from llm_ar.recognizer.checkpoint import ADAPTER_CONFIG_FILE, ADAPTER_FILE, damaged, read_tensors
from llm_ar.recognizer.fast.fp16_linear import HalfLinear, can_be_halved
from llm_ar.tensor_files import write_tensors
from llm_ar.tokenizer.half_precision import compact, round_matrices


def save_adapter(llm: PeftModel, folder: Path, llm_name: str) -> None:
    """Write the adapter as peft reads it: its own weights, none of the LLM's.

    They are written in half precision where that loses nothing, else in float32.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = get_peft_model_state_dict(llm, save_embedding_layers=False)
    weights = {name: compact(weight.float()) for name, weight in state.items()}
    write_tensors(weights, folder / ADAPTER_FILE, metadata={"format": "pt"})
    described = llm.peft_config["default"].to_dict()
    described |= {"base_model_name_or_path": llm_name, "inference_mode": True}
    text = json.dumps(described, indent=2, sort_keys=True, default=_plain) + "\n"
    (folder / ADAPTER_CONFIG_FILE).write_text(text, encoding="utf-8")


def round_adapter(llm: PeftModel) -> None:
    """Round the adapter's weights to half precision, at the end of training."""
    round_matrices(weight for name, weight in llm.named_parameters() if "lora_" in name)


def load_adapter(llm: PeftModel, file: Path) -> None:
    """Read an adapter's weights into an LLM with a fresh adapter of the same settings.

    Raises:
        ModelError: if the file is damaged or holds other weights than the settings ask for.
    """
    state = read_tensors(file)
    wanted = get_peft_model_state_dict(llm, save_embedding_layers=False)
    if {name: weight.shape for name, weight in state.items()} != {
        name: weight.shape for name, weight in wanted.items()
    }:
        raise damaged(file, "its weights are not those that config.json describes")
    set_peft_model_state_dict(llm, {name: weight.float() for name, weight in state.items()})


def merge_adapter(llm: PeftModel) -> None:
    """Make an LLM ready for recognition alone: adapter in the weights, weights held for it.

    In memory only; the adapter stays beside the weights and can still be saved. Weights that are
    not float32 are left alone: rounding the sum would change the answers.
    """
    if any(weight.dtype != torch.float32 for weight in llm.parameters()):
        return
    llm.merge_adapter()
    for place, module in list(llm.named_modules()):
        for name, layer in module.named_children():
            if "lora_" not in place and can_be_halved(layer):
                setattr(module, name, HalfLinear(layer))


def _plain(value: object) -> Any:
    """Sets and enumerations of peft's settings as JSON values."""
    return sorted(value) if isinstance(value, set | frozenset) else str(value)
