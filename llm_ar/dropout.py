"""Dropout that draws a byte for each number: an eighth of the random numbers, a third of the time.

On a processor, drawing is most of what dropout costs. A byte makes probabilities multiples of
1/256; what is kept is grown by exactly the share that is kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

_BYTES = 8
"""In a 64-bit random number."""


def nearest_share(probability: float) -> float:
    """The multiple of 1/256 that is nearest to a probability."""
    return round(256 * probability) / 256


def draw_kept(shape: Sequence[int], share: float, device: torch.device) -> Tensor:
    """What is kept (bool of that shape), each number dropped with a probability.

    Args:
        shape: of the result.
        share: the probability, a multiple of 1/256.
        device: where; randomness comes from torch's global generator, which checkpoints hold.
    """
    count = math.prod(shape)
    drawn = torch.empty(-(-count // _BYTES), dtype=torch.int64, device=device)
    drawn.random_(torch.iinfo(torch.int64).min, None)
    return drawn.view(torch.uint8)[:count].view(*shape) >= round(256 * share)


class Dropout(nn.Module):
    """``nn.Dropout``, with bytes."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.share = nearest_share(probability)

    def forward(self, x: Tensor) -> Tensor:
        """Any shape, to the same shape."""
        if not self.training or self.share == 0:
            return x
        kept = draw_kept(x.shape, self.share, x.device)
        return x * (kept * (1 / (1 - self.share))).to(x.dtype)
