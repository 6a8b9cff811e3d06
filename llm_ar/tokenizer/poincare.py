"""The Poincare ball of curvature -c, as far as the codebook needs it.

Pure functions on the last dimension. All of them compute in float32 or better whatever autocast
says: 1 - 1e-7 is 1 in half precision, and a point on the boundary is infinitely far away.

Sources: the paper, sec. 3.2; Ganea et al., "Hyperbolic Neural Networks", 2018, for the formulas.
"""

from __future__ import annotations

import torch
from torch import Tensor

BOUNDARY = {torch.float32: 4e-3, torch.float64: 1e-5}
"""How far inside the unit boundary (relative to the radius) points are kept, per dtype."""
MIN_NORM = 1e-15
_LARGEST = 1e15


def _finite(x: Tensor) -> Tensor:
    """Return x in float32 or better, with NaN as 0 and no entry whose square overflows."""
    x = x if x.dtype == torch.float64 else x.float()
    return torch.nan_to_num(x, nan=0.0).clamp(-_LARGEST, _LARGEST)


def project(x: Tensor, c: float) -> Tensor:
    """Pull points (..., d) that rounding put on or over the boundary back inside the ball.

    NaN counts as 0 and infinity as very large, so that no input spoils a codebook.
    """
    x = _finite(x)
    limit = (1 - BOUNDARY[x.dtype]) / c**0.5
    norm = x.norm(dim=-1, keepdim=True).clamp_min(MIN_NORM)
    return torch.where(norm > limit, x / norm * limit, x)


def exp0(v: Tensor, c: float) -> Tensor:
    """Exponential map at the origin: tangent vectors (..., d) to points of the ball.

    exp_0(v) = tanh(sqrt(c) |v|) v / (sqrt(c) |v|)  (paper, sec. 3.2)
    """
    v = _finite(v)
    scaled = c**0.5 * v.norm(dim=-1, keepdim=True).clamp_min(MIN_NORM)
    return project(torch.tanh(scaled) * v / scaled, c)


def log0(y: Tensor, c: float) -> Tensor:
    """Logarithmic map at the origin, the inverse of :func:`exp0`: points to tangent vectors.

    log_0(y) = artanh(sqrt(c) |y|) y / (sqrt(c) |y|)  (paper, sec. 3.2)
    """
    y = project(y, c)
    scaled = c**0.5 * y.norm(dim=-1, keepdim=True).clamp_min(MIN_NORM)
    return torch.atanh(scaled) * y / scaled


def _from_ratio(ratio: Tensor, c: float) -> Tensor:
    """Geodesic distance from a = c |x - y|^2 / ((1 - c|x|^2)(1 - c|y|^2)).

    arcosh(1 + 2 a) = 2 arsinh(sqrt(a)) is exact where a is tiny, and its root is kept off zero so
    that the gradient stays finite for equal points.
    """
    return 2 / c**0.5 * torch.asinh(torch.sqrt(ratio.clamp_min(1e-30)))


def distance(x: Tensor, y: Tensor, c: float) -> Tensor:
    """Geodesic distance between points (..., d) and (..., d), broadcast: (...).

    d(x, y) = (1/sqrt(c)) arcosh(1 + 2c |x - y|^2 / ((1 - c|x|^2)(1 - c|y|^2)))  (paper, sec. 3.2)
    """
    x, y = project(x, c), project(y, c)
    dtype = x.dtype
    # In float64: 1 - c |x|^2 loses half of its digits near the boundary.
    x, y = x.double(), y.double()
    squared = (x - y).square().sum(-1)
    inside = (1 - c * x.square().sum(-1)) * (1 - c * y.square().sum(-1))
    return _from_ratio(c * squared / inside, c).to(dtype)


def pairwise_ratio(x: Tensor, y: Tensor, c: float) -> Tensor:
    """a = c |x - y|^2 / ((1 - c|x|^2)(1 - c|y|^2)) of all points (N, d) and (U, d): (N, U).

    It grows with the geodesic distance, so the nearest point is that of the least ratio. It is one
    matrix product, c [-2 x, |x|^2, 1] . [y, 1, |y|^2], of rows divided by how far inside they are:
    nothing else of size N x U is computed. The result is float64, since |x|^2 + |y|^2 - 2 x.y
    cancels: in float32 a point near the boundary is 0.19 away from itself.
    """
    with torch.autocast(x.device.type, enabled=False):
        x, y = project(x, c).double(), project(y, c).double()
        x_norm2, y_norm2 = (p.square().sum(-1, keepdim=True) for p in (x, y))
        one = torch.ones_like(x_norm2[:1])
        left = torch.cat([-2 * x, x_norm2, one.expand_as(x_norm2)], dim=-1)
        right = torch.cat([y, one.expand_as(y_norm2), y_norm2], dim=-1)
        return (c * left / (1 - c * x_norm2)) @ (right / (1 - c * y_norm2)).T


def pairwise_distance(x: Tensor, y: Tensor, c: float) -> Tensor:
    """Geodesic distances between all points (N, d) and (U, d): (N, U)."""
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    return _from_ratio(pairwise_ratio(x, y, c).to(dtype), c)
