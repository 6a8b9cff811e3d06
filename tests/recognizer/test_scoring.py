from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import normalizers
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from llm_ar.config import LlmConfig, LoraSettings
from llm_ar.errors import ConfigError
from llm_ar.recognizer import scoring as answers
from llm_ar.recognizer.fast import best_first as search
from llm_ar.recognizer.fast import prefix_cache
from llm_ar.recognizer.fast.best_first import EPSILON, best_first
from llm_ar.recognizer.fast.prefix_cache import prefill
from llm_ar.recognizer.llm import Backbone, attach_lora, load_backbone
from llm_ar.recognizer.prompt import answer_ids
from llm_ar.recognizer.scoring import CandidateTrie, score

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
    return torch.stack(rows)


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
    monkeypatch.setattr(answers, "MAX_NODES", max_nodes)
    monkeypatch.setattr(answers, "MAX_ROWS", 2 * max_nodes)
    pieces = CandidateTrie(backbone.text_tokenizer, NAMES)
    assert len(pieces.pieces) > 1
    torch.testing.assert_close(score(backbone.llm, prompts, pieces), whole, atol=1e-4, rtol=0)


def test_a_shared_prefix_changes_nothing(backbone: Backbone) -> None:
    """One cache is continued by two batches, neither of which changes it."""
    prompts = prompts_for(backbone.llm, batch=4)
    prompts[:, :5] = prompts[:1, :5]
    trie = CandidateTrie(backbone.text_tokenizer, NAMES)
    expected = one_pass_each(backbone.llm, backbone.text_tokenizer, prompts, NAMES)
    shared_prefix = prefill(backbone.llm, prompts[:1, :5])
    for rows in (slice(0, 3), slice(3, 4)):
        scores = score(backbone.llm, prompts[rows, 5:], trie, shared_prefix)
        torch.testing.assert_close(scores, expected[rows], atol=1e-4, rtol=0)
    assert shared_prefix.length == 5


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
    assert both.tokens == longer.tokens


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


SYLLABLES = ("wa", "lk", "sit", " on", " the", "x")
MANY = sorted({a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES if a[0] != " "})


class Decided(torch.nn.Module):
    """An LLM of which the words of one name a prompt are made likelier: trained, so to say."""

    def __init__(self, llm: torch.nn.Module, words: list[int], sharpness: float) -> None:
        super().__init__()
        self.llm, self.words, self.sharpness = llm, words, sharpness

    def get_input_embeddings(self) -> torch.nn.Module:
        return self.llm.get_input_embeddings()

    def forward(self, **given: object) -> object:
        out = self.llm(**given)
        out.logits = 0.1 * out.logits
        out.logits[..., self.words] += self.sharpness
        return out


def checked(
    backbone: Backbone,
    llm: torch.nn.Module,
    names: list[str],
    top_k: int,
    draft: Tensor | None = None,
) -> Tensor:
    """Search against the oracle; returns how many nodes were read of each prompt."""
    prompts = prompts_for(llm, batch=5)
    expected = one_pass_each(llm, backbone.text_tokenizer, prompts, names).double()
    trie = CandidateTrie(backbone.text_tokenizer, names)
    found = best_first(llm, prompts, trie, top_k, draft=draft)
    probabilities = expected.softmax(-1)
    best = probabilities.topk(top_k)
    assert found.indices.tolist() == best.indices.tolist()
    assert (found.probabilities >= best.values - 1e-4).all()
    assert (found.probabilities <= best.values + EPSILON + 1e-4).all()
    return found.nodes


@pytest.mark.parametrize("top_k", [1, 3, len(NAMES)])
def test_the_best_answers_are_exact(backbone: Backbone, top_k: int) -> None:
    nodes = checked(backbone, backbone.llm, NAMES, top_k)
    assert (nodes > 0).all()


