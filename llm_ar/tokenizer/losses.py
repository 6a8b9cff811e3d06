"""The three human inductive biases that make action sentences language-like (paper, sec. 3.3).

The paper's exact forms are not published; each function states the one used here.
"""

from __future__ import annotations

from abc import abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.tokenizer.codebook import Quantized
from llm_ar.tokenizer.distributed import gather_from_processes

_MEDIAN_PAIRS = 2**18
"""Distances of so many pairs, about, give MMD's median."""


def zipf_loss(distances: Tensor, exponent: float, temperature: float = 0.1) -> Tensor:
    """Divergence of the tokens' frequencies from Zipf's law.

    Soft assignments p(u) = mean softmax(-d / temperature) make frequencies differentiable; they
    are those of all processes, ranked anew at each call and compared with f(r) = r^-a / sum r^-a:

        KL(f || p_sorted) = sum_r f(r) (log f(r) - log p_(r))

    Args:
        distances: (..., U) from latents to all tokens.
        exponent: a of Zipf's law; 1 is that of natural language.
        temperature: of the soft assignment, in units of distance.
    """
    flat = distances.reshape(-1, distances.shape[-1])
    frequency = torch.softmax(-flat / temperature, dim=-1).mean(0)
    frequency = gather_from_processes(frequency[None]).mean(0)
    ranked = frequency.sort(descending=True).values.clamp_min(1e-8)
    ranks = torch.arange(1, len(ranked) + 1, device=ranked.device, dtype=ranked.dtype)
    target = ranks.pow(-exponent)
    target = target / target.sum()
    return (target * (target.log() - ranked.log())).sum()


class ContextModel(nn.Module):
    """Context sensitivity: each token is to be identified among others by its neighbors.

    The vectors of ``reach`` tokens on either side (never the token itself) make a guess, which must
    be nearer to the token than to any other place of the batch (InfoNCE: van den Oord et al.,
    "Representation Learning with Contrastive Predictive Coding", 2018). Its negative is a bound of
    the mutual information between a token and its context. To predict the token alone is not the
    same: that is easiest where all tokens are one, and the codebook collapses.

    Places with the same token are no negatives of each other: they would punish tokens for being
    frequent, against Zipf's law. Only tokens of time steps take part, not a token of the whole
    clip, which is a mean of them all. Gradients reach the encoder through neighbors and tokens.
    """

    def __init__(self, dim: int, hidden: int = 256, reach: int = 2) -> None:
        super().__init__()
        self.reach = reach
        self.hidden = nn.Linear(2 * reach * dim, hidden)
        self.out = nn.Linear(hidden, dim)

    def forward(self, vectors: Tensor, indices: Tensor) -> Tensor:
        """Loss for vectors (B, W, d) with indices (B, W); log(B W) without use of the context.

        The bound is reached if all indices differ; less where some are equal.
        """
        guesses = self.guesses(vectors).flatten(0, 1)
        tokens = F.normalize(vectors.flatten(0, 1), dim=-1) * vectors.shape[-1] ** 0.5
        flat = indices.flatten()
        same = flat[:, None] == flat[None, :]
        same.fill_diagonal_(False)
        logits = (guesses @ tokens.T).masked_fill(same, -torch.inf)
        return F.cross_entropy(logits, torch.arange(len(guesses), device=tokens.device))

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
    # A part of many pairs gives the median as well, in less time.
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


def zipf_slope(counts: Tensor) -> Tensor:
    """Slope of log frequency against log rank over the used tokens (natural language: about -1).

    A scalar on the device of the counts (U,); 0 for fewer than three used tokens.
    """
    ranked = counts.double().sort(descending=True).values
    used = (ranked > 0).double()
    total = used.sum().clamp_min(1)
    x = torch.arange(1, len(ranked) + 1, dtype=torch.double, device=ranked.device).log()
    y = ranked.clamp_min(1e-300).log()
    x = x - (x * used).sum() / total
    y = y - (y * used).sum() / total
    slope = (x * y * used).sum() / (x.square() * used).sum().clamp_min(1e-12)
    return torch.where(total < 3, torch.zeros_like(slope), slope)


class AuxiliaryLoss(nn.Module):
    """A term that is not the paper's; each is a class with a file of its own in `extensions`.

    Args:
        name: for the log.
        weight: in the sum.
    """

    def __init__(self, name: str, weight: float) -> None:
        super().__init__()
        self.name, self.weight = name, weight

    @abstractmethod
    def forward(self, hidden: Tensor, quantized: Quantized, labels: Tensor) -> Tensor:
        """The loss, a scalar.

        Args:
            hidden: (B, steps, width) of the encoder.
            quantized: what the codebook made of its latents.
            labels: (B,) indices of the training names.
        """
