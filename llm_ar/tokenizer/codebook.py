"""The codebook of action tokens: nearest token in the Poincare ball (or in Euclidean space).

A token is stored as its tangent vector at the origin; its point in the ball is exp_0 of it. The
decoder and the LLM read log_0 of that point. Everything that training
changes besides the parameters is a buffer, so that a resumed run is the run it would have been.

Sources: the paper, sec. 3.2; van den Oord et al., "Neural Discrete Representation Learning", 2017.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.config import CodebookConfig
from llm_ar.tokenizer import poincare
from llm_ar.tokenizer.distributed import (
    gather_from_processes,
    mean_over_processes,
    sum_over_processes,
    take_from_first,
)

LATENT_NORM = 1.0
"""Typical norm of a latent before the exponential map: keeps points off the ball's boundary."""
STATISTICS_DECAY = 0.99
"""Moving-average factor of the usage statistics and of the latents' mean and scale."""
DEAD_AFTER = 50
"""Steps without use after which a token is replaced by a live latent."""


class Quantized(NamedTuple):
    """What the codebook made of latents (B, W, d)."""

    quantized: Tensor
    """(B, W, d) the tokens' tangent vectors, with the latents' gradient (straight-through)."""
    indices: Tensor
    """(B, W) int64."""
    tokens: Tensor
    """(B, W, d) the same vectors, with the gradient of the latents and of the tokens."""
    embedding_loss: Tensor
    """Squared geodesic distance; moves tokens to their latents."""
    commitment_loss: Tensor
    """Squared geodesic distance; moves latents to their tokens."""
    distances: Tensor
    """(B, W, U) geodesic distances, differentiable in the latents and the tokens."""


