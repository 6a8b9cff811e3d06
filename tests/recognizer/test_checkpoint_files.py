"""Written settings and text tokenizers are those that transformers 4 reads too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from transformers import AutoConfig, AutoTokenizer, LlamaConfig

from llm_ar.recognizer.checkpoint_files import add_rope_theta, save_text_tokenizer
from llm_ar.recognizer.llm import Backbone


def test_the_class_is_one_of_every_version(backbone: Backbone, tmp_path: Path) -> None:
    save_text_tokenizer(backbone.text_tokenizer, tmp_path)
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text("utf-8"))
    assert settings["tokenizer_class"] == "PreTrainedTokenizerFast"
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert again.get_vocab() == backbone.text_tokenizer.get_vocab()
    assert again.eos_token_id == backbone.text_tokenizer.eos_token_id
    text = "The action is draw circle (clockwise)."
    assert again(text).input_ids == backbone.text_tokenizer(text).input_ids


def write_config(folder: Path, settings: dict[str, object]) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", **settings}))


@pytest.mark.parametrize(
    "rope, scaling",
    [
        ({"rope_type": "default"}, None),
        ({"rope_type": "linear", "factor": 2.0}, {"rope_type": "linear", "factor": 2.0}),
    ],
)
def test_the_base_of_rotary_embeddings_is_noted_for_both(
    rope: dict[str, object], scaling: dict[str, object] | None, tmp_path: Path
) -> None:
    write_config(tmp_path, {"rope_parameters": {"rope_theta": 100000.0, **rope}})
    add_rope_theta(tmp_path)
    written = json.loads((tmp_path / "config.json").read_text("utf-8"))
    assert written["rope_theta"] == 100000.0
    assert written.get("rope_scaling") == scaling
    # As the installed version reads it: 5 has it within rope_parameters, 4 beside them.
    read = AutoConfig.from_pretrained(tmp_path)
    found = getattr(read, "rope_parameters", None) or {"rope_theta": read.rope_theta}
    assert found["rope_theta"] == 100000.0
    assert found.get("factor", 1.0) == rope.get("factor", 1.0)


@pytest.mark.parametrize(
    "settings", [{}, {"rope_parameters": {"full_attention": {"rope_theta": 1.0}}}]
)
def test_other_settings_stay_as_they_are(settings: dict[str, object], tmp_path: Path) -> None:
    write_config(tmp_path, settings)
    before = (tmp_path / "config.json").read_bytes()
    add_rope_theta(tmp_path)
    assert (tmp_path / "config.json").read_bytes() == before


def test_what_this_version_saves_is_read_as_it_was(tmp_path: Path) -> None:
    config = LlamaConfig(hidden_size=40, num_attention_heads=4, rms_norm_eps=1e-5)
    config.save_pretrained(tmp_path)
    add_rope_theta(tmp_path)
    again = AutoConfig.from_pretrained(tmp_path).to_dict()
    again.pop("_name_or_path", None)
    expected = config.to_dict()
    assert {key: again[key] for key in expected if key in again} == {
        key: value for key, value in expected.items() if key in again and key != "_name_or_path"
    }
