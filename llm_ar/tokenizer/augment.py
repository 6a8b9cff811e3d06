"""Random changes of training clips, on batches of tensors, drawn anew each time a clip is seen."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import torch
from torch import Tensor

from llm_ar.config import AugmentConfig
from llm_ar.skeletons.layouts import Layout

_CAMERA_DEGREES = 100.0
"""A camera in 2-D stands at most so far to the side of where the person faces."""
_LEAST_HIDDEN = 0.3
"""A body part is hidden for at least this share of the clip."""


def augment(
    joints: Tensor, present: Tensor, config: AugmentConfig, layout: Layout
) -> tuple[Tensor, Tensor]:
    """Rotate, scale, shear, crop and warp time, add noise, hide joints, each clip by itself.

    Args:
        joints: (B, F, M, J, 3) in body sizes, y up; F = (T - 1) config.temporal_oversampling + 1.
        present: (B, F, M, J) bool.
        config: strengths; randomness comes from torch's global generator, which checkpoints hold.
        layout: of the J joints.

    Returns:
        New joints (B, T, M, J, 3) and presence (B, T, M, J). A joint that is not present keeps a
        position, as interpolated ones do: the body's center must be the same with and without it.
    """
    batch, _, _, count, _ = joints.shape
    device = joints.device
    if config.crop > 0 or config.warp > 0:
        joints, present = _retime(joints, present, config)
    else:
        joints, present = (
            joints[:, :: config.temporal_oversampling],
            present[:, :: config.temporal_oversampling],
        )
    if config.hip_centred > 0:
        joints = _without_path(joints, config.hip_centred, layout)
    if config.front_back_flip > 0:
        joints, present = _flip_front_back(joints, present, config.front_back_flip, layout)
    # Clips in 2-D stay so, however they are turned.
    flat = (joints[..., 2] == 0).flatten(1).all(dim=1)
    angles = torch.empty(batch, 3, device=device).uniform_(-1, 1)
    limits = torch.tensor(
        [config.tilt_degrees, config.yaw_degrees, config.tilt_degrees], device=device
    ).expand(batch, 3)
    if config.flatten > 0:
        seen_in_2d = (torch.rand(batch, device=device) < config.flatten) & ~flat
        camera = limits.new_tensor([config.tilt_degrees, _CAMERA_DEGREES, config.tilt_degrees])
        limits = torch.where(seen_in_2d[:, None], camera, limits)
        flat = flat | seen_in_2d
    rotation = _rotations(angles * limits * (math.pi / 180))
    size = 1 + torch.empty(batch, 1, 1, device=device).uniform_(-1, 1) * config.scale
    shape = rotation * size
    if config.shear > 0:
        shear = torch.empty(batch, 3, 3, device=device).uniform_(-1, 1) * config.shear
        shape = shape @ (torch.eye(3, device=device) + shear)
    joints = torch.einsum("btmjc,bdc->btmjd", joints, shape)
    if config.joint_offset > 0:
        offset = torch.randn(batch, 1, 1, count, 3, device=device)
        joints = joints + offset * config.joint_offset
    if config.noise > 0:
        joints = joints + torch.randn_like(joints) * config.noise
    depth = torch.stack([torch.ones_like(flat), torch.ones_like(flat), ~flat], dim=-1)
    joints = joints * depth[:, None, None, None, :]
    if config.joint_dropout > 0:
        keep = torch.rand(batch, 1, 1, count, device=device) >= config.joint_dropout
        present = present & keep
    if config.part_dropout > 0 and layout.parts:
        present = present & ~_hidden(present, config.part_dropout, layout)
    return joints, present


def _hidden(present: Tensor, probability: float, layout: Layout) -> Tensor:
    """Which joints (B, T, M, J) are hidden: all of one body part of everyone, for some time."""
    batch, frames, _, count = present.shape
    device = present.device
    parts = torch.zeros(len(layout.parts), count, dtype=torch.bool, device=device)
    for row, members in enumerate(layout.parts.values()):
        parts[row, list(members)] = True
    part = parts[torch.randint(len(parts), (batch,), device=device)]
    part &= torch.rand(batch, 1, device=device) < probability
    length = 1 - (1 - _LEAST_HIDDEN) * torch.rand(batch, 1, device=device)
    start = torch.rand(batch, 1, device=device) * (1 - length)
    time = torch.linspace(0, 1, frames, device=device)
    during = (time >= start) & (time <= start + length)
    return during[:, :, None, None] & part[:, None, None, :]


def _without_path(joints: Tensor, probability: float, layout: Layout) -> Tensor:
    """Keep the body's center at the origin in every frame of some clips, as many files have it."""
    chosen = torch.rand(len(joints), 1, 1, 1, 1, device=joints.device) < probability
    center = joints[..., list(layout.centre), :].mean(dim=-2, keepdim=True)
    return torch.where(chosen, joints - center, joints)


