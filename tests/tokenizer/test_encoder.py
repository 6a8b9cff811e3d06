"""Shapes for every layout, number of people and length, and what may mix with what."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from llm_ar.config import CodebookConfig, EncoderConfig, ExtensionConfig, PreprocessConfig
from llm_ar.errors import ConfigError
from llm_ar.skeletons.layouts import KINECT_V1, LAYOUTS, SBU, Layout
from llm_ar.tokenizer.encoder import STRIDE, Decoder, FrameEncoder, TemporalBlock
from llm_ar.tokenizer.extensions.build import build_encoder
from llm_ar.tokenizer.extensions.joint_graph import (
    JointGraphBlock,
    JointGraphEncoder,
    skeleton_graphs,
)
from llm_ar.tokenizer.extensions.two_person import TwoPersonEncoder
from llm_ar.tokenizer.model import ActionTokenizer

SMALL = EncoderConfig(width=16, blocks=1)
FRAMES = ExtensionConfig()
JOINTS = ExtensionConfig(joint_blocks=2, joint_width=8)
PAIRS = pytest.mark.parametrize(
    "extensions",
    [
        ExtensionConfig(two_person=True),
        ExtensionConfig(joint_blocks=2, joint_width=8, two_person=True),
    ],
    ids=["frames", "joints"],
)
BOTH = pytest.mark.parametrize("extensions", [FRAMES, JOINTS], ids=["frames", "joints"])


def clips(
    batch: int, frames: int, people: int = 1, joints: int = 20
) -> tuple[torch.Tensor, torch.Tensor]:
    shape = (batch, frames, people, joints)
    return torch.randn(*shape, 3), torch.ones(shape, dtype=torch.bool)


def make_encoder(
    extensions: ExtensionConfig, layout: Layout, people: int
) -> FrameEncoder | JointGraphEncoder:
    return build_encoder(SMALL, extensions, layout, people, dim=6)


@BOTH
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("people", [1, 2])
@pytest.mark.parametrize("frames", [64, 20, 4])
def test_one_latent_for_four_frames_and_back(
    layout: Layout, people: int, frames: int, extensions: ExtensionConfig
) -> None:
    nodes = people * len(layout.joints)
    encoder, decoder = make_encoder(extensions, layout, people), Decoder(SMALL, nodes, dim=6)
    latents = encoder.out(encoder(*clips(2, frames, people, len(layout.joints))))
    assert latents.shape == (2, frames // STRIDE, 6)
    joints = decoder(latents)
    assert joints.shape == (2, frames, nodes, 3)
    joints.square().sum().backward()
    for part in (encoder, decoder):
        for name, parameter in part.named_parameters():
            assert parameter.grad is not None and parameter.grad.isfinite().all(), name
            # The first convolution's taps beyond a clip of one token see nothing but padding.
            assert frames == 4 or parameter.grad.abs().sum() > 0, name


@PAIRS
def test_the_two_person_encoder_passes_on_the_largest_and_the_mean(
    extensions: ExtensionConfig,
) -> None:
    encoder = make_encoder(extensions, SBU, 2).eval()
    assert isinstance(encoder, TwoPersonEncoder)
    inputs: list[torch.Tensor] = []
    encoder.both.register_forward_hook(lambda _, given, __: inputs.append(given[0]))
    each: list[torch.Tensor] = []
    encoder.norm.register_forward_hook(lambda _, __, out: each.append(out))
    found = encoder(*clips(3, 16, 2, 15))
    assert found.shape == (3, 4, 16)
    first, second = each[0].unflatten(0, (3, 2)).unbind(1)
    expected = torch.cat([torch.maximum(first, second), (first + second) / 2], dim=-1)
    torch.testing.assert_close(inputs[0], expected, rtol=1e-4, atol=1e-5)


@PAIRS
def test_people_who_are_absent_have_no_part_in_the_two_person_encoding(
    extensions: ExtensionConfig,
) -> None:
    encoder = make_encoder(extensions, SBU, 2).eval()
    assert isinstance(encoder, TwoPersonEncoder)
    joints, present = clips(3, 16, 2, 15)
    present[:2, :, 1] = False
    inputs: list[torch.Tensor] = []
    encoder.both.register_forward_hook(lambda _, given, __: inputs.append(given[0]))
    encoder(joints, present)
    largest, mean = inputs[0].chunk(2, dim=-1)
    torch.testing.assert_close(largest[:2], mean[:2])
    assert not torch.allclose(largest[2], mean[2])
    swapped = encoder(joints.flip(2), present.flip(2))
    torch.testing.assert_close(swapped, encoder(joints, present))
    # Nobody at all: no infinity is left of the maximum over none.
    assert encoder(joints, torch.zeros_like(present)).isfinite().all()


@PAIRS
def test_the_order_of_two_people_does_not_matter(extensions: ExtensionConfig) -> None:
    encoder = make_encoder(extensions, SBU, 2).eval()
    joints, present = clips(3, 16, 2, 15)
    torch.testing.assert_close(
        encoder(joints.flip(2), present), encoder(joints, present), rtol=1e-4, atol=1e-5
    )


@PAIRS
def test_two_people_are_needed(extensions: ExtensionConfig) -> None:
    with pytest.raises(ConfigError, match="preprocess.people is 1"):
        ActionTokenizer(SMALL, CodebookConfig(dim=6), PreprocessConfig(), SBU, extensions)


@pytest.mark.parametrize("joint_blocks", [0, 1, 2])
@pytest.mark.parametrize("blocks", [1, 3])
def test_any_depth(joint_blocks: int, blocks: int) -> None:
    config = EncoderConfig(width=16, blocks=blocks)
    extensions = ExtensionConfig(joint_blocks=joint_blocks, joint_width=8)
    encoder = build_encoder(config, extensions, KINECT_V1, 1, dim=6)
    latents = encoder.out(encoder(*clips(1, 16)))
    assert latents.shape == (1, 4, 6)
    assert Decoder(config, 20, dim=6)(latents).shape == (1, 16, 20, 3)


@BOTH
def test_clips_of_a_batch_do_not_mix(extensions: ExtensionConfig) -> None:
    encoder = make_encoder(extensions, KINECT_V1, 1).eval()
    joints, present = clips(3, 16)
    together = encoder(joints, present)
    for clip in range(3):
        alone = encoder(joints[clip : clip + 1], present[clip : clip + 1])[0]
        torch.testing.assert_close(alone, together[clip], rtol=1e-4, atol=1e-5)


@BOTH
def test_every_joint_and_frame_reaches_the_latents(extensions: ExtensionConfig) -> None:
    encoder = make_encoder(extensions, KINECT_V1, 1).eval()
    joints, present = clips(1, 16)
    joints.requires_grad_()
    encoder.out(encoder(joints, present)).square().sum().backward()
    assert joints.grad is not None
    assert (joints.grad.abs() > 0).all()


@pytest.mark.parametrize(("extensions", "before", "after"), [(FRAMES, 11, 13), (JOINTS, 13, 15)])
def test_a_latent_is_about_its_own_time(
    extensions: ExtensionConfig, before: int, after: int
) -> None:
    """Frames 4 w .. 4 w + 3 reach latent w, and frames far from them do not."""
    encoder = make_encoder(extensions, KINECT_V1, 1).eval()
    joints, present = clips(1, 64)
    joints.requires_grad_()
    latents = encoder.out(encoder(joints, present))
    for word in (0, 7, 15):
        (gradient,) = torch.autograd.grad(latents[0, word].sum(), joints, retain_graph=True)
        frames = gradient[0].abs().sum((1, 2, 3)).nonzero().flatten()
        assert set(range(4 * word, 4 * word + 4)) <= set(frames.tolist())
        assert frames.min() >= 4 * word - before and frames.max() <= 4 * word + after


def test_joints_are_decoded_in_the_order_of_time() -> None:
    """Each token rules its own four frames and, by one convolution, its neighbors'."""
    decoder = Decoder(EncoderConfig(width=16, blocks=1), 20, dim=6).eval()
    vectors = torch.randn(1, 5, 6)
    before = decoder(vectors)
    changed = vectors.clone()
    changed[0, 2] += 1
    frames = (decoder(changed) != before).flatten(2).any(-1)[0].nonzero().flatten()
    assert set(range(8, 12)) <= set(frames.tolist())
    assert frames.min() >= 4 and frames.max() <= 15


