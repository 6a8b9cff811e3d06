from __future__ import annotations

import pytest
import torch

from llm_ar.recognizer.lexicon import start_embeddings
from llm_ar.tokenizer.objective import decorrelated


@pytest.fixture()
def words() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(500, 32, generator=generator) * 0.1 + torch.linspace(-1, 1, 32)


@pytest.mark.parametrize("dim", [32, 8, 64])
def test_codebook_takes_the_words_mean_and_spread(words: torch.Tensor, dim: int) -> None:
    codebook = torch.randn(40, dim, generator=torch.Generator().manual_seed(1)) * 7 + 3
    start = start_embeddings(codebook, words, words[:2], None, "codebook")
    assert start.shape == (40, 32)
    torch.testing.assert_close(start.mean(0), words.mean(0), atol=1e-5, rtol=0)
    spread = (start - start.mean(0)).square().mean().sqrt()
    torch.testing.assert_close(spread, (words - words.mean(0)).square().mean().sqrt())


@pytest.mark.parametrize("dim", [8, 32])
def test_distances_between_tokens_keep_their_proportions(words: torch.Tensor, dim: int) -> None:
    codebook = torch.randn(40, dim, generator=torch.Generator().manual_seed(1))
    start = start_embeddings(codebook, words, words[:2], None, "codebook")
    ratio = torch.pdist(start) / torch.pdist(codebook)
    torch.testing.assert_close(ratio, ratio.mean().expand_as(ratio), rtol=1e-4, atol=0)


def test_projection_is_always_the_same(words: torch.Tensor) -> None:
    codebook = torch.randn(40, 8, generator=torch.Generator().manual_seed(1))
    first = start_embeddings(codebook, words, words[:2], None, "codebook")
    torch.manual_seed(99)
    again = start_embeddings(codebook, words, words[:2], None, "codebook")
    assert torch.equal(first, again)


def test_a_token_means_what_it_tells_about_the_names(words: torch.Tensor) -> None:
    names, mean = words[:3], words.mean(0)
    codebook = torch.randn(4, 32, generator=torch.Generator().manual_seed(1))
    counts = torch.tensor([[10, 0, 0], [1, 1, 2], [0, 0, 0], [0, 5, 0]])
    start = start_embeddings(codebook, words, names, counts, "names")
    geometry = start_embeddings(codebook, words, names, None, "codebook") - mean
    meaning = start - mean - 0.1 * geometry
    overall = [11 / 19, 6 / 19, 2 / 19]
    directions = decorrelated(names)
    expected = torch.zeros(4, 32)
    for token, seen in enumerate(counts.tolist()):
        for name in range(3 if sum(seen) else 0):
            told = seen[name] / sum(seen) - overall[name]
            expected[token] += told * directions[name]
    spread = (words - mean).square().mean().sqrt()
    torch.testing.assert_close(meaning, expected * spread / expected.square().mean().sqrt())
    assert meaning[2].abs().max() < 1e-5, "a token that was never seen tells nothing"


def test_a_codebook_without_spread_stays_finite(words: torch.Tensor) -> None:
    start = start_embeddings(torch.ones(4, 32), words, words[:2], None, "codebook")
    torch.testing.assert_close(start, words.mean(0).expand(4, -1), atol=1e-4, rtol=0)


def test_counts_are_needed_for_names(words: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="token_name_counts"):
        start_embeddings(torch.ones(4, 32), words, words[:2], None, "names")