def _flip_front_back(
    joints: Tensor, present: Tensor, probability: float, layout: Layout
) -> tuple[Tensor, Tensor]:
    """Take some clips' backs for their fronts, as a sensor does that expects to be faced.

    It calls the left side right; turned to the camera by these hips, the body stands reversed.
    """
    chosen = torch.rand(len(joints), 1, 1, 1, device=joints.device) < probability
    order = torch.as_tensor(layout.mirror_index(), device=joints.device)
    half_turn = joints.new_tensor([-1.0, 1.0, -1.0])
    joints = torch.where(chosen.unsqueeze(-1), joints[..., order, :] * half_turn, joints)
    return joints, torch.where(chosen, present[..., order], present)


def _retime(joints: Tensor, present: Tensor, config: AugmentConfig) -> tuple[Tensor, Tensor]:
    """A random window of at least (1 - crop) of the time, at an uneven tempo, over all T frames.

    The tempo is that of T moments drawn at random and sorted, as CTR-GCN's feeder of NW-UCLA draws
    frames (Chen et al., ICCV 2021), mixed with an even one: at most a share ``warp`` is random.
    """
    batch, kept = joints.shape[:2]
    frames = (kept - 1) // config.temporal_oversampling + 1
    device = joints.device
    length = 1 - torch.rand(batch, 1, device=device) * config.crop
    start = torch.rand(batch, 1, device=device) * (1 - length)
    moments = torch.linspace(0, 1, frames, device=device)
    if config.warp > 0:
        uneven = torch.rand(batch, frames, device=device).sort(dim=1).values
        share = torch.rand(batch, 1, device=device) * config.warp
        moments = torch.lerp(moments, uneven, share)
    position = (start + length * moments) * (kept - 1)
    low = position.floor().long().clamp(0, kept - 1)
    high = (low + 1).clamp_max(kept - 1)
    rows = torch.arange(batch, device=device)[:, None]
    weight = (position - low).reshape(batch, frames, 1, 1, 1)
    mixed = joints[rows, low] * (1 - weight) + joints[rows, high] * weight
    return mixed, present[rows, low] & present[rows, high]


def _rotations(angles: Tensor) -> Tensor:
    """Rotations (B, 3, 3) about x, then z, then the vertical y; angles (B, 3) in radians."""
    x, y, z = angles.unbind(-1)
    one, zero = torch.ones_like(x), torch.zeros_like(x)

    def matrix(rows: list[list[Tensor]]) -> Tensor:
        return torch.stack([torch.stack(row, -1) for row in rows], -2)

    about_x = matrix([[one, zero, zero], [zero, x.cos(), -x.sin()], [zero, x.sin(), x.cos()]])
    about_y = matrix([[y.cos(), zero, y.sin()], [zero, one, zero], [-y.sin(), zero, y.cos()]])
    about_z = matrix([[z.cos(), -z.sin(), zero], [z.sin(), z.cos(), zero], [zero, zero, one]])
    return about_y @ about_z @ about_x


_OPPOSITES = (("left", "right"), ("clockwise", "counter-clockwise"))


def mirror_targets(names: Sequence[str]) -> Tensor:
    """For each class the class of its mirror image (C,), or -1 where that is not among the names.

    A name without a side is its own mirror image; "swipe left" becomes "swipe right".
    """
    swaps = {a: b for pair in _OPPOSITES for a, b in (pair, pair[::-1])}
    pattern = re.compile(r"\b(counter-clockwise|clockwise|left|right)\b")
    index = {name: i for i, name in enumerate(names)}
    mirrored = [pattern.sub(lambda found: swaps[found[1]], name) for name in names]
    return torch.tensor([index.get(name, -1) for name in mirrored], dtype=torch.long)


def augment_named(
    joints: Tensor,
    present: Tensor,
    classes: Tensor,
    config: AugmentConfig,
    layout: Layout,
    mirrored: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Mirrored and changed clips, and their classes: a mirrored clip may have another name.

    Args:
        joints: (B, F, M, J, 3).
        present: (B, F, M, J).
        classes: (B,) indices of the training names.
        config: how clips are changed.
        layout: of the J joints.
        mirrored: of `mirror_targets`.
    """
    if config.mirror > 0:
        joints, present, classes = mirror(joints, present, classes, config.mirror, layout, mirrored)
    joints, present = augment(joints, present, config, layout)
    return joints, present, classes


def mirror(
    joints: Tensor,
    present: Tensor,
    labels: Tensor,
    probability: float,
    layout: Layout,
    targets: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Exchange left and right of clips (B, T, M, J, 3), and the labels (B,) that name a side.

    Clips whose mirror image has no class (``targets`` is -1) stay as they are. The draw is made
    where ``labels`` and ``targets`` are, which may be the CPU while the joints are elsewhere.
    """
    mirrored = torch.rand(len(labels), device=labels.device) < probability
    mirrored &= targets[labels] >= 0
    chosen = mirrored.to(joints.device, non_blocking=True)
    order = torch.as_tensor(layout.mirror_index(), device=joints.device)
    flip = joints.new_tensor([-1.0, 1.0, 1.0])
    wide = chosen[:, None, None, None]
    joints = torch.where(wide.unsqueeze(-1), joints[..., order, :] * flip, joints)
    present = torch.where(wide, present[..., order], present)
    return joints, present, torch.where(mirrored, targets[labels], labels)
