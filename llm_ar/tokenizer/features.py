"""What the encoder sees of each joint: position, bone, velocity, place of the body, presence."""

from __future__ import annotations

import torch
from torch import Tensor

from llm_ar.skeletons.layouts import Layout

CHANNELS = 13
_VELOCITY_SCALE = 8.0
"""Frame-to-frame steps are an order of magnitude smaller than positions; this evens them out."""


def joint_features(joints: Tensor, present: Tensor, layout: Layout) -> Tensor:
    """Features (B, T, M * J, 13) of normalised joints (B, T, M, J, 3), present (B, T, M, J).

    Channels: position relative to the body's own centre, bone (joint minus its parent), velocity
    (step from the frame before), the centre's place in the scene, all in body sizes; presence
    (0 or 1). Joints, bones and motion are the usual streams of graph networks (Shi et al.,
    "2s-AGCN", CVPR 2019), here in one network. Missing joints are zero in every channel.
    """
    seen = present.unsqueeze(-1).to(joints.dtype)
    centre = joints[..., list(layout.centre), :].mean(dim=-2, keepdim=True)
    parents = [joint if parent < 0 else parent for joint, parent in enumerate(layout.parents)]
    bone = (joints - joints[..., parents, :]) * seen[..., parents, :]
    velocity = torch.zeros_like(joints)
    both = seen[:, 1:] * seen[:, :-1]
    velocity[:, 1:] = (joints[:, 1:] - joints[:, :-1]) * both * _VELOCITY_SCALE
    place = centre.expand_as(joints)
    features = torch.cat([joints - centre, bone, velocity, place, seen], dim=-1) * seen
    return features.flatten(2, 3)
