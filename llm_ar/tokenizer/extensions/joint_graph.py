"""An encoder in which each joint keeps channels of its own, as in graph networks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.config import EncoderConfig, ExtensionConfig
from llm_ar.skeletons.layouts import Layout
from llm_ar.tokenizer.encoder import KERNEL, STRIDE, neighbors, temporal_blocks
from llm_ar.tokenizer.features import CHANNELS, joint_features


class JointGraphBlock(nn.Module):
    """A graph convolution over the joints, then a convolution over each joint's time; residual.

    The graphs are learned and start from the skeleton: the joint itself, its parent, its children,
    all joints (adaptive graphs as in Shi et al., "2s-AGCN", CVPR
    2019). All weights but these are the same for all joints.
    """

    def __init__(self, width: int, dropout: float, graphs: Tensor) -> None:
        super().__init__()
        self.graphs = nn.Parameter(graphs + 0.02 * torch.randn_like(graphs))
        inner = len(graphs) * width // 2
        self.joint_norm, self.time_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.value, self.output = nn.Linear(width, inner), nn.Linear(inner, width)
        self.temporal_mixing, self.out = (
            nn.Linear(KERNEL * width, 2 * width),
            nn.Linear(2 * width, width),
        )
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        """(B, W, V, C) to (B, W, V, C)."""
        batch, steps, nodes, _ = x.shape
        graphs = len(self.graphs)
        width = self.value.out_features // graphs
        values = self.value(self.joint_norm(x)).view(batch * steps, nodes, graphs, width)
        # (graphs, V, B W C): one product a graph.
        columns = values.permute(2, 1, 0, 3).reshape(graphs, nodes, batch * steps * width)
        mixed = torch.bmm(self.graphs, columns).view(graphs, nodes, batch * steps, width)
        mixed = mixed.permute(2, 1, 0, 3).reshape(batch, steps, nodes, graphs * width)
        x = x + self._drop(self.output(F.relu(mixed)))
        near = neighbors(self.time_norm(x))
        return x + self._drop(self.out(F.relu(self.temporal_mixing(near))))

    def _drop(self, x: Tensor) -> Tensor:
        """Dropout of joints' channels for a whole clip, so that few numbers are drawn."""
        if not self.training or not self.dropout:
            return x
        kept = torch.rand(len(x), 1, *x.shape[2:], device=x.device) >= self.dropout
        return x * (kept / (1 - self.dropout)).to(x.dtype)


class JointGraphEncoder(nn.Module):
    """Joints (B, T, M, J, 3) to steps (B, T / 4, width); joints keep channels of their own.

    ``out`` makes latents (B, T / 4, d) of them.

    Args:
        config: sizes of the convolutions.
        extensions: number and width of the graph blocks.
        layout: of the J joints.
        people: M whose joints are nodes of one graph.
        dim: d, the width of a token.
        channels: features of a joint.
    """

    def __init__(
        self,
        config: EncoderConfig,
        extensions: ExtensionConfig,
        layout: Layout,
        people: int,
        dim: int,
        channels: int = CHANNELS,
    ) -> None:
        super().__init__()
        self.layout = layout
        graphs = skeleton_graphs(layout, people)
        width, nodes = extensions.joint_width, graphs.shape[1]
        self.enter = nn.Linear(STRIDE * channels, width)
        self.joints = nn.Parameter(0.02 * torch.randn(nodes, width))
        blocks = (
            JointGraphBlock(width, config.dropout, graphs) for _ in range(extensions.joint_blocks)
        )
        self.blocks = nn.Sequential(*blocks)
        self.joint_norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(config.dropout / 2)
        self.merge = nn.Linear(nodes * width, config.width)
        self.late = temporal_blocks(config)
        self.norm = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, dim)

    def forward(self, joints: Tensor, present: Tensor) -> Tensor:
        """See the class; present is (B, T, M, J)."""
        return self.encode(joint_features(joints, present, self.layout))

    def encode(self, features: Tensor) -> Tensor:
        """Features (B, T, V, channels) of the V = M * J joints to steps (B, T / 4, width)."""
        steps = features.unflatten(1, (-1, STRIDE)).transpose(2, 3).flatten(3)
        x = self.blocks(self.enter(steps) + self.joints)
        x = self.merge(self.dropout(self.joint_norm(x)).flatten(2))
        return self.norm(self.late(x))


def skeleton_graphs(layout: Layout, people: int) -> Tensor:
    """Graphs (4, M J, M J) over the joints of M people: itself, its parent, its children, all.

    Row i holds the weights of the joints that joint i attends to. A row sums to 1, or to 0 where
    there is none.
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
