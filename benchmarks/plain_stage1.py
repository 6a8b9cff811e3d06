"""Stage 1 as it was first written here: tokens as wide as the LLM's words, formulas as they stand.

MMD takes five exponentials of all distances, those among words included, and the exact median; the
library's convolutions take and give channels before time. What is computed is the same but for the
width of a token.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor

from llm_ar.tokenizer import objective
from llm_ar.tokenizer.encoder import TemporalBlock


def plain_mmd_loss(x: Tensor, y: Tensor) -> Tensor:
    """As `llm_ar.tokenizer.losses.mmd_loss`, by its formula."""
    joined = torch.cat([x, y])
    squared = torch.cdist(joined, joined).square()
    median = squared.detach().median().clamp_min(1e-12)
    kernel = torch.zeros_like(squared)
    for width in (0.25, 0.5, 1.0, 2.0, 4.0):
        kernel = kernel + torch.exp(-squared / (median * width))
    n = len(x)
    return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()


def _plain_block(self: TemporalBlock, x: Tensor) -> Tensor:
    hidden = self.conv(self.norm(x).transpose(1, 2)).transpose(1, 2)
    return x + F.dropout(self.out(F.gelu(hidden)), self.dropout.p, self.training)


@contextmanager
def plain_formulas() -> Iterator[None]:
    """Steps taken inside compute by the plain formulas."""
    ours = objective.mmd_loss, TemporalBlock.forward
    objective.mmd_loss, TemporalBlock.forward = plain_mmd_loss, _plain_block  # type: ignore[method-assign]
    try:
        yield
    finally:
        objective.mmd_loss, TemporalBlock.forward = ours  # type: ignore[method-assign]
