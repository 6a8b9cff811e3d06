"""Writing a text tokenizer so that transformers 4 and 5 both read it."""

from __future__ import annotations

import json
from pathlib import Path

from transformers import PreTrainedTokenizerBase

_SETTINGS_FILE = "tokenizer_config.json"


def save_text_tokenizer(text_tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write a fast tokenizer's files into a folder.

    transformers 5 notes a class that transformers 4 does not have (``TokenizersBackend``). The
    class that both have is noted in its place; the rest is in ``tokenizer.json``.
    """
    text_tokenizer.save_pretrained(folder)
    file = folder / _SETTINGS_FILE
    settings = json.loads(file.read_text(encoding="utf-8"))
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    file.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
