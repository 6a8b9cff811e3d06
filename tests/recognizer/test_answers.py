from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers import normalizers
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from llm_ar.config import LlmConfig, LoraSettings
from llm_ar.errors import ConfigError
from llm_ar.recognizer import answers
from llm_ar.recognizer.answers import CandidateTrie, score
from llm_ar.recognizer.backbone import Backbone, attach_lora, load_backbone
from llm_ar.recognizer.prompt import answer_ids

NAMES = [
    "walk",
    "walk around",
    "walk around the table",
    "wave",
    "wave both hands",
    "走る",
    "走る犬",
    "прыжок",
    "قفز",
    "sit down on the chair that stands in the farthest corner of the room",
    "x",
]


def one_pass_each(llm: torch.nn.Module, text_tokenizer, prompts: Tensor, names) -> Tensor:
    """Oracle: a full forward pass for every prompt and candidate, no mask, no trie."""
    words = llm.get_input_embeddings()
    rows = []
    for prompt in prompts:
        row = []
        for name in names:
            ids = torch.tensor(answer_ids(text_tokenizer, name))
            with torch.no_grad():
                logits = llm(inputs_embeds=torch.cat([prompt, words(ids)])[None]).logits[0]
            predicted = logits[len(prompt) - 1 : -1].double().log_softmax(-1)
            row.append(predicted[torch.arange(len(ids)), ids].sum())
        rows.append(torch.stack(row))
    return torch.stack(rows).float()


def prompts_for(llm: torch.nn.Module, batch: int = 3, length: int = 9) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    width = llm.get_input_embeddings().weight.shape[1]
    return torch.randn(batch, length, width, generator=generator)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_scores_equal_one_full_pass_a_candidate(llm_folder: Path, attention: str) -> None:
    llm = AutoModelForCausalLM.from_pretrained(llm_folder, attn_implementation=attention).eval()
    text_tokenizer = AutoTokenizer.from_pretrained(llm_folder)
    prompts = prompts_for(llm)
    scores = score(llm, prompts, CandidateTrie(text_tokenizer, NAMES))
    expected = one_pass_each(llm, text_tokenizer, prompts, NAMES)
    torch.testing.assert_close(scores, expected, atol=1e-4, rtol=0)
    assert expected.std() > 1, "the oracle must tell the names apart"


def test_scores_with_a_trained_adapter(backbone: Backbone) -> None:
    adapted = attach_lora(backbone.llm, LoraSettings()).eval()
    torch.manual_seed(0)
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.3)
    prompts = prompts_for(adapted)
    scores = score(adapted, prompts, CandidateTrie(backbone.text_tokenizer, NAMES))
    expected = one_pass_each(adapted, backbone.text_tokenizer, prompts, NAMES)
    torch.testing.assert_close(scores, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("max_nodes", [1, 7, 30])
def test_pieces_and_batches_do_not_change_scores(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch, max_nodes: int
) -> None:
    prompts = prompts_for(backbone.llm, batch=5)
    whole = score(backbone.llm, prompts, CandidateTrie(backbone.text_tokenizer, NAMES))
    pieces = CandidateTrie(backbone.text_tokenizer, NAMES, max_nodes=max_nodes)
    assert len(pieces.pieces) > 1
    monkeypatch.setattr(answers, "MAX_ROWS", 2 * max_nodes)
    torch.testing.assert_close(score(backbone.llm, prompts, pieces), whole, atol=1e-4, rtol=0)


def test_one_candidate(backbone: Backbone) -> None:
    prompts = prompts_for(backbone.llm, batch=1)
    scores = score(backbone.llm, prompts, CandidateTrie(backbone.text_tokenizer, ["walk"]))
    expected = one_pass_each(backbone.llm, backbone.text_tokenizer, prompts, ["walk"])
    torch.testing.assert_close(scores, expected, atol=1e-4, rtol=0)


def test_probability_of_all_short_answers_is_at_most_one(backbone: Backbone) -> None:
    """Log-likelihoods are those of disjoint events: names with their end tokens."""
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    scores = score(
        backbone.llm, prompts_for(backbone.llm), CandidateTrie(backbone.text_tokenizer, letters)
    )
    assert (scores.exp().sum(-1) <= 1).all()


def test_shared_beginnings_share_nodes(backbone: Backbone) -> None:
    both = CandidateTrie(backbone.text_tokenizer, ["walk around", "walk around the table"])
    longer = CandidateTrie(backbone.text_tokenizer, ["walk around the table"])
    assert len(both.pieces[0].tokens) == len(longer.pieces[0].tokens)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "empty"),
        (["walk", "  "], "name 2 is empty"),
        (["walk", "wave", " walk "], "'walk' appears twice"),
    ],
)
def test_bad_lists_of_names(backbone: Backbone, names: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        CandidateTrie(backbone.text_tokenizer, names)


def test_names_that_the_llm_reads_alike(backbone: Backbone) -> None:
    backbone.text_tokenizer.backend_tokenizer.normalizer = normalizers.Lowercase()
    with pytest.raises(ConfigError, match="cannot tell 'walk' from 'Walk'"):
        CandidateTrie(backbone.text_tokenizer, ["walk", "Walk"])


def test_untied_embeddings(tmp_path: Path, make_llm: Callable[..., Path]) -> None:
    untied = load_backbone(LlmConfig(name=str(make_llm(tmp_path, tied=False, seed=3))))
    words = untied.llm.get_input_embeddings().weight
    assert words.data_ptr() != untied.llm.get_output_embeddings().weight.data_ptr()
    prompts = prompts_for(untied.llm)
    scores = score(untied.llm, prompts, CandidateTrie(untied.text_tokenizer, NAMES))
    expected = one_pass_each(untied.llm, untied.text_tokenizer, prompts, NAMES)
    torch.testing.assert_close(scores, expected, atol=1e-4, rtol=0)