def test_a_temporal_block_is_a_convolution() -> None:
    block = TemporalBlock(6, 0.0)
    x = torch.randn(2, 7, 6)
    convolved = block.conv(block.norm(x).transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(block(x), x + block.out(F.gelu(convolved)), rtol=1e-4, atol=1e-5)


def test_a_block_of_joints_is_what_its_sums_say() -> None:
    """Against plain loops over graphs, joints and steps."""
    torch.manual_seed(0)
    block = JointGraphBlock(4, 0.0, skeleton_graphs(KINECT_V1, 1)).eval()
    x = torch.randn(2, 5, 20, 4)
    values = block.value(block.joint_norm(x)).unflatten(-1, (4, 2))
    mixed = torch.zeros(2, 5, 20, 4, 2)
    for graph in range(4):
        for listener in range(20):
            for speaker in range(20):
                weight = block.graphs[graph, listener, speaker]
                mixed[:, :, listener, graph] += weight * values[:, :, speaker, graph]
    middle = x + block.output(mixed.flatten(3).relu())
    normed = block.time_norm(middle)
    nothing = torch.zeros(2, 20, 4)
    expected = middle.clone()
    for step in range(5):
        near = [normed[:, s] if 0 <= s < 5 else nothing for s in (step - 1, step, step + 1)]
        expected[:, step] += block.out(block.temporal_mixing(torch.cat(near, -1)).relu())
    torch.testing.assert_close(block(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("people", [1, 2])
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_graphs_are_the_skeleton(layout: Layout, people: int) -> None:
    own, parent, child, everyone = skeleton_graphs(layout, people)
    count = len(layout.joints)
    for person in range(people):
        for joint, above in enumerate(layout.parents):
            row, at = parent[person * count + joint], person * count + above
            assert row.nonzero().flatten().tolist() == ([] if above < 0 else [at])
            if above >= 0:
                assert child[at, person * count + joint] > 0
    assert torch.equal(own, torch.eye(people * count))
    for graph in (parent, child):
        assert all(total in (0, 1) for total in graph.sum(1).round(decimals=5).tolist())
    torch.testing.assert_close(everyone.sum(1), torch.ones(people * count))
