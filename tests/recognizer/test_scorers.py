"""All scorers give the ranking of a plain loop over the candidates, however long the names are."""

from __future__ import annotations

import json
import random

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from llm_ar.config import LlmConfig
from llm_ar.recognizer.fast.best_first import EPSILON, BestFirstScorer, best_first
from llm_ar.recognizer.fast.early_exit import EarlyExit, EarlyExitScorer
from llm_ar.recognizer.llm import load_backbone
from llm_ar.recognizer.prompt import Prompt, answer_ids
from llm_ar.recognizer.scorer import ExactScorer, PromptedLlm
from llm_ar.recognizer.scoring import CandidateTrie, Ranking, Scorer, score
from llm_ar.recognizer.zero_shot.synonyms import SynonymExpansion

ALPHABETS = ("abcdefghij", "прыжок", "走る犬山川", "قفزمشي", "👋🏃🤸")
TOLERANCE = 1e-5
"""Relative error of a log-likelihood: float32 logits, computed in passes of other shapes."""


@pytest.fixture(scope="module")
def llm(byte_llm: object) -> PromptedLlm:
    backbone = load_backbone(LlmConfig(name=str(byte_llm)))
    embeddings = torch.randn(16, 32, generator=torch.Generator().manual_seed(0))
    prompt = Prompt("short", backbone.text_tokenizer)
    return PromptedLlm(backbone.llm, backbone.text_tokenizer, prompt, embeddings)


def plain_loop(llm: PromptedLlm, tokens: Tensor, names: tuple[str, ...]) -> Tensor:
    """Oracle: log-likelihoods (B, C), one full pass for each candidate, summed in float64."""
    words = llm.llm.get_input_embeddings()
    columns = []
    for name in names:
        ids = torch.tensor(answer_ids(llm._text_tokenizer, name))
        with torch.no_grad():
            prompts = llm.prompt.embed(llm.token_embeddings[tokens], words)
            answers = words(ids[:-1]).expand(len(tokens), -1, -1)
            logits = llm.llm(inputs_embeds=torch.cat([prompts, answers], 1), use_cache=False).logits
        steps = logits[:, prompts.shape[1] - 1 :].double().log_softmax(-1)
        columns.append(steps[:, torch.arange(len(ids)), ids].sum(-1))
    return torch.stack(columns, dim=1)


def check(ranking: Ranking, expected: Tensor, top_k: int) -> None:
    """The ranking is in the oracle's order and its probabilities are the oracle's."""
    top_k = min(top_k, expected.shape[1])
    assert ranking.indices.shape == (len(expected), top_k)
    assert ranking.log_probabilities.isfinite().all()
    probabilities = ranking.probabilities
    assert (probabilities.sum(-1) <= 1 + EPSILON * top_k).all()
    json.dumps(probabilities.tolist(), allow_nan=False)
    room = TOLERANCE * expected.abs().amax()
    best = expected.topk(top_k)
    found = expected.gather(1, ranking.indices)
    assert ((found - best.values).abs() <= room).all(), "order"
    assert all(len(set(row)) == top_k for row in ranking.indices.tolist())
    true = expected.log_softmax(-1).gather(1, ranking.indices).exp()
    assert (probabilities >= true - 2 * room).all()
    assert (probabilities <= true + EPSILON + 2 * room).all()


