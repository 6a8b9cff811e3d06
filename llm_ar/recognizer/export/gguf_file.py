"""A GGUF file for llama.cpp and Ollama, in which action tokens are words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from llm_ar.errors import ModelError
from llm_ar.recognizer.export.checkpoint import text_model
from llm_ar.recognizer.export.folder import new_folder
from llm_ar.recognizer.export.record import described
from llm_ar.recognizer.model import ActionRecognizer

GGUF_FILE = "model.gguf"
MODELFILE = "Modelfile"


def export_gguf(model: ActionRecognizer, out: Path) -> None:
    """Write ``model.gguf`` and Ollama's ``Modelfile``.

    The weights are those of `export_checkpoint`: matrices in float16, vectors in float32.

    Args:
        model: a recognizer on the CPU.
        out: a new folder, or an earlier export, which is replaced.

    Raises:
        ConfigError: the folder holds something else or cannot be written.
        ModelError: see `text_model`; or llama.cpp has no name for the tokenizer or the position
            encoding.
    """
    record = described(model, "gguf")
    with new_folder(out, record) as folder:
        llm, words, _ = text_model(model)
        writer = gguf.GGUFWriter(folder / GGUF_FILE, "llama")
        writer.add_name(record["model"])
        _add_sizes(writer, llm.config)
        starts = model.prompt.before[:1] == [words.bos_token_id]
        _add_words(writer, words, llm.config.vocab_size, starts)
        _add_weights(writer, llm)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        longest = int(llm.generation_config.max_new_tokens)
        text = _modelfile(record, words, longest)
        (folder / MODELFILE).write_text(text, encoding="utf-8")


def _add_sizes(writer: Any, config: PretrainedConfig) -> None:
    """The sizes of the LLM.

    Raises:
        ModelError: its position encoding is scaled.
    """
    settings = config.to_dict()
    rope = settings.get("rope_parameters") or {}
    scaled = rope.get("rope_type", "default") != "default" or settings.get("rope_scaling")
    if scaled:
        raise ModelError("a language model with scaled positions cannot be exported as GGUF")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(float(rope.get("rope_theta") or settings["rope_theta"]))
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)


def _add_words(writer: Any, words: PreTrainedTokenizerBase, vocabulary: int, starts: bool) -> None:
    """The words, how text is split into them, and the chat template.

    Args:
        writer: of the file.
        words: the text tokenizer.
        vocabulary: V, rows of the embeddings.
        starts: whether every text begins with the start token.

    Raises:
        ModelError: llama.cpp has no name for this kind of tokenizer.
    """
    described = json.loads(words.backend_tokenizer.to_str())
    texts = [f"[PAD{number}]" for number in range(vocabulary)]
    kinds = [gguf.TokenType.UNUSED] * vocabulary
    for text, number in words.get_vocab().items():
        texts[number], kinds[number] = text, gguf.TokenType.NORMAL
    for number, token in words.added_tokens_decoder.items():
        special = gguf.TokenType.CONTROL if token.special else gguf.TokenType.USER_DEFINED
        texts[number], kinds[number] = token.content, special
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_splitting(described))
    writer.add_token_list(texts)
    writer.add_token_types(kinds)
    merges = described["model"]["merges"]
    writer.add_token_merges([pair if isinstance(pair, str) else " ".join(pair) for pair in merges])
    for number, add in (
        (words.bos_token_id, writer.add_bos_token_id),
        (words.eos_token_id, writer.add_eos_token_id),
        (words.pad_token_id, writer.add_pad_token_id),
        (words.unk_token_id, writer.add_unk_token_id),
    ):
        if number is not None:
            add(number)
    writer.add_add_bos_token(starts)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(words.chat_template)


def _splitting(described: Mapping[str, Any]) -> str:
    """llama.cpp's name of the way in which a byte-level tokenizer splits text before merging.

    Raises:
        ModelError: it is none of those known here.
    """
    splitter = described["pre_tokenizer"] or {}
    steps = splitter.get("pretokenizers", [splitter])
    *first, last = steps
    bytes_last = (
        described["model"]["type"] == "BPE"
        and described["normalizer"] is None
        and last.get("type") == "ByteLevel"
        and last["use_regex"]
        and not last["add_prefix_space"]
    )
    if bytes_last and not first:
        return "gpt-2"
    if bytes_last and first == [{"type": "Digits", "individual_digits": True}]:
        return "smollm"
    raise ModelError(
        "the language model's tokenizer splits text in a way that cannot be exported as GGUF"
    )


def _add_weights(writer: Any, llm: PreTrainedModel) -> None:
    """All weights, under llama.cpp's names and in its order of the rotated channels."""
    config = llm.config
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    for name, weight in llm.state_dict().items():
        values = weight.detach().float().numpy()
        layer = name.split(".")[-2]
        if layer in heads:
            values = rotated_pairs(values, heads[layer])
        values = values.astype(np.float16 if values.ndim == 2 else np.float32)
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight", ".bias")), values)


def rotated_pairs(values: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Rows of queries or keys so that the two channels of each rotation are neighbors.

    Args:
        values: (heads * head_dim, ...); the two channels are half a head apart.
        heads: of the queries or of the keys.
    """
    halves = values.reshape(heads, 2, -1, *values.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(values.shape)


def _modelfile(record: Mapping[str, Any], words: PreTrainedTokenizerBase, longest: int) -> str:
    return (
        f"FROM ./{GGUF_FILE}\n"
        f'TEMPLATE """{record["before"]}{{{{ .Prompt }}}}{record["after"]}"""\n'
        "PARAMETER temperature 0\n"
        f"PARAMETER num_predict {longest}\n"
        f'PARAMETER stop "{words.eos_token}"\n'
    )
