"""The encoder (joint features to latents) and the decoder (token vectors to joints).

1-D convolutions over time, as the paper has it (sec. 3.2): the joints of a frame enter as one
vector; residual blocks as in van den Oord et al., "Neural Discrete Representation Learning", 2017.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.config import EncoderConfig
from llm_ar.tokenizer.features import CHANNELS

STRIDE = 4
"""Frames per token."""
PAIR = 2
"""Frames that enter the network together: neighbours differ little, and this halves the work."""


class TemporalBlock(nn.Module):
    """Residual 1-D convolution over time."""

    def __init__(self, width: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.conv = nn.Conv1d(width, width, kernel, padding=kernel // 2)
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        hidden = self.conv(self.norm(x).transpose(1, 2)).transpose(1, 2)
        return x + self.dropout(self.out(F.gelu(hidden)))


def _blocks(config: EncoderConfig) -> nn.Sequential:
    blocks = (
        TemporalBlock(config.width, config.kernel, config.dropout) for _ in range(config.blocks)
    )
    return nn.Sequential(*blocks)


class Encoder(nn.Module):
    """Joint features (B, T, M * J, 13) to latents (B, T / 4, d).

    Args:
        config: sizes.
        nodes: M * J, the joints of all people.
        dim: d, the width of a token.
    """

    def __init__(self, config: EncoderConfig, nodes: int, dim: int) -> None:
        super().__init__()
        width = config.width
        self.enter = nn.Linear(PAIR * nodes * CHANNELS, width)
        self.early = _blocks(config)
        self.halve = nn.Conv1d(width, width, 4, stride=2, padding=1)
        self.late = _blocks(config)
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, dim)

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        pairs = features.flatten(2).unflatten(1, (-1, PAIR)).flatten(2)
        x = self.early(self.enter(pairs))
        x = self.halve(x.transpose(1, 2)).transpose(1, 2)
        return self.out(self.norm(self.late(x)))


class Decoder(nn.Module):
    """Token vectors (B, W, d) to joints (B, 4 W, M * J, 3), in body sizes."""

    def __init__(self, config: EncoderConfig, nodes: int, dim: int) -> None:
        super().__init__()
        self.nodes = nodes
        self.enter = nn.Linear(dim, config.width)
        self.time = _blocks(config)
        self.norm = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, STRIDE * nodes * 3)

    def forward(self, vectors: Tensor) -> Tensor:
        """See the class."""
        x = self.out(self.norm(self.time(self.enter(vectors))))
        return x.reshape(x.shape[0], x.shape[1] * STRIDE, self.nodes, 3)
