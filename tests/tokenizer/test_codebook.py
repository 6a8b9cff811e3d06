"""Nearest tokens by plain loops, gradients, revival, warm-up, statistics that survive a save."""

from __future__ import annotations

import math
from typing import Any, Literal

import geoopt
import pytest
import torch
from torch import Tensor

from llm_ar.config import CodebookConfig
from llm_ar.tokenizer.codebook import Codebook

DIM = 6
GEOMETRIES: tuple[Literal["hyperbolic", "euclidean"], ...] = ("hyperbolic", "euclidean")


def make(training: bool = False, **settings: Any) -> Codebook:
    given = {"size": 20, "dim": DIM, "warmup_steps": 0, **settings}
    config = CodebookConfig(**given)
    return Codebook(config, DIM).train(training)


def oracle_distance(x: Tensor, y: Tensor, config: CodebookConfig) -> float:
    """Between two tangent vectors (d,)."""
    if config.geometry == "euclidean":
        return math.dist(x.tolist(), y.tolist())
    ball = geoopt.PoincareBall(c=torch.tensor(config.curvature, dtype=torch.float64))
    return float(ball.dist(ball.expmap0(x.double()), ball.expmap0(y.double())))


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("curvature", [0.1, 1.0, 2.5])
def test_each_latent_gets_its_nearest_token(
    geometry: Literal["hyperbolic", "euclidean"], curvature: float
) -> None:
    book = make(geometry=geometry, curvature=curvature)
    latents = torch.randn(2, 5, DIM) * 0.4
    found = book(latents)
    assert found.indices.shape == (2, 5) and found.indices.dtype == torch.int64
    for clip in range(2):
        for word in range(5):
            distances = [
                oracle_distance(latents[clip, word], token, book.config)
                for token in book.vectors.detach()
            ]
            torch.testing.assert_close(
                found.distances[clip, word], torch.tensor(distances), rtol=1e-4, atol=1e-4
            )
            token = min(range(len(distances)), key=distances.__getitem__)
            assert found.indices[clip, word] == token
            torch.testing.assert_close(found.quantized[clip, word], book.vectors[token])


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_the_commitment_is_a_mean_squared_distance(
    geometry: Literal["hyperbolic", "euclidean"],
) -> None:
    book = make(geometry=geometry)
    latents = torch.randn(2, 5, DIM) * 0.4
    found = book(latents)
    expected = sum(
        oracle_distance(latent, book.vectors[token].detach(), book.config) ** 2
        for latent, token in zip(latents.flatten(0, 1), found.indices.flatten(), strict=True)
    )
    expected_loss = torch.tensor(expected / 10)
    torch.testing.assert_close(found.commitment_loss, expected_loss, rtol=1e-4, atol=0)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_straight_through(geometry: Literal["hyperbolic", "euclidean"]) -> None:
    book = make(geometry=geometry)
    latents = torch.randn(2, 5, DIM).requires_grad_()
    weights = torch.randn(2, 5, DIM)
    (book(latents).quantized * weights).sum().backward()
    torch.testing.assert_close(latents.grad, weights)
    assert book.vectors.grad is None


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_the_commitment_moves_latents_alone(
    geometry: Literal["hyperbolic", "euclidean"],
) -> None:
    book = make(geometry=geometry)
    latents = torch.randn(2, 5, DIM).requires_grad_()
    found = book(latents)
    by_commitment = torch.autograd.grad(
        found.commitment_loss, [latents, book.vectors], retain_graph=True, allow_unused=True
    )
    assert by_commitment[0].abs().sum() > 0 and by_commitment[1] is None
    both = torch.autograd.grad(found.distances.sum(), [latents, book.vectors])
    assert all(gradient.abs().sum() > 0 for gradient in both)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_a_latent_on_its_token_has_finite_gradients(
    geometry: Literal["hyperbolic", "euclidean"],
) -> None:
    book = make(geometry=geometry)
    latents = book.vectors.detach()[None].clone().requires_grad_()
    found = book(latents)
    assert found.indices.tolist() == [list(range(20))]
    (found.commitment_loss + found.distances.sum()).backward()
    assert latents.grad is not None and latents.grad.isfinite().all()
    assert book.vectors.grad is not None and book.vectors.grad.isfinite().all()


def test_broken_latents_still_get_tokens() -> None:
    book = make()
    latents = torch.tensor([float("nan"), float("inf"), -1e38, 0.0, 1e-45])[:, None].expand(5, DIM)
    distances = book.distances(latents)
    assert distances.isfinite().all()
    assert book(latents[None]).indices.max() < 20


