"""What the encoder sees of each joint: position, bone, velocity, place of the body, presence.

Of two people also where the other is.
"""

from __future__ import annotations

import torch
from torch import Tensor

from llm_ar.skeletons.layouts import Layout

CHANNELS = 13
PARTNER_CHANNELS = 4
_VELOCITY_SCALE = 8.0
"""Frame-to-frame steps are an order of magnitude smaller than positions; this evens them out."""


def joint_features(joints: Tensor, present: Tensor, layout: Layout) -> Tensor:
    """Features (B, T, M * J, 13) of normalized joints (B, T, M, J, 3), present (B, T, M, J).

    Channels: position relative to the body's own center, bone (joint minus its parent), velocity
    (step from the frame before), the center's place in the scene, all in body sizes; presence
    (0 or 1). Joints, bones and motion are the usual streams of graph networks (Shi et al.,
    "2s-AGCN", CVPR 2019), here in one network. Missing joints are zero in every channel.
    """
    seen = present.unsqueeze(-1).to(joints.dtype)
    center = joints[..., list(layout.centre), :].mean(dim=-2, keepdim=True)
    parents = [joint if parent < 0 else parent for joint, parent in enumerate(layout.parents)]
    bone = (joints - joints[..., parents, :]) * seen[..., parents, :]
    velocity = torch.zeros_like(joints)
    both = seen[:, 1:] * seen[:, :-1]
    velocity[:, 1:] = (joints[:, 1:] - joints[:, :-1]) * both * _VELOCITY_SCALE
    place = center.expand_as(joints)
    features = torch.cat([joints - center, bone, velocity, place, seen], dim=-1) * seen
    return features.flatten(2, 3)


def partner_features(joints: Tensor, present: Tensor, layout: Layout) -> Tensor:
    """Where the other of two people is: features (B, T, 2 J, 4) of (B, T, 2, J, 3), (B, T, 2, J).

    Channels: the way from each joint to the other's center, in body sizes, and how near it is to
    the other's nearest joint in sight (1 touching, 0 far away): hits, handshakes and hugs are told
    apart by what touches what. Zero for missing joints, and in frames that show nothing of the
    other.
    """
    other, seen = joints.flip(2), present & present.flip(2).any(-1, keepdim=True)
    center = other[..., list(layout.centre), :].mean(dim=-2, keepdim=True)
    distance = torch.cdist(joints.flatten(0, 2), other.flatten(0, 2))
    distance = distance.masked_fill(~present.flip(2).flatten(0, 2).unsqueeze(1), torch.inf)
    near = (-2 * distance.amin(-1)).exp().view(*joints.shape[:4], 1)
    features = torch.cat([center - joints, near], dim=-1) * seen.unsqueeze(-1)
    return features.flatten(2, 3)
