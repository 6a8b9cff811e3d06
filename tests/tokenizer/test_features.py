"""The encoder's channels against plain loops."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from llm_ar.skeletons.layouts import COCO, KINECT_V1, SBU, Layout
from llm_ar.tokenizer.features import (
    CHANNELS,
    PARTNER_CHANNELS,
    joint_features,
    partner_features,
)

SCALE = 8.0
"""Velocities are in eighths of a body size a frame."""


def random_clips(layout: Layout, people: int = 2, frames: int = 5) -> tuple[Tensor, Tensor]:
    shape = (2, frames, people, len(layout.joints))
    return torch.randn(*shape, 3), torch.rand(shape) < 0.8


@pytest.mark.parametrize("layout", [KINECT_V1, COCO, SBU], ids=lambda layout: layout.name)
def test_channels_by_a_plain_loop(layout: Layout) -> None:
    joints, present = random_clips(layout)
    found = joint_features(joints, present, layout)
    clips, frames, people, count = present.shape
    assert found.shape == (clips, frames, people * count, CHANNELS)
    for b in range(clips):
        for t in range(frames):
            for m in range(people):
                center = sum(joints[b, t, m, j] for j in layout.centre) / len(layout.centre)
                for j in range(count):
                    expected = torch.zeros(CHANNELS)
                    if present[b, t, m, j]:
                        here, parent = joints[b, t, m, j], layout.parents[j]
                        expected[:3] = here - center
                        if parent >= 0 and present[b, t, m, parent]:
                            expected[3:6] = here - joints[b, t, m, parent]
                        if t > 0 and present[b, t - 1, m, j]:
                            expected[6:9] = SCALE * (here - joints[b, t - 1, m, j])
                        expected[9:12] = center
                        expected[12] = 1
                    torch.testing.assert_close(found[b, t, m * count + j], expected)


def test_missing_joints_say_nothing() -> None:
    joints, present = random_clips(KINECT_V1)
    present[..., 0] = True  # the center
    found = joint_features(joints, present, KINECT_V1)
    missing = ~present.flatten(2)
    assert missing.any() and (found[missing] == 0).all()
    elsewhere = torch.where(present.unsqueeze(-1), joints, torch.randn_like(joints) * 100)
    torch.testing.assert_close(
        joint_features(elsewhere, present, KINECT_V1), found, rtol=1e-5, atol=1e-5
    )


def test_moving_a_clip_changes_the_place_alone() -> None:
    joints, present = random_clips(COCO)
    shift = torch.tensor([3.0, -1.0, 2.0])
    before = joint_features(joints, present, COCO)
    after = joint_features(joints + shift, present, COCO)
    others = [channel for channel in range(CHANNELS) if channel not in (9, 10, 11)]
    torch.testing.assert_close(after[..., others], before[..., others], rtol=1e-4, atol=1e-4)
    moved = (after - before)[..., 9:12][present.flatten(2)]
    torch.testing.assert_close(moved, shift.expand_as(moved), rtol=1e-4, atol=1e-4)


def test_a_single_frame_stands_still() -> None:
    joints, present = random_clips(KINECT_V1, frames=1)
    assert (joint_features(joints, present, KINECT_V1)[..., 6:9] == 0).all()


def test_the_partner_by_a_plain_loop() -> None:
    joints, present = random_clips(SBU)
    present[0, 0, 1] = False  # no sight of the other in this frame
    found = partner_features(joints, present, SBU)
    clips, frames, people, count = present.shape
    assert found.shape == (clips, frames, people * count, PARTNER_CHANNELS)
    for b in range(clips):
        for t in range(frames):
            for m in range(people):
                other = joints[b, t, 1 - m]
                seen = [j for j in range(count) if present[b, t, 1 - m, j]]
                center = sum(other[j] for j in SBU.centre) / len(SBU.centre)
                for j in range(count):
                    expected = torch.zeros(PARTNER_CHANNELS)
                    if seen and present[b, t, m, j]:
                        here = joints[b, t, m, j]
                        expected[:3] = center - here
                        nearest = min(math.dist(here.tolist(), other[k].tolist()) for k in seen)
                        expected[3] = math.exp(-2 * nearest)
                    torch.testing.assert_close(
                        found[b, t, m * count + j], expected, rtol=1e-4, atol=1e-5
                    )