def test_tokens_start_on_latents_after_the_warm_up() -> None:
    book = make(training=True, size=8, warmup_steps=3, update="ema", ema_decay=1.0)
    before = book.vectors.detach().clone()
    for step in range(3):
        latents = torch.randn(4, 4, DIM)
        found = book(latents)
        assert found.quantized is latents
        assert found.commitment_loss == 0
        assert int(book.steps) == step + 1
        torch.testing.assert_close(book.vectors.detach(), before)
    latents = torch.randn(4, 4, DIM)
    found = book(latents)
    near = torch.cdist(book.vectors.detach(), latents.flatten(0, 1)).min(dim=1)
    assert (near.values < 0.05 * 3).all()
    assert len(set(near.indices.tolist())) == 8, "each on a latent of its own"
    assert found.commitment_loss > 0
    torch.testing.assert_close(
        found.quantized, book.log0(book.exp0(book.vectors[found.indices])), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_tokens_follow_the_mean_of_their_latents(
    geometry: Literal["hyperbolic", "euclidean"],
) -> None:
    book = make(training=True, geometry=geometry, size=6, warmup_steps=0, update="ema")
    book(torch.randn(3, 4, DIM))
    before = book.vectors.detach().clone()
    latents = torch.randn(3, 4, DIM)
    tokens = book.distances(latents.flatten(0, 1)).argmin(-1)
    book(latents)
    for token in range(6):
        mine = latents.flatten(0, 1)[tokens == token]
        kept = book.config.ema_decay ** len(mine)
        expected = before[token]
        if len(mine):
            expected = kept * before[token] + (1 - kept) * mine.mean(0)
        torch.testing.assert_close(book.vectors[token].detach(), expected)


def test_a_codebook_that_starts_anew_takes_places_on_other_latents() -> None:
    book = make(training=True, size=8, warmup_steps=2, update="ema", ema_decay=1.0)
    for _ in range(4):
        book(torch.randn(4, 8, DIM))
    before = book.vectors.detach().clone()
    book.reset()
    elsewhere = torch.randn(4, 8, DIM) + 10
    for _ in range(2):
        found = book(elsewhere)
        assert torch.equal(found.quantized, elsewhere), "unquantized while it warms up"
    torch.testing.assert_close(book.vectors, before)
    book(elsewhere)
    apart = torch.cdist(book.vectors, elsewhere.flatten(0, 1)).min(dim=1).values
    assert apart.max() < 0.5, "each token is beside a latent"


def test_a_codebook_larger_than_the_batch_starts_with_tokens_apart() -> None:
    book = make(training=True, size=50)
    latents = torch.randn(1, 12, DIM)
    book(latents)
    near = torch.cdist(book.vectors.detach(), latents[0]).min(dim=1).indices
    shares = torch.bincount(near, minlength=12)
    assert shares.min() >= 4 and shares.max() <= 5
    assert torch.pdist(book.vectors.detach()).min() > 1e-4


def test_warming_up_is_for_training_alone() -> None:
    book = make(training=False, warmup_steps=100)
    latents = torch.randn(2, 3, DIM)
    found = book(latents)
    torch.testing.assert_close(found.quantized, book.vectors[found.indices])
    assert int(book.steps) == 0


def test_dead_tokens_come_back_to_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_ar.tokenizer.codebook.DEAD_AFTER", 3)
    book = make(training=True, size=8)
    book(torch.randn(4, 16, DIM) * 0.1 + 1.0)
    for _ in range(3):
        latents = torch.randn(4, 16, DIM) * 0.1 - 1.0
        used = set(book(latents).indices.flatten().tolist())
    dead = sorted(set(range(8)) - used)
    assert len(dead) >= 6, "the latents moved away from the tokens"
    assert (book.steps_unused[dead] >= 3).all()
    book(torch.randn(4, 16, DIM) * 0.1 - 1.0)
    latents = torch.randn(4, 16, DIM) * 0.1 - 1.0
    revived = book(latents)
    near = torch.cdist(book.vectors[dead].detach(), latents.flatten(0, 1)).min(dim=1).values
    assert (near < 0.05 * 3).all()
    assert len(set(revived.indices.flatten().tolist()) & set(dead)) >= len(dead) // 2
    assert (book.steps_unused <= 4).all()


def test_usage_is_a_moving_average_of_frequencies() -> None:
    book = make(training=True, size=5)
    usage = torch.full((5,), 0.2)
    for _ in range(4):
        tokens = book(torch.randn(2, 8, DIM)).indices.flatten().tolist()
        frequencies = torch.tensor([tokens.count(token) / 16 for token in range(5)])
        usage = 0.99 * usage + 0.01 * frequencies
    torch.testing.assert_close(book.usage, usage)
    torch.testing.assert_close(book.usage.sum(), torch.tensor(1.0))


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("update", ["loss", "ema"])
@pytest.mark.parametrize("saved_at", [0, 2, 4, 7, 11])
def test_a_saved_codebook_goes_on_as_if_never_saved(
    geometry: Literal["hyperbolic", "euclidean"],
    saved_at: int,
    update: Literal["loss", "ema"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("llm_ar.tokenizer.codebook.DEAD_AFTER", 2)
    batches = [torch.randn(3, 4, DIM) * (1 + i) + 4 * (i > 6) for i in range(14)]

    def fresh() -> Codebook:
        return make(training=True, geometry=geometry, warmup_steps=4, update=update, size=8)

    def step(book: Codebook, batch: Tensor) -> Tensor:
        found = book(book.normalize_latents(batch))
        if update == "loss":
            found.distances.mean().backward()
            assert book.vectors.grad is not None
            book.vectors.data.sub_(0.1 * book.vectors.grad)
            book.vectors.grad = None
        return found.indices

    whole = fresh()
    for batch in batches[:saved_at]:
        step(whole, batch)
    saved = {name: tensor.clone() for name, tensor in whole.state_dict().items()}
    random = torch.get_rng_state()
    expected = [step(whole, batch) for batch in batches[saved_at:]]

    resumed = fresh()
    resumed.load_state_dict(saved)
    torch.set_rng_state(random)
    found = [step(resumed, batch) for batch in batches[saved_at:]]
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    torch.testing.assert_close(dict(resumed.state_dict()), dict(whole.state_dict()), rtol=0, atol=0)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_rescale_centers_and_brings_to_the_typical_norm(scale: float) -> None:
    book = make(training=True)
    latents = torch.randn(8, 16, DIM) * scale + 3 * scale
    found = book.normalize_latents(latents).flatten(0, 1)
    torch.testing.assert_close(found.mean(0), torch.zeros(DIM), rtol=0, atol=1e-5)
    torch.testing.assert_close(found.square().sum(-1).mean().sqrt(), torch.tensor(1.0))
    # One scale for all: directions and relative lengths stay.
    centered = latents.flatten(0, 1) - latents.flatten(0, 1).mean(0)
    torch.testing.assert_close(found, centered / centered.square().sum(-1).mean().sqrt())


def test_rescale_follows_slowly_and_stands_still_in_evaluation() -> None:
    book = make(training=True)
    first = torch.randn(8, 16, DIM)
    book(book.normalize_latents(first))
    mean = book.latent_mean.clone()
    book.normalize_latents(first + 1)
    torch.testing.assert_close(book.latent_mean, mean + 0.01)
    book.eval()
    before = {name: tensor.clone() for name, tensor in book.state_dict().items()}
    one = book.normalize_latents(first[:1] + 5)
    torch.testing.assert_close(book.normalize_latents(first + 5)[:1], one)
    book(one)
    torch.testing.assert_close(dict(book.state_dict()), before, rtol=0, atol=0)


def test_equal_latents_are_rescaled_to_zero() -> None:
    book = make(training=True)
    assert (book.normalize_latents(torch.full((2, 3, DIM), 7.0)) == 0).all()


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_half_precision_does_not_reach_the_codebook(
    geometry: Literal["hyperbolic", "euclidean"],
) -> None:
    book = make(geometry=geometry)
    latents = torch.randn(2, 5, DIM).bfloat16()
    plain = book(latents.float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert book.normalize_latents(latents).dtype == torch.float32
        mixed = book(latents.float())
    for expected, found in zip(plain, mixed, strict=True):
        assert found.dtype == expected.dtype != torch.bfloat16
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("update", ["loss", "ema"])
@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_one_broken_batch_does_not_empty_the_codebook(
    update: Literal["loss", "ema"], broken: float
) -> None:
    book = make(training=True, update=update)
    for _ in range(3):
        book(book.normalize_latents(torch.randn(4, 8, DIM)))
    spoiled = torch.randn(4, 8, DIM)
    spoiled[1, 2, 0] = broken
    book(book.normalize_latents(spoiled))
    assert all(tensor.isfinite().all() for tensor in book.state_dict().values())
    found = book(book.normalize_latents(torch.randn(4, 8, DIM)))
    assert len(set(found.indices.flatten().tolist())) > 3


def test_the_embedding_loss_moves_tokens_alone() -> None:
    book = make(update="loss")
    latents = torch.randn(2, 5, DIM).requires_grad_()
    found = book(latents)
    of_latents, of_tokens = torch.autograd.grad(
        found.embedding_loss, [latents, book.vectors], allow_unused=True
    )
    assert of_latents is None and of_tokens.abs().sum() > 0
    torch.testing.assert_close(found.embedding_loss, found.commitment_loss)


def test_tokens_of_the_moving_average_get_no_gradient() -> None:
    book = make(update="ema")
    latents = torch.randn(2, 5, DIM).requires_grad_()
    found = book(latents)
    (found.distances.sum() + found.tokens.sum() + found.embedding_loss).backward()
    assert book.vectors.grad is None and latents.grad is not None
