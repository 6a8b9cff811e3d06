"""The ball against geoopt, and against inputs that no one should send."""

from __future__ import annotations

import itertools

import geoopt
import pytest
import torch
from torch import Tensor

from llm_ar.tokenizer import poincare

SEEDS = (0, 1, 2)
DTYPES = (torch.float32, torch.float64)
CURVATURES = (0.1, 1.0, 2.5)
RADII = (0.0, 1e-6, 0.01, 0.5, 0.9, 0.99, 0.995)
"""Relative to the ball's radius. Beyond the last, geoopt's own artanh saturates."""

every_ball = pytest.mark.parametrize(
    ("seed", "dtype", "c"), list(itertools.product(SEEDS, DTYPES, CURVATURES))
)
TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-9}


def ball(c: float, dtype: torch.dtype = torch.float64) -> geoopt.PoincareBall:
    return geoopt.PoincareBall(c=torch.tensor(c, dtype=dtype))


def directions(count: int, dtype: torch.dtype, seed: int, dim: int = 16) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(count, dim, dtype=torch.float64, generator=generator)
    return torch.nn.functional.normalize(drawn, dim=-1).to(dtype)


def points(dtype: torch.dtype, c: float, seed: int) -> Tensor:
    """Three points at each radius: (21, 16)."""
    radii = torch.tensor(RADII, dtype=dtype).repeat_interleave(3)[:, None] / c**0.5
    return directions(len(radii), dtype, seed) * radii


@every_ball
def test_exp0_is_geoopts(seed: int, dtype: torch.dtype, c: float) -> None:
    lengths = torch.tensor([0.0, 1e-8, 1e-3, 0.3, 1.0, 2.0, 3.0, 10.0, 100.0], dtype=dtype)
    vectors = directions(len(lengths), dtype, seed) * lengths[:, None] / c**0.5
    expected = ball(c).expmap0(vectors, project=False)
    # How near the boundary a point may come depends on the precision.
    expected = ball(c, dtype).projx(expected.to(dtype))
    torch.testing.assert_close(
        poincare.exp0(vectors, c), expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype]
    )


@every_ball
def test_log0_is_geoopts(seed: int, dtype: torch.dtype, c: float) -> None:
    y = points(dtype, c, seed)
    # In float64, so that the oracle's own rounding near the boundary does not count.
    expected = ball(c).logmap0(y.double()).to(dtype)
    torch.testing.assert_close(
        poincare.log0(y, c), expected, rtol=20 * TOLERANCE[dtype], atol=TOLERANCE[dtype]
    )


@every_ball
def test_log0_undoes_exp0_within_the_boundary(seed: int, dtype: torch.dtype, c: float) -> None:
    vectors = directions(20, dtype, seed) * torch.linspace(0, 3, 20, dtype=dtype)[:, None] / c**0.5
    torch.testing.assert_close(
        poincare.log0(poincare.exp0(vectors, c), c),
        vectors,
        rtol=20 * TOLERANCE[dtype],
        atol=TOLERANCE[dtype],
    )


@every_ball
def test_distance_is_geoopts(seed: int, dtype: torch.dtype, c: float) -> None:
    x, y = points(dtype, c, seed), points(dtype, c, seed + 100)
    expected = ball(c).dist(x[:, None].double(), y[None].double())
    found = poincare.distance(x[:, None], y[None], c)
    assert found.dtype == dtype
    rounding = TOLERANCE[dtype] * 20
    torch.testing.assert_close(found, expected.to(dtype), rtol=rounding, atol=rounding)


