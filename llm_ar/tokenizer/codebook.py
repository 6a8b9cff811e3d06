"""The codebook of action tokens: nearest token in the Poincare ball (or in Euclidean space).

A token is stored as its tangent vector at the origin, which is what the decoder and the LLM read
(log_0 of its point in the ball); its place in the ball is exp_0 of it. Everything that training
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
    mean_over_processes,
    sum_over_processes,
    take_from_first,
)


class Quantized(NamedTuple):
    """What the codebook made of latents (B, W, d)."""

    vectors: Tensor
    """(B, W, d) the tokens' tangent vectors, with the latents' gradient (straight-through)."""
    tokens: Tensor
    """(B, W) int64."""
    commitment_loss: Tensor
    """Pulls latents to their tokens: squared geodesic distance."""
    distances: Tensor
    """(B, W, U) geodesic distances, differentiable in both the latents and the tokens."""


class Codebook(nn.Module):
    """U tokens of dimension d.

    Args:
        config: size, geometry and how dead tokens are revived.
        dim: d_u, the width of a token.
    """

    steps: Tensor
    usage: Tensor
    steps_unused: Tensor
    latent_mean: Tensor
    latent_rms: Tensor

    def __init__(self, config: CodebookConfig, dim: int) -> None:
        super().__init__()
        self.config = config
        start = torch.randn(config.size, dim) * config.latent_norm / dim**0.5
        self.vectors = nn.Parameter(start)
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self.register_buffer("usage", torch.full((config.size,), 1 / config.size))
        self.register_buffer("steps_unused", torch.zeros(config.size, dtype=torch.long))
        self.register_buffer("latent_mean", torch.zeros(dim))
        self.register_buffer("latent_rms", torch.ones(()))

    @torch.no_grad()
    def reset(self) -> None:
        """Forget tokens and statistics: ``warmup_steps`` steps without them, then new ones."""
        self.steps.zero_()
        self.steps_unused.zero_()
        self.usage.fill_(1 / self.config.size)

    def distances(self, latents: Tensor) -> Tensor:
        """Distances of latents (N, d), given as tangent vectors, to all tokens: (N, U)."""
        if self.config.geometry == "euclidean":
            return torch.cdist(latents.float(), self.vectors.float())
        c = self.config.curvature
        return poincare.pairwise_distance(
            poincare.exp0(latents, c), poincare.exp0(self.vectors, c), c
        )

    def normalize_latents(self, latents: Tensor) -> Tensor:
        """Centre latents (B, W, d) and bring them to a typical norm of ``latent_norm``.

        Unscaled latents of many dimensions have norms far above 1; tanh then puts every one of
        them on the ball's boundary, where all distances look alike and the codebook collapses.
        Uncentred ones share one direction, and a single token is nearest to them all.
        """
        latents = latents.float()
        if self.training:
            flat = latents.detach().flatten(0, -2)
            weight = 1.0 if int(self.steps) == 0 else 1 - self.config.decay
            self.latent_mean.lerp_(mean_over_processes(flat.mean(0)), weight)
            square = (flat - self.latent_mean).square().sum(-1).mean()
            rms = mean_over_processes(square).sqrt().clamp_min(1e-6)
            self.latent_rms.lerp_(rms, weight)
        return (latents - self.latent_mean) * (self.config.latent_norm / self.latent_rms)

    def forward(self, latents: Tensor) -> Quantized:
        """Quantise latents (B, W, d) that :meth:`normalize_latents` has scaled."""
        shape = latents.shape[:-1]
        flat = latents.reshape(-1, latents.shape[-1]).float()
        warming_up = self.training and int(self.steps) < self.config.warmup_steps
        if self.training:
            if int(self.steps) == self.config.warmup_steps:
                self._start_from(flat.detach())
            self._replace_dead_codes(flat.detach())
            if not warming_up:
                self._ema_update(flat.detach())
        distances = self.distances(flat)
        tokens = distances.detach().argmin(-1)
        if self.training:
            self._count(tokens)
        if warming_up:
            zero = flat.new_zeros(())
            return Quantized(latents, tokens.reshape(shape), zero, distances.reshape(*shape, -1))
        vectors = F.embedding(tokens, self.vectors).detach()
        commitment_loss = self._pair_distance(flat, vectors).square().mean()
        return Quantized(
            (flat + (vectors - flat).detach()).reshape(latents.shape),
            tokens.reshape(shape),
            commitment_loss,
            distances.reshape(*shape, -1),
        )

    def _pair_distance(self, x: Tensor, y: Tensor) -> Tensor:
        if self.config.geometry == "euclidean":
            return (x - y).norm(dim=-1)
        c = self.config.curvature
        return poincare.distance(poincare.exp0(x, c), poincare.exp0(y, c), c)

    @torch.no_grad()
    def _start_from(self, flat: Tensor) -> None:
        """Place the tokens on latents of this batch, each used about equally often.

        Random tokens in many dimensions are no nearer to a latent than the centre is: the first
        one that drifts there wins everything, and the codebook collapses.
        """
        order = torch.randperm(len(flat), device=flat.device)
        rounds = -(-self.config.size // len(flat))
        picks = order.repeat(rounds)[: self.config.size]
        self.vectors.copy_(flat[picks] + self._jitter(picks))
        take_from_first(self.vectors)
        self.steps_unused.zero_()

    @torch.no_grad()
    def _ema_update(self, flat: Tensor) -> None:
        """Move each token towards the mean of the latents nearest to it.

        A moving average in the tangent space, in place of the embedding loss: it keeps up with
        the encoder whatever the learning rate, which a loss does not once the rate has fallen.
        The biases move tokens as well, by their gradients.
        """
        tokens = self.distances(flat).argmin(-1)
        counts = torch.bincount(tokens, minlength=self.config.size).float()
        sums = torch.zeros_like(self.vectors).index_add_(0, tokens, flat)
        sum_over_processes(counts)
        sum_over_processes(sums)
        means = sums / counts.clamp_min(1).unsqueeze(-1)
        self.vectors.lerp_(means, (1 - self.config.ema_decay**counts).unsqueeze(-1))

    @torch.no_grad()
    def _replace_dead_codes(self, flat: Tensor) -> None:
        """Move tokens that nobody has used for long onto live latents."""
        dead = (self.steps_unused > self.config.dead_after).nonzero().squeeze(-1)
        if len(dead):
            picks = torch.randint(len(flat), (len(dead),), device=flat.device)
            self.vectors[dead] = flat[picks] + self._jitter(picks)
            take_from_first(self.vectors)
            self.steps_unused[dead] = 0

    def _jitter(self, picks: Tensor) -> Tensor:
        """Noise (len(picks), d) that tells apart tokens which start on the same latent."""
        dim = self.vectors.shape[-1]
        noise = torch.randn(len(picks), dim, device=picks.device)
        return noise * (0.05 * self.config.latent_norm / dim**0.5)

    @torch.no_grad()
    def _count(self, tokens: Tensor) -> None:
        """Update the usage statistics."""
        counts = torch.bincount(tokens, minlength=self.config.size).float()
        sum_over_processes(counts)
        self.usage.lerp_(counts / counts.sum(), 1 - self.config.decay)
        self.steps_unused.add_(1).mul_((counts == 0).long())
        self.steps.add_(1)