@pytest.mark.parametrize("top_k", [1, 5])
def test_names_that_cannot_win_are_not_read(backbone: Backbone, top_k: int) -> None:
    words = answer_ids(backbone.text_tokenizer, "walk on")
    trie = CandidateTrie(backbone.text_tokenizer, MANY)
    nodes = checked(backbone, Decided(backbone.llm, words, 8.0), MANY, top_k)
    assert (nodes < len(trie.tokens)).all()
    assert nodes.double().mean() < 0.5 * len(trie.tokens)


def test_without_tolerance_all_that_has_weight_is_read(backbone: Backbone) -> None:
    prompts = prompts_for(backbone.llm, batch=2)
    trie = CandidateTrie(backbone.text_tokenizer, NAMES)
    found = best_first(backbone.llm, prompts, trie, 2, epsilon=0.0)
    assert (found.nodes == len(trie.tokens)).all()
    expected = one_pass_each(backbone.llm, backbone.text_tokenizer, prompts, NAMES).double()
    best = expected.softmax(-1).topk(2)
    torch.testing.assert_close(found.probabilities, best.values, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("row", "cost", "subtree"), [(1, 0, 1), (3, 10**6, 2), (64, 5, 64)])
def test_how_nodes_are_put_together_does_not_matter(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch, row: int, cost: int, subtree: int
) -> None:
    monkeypatch.setattr(search, "ROW_NODES", row)
    monkeypatch.setattr(search, "PASS_COST", cost)
    monkeypatch.setattr(search, "SUBTREE_NODES", subtree)
    monkeypatch.setattr(search, "MAX_ROWS", 16)
    words = answer_ids(backbone.text_tokenizer, "walk around")
    checked(backbone, Decided(backbone.llm, words, 4.0), NAMES, 4)


@pytest.mark.parametrize("top_k", [1, 4])
def test_a_draft_right_or_wrong_changes_no_answer(backbone: Backbone, top_k: int) -> None:
    words = answer_ids(backbone.text_tokenizer, "walk around")
    llm = Decided(backbone.llm, words, 8.0)
    generator = torch.Generator().manual_seed(0)
    for spread in (0.1, 10.0):
        draft = spread * torch.randn(5, len(NAMES), generator=generator)
        draft[:, 0] = -torch.inf
        checked(backbone, llm, NAMES, top_k, draft)


def test_a_good_draft_leaves_one_pass(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    words = answer_ids(backbone.text_tokenizer, "walk on")
    llm = Decided(backbone.llm, words, 12.0)
    prompts = prompts_for(llm, batch=5)
    trie = CandidateTrie(backbone.text_tokenizer, MANY)
    expected = best_first(llm, prompts, trie, 1)
    draft = one_pass_each(llm, backbone.text_tokenizer, prompts, MANY).log_softmax(-1)
    passes = []
    forward = prefix_cache.forward

    def counted(*given: Any) -> Tensor:
        passes.append(given)
        return forward(*given)

    monkeypatch.setattr(prefix_cache, "forward", counted)
    found = best_first(llm, prompts, trie, 1, draft=draft)
    assert len(passes) == 1
    assert torch.equal(found.indices, expected.indices)
    torch.testing.assert_close(found.probabilities, expected.probabilities, atol=1e-3, rtol=0)


def test_a_search_after_a_shared_prefix(backbone: Backbone) -> None:
    prompts = prompts_for(backbone.llm, batch=3)
    prompts[:, :4] = prompts[:1, :4]
    trie = CandidateTrie(backbone.text_tokenizer, NAMES)
    whole = best_first(backbone.llm, prompts, trie, 3)
    shared_prefix = prefill(backbone.llm, prompts[:1, :4])
    continued = best_first(backbone.llm, prompts[:, 4:], trie, 3, shared_prefix)
    assert torch.equal(continued.indices, whole.indices)
    torch.testing.assert_close(continued.probabilities, whole.probabilities, atol=1e-4, rtol=0)
