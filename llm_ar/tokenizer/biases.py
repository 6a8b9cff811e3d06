"""The three human inductive biases that make action sentences language-like (paper, sec. 3.3).

The paper's exact forms are not published; each function states the one used here.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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
    """Context sensitivity: each token must be predictable from the tokens around it.

    A masked-token model: the vectors of ``reach`` tokens on either side (never the token itself)
    predict it by cross-entropy over the codebook. Its gradient reaches the encoder through the
    neighbours and the codebook through the logits.
    """

    def __init__(self, dim: int, hidden: int = 256, reach: int = 2) -> None:
        super().__init__()
        self.reach = reach
        self.hidden = nn.Linear(2 * reach * dim, hidden)
        self.out = nn.Linear(hidden, dim)

    def forward(self, vectors: Tensor, tokens: Tensor, codebook: Tensor) -> Tensor:
        """Loss for vectors (B, W, d), tokens (B, W) and the codebook's vectors (U, d)."""
        length = vectors.shape[1]
        padded = F.pad(vectors, (0, 0, self.reach, self.reach))
        offsets = [o for o in range(2 * self.reach + 1) if o != self.reach]
        around = torch.cat([padded[:, o : o + length] for o in offsets], dim=-1)
        guess = self.out(F.gelu(self.hidden(around)))
        logits = F.linear(guess, F.normalize(codebook, dim=-1) * guess.shape[-1] ** 0.5)
        return F.cross_entropy(logits.flatten(0, 1), tokens.flatten())


def mmd_loss(x: Tensor, y: Tensor) -> Tensor:
    """Squared maximum mean discrepancy between samples (N, d) and (K, d).

    A sum of Gaussian kernels whose widths are 1/4 to 4 times the median squared distance
    (Gretton et al., "A Kernel Two-Sample Test", 2012), biased estimate (never negative).
    """
    joined = torch.cat([x, y])
    squared = torch.cdist(joined, joined).square()
    median = squared.detach().median().clamp_min(1e-12)
    kernel = sum(torch.exp(-squared / (median * width)) for width in (0.25, 0.5, 1.0, 2.0, 4.0))
    assert isinstance(kernel, Tensor)
    n = len(x)
    return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()


def zipf_slope(counts: Tensor) -> float:
    """Slope of log frequency against log rank over the used tokens (natural language: about -1)."""
    used = counts[counts > 0].double().sort(descending=True).values
    if len(used) < 3:
        return 0.0
    x = torch.arange(1, len(used) + 1, dtype=torch.double, device=used.device).log()
    y = used.log()
    x = x - x.mean()
    return float((x * (y - y.mean())).sum() / x.square().sum())
