"""The paper's encoder (clips to latents) and decoder (tokens to joints), sec. 3.2.

1-D convolutions over time; the joints of a frame enter as one vector. Residual blocks as in van den
Oord et al., "Neural Discrete Representation Learning", 2017. Other encoders are in `extensions`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.config import EncoderConfig
from llm_ar.skeletons.layouts import Layout
from llm_ar.tokenizer.features import CHANNELS, joint_features

STRIDE = 4
"""Frames per token."""
KERNEL = 3
"""Steps that a temporal convolution sees: the step itself and its neighbors."""
_PAIR = 2
"""Frames that enter the network together: neighbors differ little, and this halves the work."""


class TemporalBlock(nn.Module):
    """Residual 1-D convolution over time."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.conv = nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2)
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        # One matrix product: a quarter less time on a processor than the library's convolution,
        # which changes layouts before and behind.
        weight = self.conv.weight.transpose(1, 2).flatten(1)
        hidden = F.linear(neighbors(self.norm(x)), weight, self.conv.bias)
        return x + self.dropout(self.out(F.gelu(hidden)))


def neighbors(x: Tensor) -> Tensor:
    """Each step with its neighbors: (B, T, ..., C) to (B, T, ..., 3 C), zeros outside."""
    steps, reach = x.shape[1], KERNEL // 2
    padded = F.pad(x, [0, 0] * (x.ndim - 2) + [reach, reach])
    return torch.cat([padded[:, o : o + steps] for o in range(KERNEL)], dim=-1)


def temporal_blocks(config: EncoderConfig) -> nn.Sequential:
    """The residual blocks of one frame rate."""
    return nn.Sequential(
        *(TemporalBlock(config.width, config.dropout) for _ in range(config.blocks))
    )


class FrameEncoder(nn.Module):
    """Joints (B, T, M, J, 3) to steps (B, T / 4, width): a frame enters as one vector.

    ``out`` makes latents (B, T / 4, d) of them.

    Args:
        config: sizes.
        layout: of the J joints.
        people: M.
        dim: d, the width of a token.
        channels: features of a joint.
    """

    def __init__(
        self,
        config: EncoderConfig,
        layout: Layout,
        people: int,
        dim: int,
        channels: int = CHANNELS,
    ) -> None:
        super().__init__()
        self.layout = layout
        width, nodes = config.width, people * len(layout.joints)
        self.enter = nn.Linear(_PAIR * nodes * channels, width)
        self.early = temporal_blocks(config)
        self.halve = nn.Conv1d(width, width, 4, stride=2, padding=1)
        self.late = temporal_blocks(config)
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, dim)

    def forward(self, joints: Tensor, present: Tensor) -> Tensor:
        """See the class; present is (B, T, M, J)."""
        return self.encode(joint_features(joints, present, self.layout))

    def encode(self, features: Tensor) -> Tensor:
        """Features (B, T, M * J, channels) to steps (B, T / 4, width)."""
        pairs = features.flatten(2).unflatten(1, (-1, _PAIR)).flatten(2)
        x = self.early(self.enter(pairs))
        x = self.halve(x.transpose(1, 2)).transpose(1, 2)
        return self.norm(self.late(x))


class Decoder(nn.Module):
    """Token vectors (B, W, d) to joints (B, 4 W, M * J, 3), in body sizes."""

    def __init__(self, config: EncoderConfig, nodes: int, dim: int) -> None:
        super().__init__()
        self.nodes = nodes
        self.enter = nn.Linear(dim, config.width)
        self.time = temporal_blocks(config)
        self.norm = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, STRIDE * nodes * 3)

    def forward(self, vectors: Tensor) -> Tensor:
        """See the class."""
        x = self.out(self.norm(self.time(self.enter(vectors))))
        return x.reshape(x.shape[0], x.shape[1] * STRIDE, self.nodes, 3)
