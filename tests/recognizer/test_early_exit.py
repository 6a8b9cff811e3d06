"""Early exit: the token classifier and the calibration of its threshold."""

from __future__ import annotations

import pytest
import torch

from llm_ar.recognizer.fast.early_exit import (
    EarlyExit,
    calibrate,
    log_posteriors,
    votes_from_name_head,
)
from llm_ar.tokenizer.extensions.name_head import NameHead, whitened


def test_posteriors_are_those_of_independent_tokens() -> None:
    """Oracle: Bayes' rule with equal priors, token by token."""
    generator = torch.Generator().manual_seed(0)
    votes = torch.randn(7, 3, generator=generator)
    tokens = torch.randint(7, (4, 5), generator=generator)
    found = EarlyExit(votes, 0.5).log_posteriors(tokens).exp()
    for row, sentence in enumerate(tokens.tolist()):
        odds = torch.ones(3)
        for token in sentence:
            odds = odds * votes[token].exp()
        torch.testing.assert_close(found[row], odds / odds.sum())


def test_votes_add_up_to_what_the_reader_says() -> None:
    torch.manual_seed(0)
    names = torch.randn(4, 12)
    reader = NameHead(8, whitened(names), 0).eval()
    codebook, tokens = torch.randn(20, 8), torch.randint(20, (3, 5))
    votes = votes_from_name_head(reader.token_text_embeddings(codebook), whitened(names), words=5)
    expected = reader(codebook[tokens]).log_softmax(-1)
    torch.testing.assert_close(log_posteriors(votes, tokens), expected)


def test_it_is_confident_from_the_threshold_on() -> None:
    votes = torch.tensor([[0.8, 0.2], [0.6, 0.4]]).log()
    assert EarlyExit(votes, 0.7).is_confident(torch.tensor([[0], [1]])).tolist() == [True, False]


def posteriors(certainty: list[float]) -> torch.Tensor:
    return torch.tensor([[value, 1 - value] for value in certainty]).log()


def test_the_threshold_is_the_smallest_that_agrees() -> None:
    found = calibrate(posteriors([0.99, 0.6, 0.9, 0.8, 0.7]), torch.tensor([0, 0, 0, 1, 0]))
    assert found == pytest.approx(0.9)
    assert calibrate(posteriors([0.9, 0.6]), torch.tensor([0, 0])) == pytest.approx(0.6)


def test_clips_of_equal_certainty_are_trusted_together() -> None:
    found = calibrate(posteriors([0.9, 0.8, 0.8]), torch.tensor([0, 0, 1]))
    assert found == pytest.approx(0.9)


def test_one_in_a_thousand_may_differ() -> None:
    certainty = torch.linspace(0.99, 0.6, 2000).tolist()
    answers = torch.zeros(2000, dtype=torch.long)
    answers[1500] = 1
    assert calibrate(posteriors(certainty), answers) == pytest.approx(0.6)
    answers[1501] = 1
    assert calibrate(posteriors(certainty), answers) == pytest.approx(0.6)
    answers[1502:] = 1
    assert calibrate(posteriors(certainty), answers) == pytest.approx(certainty[1500], abs=1e-5)


def test_no_threshold_where_the_surest_clip_is_wrong() -> None:
    assert calibrate(posteriors([0.99, 0.6]), torch.tensor([1, 0])) is None