@every_ball
def test_pairwise_is_the_plain_distance(seed: int, dtype: torch.dtype, c: float) -> None:
    x, y = points(dtype, c, seed), points(dtype, c, seed + 100)
    y[:5] = x[-5:]  # equal points, at the boundary of all places
    gaps = (1 - c * x.square().sum(-1))[:, None] * (1 - c * y.square().sum(-1))

    def squared(distances: Tensor) -> Tensor:
        """c |x - y|^2 of a distance: rounding counts the same wherever the points are."""
        return torch.sinh(distances * c**0.5 / 2).square() * gaps

    torch.testing.assert_close(
        squared(poincare.pairwise_distance(x, y, c)),
        squared(poincare.distance(x[:, None], y[None], c)),
        rtol=TOLERANCE[dtype],
        atol=10 * torch.finfo(dtype).eps,
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("c", CURVATURES)
def test_distance_is_a_metric(dtype: torch.dtype, c: float) -> None:
    x, y, z = (poincare.exp0(torch.randn(50, 6, dtype=dtype), c) for _ in range(3))
    there, back = poincare.distance(x, y, c), poincare.distance(y, x, c)
    torch.testing.assert_close(there, back)
    assert (there > 0).all()
    assert (poincare.distance(x, x, c) < 1e-12).all()
    around = poincare.distance(x, z, c) + poincare.distance(z, y, c)
    assert (there <= around * (1 + 1e-5)).all()


WILD = {
    "zeros": [0.0, 0.0, 0.0],
    "nan": [float("nan"), 0.5, 0.1],
    "all nan": [float("nan")] * 3,
    "inf": [float("inf"), -float("inf"), 1.0],
    "huge": [1e30, -3e38, 1e20],
    "large": [1e10, 0.0, -1e9],
    "denormal": [1e-45, 0.0, -1e-42],
    "tiny": [1e-30, 1e-20, 1e-16],
    "boundary": [1.0, 0.0, 0.0],
    "inside": [0.1, -0.2, 0.3],
}


@pytest.mark.parametrize("dtype", [*DTYPES, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("c", CURVATURES)
def test_finite_values_and_gradients_for_any_input(dtype: torch.dtype, c: float) -> None:
    wild = torch.tensor(list(WILD.values()), dtype=torch.float64).to(dtype)
    functions = {
        "project": lambda x, _: poincare.project(x, c),
        "exp0": lambda x, _: poincare.exp0(x, c),
        "log0": lambda x, _: poincare.log0(x, c),
        "distance": lambda x, y: poincare.distance(x[:, None], y[None], c),
        "to itself": lambda x, _: poincare.distance(x, x, c),
        "pairwise": lambda x, y: poincare.pairwise_distance(x, y, c),
        "of exp0": lambda x, y: poincare.pairwise_distance(
            poincare.exp0(x, c), poincare.exp0(y, c), c
        ),
        "there and back": lambda x, _: poincare.log0(poincare.exp0(x, c), c),
    }
    for name, function in functions.items():
        x, y = wild.clone().requires_grad_(), wild.clone().requires_grad_()
        found = function(x, y)
        assert found.isfinite().all(), name
        found.square().sum().backward()
        assert x.grad is not None and x.grad.isfinite().all(), name
        assert y.grad is None or y.grad.isfinite().all(), name


@pytest.mark.parametrize("function", [poincare.project, poincare.exp0])
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_too_large_lands_on_the_boundary_in_its_direction(
    function: object, dtype: torch.dtype
) -> None:
    c = 1.0
    for size in (10.0, 1e10, 1e30, 3e38):
        found = function(torch.tensor([size, 0.0], dtype=dtype), c)  # type: ignore[operator]
        limit = 1 - poincare.BOUNDARY[dtype]
        torch.testing.assert_close(found, torch.tensor([limit, 0.0], dtype=dtype))


def test_autocast_changes_nothing() -> None:
    x, y = torch.randn(5, 8), torch.randn(7, 8)

    def everything() -> list[Tensor]:
        a, b = poincare.exp0(x, 1.0), poincare.exp0(y, 1.0)
        return [
            a,
            poincare.log0(a, 1.0),
            poincare.distance(a[:, None], b[None], 1.0),
            poincare.pairwise_distance(a, b, 1.0),
        ]

    plain = everything()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = everything()
    for expected, found in zip(plain, mixed, strict=True):
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_gradients_are_those_of_the_values() -> None:
    x, y = (torch.randn(3, 4, dtype=torch.float64).requires_grad_() for _ in range(2))
    for c in CURVATURES:
        assert torch.autograd.gradcheck(lambda v, c=c: poincare.exp0(v, c), x)
        assert torch.autograd.gradcheck(lambda v, c=c: poincare.log0(0.3 * v, c), x)
        assert torch.autograd.gradcheck(
            lambda a, b, c=c: poincare.pairwise_distance(0.2 * a, 0.2 * b, c), (x, y)
        )


@every_ball
def test_the_nearest_point_has_the_least_ratio(seed: int, dtype: torch.dtype, c: float) -> None:
    x, y = points(dtype, c, seed), points(dtype, c, seed + 10)
    distances = ball(c).dist(x.double()[:, None], y.double()[None])
    ratios = poincare.pairwise_ratio(x, y, c)
    torch.testing.assert_close(
        ratios, (c**0.5 * distances / 2).sinh().square(), rtol=1e-5, atol=1e-9
    )
    nearest = distances.gather(1, ratios.argmin(-1, keepdim=True)).squeeze(1)
    torch.testing.assert_close(nearest, distances.amin(-1), rtol=1e-6, atol=1e-6)
