"""Latents of a clip as a whole, which become the last tokens of its sentence.

Several are a product quantization (Jegou et al., PAMI 2011): each token stands for its own group of
the encoder's channels, so their errors differ. Tokens that all read the whole learned to say the
same.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.tokenizer.codebook import LATENT_NORM, STATISTICS_DECAY
from llm_ar.tokenizer.distributed import mean_over_processes


class ClipTokens(nn.ModuleList):
    """K clip tokens, each of a group of channels.

    Args:
        count: K; the groups are as even as the channels allow.
        width: channels of a step.
        dim: d, the width of a token.
    """

    def __init__(self, count: int, width: int, dim: int) -> None:
        sizes = [width * (k + 1) // count - width * k // count for k in range(count)]
        super().__init__(ClipToken(size, dim) for size in sizes)
        self.sizes = sizes

    def forward(self, steps: Tensor) -> list[Tensor]:
        """K latents (B, 1, d) of steps (B, steps, width)."""
        groups = steps.split(self.sizes, dim=-1) if self.sizes else ()
        return [token(group) for token, group in zip(self, groups, strict=True)]


class ClipToken(nn.Sequential):
    """The mean of the steps as one latent of a typical norm.

    Centered and scaled by itself: whole clips differ less than steps do, and beside the steps'
    latents theirs would all be one place.

    Args:
        width: channels of a step that it reads.
        dim: d, the width of a token.
    """

    def __init__(self, width: int, dim: int) -> None:
        super().__init__(nn.Linear(width, dim), _Standardize(dim, STATISTICS_DECAY))
        self.scale = LATENT_NORM / dim**0.5

    def forward(self, steps: Tensor) -> Tensor:
        """Steps (B, steps, width) to (B, 1, d)."""
        latents: Tensor = super().forward(steps.mean(1))
        return (latents.float() * self.scale).unsqueeze(1)


class _Standardize(nn.Module):
    """To mean 0 and variance 1: a batch's own in training, moving averages otherwise.

    Batch normalization whose averages start on the first batch and are those of all processes,
    and which takes single clips.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, dim: int, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("running_mean", torch.zeros(dim))
        self.register_buffer("running_var", torch.ones(dim))
        self.register_buffer("num_batches_tracked", torch.zeros((), dtype=torch.long))

    def forward(self, input: Tensor) -> Tensor:
        """(B, d) to (B, d)."""
        if not self.training or len(input) == 1:
            return F.batch_norm(input, self.running_mean, self.running_var)
        with torch.no_grad():
            first = self.num_batches_tracked == 0
            weight = torch.where(first, 1.0, 1 - self.decay)
            self.running_mean.lerp_(mean_over_processes(input.mean(0)), weight)
            self.running_var.lerp_(mean_over_processes(input.var(0)), weight)
            self.num_batches_tracked.add_(1)
        return F.batch_norm(input, None, None, training=True)
