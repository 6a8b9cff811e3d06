"""A GGUF file holds the weights and words of the checkpoint, for llama.cpp."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from tokenizers import pre_tokenizers
from transformers import AutoModelForCausalLM

from llm_ar.errors import ModelError
from llm_ar.recognizer.export.checkpoint import text_model
from llm_ar.recognizer.export.gguf_file import GGUF_FILE, MODELFILE, export_gguf
from llm_ar.recognizer.model import ActionRecognizer

Recognizer = Callable[[Path], ActionRecognizer]


@pytest.fixture()
def exported(
    llm_folder: Path, recognizer: Recognizer, tmp_path: Path
) -> tuple[ActionRecognizer, Path]:
    """A model and the folder of its export."""
    model, out = recognizer(llm_folder), tmp_path / "exported"
    export_gguf(model, out)
    return model, out


def field(reader: gguf.GGUFReader, name: str) -> Any:
    return reader.get_field(name).contents()


def test_the_weights_are_those_of_the_checkpoint(exported: tuple[ActionRecognizer, Path]) -> None:
    model, out = exported
    llm, _, _ = text_model(model)
    reader = gguf.GGUFReader(out / GGUF_FILE)
    found = {tensor.name: np.asarray(tensor.data) for tensor in reader.tensors}
    state = llm.state_dict()
    assert len(found) == len(state)
    for name, place in (
        ("token_embd.weight", "model.embed_tokens.weight"),
        ("output.weight", "lm_head.weight"),
        ("output_norm.weight", "model.norm.weight"),
        ("blk.1.attn_v.weight", "model.layers.1.self_attn.v_proj.weight"),
        ("blk.1.attn_output.weight", "model.layers.1.self_attn.o_proj.weight"),
        ("blk.0.ffn_down.weight", "model.layers.0.mlp.down_proj.weight"),
        ("blk.0.ffn_norm.weight", "model.layers.0.post_attention_layernorm.weight"),
    ):
        expected = state[place].numpy().astype(found[name].dtype)
        np.testing.assert_array_equal(found[name], expected, err_msg=name)
    # By channel: the pair of channels i and i + 4 of a head of 8 are rows 2 i and 2 i + 1.
    queries = state["model.layers.0.self_attn.q_proj.weight"].numpy().astype(np.float16)
    for head in range(4):
        for half in range(2):
            for pair in range(4):
                row = found["blk.0.attn_q.weight"][8 * head + 2 * pair + half]
                np.testing.assert_array_equal(row, queries[8 * head + 4 * half + pair])


def test_another_reader_computes_the_same(exported: tuple[ActionRecognizer, Path]) -> None:
    model, out = exported
    llm, _, _ = text_model(model)
    # Buffers that no file holds have no data in an exported model.
    whole = AutoModelForCausalLM.from_config(llm.config, dtype=torch.float32).eval()
    whole.load_state_dict(llm.state_dict())
    read = AutoModelForCausalLM.from_pretrained(out, gguf_file=GGUF_FILE, dtype=torch.float32)
    ids = torch.randint(llm.config.vocab_size, (3, 12), generator=torch.manual_seed(0))
    with torch.inference_mode():
        expected, found = (each(ids).logits.log_softmax(-1) for each in (whole, read))
    words = model.backbone.llm.config.vocab_size
    torch.testing.assert_close(found[..., :words], expected[..., :words], atol=0.05, rtol=0)


def test_the_words_are_those_of_the_tokenizer(exported: tuple[ActionRecognizer, Path]) -> None:
    model, out = exported
    _, words, ids = text_model(model)
    reader = gguf.GGUFReader(out / GGUF_FILE)
    texts, kinds = (
        field(reader, "tokenizer.ggml.tokens"),
        field(reader, "tokenizer.ggml.token_type"),
    )
    assert len(texts) == len(kinds) == len(words)
    assert all(texts[number] == text for text, number in words.get_vocab().items())
    assert {kinds[number] for number in ids} == {gguf.TokenType.USER_DEFINED}
    assert kinds[words.eos_token_id] == gguf.TokenType.CONTROL
    assert kinds[words.convert_tokens_to_ids("a")] == gguf.TokenType.NORMAL
    assert field(reader, "tokenizer.ggml.pre") == "gpt-2"
    assert field(reader, "tokenizer.ggml.eos_token_id") == words.eos_token_id
    assert not field(reader, "tokenizer.ggml.add_bos_token")
    assert field(reader, "llama.attention.key_length") == 8
    assert field(reader, "llama.embedding_length") == 40
    text = (out / MODELFILE).read_text()
    assert "Given a sequence of action tokens{{ .Prompt }}, please predict" in text
    assert 'PARAMETER stop "</s>"' in text


def test_a_tokenizer_that_llama_cpp_lacks_is_refused(
    llm_folder: Path, recognizer: Recognizer, tmp_path: Path
) -> None:
    model = recognizer(llm_folder)
    backend = model.backbone.text_tokenizer.backend_tokenizer
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Punctuation(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    with pytest.raises(ModelError, match="splits text in a way"):
        export_gguf(model, tmp_path / "exported")
    assert not (tmp_path / "exported").exists()
