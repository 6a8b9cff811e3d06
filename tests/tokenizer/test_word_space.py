"""The map between the codebook's space and the word embeddings: both stages use this one pair."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_ar.config import LlmConfig
from llm_ar.recognizer.llm import load_words
from llm_ar.tokenizer.losses import mmd_loss
from llm_ar.tokenizer.word_space import WordSpace


def fitted(width: int, dim: int, seed: int = 0) -> tuple[WordSpace, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(width, width, generator=generator)
    words = torch.randn(300, width, generator=generator) @ mixing + 3
    space = WordSpace(width, dim)
    space.fit(words, norm=2.0)
    return space, words


@given(
    width=st.integers(2, 24),
    dim=st.integers(1, 24),
    seed=st.integers(0, 1000),
)
@settings(max_examples=50, deadline=None)
def test_project_undoes_lift_and_is_its_adjoint(width: int, dim: int, seed: int) -> None:
    dim = min(width, dim)
    space, words = fitted(width, dim, seed)
    generator = torch.Generator().manual_seed(seed + 1)
    tokens = torch.randn(7, dim, generator=generator)
    torch.testing.assert_close(space.project(space.lift(tokens)), tokens, atol=1e-3, rtol=1e-3)
    # <lift(c) - mean, w - mean> = scale^2 <c, project(w)>
    left = (space.lift(tokens) - space.mean) @ (words - space.mean).T
    right = space.scale.square() * tokens @ space.project(words).T
    scale = float(right.abs().max())
    torch.testing.assert_close(left, right, atol=1e-4 * scale, rtol=1e-3)


def test_a_word_in_the_subspace_comes_back() -> None:
    """What the MMD loss aligns in stage 1 is what the LLM reads in stage 2: no axis is flipped."""
    space, words = fitted(24, 8)
    inside = space.lift(space.project(words))
    torch.testing.assert_close(space.lift(space.project(inside)), inside, atol=1e-3, rtol=1e-3)
    correlation = ((inside - space.mean) * (words - space.mean)).sum()
    assert correlation > 0.3 * (words - space.mean).square().sum()


def test_the_axes_are_those_of_the_largest_variance() -> None:
    space, words = fitted(24, 8)
    centered = words - words.mean(0)
    _, singular, _ = torch.linalg.svd(centered, full_matrices=False)
    kept = (centered @ space.basis).square().sum()
    torch.testing.assert_close(kept, singular[:8].square().sum(), rtol=1e-4, atol=0)
    again = WordSpace(24, 8)
    again.fit(words.flip(0), norm=2.0)
    torch.testing.assert_close(again.basis, space.basis, atol=1e-4, rtol=0)


def test_a_codebook_as_wide_as_the_words_only_changes_units() -> None:
    space, words = fitted(16, 16)
    assert space.basis.numel() == 0
    torch.testing.assert_close(space.lift(space.project(words)), words, atol=1e-4, rtol=1e-4)
    assert float(space.project(words).square().sum(-1).mean().sqrt()) == pytest.approx(2.0)


@pytest.mark.parametrize(("dim", "ratio"), [(32, 2.0), (0, 1.15)])
def test_mmd_tells_words_from_a_gaussian_of_their_covariance(dim: int, ratio: float) -> None:
    """It carries lexical content: words are nearer to other words than a Gaussian is."""
    words = load_words(LlmConfig())[0].float()
    width = words.shape[1]
    space = WordSpace(width, dim or width)
    space.fit(words, norm=1.0)
    centered = words - space.mean
    factor = torch.linalg.cholesky(centered.T @ centered / len(words) + 1e-9 * torch.eye(width))
    generator = torch.Generator().manual_seed(0)
    same, gaussian = 0.0, 0.0
    for _ in range(3):
        drawn = torch.randperm(len(words), generator=generator)[:4096]
        one, other = space.project(words[drawn]).chunk(2)
        normal = space.mean + torch.randn(2048, width, generator=generator) @ factor.T
        same += float(mmd_loss(one, other))
        gaussian += float(mmd_loss(space.project(normal), other))
    assert gaussian > ratio * same