names = st.builds(
    lambda seed, alphabet, words, letters, count: tuple(
        dict.fromkeys(
            " ".join(
                "".join(chance.choices(alphabet, k=chance.randint(1, letters)))
                for _ in range(chance.randint(1, words))
            )
            for chance in [random.Random(seed)]
            for _ in range(count)
        )
    ),
    st.integers(0, 2**16),
    st.sampled_from(ALPHABETS),
    st.sampled_from([1, 5, 20]),
    st.integers(1, 6),
    st.integers(1, 12),
)
free_text = st.lists(
    st.text(min_size=1, max_size=60).map(str.strip).filter(bool),
    min_size=1,
    max_size=6,
    unique=True,
).map(tuple)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(names=names | free_text, top_k=st.sampled_from([1, 3, 50]), seed=st.integers(0, 99))
def test_all_scorers_rank_as_a_plain_loop(
    llm: PromptedLlm, names: tuple[str, ...], top_k: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(16, (2, 4), generator=generator)
    draft = torch.randn(2, len(names), generator=generator)
    expected = plain_loop(llm, tokens, names)
    early_exit = EarlyExit(torch.zeros(16, len(names)), threshold=1.1)
    scorers: list[Scorer] = [
        ExactScorer(llm),
        BestFirstScorer(llm),
        BestFirstScorer(llm, lambda tokens, names: draft),
        EarlyExitScorer(early_exit, ExactScorer(llm)),
    ]
    for scorer in scorers:
        check(scorer.rank(tokens, names, top_k), expected, top_k)
    everything = ExactScorer(llm).rank(tokens, names, len(names))
    torch.testing.assert_close(everything.probabilities.sum(-1), torch.ones(2, dtype=torch.float64))


@pytest.mark.parametrize("alphabet", ALPHABETS[:3])
def test_names_of_two_hundred_words(llm: PromptedLlm, alphabet: str) -> None:
    chance = random.Random(1)
    listed = tuple(
        " ".join("".join(chance.choices(alphabet, k=2)) for _ in range(200)) for _ in range(3)
    )
    tokens = torch.tensor([[1, 2, 3, 4]])
    expected = plain_loop(llm, tokens, listed)
    assert (expected < -745).all(), "the likelihoods underflow"
    for scorer in (ExactScorer(llm), BestFirstScorer(llm)):
        check(scorer.rank(tokens, listed, 3), expected, 3)


def test_two_thousand_candidates(llm: PromptedLlm) -> None:
    """The search against the exact scores, which the tests above hold to the plain loop."""
    chance = random.Random(2)
    listed: dict[str, None] = {}
    while len(listed) < 2000:
        listed["".join(chance.choices("abcdefgh", k=chance.randint(1, 6)))] = None
    trie = llm.trie(tuple(listed))
    prompts = llm.prompts(torch.tensor([[1, 2, 3, 4]]))
    expected = score(llm.llm, prompts, trie, llm.shared_prefix)
    found = best_first(llm.llm, prompts, trie, 5, llm.shared_prefix)
    check(found, expected, 5)
    check(Ranking.from_scores(expected, 2000), expected, 2000)


def test_the_token_classifier_answers_where_it_is_confident(llm: PromptedLlm) -> None:
    listed = ("walk", "sit", "wave")
    votes = torch.zeros(16, 3)
    votes[0] = torch.tensor([0.0, 9.0, 1.0])
    tokens = torch.tensor([[0, 0], [1, 2]])
    exact = ExactScorer(llm).rank(tokens, listed, 3)
    found = EarlyExitScorer(EarlyExit(votes, 0.9), ExactScorer(llm)).rank(tokens, listed, 3)
    assert found.early_exit.tolist() == [True, False] and found.nodes[0] == 0
    expected = (votes[0] * 2).double().log_softmax(-1)
    torch.testing.assert_close(found.in_order()[0], expected)
    torch.testing.assert_close(found.in_order()[1], exact.in_order()[1])


def test_synonyms_of_underflowing_likelihoods() -> None:
    folded = SynonymExpansion(("a", "b"), ("a", "b", "c"), (0, 1, 1)).fold(
        torch.tensor([[-9000.0, -9001.0, -9001.0]], dtype=torch.float64)
    )
    ranking = Ranking.from_scores(folded, 2)
    odds = 2 / torch.e
    assert ranking.probabilities[0].tolist() == pytest.approx([1 / (1 + odds), odds / (1 + odds)])


def test_the_trie_against_sets_of_prefixes(llm: PromptedLlm) -> None:
    listed = ("walk", "walk around", "wave", "x", "прыжок", "走る", "走る犬")
    trie = CandidateTrie(llm._text_tokenizer, listed)
    answers = [tuple(answer_ids(llm._text_tokenizer, name))[:-1] for name in listed]
    prefixes = {ids[:stop] for ids in answers for stop in range(1, len(ids) + 1)}
    branches = {
        tuple(trie.tokens[above] for above in trie.branch(node)): node
        for node in range(len(trie.tokens))
    }
    assert set(branches) == prefixes
    for ids, node in branches.items():
        below = {branches[other] for other in prefixes if other[: len(ids)] == ids}
        assert below == set(range(node, trie.stops[node]))
    steps = torch.randn(2, trie.edges.shape[1], dtype=torch.float64)
    to_nodes, to_names = trie.totals(steps)
    for node in range(len(trie.tokens)):
        torch.testing.assert_close(to_nodes[:, node], steps[:, trie.branch(node)].sum(1))
    ends = steps[:, len(trie.tokens) :]
    torch.testing.assert_close(to_names, to_nodes[:, trie.last] + ends)
