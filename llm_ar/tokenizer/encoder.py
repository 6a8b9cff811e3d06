"""The encoder (joint features to latents) and the decoder (token vectors to joints).

Two ways lead from joints to one vector a time step. In the paper's (sec. 3.2), 1-D convolutions
over time, the joints of a frame enter as one vector. In ours each joint keeps channels of its own
for some blocks, in which it hears other joints and its own past and future with weights that all
joints share, as graph networks have it. Residual blocks as in van den Oord et al., "Neural Discrete
Representation Learning", 2017.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.config import EncoderConfig
from llm_ar.dropout import Dropout
from llm_ar.skeletons.layouts import Layout
from llm_ar.tokenizer.features import CHANNELS, PARTNER_CHANNELS

STRIDE = 4
"""Frames per token."""
_PAIR = 2
"""Frames that enter the network together: neighbours differ little, and this halves the work."""


class TemporalBlock(nn.Module):
    """Residual 1-D convolution over time."""

    def __init__(self, width: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.conv = nn.Conv1d(width, width, kernel, padding=kernel // 2)
        self.out = nn.Linear(width, width)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        # One matrix product: a quarter less time on a processor than the library's convolution,
        # which changes layouts before and behind.
        weight = self.conv.weight.transpose(1, 2).flatten(1)
        hidden = F.linear(
            neighbours(self.norm(x), self.conv.kernel_size[0]), weight, self.conv.bias
        )
        return x + self.dropout(self.out(F.gelu(hidden)))


def neighbours(x: Tensor, kernel: int) -> Tensor:
    """Each step with its neighbours: (B, T, ..., C) to (B, T, ..., kernel C), zeros outside."""
    steps, reach = x.shape[1], kernel // 2
    padded = F.pad(x, [0, 0] * (x.ndim - 2) + [reach, reach])
    return torch.cat([padded[:, o : o + steps] for o in range(kernel)], dim=-1)


def _blocks(config: EncoderConfig) -> nn.Sequential:
    blocks = (
        TemporalBlock(config.width, config.kernel, config.dropout) for _ in range(config.blocks)
    )
    return nn.Sequential(*blocks)


class FrameEncoder(nn.Module):
    """The paper's: joint features (B, T, V, 13) to steps (B, T / 4, width), a frame as one vector.

    ``out`` makes latents (B, T / 4, d) of them.

    Args:
        config: sizes.
        nodes: V = M * J, the joints of all people.
        dim: d, the width of a token.
    """

    def __init__(self, config: EncoderConfig, nodes: int, dim: int) -> None:
        super().__init__()
        width = config.width
        self.enter = nn.Linear(_PAIR * nodes * CHANNELS, width)
        self.early = _blocks(config)
        self.halve = nn.Conv1d(width, width, 4, stride=2, padding=1)
        self.late = _blocks(config)
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, dim)

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        pairs = features.flatten(2).unflatten(1, (-1, _PAIR)).flatten(2)
        x = self.early(self.enter(pairs))
        x = self.halve(x.transpose(1, 2)).transpose(1, 2)
        return self.norm(self.late(x))


class JointGraphBlock(nn.Module):
    """Each joint hears other joints, then its own neighbours in time; residual.

    Who listens to whom is learned, several times over, and starts from the skeleton: the joint
    itself, its parent, its children, all joints (adaptive graphs as in Shi et al., "2s-AGCN", CVPR
    2019). All weights but these are the same for all joints.
    """

    def __init__(self, width: int, kernel: int, dropout: float, graphs: Tensor) -> None:
        super().__init__()
        self.kernel = kernel
        self.graphs = nn.Parameter(graphs + 0.02 * torch.randn_like(graphs))
        inner = len(graphs) * width // 2
        self.joint_norm, self.time_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.say, self.hear = nn.Linear(width, inner), nn.Linear(inner, width)
        self.around, self.out = nn.Linear(kernel * width, 2 * width), nn.Linear(2 * width, width)
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        """(B, W, V, C) to (B, W, V, C)."""
        batch, steps, nodes, _ = x.shape
        said = self.say(self.joint_norm(x)).view(batch * steps, nodes, len(self.graphs), -1)
        # (graphs, V, B W C): one product a graph.
        heard = torch.bmm(
            self.graphs, said.permute(2, 1, 0, 3).reshape(len(self.graphs), nodes, -1)
        )
        heard = heard.view(len(self.graphs), nodes, batch * steps, -1).permute(2, 1, 0, 3)
        x = x + self._drop(self.hear(F.relu(heard.reshape(batch, steps, nodes, -1))))
        near = neighbours(self.time_norm(x), self.kernel)
        return x + self._drop(self.out(F.relu(self.around(near))))

    def _drop(self, x: Tensor) -> Tensor:
        """Dropout of joints' channels for a whole clip, so that few numbers are drawn."""
        if not self.training or not self.dropout:
            return x
        kept = torch.rand(len(x), 1, *x.shape[2:], device=x.device) >= self.dropout
        return x * (kept / (1 - self.dropout)).to(x.dtype)


