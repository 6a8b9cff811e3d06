"""Encoders that read two people by the same weights, each with where the other is."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn

from llm_ar.config import EncoderConfig, ExtensionConfig
from llm_ar.skeletons.layouts import Layout
from llm_ar.tokenizer.encoder import FrameEncoder, temporal_blocks
from llm_ar.tokenizer.extensions.joint_graph import JointGraphEncoder
from llm_ar.tokenizer.features import (
    CHANNELS,
    PARTNER_CHANNELS,
    joint_features,
    partner_features,
)


class TwoPersonEncoder(nn.Module):
    """Joints (B, T, 2, J, 3) of two people to steps (B, T / 4, width), both by the same weights.

    Each is read with where the other is; the largest and the mean of the encodings of those who
    are there go on, so that their order does not matter (as Li et al., "Co-occurrence Feature
    Learning", IJCAI 2018, take the largest). How one person is read is the subclass's.
    """

    layout: Layout

    def _add_merger(self, config: EncoderConfig) -> None:
        """The layers behind the encodings of the two people."""
        self.both = nn.Linear(2 * config.width, config.width)
        self.together = temporal_blocks(config)
        self.last_norm = nn.LayerNorm(config.width)

    @abstractmethod
    def encode_person(self, features: Tensor) -> Tensor:
        """Features (B, T, J, channels) of one person to steps (B, T / 4, width)."""

    def forward(self, joints: Tensor, present: Tensor) -> Tensor:
        """See the class; present is (B, T, 2, J)."""
        own = joint_features(joints, present, self.layout)
        features = torch.cat([own, partner_features(joints, present, self.layout)], dim=-1)
        people = features.unflatten(2, (2, -1)).transpose(1, 2).flatten(0, 1)
        there = present.any(3).any(1)
        each = self._encode_those(people, there.flatten()).unflatten(0, (-1, 2))
        there = there[:, :, None, None]
        largest = each.masked_fill(~there, -torch.inf).amax(1)
        mean = (each * there).sum(1) / there.sum(1).clamp_min(1)
        both = self.both(torch.cat([largest.nan_to_num(neginf=0.0), mean], dim=-1))
        return self.last_norm(self.together(both))

    def _encode_those(self, people: Tensor, there: Tensor) -> Tensor:
        """Encode features (2 B, T, J, C); on a CPU only of people who are there (2 B,).

        Most recordings show one person, and to choose would make a GPU wait. An exported graph has
        no choice.
        """
        if people.device.type != "cpu" or torch.compiler.is_exporting():
            return self.encode_person(people)
        encoded = self.encode_person(people[there])
        every = encoded.new_zeros(len(people), *encoded.shape[1:])
        return every.index_put((there,), encoded)


class TwoPersonGraphEncoder(TwoPersonEncoder, JointGraphEncoder):
    """Two people, each by a `JointGraphEncoder`.

    Args:
        config: sizes of the convolutions.
        extensions: number and width of the graph blocks.
        layout: of the J joints.
        dim: d, the width of a token.
    """

    def __init__(
        self, config: EncoderConfig, extensions: ExtensionConfig, layout: Layout, dim: int
    ) -> None:
        channels = CHANNELS + PARTNER_CHANNELS
        JointGraphEncoder.__init__(self, config, extensions, layout, 1, dim, channels)
        self._add_merger(config)

    def encode_person(self, features: Tensor) -> Tensor:
        """See `TwoPersonEncoder.encode_person`."""
        return self.encode(features)


class TwoPersonFrameEncoder(TwoPersonEncoder, FrameEncoder):
    """Two people, each by a `FrameEncoder`.

    Args:
        config: sizes of the convolutions.
        layout: of the J joints.
        dim: d, the width of a token.
    """

    def __init__(self, config: EncoderConfig, layout: Layout, dim: int) -> None:
        FrameEncoder.__init__(self, config, layout, 1, dim, CHANNELS + PARTNER_CHANNELS)
        self._add_merger(config)

    def encode_person(self, features: Tensor) -> Tensor:
        """See `TwoPersonEncoder.encode_person`."""
        return self.encode(features)
