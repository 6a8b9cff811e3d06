"""The encoder that looks at joints before it looks at bodies.

The paper names an encoder of 1-D convolutions over time (``encoder.py``). Here the joints first
exchange what they know along learned edges, each keeping its own channels over time, before a frame
becomes one vector. What a joint does is learned once for all joints, which small data rewards.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.config import EncoderConfig
from llm_ar.errors import ConfigError
from llm_ar.skeletons.layouts import Layout
from llm_ar.tokenizer.encoder import PAIR, TemporalBlock
from llm_ar.tokenizer.features import CHANNELS

EDGE_SETS = 4
"""Sets of learned edges; a joint's channels are divided among them."""


class JointBlock(nn.Module):
    """Joints read one another, then each its own past and future.

    Edges are learned, one set for each head, as in Shi et al., "2s-AGCN" (CVPR 2019); they start
    from the skeleton (:func:`skeleton_edges`). Time is convolved channel by channel, and a
    two-layer network mixes the channels, each with a residual path.
    """

    def __init__(self, width: int, edges: Tensor, kernel: int, stride: int) -> None:
        super().__init__()
        self.edges = nn.Parameter(edges.clone())
        self.joint_norm, self.time_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.value, self.joint_out = nn.Linear(width, width), nn.Linear(width, width)
        self.time = nn.Conv1d(width, width, kernel, stride, kernel // 2, groups=width)
        self.mix = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, N, C) to (B, T / stride, N, C)."""
        heads = len(self.edges)
        # One product for all heads: (H, N, N) with (B T, H, N, C / H).
        value = self.value(self.joint_norm(x)).flatten(0, 1).unflatten(-1, (heads, -1))
        read = (self.edges @ value.transpose(1, 2)).transpose(1, 2).reshape(x.shape)
        x = x + self.joint_out(F.gelu(read))
        tracks = self.time_norm(x).permute(0, 2, 3, 1)
        moved = self.time(tracks.flatten(0, 1)).unflatten(0, tracks.shape[:2])
        return x[:, :: self.stride] + self.mix(moved.permute(0, 3, 1, 2))


class GraphEncoder(nn.Module):
    """Joint features (B, T, M * J, 13) to latents (B, T / 4, d).

    Args:
        config: sizes.
        layout: the skeleton, where the edges start.
        people: M; every joint of one person may read those of the others.
        dim: d, the width of a token.
    """

    def __init__(self, config: EncoderConfig, layout: Layout, people: int, dim: int) -> None:
        super().__init__()
        nodes, width = people * len(layout.joints), config.joint_width
        edges = skeleton_edges(layout, people)
        self.enter = nn.Linear(PAIR * CHANNELS, width)
        self.who = nn.Parameter(torch.randn(nodes, width) * 0.1)
        halving = config.joint_blocks // 2
        self.joints = nn.Sequential(
            *(
                JointBlock(width, edges, config.joint_kernel, 2 if block == halving else 1)
                for block in range(config.joint_blocks)
            )
        )
        self.gather = nn.Sequential(
            nn.Dropout(config.dropout), nn.Linear(nodes * width, config.width)
        )
        self.time = nn.Sequential(
            *(TemporalBlock(config.width, config.kernel, config.dropout) for _ in range(2)),
            # Each token sees the whole clip: what it is part of decides what a movement means.
            nn.TransformerEncoderLayer(
                config.width,
                nhead=4,
                dim_feedforward=2 * config.width,
                dropout=config.dropout,
                activation="gelu",
                batch_first=True,
                norm_first=True,
            ),
        )
        self.norm = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, dim)

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        pairs = features.unflatten(1, (-1, PAIR)).transpose(2, 3).flatten(3)
        x = self.joints(self.enter(pairs) + self.who)
        return self.out(self.norm(self.time(self.gather(x.flatten(2)))))


def check_sizes(config: EncoderConfig) -> None:
    """Refuse sizes that no encoder can have.

    Raises:
        ConfigError: naming the first one that cannot be.
    """
    for name in ("kernel", "joint_kernel"):
        if getattr(config, name) % 2 == 0:
            raise ConfigError(f"encoder.{name} is {getattr(config, name)}; give an odd number")
    if config.joint_width < 1 or config.joint_width % EDGE_SETS:
        raise ConfigError(
            f"encoder.joint_width is {config.joint_width}; give a positive multiple of {EDGE_SETS}"
        )
    if config.joint_blocks < 1:
        raise ConfigError(f"encoder.joint_blocks is {config.joint_blocks}; give at least 1")


def skeleton_edges(layout: Layout, people: int) -> Tensor:
    """Starting edges (4, M * J, M * J): a joint reads itself, its parent, its children, all."""
    count = len(layout.joints)
    up = torch.zeros(count, count)
    for joint, parent in enumerate(layout.parents):
        up[joint, parent if parent >= 0 else joint] = 1
    down = up.T / up.T.sum(-1, keepdim=True).clamp_min(1)
    within = [torch.block_diag(*[head] * people) for head in (torch.eye(count), up, down)]
    nodes = people * count
    return torch.stack([*within, torch.full((nodes, nodes), 1 / nodes)])
