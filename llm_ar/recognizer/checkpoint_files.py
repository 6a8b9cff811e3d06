"""A causal LM's settings and text tokenizer as files that transformers 4 and 5 both read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

_CONFIG_FILE = "config.json"
_TOKENIZER_CONFIG_FILE = "tokenizer_config.json"


def save_text_tokenizer(text_tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write a fast tokenizer's files into a folder.

    transformers 5 notes a class that transformers 4 does not have (``TokenizersBackend``). The
    class that both have is noted in its place; the rest is in ``tokenizer.json``.
    """
    text_tokenizer.save_pretrained(folder)
    file = folder / _TOKENIZER_CONFIG_FILE
    _write(file, _read(file) | {"tokenizer_class": "PreTrainedTokenizerFast"})


def add_rope_theta(folder: Path) -> None:
    """Note the base of rotary embeddings where transformers 4 looks for it, in ``config.json``.

    transformers 5 notes it within ``rope_parameters``, which transformers 4 does not read: it would
    compute with its own default, without a word. Parameters by kind of layer stay as they are.
    """
    file = folder / _CONFIG_FILE
    config = _read(file)
    rope = config.get("rope_parameters") or {}
    if "rope_theta" not in rope:
        return
    added: dict[str, Any] = {"rope_theta": rope["rope_theta"]}
    if rope.get("rope_type", "default") != "default":
        added["rope_scaling"] = {key: rope[key] for key in rope if key != "rope_theta"}
    _write(file, config | added)


def _read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8")))


def _write(file: Path, settings: dict[str, Any]) -> None:
    file.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