class Codebook(nn.Module):
    """U tokens of dimension d.

    Args:
        config: size, geometry and how tokens are updated.
        dim: d_u, the width of a token.

    Attributes:
        vectors: (U, d), trained by the losses; a constant for them with ``update: ema``.
    """

    steps: Tensor
    usage: Tensor
    steps_unused: Tensor
    latent_mean: Tensor
    latent_rms: Tensor

    def __init__(self, config: CodebookConfig, dim: int) -> None:
        super().__init__()
        self.config = config
        start = torch.randn(config.size, dim) * LATENT_NORM / dim**0.5
        self.vectors = nn.Parameter(start, requires_grad=config.update == "loss")
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self.register_buffer("usage", torch.full((config.size,), 1 / config.size))
        self.register_buffer("steps_unused", torch.zeros(config.size, dtype=torch.long))
        self.register_buffer("latent_mean", torch.zeros(dim))
        self.register_buffer("latent_rms", torch.ones(()))
        # The host's copy of ``steps``: reading the buffer would wait for the device in every step.
        self._step = 0
        self.register_load_state_dict_post_hook(lambda module, _: module._read_steps())

    def _read_steps(self) -> None:
        self._step = int(self.steps)

    @torch.no_grad()
    def reset(self) -> None:
        """Forget tokens and statistics: a warm-up without tokens, then new ones."""
        self.steps.zero_()
        self._step = 0
        self.steps_unused.zero_()
        self.usage.fill_(1 / self.config.size)

    def exp0(self, latents: Tensor) -> Tensor:
        """Latents (..., d) as points of the ball; the same vectors in Euclidean space."""
        if self.config.geometry == "euclidean":
            return latents
        return poincare.exp0(latents, self.config.curvature)

    def log0(self, points: Tensor) -> Tensor:
        """Undoes :meth:`exp0`."""
        if self.config.geometry == "euclidean":
            return points
        return poincare.log0(points, self.config.curvature)

    def distances(self, latents: Tensor) -> Tensor:
        """Distances of latents (N, d), given as tangent vectors, to all tokens: (N, U)."""
        points, tokens = self.exp0(latents), self.exp0(self.vectors)
        if self.config.geometry == "euclidean":
            return torch.cdist(points.float(), tokens.float())
        return poincare.pairwise_distance(points, tokens, self.config.curvature)

    @torch.no_grad()
    def nearest(self, latents: Tensor) -> Tensor:
        """Indices (N,) of the tokens nearest to latents (N, d)."""
        if self.config.geometry == "euclidean":
            return self.distances(latents).argmin(-1)
        points, tokens = self.exp0(latents), self.exp0(self.vectors)
        return poincare.pairwise_ratio(points, tokens, self.config.curvature).argmin(-1)

    def normalize_latents(self, latents: Tensor) -> Tensor:
        """Center latents (B, W, d) and scale them to a typical norm of ``LATENT_NORM``.

        Unscaled latents of many dimensions have norms far above 1; tanh then puts every one of
        them on the ball's boundary, where all distances look alike and the codebook collapses.
        Uncentered ones share one direction, and a single token is nearest to them all.
        """
        latents = latents.float()
        if self.training:
            flat = latents.detach().flatten(0, -2)
            weight = 1.0 if self._step == 0 else 1 - STATISTICS_DECAY
            mean = mean_over_processes(flat.mean(0))
            # One batch with NaN must not spoil the averages for ever.
            self.latent_mean.copy_(
                _if_finite(self.latent_mean.lerp(mean, weight), self.latent_mean)
            )
            square = (flat - self.latent_mean).square().sum(-1).mean()
            rms = mean_over_processes(square).sqrt().clamp_min(1e-6)
            self.latent_rms.copy_(_if_finite(self.latent_rms.lerp(rms, weight), self.latent_rms))
        return (latents - self.latent_mean) * (LATENT_NORM / self.latent_rms)

    def forward(self, latents: Tensor) -> Quantized:
        """Quantize latents (B, W, d) that :meth:`normalize_latents` has scaled."""
        shape = latents.shape[:-1]
        flat = latents.reshape(-1, latents.shape[-1]).float()
        warming_up = self.training and self._step < self.config.warmup_steps
        if self.training:
            if self._step == self.config.warmup_steps:
                self._start_from(flat.detach())
            self._replace_dead_codes(flat.detach())
            if self.config.update == "ema" and not warming_up:
                self._ema_update(flat.detach())
        distances = self.distances(flat)
        indices = distances.detach().argmin(-1)
        if self.training:
            self._count(indices)
        if warming_up:
            zero = flat.new_zeros(())
            return Quantized(
                latents, indices.view(shape), latents, zero, zero, distances.view(*shape, -1)
            )
        # Nearest token in the ball, then back: what the decoder and the LLM read is log_0 of it.
        vectors = self.log0(self.exp0(F.embedding(indices, self.vectors)))
        quantized = flat + (vectors - flat).detach()
        return Quantized(
            quantized.view(latents.shape),
            indices.view(shape),
            (vectors + flat - flat.detach()).view(latents.shape),
            self._pair_distance(flat.detach(), vectors).square().mean(),
            self._pair_distance(flat, vectors.detach()).square().mean(),
            distances.view(*shape, -1),
        )

    def _pair_distance(self, x: Tensor, y: Tensor) -> Tensor:
        if self.config.geometry == "euclidean":
            return (x - y).norm(dim=-1)
        return poincare.distance(self.exp0(x), self.exp0(y), self.config.curvature)

    @torch.no_grad()
    def _start_from(self, flat: Tensor) -> None:
        """Place the tokens on latents of this batch, each used about equally often.

        Random tokens in many dimensions are no nearer to a latent than the center is: the first
        one that drifts there is nearest to everything, and the codebook collapses.
        """
        flat = gather_from_processes(flat)
        order = torch.randperm(len(flat), device=flat.device)
        rounds = -(-self.config.size // len(flat))
        picks = order.repeat(rounds)[: self.config.size]
        self.vectors.copy_(flat[picks] + self._jitter())
        take_from_first(self.vectors)
        self.steps_unused.zero_()

    @torch.no_grad()
    def _ema_update(self, flat: Tensor) -> None:
        """Move each token toward the mean of the latents nearest to it (moving average).

        It keeps up with the encoder whatever the learning rate. The losses do not reach the
        tokens; they move the latents, and the tokens follow.
        """
        indices = self.nearest(flat)
        counts = self._counts(indices)
        sums = torch.zeros_like(self.vectors).index_add_(0, indices, flat)
        sum_over_processes(sums)
        means = sums / counts.clamp_min(1).unsqueeze(-1)
        moved = self.vectors.lerp(means, (1 - self.config.ema_decay**counts).unsqueeze(-1))
        self.vectors.copy_(_if_finite(moved, self.vectors))

    @torch.no_grad()
    def _replace_dead_codes(self, flat: Tensor) -> None:
        """Move tokens that were not used for ``DEAD_AFTER`` steps onto live latents."""
        flat = gather_from_processes(flat)
        dead = self.steps_unused > DEAD_AFTER
        picks = torch.randint(len(flat), (self.config.size,), device=flat.device)
        live = flat[picks] + self._jitter()
        usable = dead & live.isfinite().all(-1)
        self.vectors.copy_(torch.where(usable[:, None], live, self.vectors))
        take_from_first(self.vectors)
        self.steps_unused.masked_fill_(dead, 0)

    def _jitter(self) -> Tensor:
        """Noise (U, d) that tells apart tokens which start on the same latent."""
        return torch.randn_like(self.vectors) * (0.05 * LATENT_NORM / self.vectors.shape[-1] ** 0.5)

    def _counts(self, indices: Tensor) -> Tensor:
        """How often each token is used in this step by all processes, (U,)."""
        counts = torch.zeros(self.config.size, device=indices.device)
        counts.index_add_(0, indices, torch.ones_like(indices, dtype=counts.dtype))
        sum_over_processes(counts)
        return counts

    @torch.no_grad()
    def _count(self, indices: Tensor) -> None:
        """Update the usage statistics."""
        counts = self._counts(indices)
        self.usage.lerp_(counts / counts.sum(), 1 - STATISTICS_DECAY)
        self.steps_unused.add_(1).mul_((counts == 0).long())
        self.steps.add_(1)
        self._step += 1


def _if_finite(new: Tensor, old: Tensor) -> Tensor:
    """The new values if all of them are finite, the old ones otherwise; without waiting."""
    return torch.where(new.isfinite().all(), new, old)
