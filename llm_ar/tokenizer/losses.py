"""The three human inductive biases that make action sentences language-like (paper, sec. 3.3).

The paper's exact forms are not published; each function states the one used here.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_MEDIAN_PAIRS = 2**18
"""Distances of so many pairs, about, give MMD's median."""


def zipf_loss(distances: Tensor, exponent: float, temperature: float = 0.1) -> Tensor:
    """Divergence of the tokens' frequencies from Zipf's law.

    Soft assignments p(u) = mean softmax(-d / temperature) make frequencies differentiable; they
    are ranked anew at each call and compared with f(r) = r^-a / sum r^-a:

        KL(f || p_sorted) = sum_r f(r) (log f(r) - log p_(r))

    Args:
        distances: (..., U) from latents to all tokens.
        exponent: a of Zipf's law; 1 is that of natural language.
        temperature: of the soft assignment, in units of distance.
    """
    flat = distances.reshape(-1, distances.shape[-1])
    frequency = torch.softmax(-flat / temperature, dim=-1).mean(0)
    ranked = frequency.sort(descending=True).values.clamp_min(1e-8)
    ranks = torch.arange(1, len(ranked) + 1, device=ranked.device, dtype=ranked.dtype)
    target = ranks.pow(-exponent)
    target = target / target.sum()
    return (target * (target.log() - ranked.log())).sum()


class ContextModel(nn.Module):
    """Context sensitivity: each token must be told from others by the tokens around it.

    The vectors of ``reach`` tokens on either side (never the token itself) make a guess, which must
    be nearer to the token than to any other place of the batch (InfoNCE: van den Oord et al.,
    "Representation Learning with Contrastive Predictive Coding", 2018). Its negative is a bound of
    the mutual information between a token and its context. To predict the token alone is not the
    same: that is easiest where all tokens are one, and the codebook collapses.

    Gradients reach the encoder through the neighbours and through the tokens.
    """

    def __init__(self, dim: int, hidden: int = 256, reach: int = 2) -> None:
        super().__init__()
        self.reach = reach
        self.hidden = nn.Linear(2 * reach * dim, hidden)
        self.out = nn.Linear(hidden, dim)

    def forward(self, vectors: Tensor) -> Tensor:
        """Loss for vectors (B, W, d); log(B W) where the context tells nothing."""
        guesses = self.guesses(vectors).flatten(0, 1)
        tokens = F.normalize(vectors.flatten(0, 1), dim=-1) * vectors.shape[-1] ** 0.5
        return F.cross_entropy(guesses @ tokens.T, torch.arange(len(guesses), device=tokens.device))

    def guesses(self, vectors: Tensor) -> Tensor:
        """What the tokens around each one make of it, (B, W, d)."""
        length = vectors.shape[1]
        padded = F.pad(vectors, (0, 0, self.reach, self.reach))
        offsets = [o for o in range(2 * self.reach + 1) if o != self.reach]
        around = torch.cat([padded[:, o : o + length] for o in offsets], dim=-1)
        return self.out(F.gelu(self.hidden(around)))


def mmd_loss(x: Tensor, y: Tensor) -> Tensor:
    """Squared maximum mean discrepancy between samples (N, d) and (K, d).

    A sum of Gaussian kernels whose widths are 1/4 to 4 times the median squared distance
    (Gretton et al., "A Kernel Two-Sample Test", 2012), biased estimate (never negative).
    """
    within_x, between, within_y = _squared(x, x), _squared(x, y), _squared(y, y)
    parts = [part.detach().flatten() for part in (within_x, between, between, within_y)]
    pairs = torch.cat(parts)
    # A part of many pairs tells the median as well, in less time.
    widest = 4 * pairs[:: 1 + len(pairs) // _MEDIAN_PAIRS].median().clamp_min(1e-12)
    return _kernel(within_x, widest) + _kernel(within_y, widest) - 2 * _kernel(between, widest)


def _squared(x: Tensor, y: Tensor) -> Tensor:
    """Squared distances (N, K) of points (N, d) and (K, d)."""
    norms = x.square().sum(-1)[:, None] + y.square().sum(-1)
    return torch.addmm(norms, x, y.T, alpha=-2).clamp_min(0)


def _kernel(squared: Tensor, widest: Tensor) -> Tensor:
    """The mean of the kernels; each width is half of the one before, so its kernel is the square
    of that one and a single exponential does."""
    kernel = torch.exp(-squared / widest)
    total = kernel
    for _ in range(4):
        kernel = kernel.square()
        total = total + kernel
    return total.mean()


def zipf_slope(counts: Tensor) -> float:
    """Slope of log frequency against log rank over the used tokens (natural language: about -1)."""
    used = counts[counts > 0].double().sort(descending=True).values
    if len(used) < 3:
        return 0.0
    x = torch.arange(1, len(used) + 1, dtype=torch.double, device=used.device).log()
    y = used.log()
    x = x - x.mean()
    return float((x * (y - y.mean())).sum() / x.square().sum())
