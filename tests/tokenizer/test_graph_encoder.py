"""The joints' encoder: shapes, what is heard, and each block against plain loops."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from llm_ar.config import EncoderConfig
from llm_ar.skeletons.layouts import KINECT_V1, LAYOUTS, SBU, Layout
from llm_ar.tokenizer.encoder import STRIDE
from llm_ar.tokenizer.features import CHANNELS
from llm_ar.tokenizer.graph_encoder import GraphEncoder, JointBlock, skeleton_edges

SMALL = EncoderConfig(width=16, joint_width=8, joint_blocks=2)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("people", [1, 2])
@pytest.mark.parametrize("frames", [64, 20, 4])
def test_one_latent_for_four_frames(layout: Layout, people: int, frames: int) -> None:
    encoder = GraphEncoder(SMALL, layout, people, dim=6)
    features = torch.randn(2, frames, people * len(layout.joints), CHANNELS)
    latents = encoder(features)
    assert latents.shape == (2, frames // STRIDE, 6)
    latents.square().sum().backward()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("blocks", [1, 2, 5])
@pytest.mark.parametrize("kernel", [1, 7])
def test_any_depth_and_odd_kernel(blocks: int, kernel: int) -> None:
    config = EncoderConfig(width=16, joint_width=4, joint_blocks=blocks, joint_kernel=kernel)
    latents = GraphEncoder(config, KINECT_V1, 1, dim=6)(torch.randn(1, 16, 20, CHANNELS))
    assert latents.shape == (1, 4, 6)


def test_clips_of_a_batch_do_not_mix() -> None:
    encoder = GraphEncoder(SMALL, KINECT_V1, 1, dim=6).eval()
    features = torch.randn(3, 16, 20, CHANNELS)
    together = encoder(features)
    for clip in range(3):
        alone = encoder(features[clip : clip + 1])[0]
        torch.testing.assert_close(alone, together[clip], rtol=1e-4, atol=1e-5)


def test_every_channel_of_every_joint_and_frame_is_heard() -> None:
    encoder = GraphEncoder(SMALL, SBU, 2, dim=6).eval()
    features = torch.randn(1, 16, 2 * len(SBU.joints), CHANNELS).requires_grad_()
    encoder(features).square().sum().backward()
    assert features.grad is not None
    assert (features.grad.abs() > 0).all()


@pytest.mark.parametrize("stride", [1, 2])
def test_a_block_is_what_its_loops_say(stride: int) -> None:
    torch.manual_seed(0)
    nodes, width, kernel, frames = 5, 8, 3, 6
    edges = torch.randn(4, nodes, nodes)
    block = JointBlock(width, edges, kernel, stride).eval()
    x = torch.randn(2, frames, nodes, width)
    found = block(x)
    assert found.shape == (2, frames // stride, nodes, width)
    for clip in range(2):
        value = block.value(block.joint_norm(x[clip]))
        read = torch.zeros(frames, nodes, width)
        for channel in range(width):
            head = channel // (width // 4)
            for joint in range(nodes):
                for other in range(nodes):
                    read[:, joint, channel] += edges[head, joint, other] * value[:, other, channel]
        middle = x[clip] + block.joint_out(F.gelu(read))
        tracks = block.time_norm(middle)
        for step in range(frames // stride):
            moved = block.time.bias.expand(nodes, -1).clone()
            for tap in range(kernel):
                frame = step * stride + tap - kernel // 2
                if 0 <= frame < frames:
                    moved += block.time.weight[:, 0, tap] * tracks[frame]
            expected = middle[step * stride] + block.mix(moved)
            torch.testing.assert_close(found[clip, step], expected, rtol=1e-4, atol=1e-5)


def test_edges_start_from_the_skeleton() -> None:
    people, count = 2, len(KINECT_V1.joints)
    itself, up, down, everyone = skeleton_edges(KINECT_V1, people)
    assert torch.equal(itself, torch.eye(people * count))
    for joint, parent in enumerate(KINECT_V1.parents):
        for person in range(people):
            reads = up[person * count + joint].nonzero().flatten().tolist()
            assert reads == [person * count + (parent if parent >= 0 else joint)]
            children = [c for c, p in enumerate(KINECT_V1.parents) if p == joint]
            read = down[person * count + joint].nonzero().flatten() - person * count
            assert set(children) <= set(read.tolist()) <= {*children, joint}
    torch.testing.assert_close(everyone.sum(-1), torch.ones(people * count))