class JointGraphEncoder(nn.Module):
    """Features (B, T, V, channels) to steps (B, T / 4, width); joints keep channels of their own.

    ``out`` makes latents (B, T / 4, d) of them.

    Args:
        config: sizes.
        graphs: (G, V, V) of the joints, what :class:`JointGraphBlock` starts from.
        dim: d, the width of a token.
        channels: features of a joint.
    """

    def __init__(
        self, config: EncoderConfig, graphs: Tensor, dim: int, channels: int = CHANNELS
    ) -> None:
        super().__init__()
        width, nodes = config.joint_width, graphs.shape[1]
        self.enter = nn.Linear(STRIDE * channels, width)
        self.joints = nn.Parameter(0.02 * torch.randn(nodes, width))
        blocks = (
            JointGraphBlock(width, config.kernel, config.dropout, graphs)
            for _ in range(config.joint_blocks)
        )
        self.blocks = nn.Sequential(*blocks)
        self.joint_norm = nn.LayerNorm(width)
        self.dropout = Dropout(config.dropout / 2)
        self.merge = nn.Linear(nodes * width, config.width)
        self.late = _blocks(config)
        self.norm = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, dim)

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        steps = features.unflatten(1, (-1, STRIDE)).transpose(2, 3).flatten(3)
        x = self.blocks(self.enter(steps) + self.joints)
        x = self.merge(self.dropout(self.joint_norm(x)).flatten(2))
        return self.norm(self.late(x))


class TwoPersonEncoder(JointGraphEncoder):
    """Features (B, T, 2 J, 17) of two people to steps (B, T / 4, width), both by the same weights.

    Each is read with where the other is; the largest and the mean of what is found of the two go
    on, so that it does not matter who is first (as Li et al., "Co-occurrence Feature Learning",
    IJCAI 2018, take the largest).

    Args:
        config: sizes.
        graphs: (G, J, J) of one person's joints.
        dim: d, the width of a token.
    """

    def __init__(self, config: EncoderConfig, graphs: Tensor, dim: int) -> None:
        super().__init__(config, graphs, dim, CHANNELS + PARTNER_CHANNELS)
        self.both = nn.Linear(2 * config.width, config.width)
        self.together = _blocks(config)
        self.last_norm = nn.LayerNorm(config.width)

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        people = features.unflatten(2, (2, -1)).transpose(1, 2)
        each = super().forward(people.flatten(0, 1)).unflatten(0, (-1, 2))
        both = self.both(torch.cat([each.amax(1), each.mean(1)], dim=-1))
        return self.last_norm(self.together(both))


def skeleton_graphs(layout: Layout, people: int) -> Tensor:
    """Graphs (4, M J, M J) over the joints of M people: itself, its parent, its children, all.

    Row i weighs the joints that joint i hears; a row sums to 1, or to 0 where there is none.
    """
    count = len(layout.joints)
    parent = torch.zeros(count, count)
    for joint, above in enumerate(layout.parents):
        if above >= 0:
            parent[joint, above] = 1
    child = parent.T / parent.sum(0).clamp_min(1)[:, None]
    within = [torch.block_diag(*[graph] * people) for graph in (torch.eye(count), parent, child)]
    nodes = people * count
    return torch.stack([*within, torch.full((nodes, nodes), 1 / nodes)])


def make_encoder(
    config: EncoderConfig, layout: Layout, people: int, dim: int
) -> FrameEncoder | JointGraphEncoder:
    """The encoder for M people of a layout: a pair's, ours, or without joint blocks the paper's."""
    if config.pair:
        return TwoPersonEncoder(config, skeleton_graphs(layout, 1), dim)
    if config.joint_blocks:
        return JointGraphEncoder(config, skeleton_graphs(layout, people), dim)
    return FrameEncoder(config, people * len(layout.joints), dim)


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
