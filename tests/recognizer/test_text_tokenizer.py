"""A written text tokenizer names a class of transformers 4 too, and reads as it was."""

from __future__ import annotations

import json
from pathlib import Path

from transformers import AutoTokenizer

from llm_ar.recognizer.llm import Backbone
from llm_ar.recognizer.text_tokenizer import save_text_tokenizer


def test_the_class_is_one_of_every_version(backbone: Backbone, tmp_path: Path) -> None:
    save_text_tokenizer(backbone.text_tokenizer, tmp_path)
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text("utf-8"))
    assert settings["tokenizer_class"] == "PreTrainedTokenizerFast"
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert again.get_vocab() == backbone.text_tokenizer.get_vocab()
    assert again.eos_token_id == backbone.text_tokenizer.eos_token_id
    text = "The action is draw circle (clockwise)."
    assert again(text).input_ids == backbone.text_tokenizer(text).input_ids
