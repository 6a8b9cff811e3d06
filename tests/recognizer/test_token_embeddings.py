from __future__ import annotations

import pytest
import torch

from llm_ar.recognizer.token_embeddings import (
    from_cooccurrence,
    from_name_head,
    token_embeddings_from,
)
from llm_ar.tokenizer.extensions.name_head import whitened


@pytest.fixture()
def words() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(500, 32, generator=generator) * 0.1 + torch.linspace(-1, 1, 32)


@pytest.mark.parametrize("dim", [32, 8, 64])
def test_codebook_takes_the_words_mean_and_spread(words: torch.Tensor, dim: int) -> None:
    codebook = torch.randn(40, dim, generator=torch.Generator().manual_seed(1)) * 7 + 3
    start = token_embeddings_from(codebook, words, None)
    assert start.shape == (40, 32)
    torch.testing.assert_close(start.mean(0), words.mean(0), atol=1e-5, rtol=0)
    spread = (start - start.mean(0)).square().mean().sqrt()
    torch.testing.assert_close(spread, (words - words.mean(0)).square().mean().sqrt())


@pytest.mark.parametrize("dim", [8, 32])
def test_distances_between_tokens_keep_their_proportions(words: torch.Tensor, dim: int) -> None:
    codebook = torch.randn(40, dim, generator=torch.Generator().manual_seed(1))
    start = token_embeddings_from(codebook, words, None)
    ratio = torch.pdist(start) / torch.pdist(codebook)
    torch.testing.assert_close(ratio, ratio.mean().expand_as(ratio), rtol=1e-4, atol=0)


def test_projection_is_always_the_same(words: torch.Tensor) -> None:
    codebook = torch.randn(40, 8, generator=torch.Generator().manual_seed(1))
    first = token_embeddings_from(codebook, words, None)
    torch.manual_seed(99)
    again = token_embeddings_from(codebook, words, None)
    assert torch.equal(first, again)


def test_a_token_means_what_it_tells_about_the_names(words: torch.Tensor) -> None:
    names = words[:3]
    counts = torch.tensor([[10, 0, 0], [1, 1, 2], [0, 0, 0], [0, 5, 0]])
    overall = [11 / 19, 6 / 19, 2 / 19]
    directions = whitened(names)
    expected = torch.zeros(4, 32)
    for token, seen in enumerate(counts.tolist()):
        for name in range(3 if sum(seen) else 0):
            told = seen[name] / sum(seen) - overall[name]
            expected[token] += told * directions[name]
    found = from_cooccurrence(counts, names)
    torch.testing.assert_close(found, expected)
    assert found[2].abs().max() == 0, "a token that was never seen tells nothing"


def test_the_reader_tells_what_it_says_about_the_names(words: torch.Tensor) -> None:
    names = words[:3]
    token_text_embeddings = torch.randn(5, 32, generator=torch.Generator().manual_seed(2))
    found = from_name_head(token_text_embeddings, names)
    directions = whitened(names)
    # It lies in the names' plane, and points there where the token's logits point.
    logits, expected = found @ directions.T, token_text_embeddings @ directions.T
    expected -= expected.mean(1, keepdim=True)
    logits, expected = logits / logits.norm(), expected / expected.norm()
    torch.testing.assert_close(logits, expected, atol=0.05, rtol=0)
    outside = found - found @ torch.linalg.pinv(directions) @ directions
    assert outside.abs().max() < 1e-4


def test_what_is_told_takes_the_words_spread(words: torch.Tensor) -> None:
    mean = words.mean(0)
    codebook = torch.randn(4, 32, generator=torch.Generator().manual_seed(1))
    told = torch.randn(4, 32, generator=torch.Generator().manual_seed(2))
    geometry = token_embeddings_from(codebook, words, None) - mean
    meaning = token_embeddings_from(codebook, words, told) - mean - 0.1 * geometry
    spread = (words - mean).square().mean().sqrt()
    torch.testing.assert_close(meaning, told * spread / told.square().mean().sqrt())


def test_a_codebook_without_spread_stays_finite(words: torch.Tensor) -> None:
    start = token_embeddings_from(torch.ones(4, 32), words, None)
    torch.testing.assert_close(start, words.mean(0).expand(4, -1), atol=1e-4, rtol=0)
