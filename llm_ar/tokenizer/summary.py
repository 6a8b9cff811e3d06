"""The latent of a clip as a whole, which becomes the last token of its sentence."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Summary(nn.Sequential):
    """Steps (B, steps, width) to one latent of a typical norm (B, d).

    Centred and scaled by itself: whole clips differ less than steps do, and beside the steps'
    latents theirs would all be one place.

    Args:
        width: channels of a step.
        dim: d, the width of a token.
        norm: typical norm of a latent.
        decay: moving-average factor of the statistics.
    """

    def __init__(self, width: int, dim: int, norm: float, decay: float) -> None:
        super().__init__(nn.Linear(width, dim), _Standardise(dim, decay))
        self.scale = norm / dim**0.5

    def forward(self, steps: Tensor) -> Tensor:
        """See the class."""
        latents: Tensor = super().forward(steps.mean(1))
        return latents.float() * self.scale


class _Standardise(nn.BatchNorm1d):
    """Batch normalisation whose averages start on the first batch, and which takes single clips."""

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, dim: int, decay: float) -> None:
        super().__init__(dim, momentum=1 - decay, affine=False)

    def forward(self, input: Tensor) -> Tensor:
        """(B, d) to (B, d)."""
        if self.training and len(input) == 1:
            return F.batch_norm(input, self.running_mean, self.running_var, eps=self.eps)
        if self.training and int(self.num_batches_tracked) == 0:
            with torch.no_grad():
                self.running_mean.copy_(input.mean(0))
                self.running_var.copy_(input.var(0))
        return super().forward(input)
