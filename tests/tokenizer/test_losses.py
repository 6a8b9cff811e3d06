"""Zipf's law, context and MMD: their zero points, their directions, plain-loop oracles."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from llm_ar.tokenizer.losses import ContextModel, mmd_loss, zipf_loss, zipf_slope


def zipf_frequencies(count: int, exponent: float) -> Tensor:
    weights = torch.arange(1, count + 1, dtype=torch.float64).pow(-exponent)
    return (weights / weights.sum()).float()


def distances_of(frequencies: Tensor, temperature: float = 0.1) -> Tensor:
    """Distances (1, U) whose soft assignment is exactly these frequencies."""
    return 5 - temperature * frequencies.log()[None]


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("count", [3, 50, 512])
def test_zipf_is_zero_for_zipfian_frequencies_alone(exponent: float, count: int) -> None:
    exact = zipf_frequencies(count, exponent)
    assert abs(float(zipf_loss(distances_of(exact), exponent))) < 1e-5
    uniform = torch.full((count,), 1 / count)
    steeper = zipf_frequencies(count, exponent + 1)
    for other in (uniform, steeper):
        target = exact.double()
        expected = sum(
            f * (math.log(f) - math.log(p))
            for f, p in zip(target.tolist(), other.double().tolist(), strict=True)
        )
        assert expected > 0.01
        assert float(zipf_loss(distances_of(other), exponent)) == pytest.approx(expected, rel=1e-3)


def test_zipf_grows_with_the_deviation() -> None:
    losses = [
        float(zipf_loss(distances_of(zipf_frequencies(64, exponent)), 1.0))
        for exponent in (1.0, 1.2, 1.5, 2.0, 3.0)
    ]
    assert losses == sorted(losses) and losses[-1] > 1


def test_zipf_averages_over_all_latents() -> None:
    """Each latent is sure of one token; together their frequencies are 6/11, 3/11, 2/11."""
    sure = 20 * (1 - torch.eye(3))
    rows = sure[[0] * 6 + [1] * 3 + [2] * 2]
    assert float(zipf_loss(rows, 1.0)) == pytest.approx(0, abs=1e-5)
    assert float(zipf_loss(rows.reshape(1, 11, 3), 1.0)) == pytest.approx(0, abs=1e-5)
    assert float(zipf_loss(sure[[0] * 11], 1.0)) > 1


def test_zipf_does_not_care_which_token_is_frequent() -> None:
    distances = torch.rand(30, 40)
    expected = zipf_loss(distances, 1.0)
    for _ in range(3):
        torch.testing.assert_close(zipf_loss(distances[:, torch.randperm(40)], 1.0), expected)


def test_zipf_descends_to_the_law() -> None:
    distances = torch.rand(50, 20).requires_grad_()
    start = float(zipf_loss(distances.detach(), 1.0))
    for _ in range(200):
        (gradient,) = torch.autograd.grad(zipf_loss(distances, 1.0), distances)
        assert gradient.isfinite().all()
        distances = (distances - gradient).detach().requires_grad_()
    assert float(zipf_loss(distances.detach(), 1.0)) < 0.05 * start


def test_mmd_by_plain_loops() -> None:
    x, y = torch.randn(5, 3, dtype=torch.float64), torch.randn(4, 3, dtype=torch.float64) * 2
    both = [*x.tolist(), *y.tolist()]
    squared = sorted(math.dist(a, b) ** 2 for a in both for b in both)
    median = squared[(len(squared) - 1) // 2]

    def kernel(a: list[float], b: list[float]) -> float:
        widths = (0.25, 0.5, 1.0, 2.0, 4.0)
        return sum(math.exp(-(math.dist(a, b) ** 2) / (median * width)) for width in widths)

    def mean(first: Tensor, second: Tensor) -> float:
        values = [kernel(a, b) for a in first.tolist() for b in second.tolist()]
        return sum(values) / len(values)

    expected = mean(x, x) + mean(y, y) - 2 * mean(x, y)
    assert float(mmd_loss(x, y)) == pytest.approx(expected, rel=1e-9)


def test_mmd_is_zero_for_the_same_sample_in_any_order() -> None:
    x = torch.randn(60, 8)
    assert abs(float(mmd_loss(x, x))) < 1e-6
    assert abs(float(mmd_loss(x, x[torch.randperm(60)]))) < 1e-6


def test_mmd_grows_with_the_difference() -> None:
    x, y = torch.randn(200, 4), torch.randn(150, 4)
    shifted = [float(mmd_loss(x, y + shift)) for shift in (0.0, 0.3, 1.0, 3.0)]
    spread = [float(mmd_loss(x, y * factor)) for factor in (1.0, 1.5, 2.5, 5.0)]
    for losses in (shifted, spread):
        assert 0 <= losses[0] < 0.1
        assert losses == sorted(losses)


def test_mmd_pulls_one_sample_to_the_other() -> None:
    x, y = torch.randn(40, 3).requires_grad_(), torch.randn(40, 3) + 2
    start = float(mmd_loss(x.detach(), y))
    for _ in range(100):
        (gradient,) = torch.autograd.grad(mmd_loss(x, y), x)
        assert gradient.isfinite().all()
        x = (x - 10 * gradient).detach().requires_grad_()
    assert float(mmd_loss(x.detach(), y)) < 0.2 * start


@pytest.mark.parametrize("reach", [1, 2, 3])
def test_context_sees_the_neighbors_and_never_the_token_itself(reach: int) -> None:
    words, dim = 9, 5
    model = ContextModel(dim, hidden=16, reach=reach)
    vectors = torch.randn(2, words, dim).requires_grad_()
    for word in range(words):
        (gradient,) = torch.autograd.grad(model.guesses(vectors)[0, word].sum(), vectors)
        read = {place for place in range(words) if gradient[0, place].abs().sum() > 0}
        assert read == {place for place in range(words) if 0 < abs(place - word) <= reach}
        assert gradient[1].abs().sum() == 0, "clips are not mixed"


def test_context_is_infonce_over_all_places_of_the_batch() -> None:
    model, vectors = ContextModel(5, hidden=16), torch.randn(3, 4, 5)
    places = [(clip, word) for clip in range(3) for word in range(4)]
    # Equal tokens are no negatives of each other.
    indices = torch.tensor([[0, 1, 2, 0], [3, 4, 5, 6], [0, 7, 8, 9]])
    guesses, losses = model.guesses(vectors), []
    for own in places:
        scores = {
            at: guesses[own] @ (vectors[at] / vectors[at].norm()) * 5**0.5
            for at in places
            if at == own or indices[at] != indices[own]
        }
        losses.append(torch.stack(list(scores.values())).logsumexp(0) - scores[own])
    torch.testing.assert_close(model(vectors, indices), torch.stack(losses).mean())


def test_a_collapsed_codebook_is_the_worst_context() -> None:
    same = torch.randn(5).expand(4, 6, 5)
    different = torch.arange(24).view(4, 6)
    assert float(ContextModel(5)(same, different).detach()) == pytest.approx(math.log(24), abs=1e-5)


def test_context_learns_a_cycle_but_no_chance() -> None:
    codebook = torch.randn(6, 8)
    cycle = (torch.arange(24)[None] + torch.arange(6)[:, None]) % 6
    losses = {}
    for name, draw in {
        "cycle": lambda: cycle,
        "chance": lambda: torch.randint_like(cycle, 6),
    }.items():
        model = ContextModel(8, hidden=32)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(100):
            drawn = draw()
            loss = model(codebook[drawn], drawn)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses[name] = float(loss.detach())
    # Equal tokens are no negatives: a cycle can be told without doubt, chance not at all.
    assert losses["cycle"] < 0.1
    assert losses["chance"] > math.log(cycle.numel() * 5 / 6) - 0.2


def test_context_reaches_the_encoder_by_neighbors_and_by_the_token() -> None:
    model, vectors = ContextModel(8), torch.randn(2, 5, 8)
    indices = torch.arange(10).view(2, 5)
    neighbors, own = vectors.clone().requires_grad_(), vectors.clone().requires_grad_()
    model(neighbors, indices).backward()
    fixed = model.guesses(vectors).detach()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "guesses", lambda given: fixed)
        model(own, indices).backward()
    assert neighbors.grad is not None and own.grad is not None
    assert own.grad.abs().sum() > 0 and not torch.allclose(own.grad, neighbors.grad)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 2.0])
def test_slope_of_a_power_law_is_its_exponent(exponent: float) -> None:
    counts = 1e6 * torch.arange(1, 101, dtype=torch.float64).pow(-exponent)
    shuffled = torch.cat([counts, torch.zeros(30)])[torch.randperm(130)]
    assert zipf_slope(shuffled) == pytest.approx(-exponent, abs=1e-9)


def test_slope_needs_three_tokens() -> None:
    assert zipf_slope(torch.tensor([5.0, 3.0, 0.0])) == 0.0
