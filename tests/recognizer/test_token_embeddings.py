from __future__ import annotations

import pytest
import torch

from llm_ar.recognizer.token_embeddings import (
    from_cooccurrence,
    from_name_head,
    token_embeddings_from,
)
from llm_ar.tokenizer.extensions.name_head import whitened
from llm_ar.tokenizer.word_space import WordSpace


@pytest.fixture()
def words() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(500, 32, generator=generator) * 0.1 + torch.linspace(-1, 1, 32)


def test_without_text_they_are_the_lifted_codebook(words: torch.Tensor) -> None:
    space = WordSpace(32, 8)
    space.fit(words, norm=1.0)
    codebook = torch.randn(40, 8, generator=torch.Generator().manual_seed(1))
    lifted = space.lift(codebook)
    start = token_embeddings_from(lifted, words, None)
    assert torch.equal(start, lifted)
    torch.testing.assert_close(space.project(start), codebook, atol=1e-5, rtol=1e-5)


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
    assert found[2].abs().max() == 0, "a token that was never seen has no direction"


def test_the_reader_tells_what_it_says_about_the_names(words: torch.Tensor) -> None:
    names = words[:3]
    token_text_embeddings = torch.randn(5, 32, generator=torch.Generator().manual_seed(2))
    found = from_name_head(token_text_embeddings, whitened(names), names)
    directions = whitened(names)
    # It lies in the names' plane, and points there where the token's logits point.
    logits, expected = found @ directions.T, token_text_embeddings @ directions.T
    expected -= expected.mean(1, keepdim=True)
    logits, expected = logits / logits.norm(), expected / expected.norm()
    torch.testing.assert_close(logits, expected, atol=0.05, rtol=0)
    outside = found - found @ torch.linalg.pinv(directions) @ directions
    assert outside.abs().max() < 1e-4


def test_text_takes_the_words_mean_and_spread(words: torch.Tensor) -> None:
    mean = words.mean(0)
    lifted = torch.randn(4, 32, generator=torch.Generator().manual_seed(1)) * 0.1 + mean
    text = torch.randn(4, 32, generator=torch.Generator().manual_seed(2))
    start = token_embeddings_from(lifted, words, text) - mean - 0.1 * (lifted - mean)
    spread = (words - mean).square().mean().sqrt()
    torch.testing.assert_close(start, text * spread / text.square().mean().sqrt())


def test_text_of_nothing_stays_finite(words: torch.Tensor) -> None:
    mean = words.mean(0)
    start = token_embeddings_from(mean.expand(4, -1), words, torch.zeros(4, 32))
    torch.testing.assert_close(start, mean.expand(4, -1))
