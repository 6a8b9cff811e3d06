"""Shapes for every layout, number of people and length, and what may mix with what."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from llm_ar.config import CodebookConfig, EncoderConfig, PreprocessConfig
from llm_ar.errors import ConfigError
from llm_ar.skeletons.layouts import KINECT_V1, LAYOUTS, SBU, Layout
from llm_ar.tokenizer.encoder import (
    STRIDE,
    Decoder,
    JointGraphBlock,
    JointGraphEncoder,
    TemporalBlock,
    TwoPersonEncoder,
    make_encoder,
    skeleton_graphs,
)
from llm_ar.tokenizer.features import CHANNELS, PARTNER_CHANNELS
from llm_ar.tokenizer.model import ActionTokenizer

SMALL = EncoderConfig(joint_blocks=0, width=16, blocks=1)
JOINTS = EncoderConfig(joint_blocks=2, joint_width=8, width=16, blocks=1)
PAIR = EncoderConfig(joint_blocks=2, joint_width=8, pair=True, width=16, blocks=1)
BOTH = pytest.mark.parametrize("config", [SMALL, JOINTS], ids=["frames", "joints"])


@BOTH
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("people", [1, 2])
@pytest.mark.parametrize("frames", [64, 20, 4])
def test_one_latent_for_four_frames_and_back(
    layout: Layout, people: int, frames: int, config: EncoderConfig
) -> None:
    nodes = people * len(layout.joints)
    encoder, decoder = make_encoder(config, layout, people, dim=6), Decoder(config, nodes, dim=6)
    latents = encoder.out(encoder(torch.randn(2, frames, nodes, CHANNELS)))
    assert latents.shape == (2, frames // STRIDE, 6)
    joints = decoder(latents)
    assert joints.shape == (2, frames, nodes, 3)
    joints.square().sum().backward()
    for part in (encoder, decoder):
        for name, parameter in part.named_parameters():
            assert parameter.grad is not None and parameter.grad.isfinite().all(), name
            # The first convolution's taps beyond a clip of one token see nothing but padding.
            assert frames == 4 or parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("frames", [20, 4])
def test_a_pair_becomes_one_latent_for_four_frames(frames: int) -> None:
    encoder = make_encoder(PAIR, SBU, 2, dim=6)
    features = torch.randn(2, frames, 30, CHANNELS + PARTNER_CHANNELS).requires_grad_()
    latents = encoder.out(encoder(features))
    assert latents.shape == (2, frames // STRIDE, 6)
    latents.square().sum().backward()
    assert features.grad is not None and (features.grad.abs() > 0).any(-1).all()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert frames == 4 or parameter.grad.abs().sum() > 0, name


def test_of_a_pair_the_largest_and_the_mean_go_on() -> None:
    encoder = make_encoder(PAIR, SBU, 2, dim=6).eval()
    assert isinstance(encoder, TwoPersonEncoder)
    heard: list[torch.Tensor] = []
    encoder.both.register_forward_hook(lambda _, given, __: heard.append(given[0]))
    features = torch.randn(3, 16, 30, CHANNELS + PARTNER_CHANNELS)
    encoder(features)
    first, second = (JointGraphEncoder.forward(encoder, part) for part in features.split(15, dim=2))
    expected = torch.cat([torch.maximum(first, second), (first + second) / 2], dim=-1)
    torch.testing.assert_close(heard[0], expected, rtol=1e-4, atol=1e-5)


def test_it_does_not_matter_who_of_a_pair_is_first() -> None:
    encoder = make_encoder(PAIR, SBU, 2, dim=6).eval()
    features = torch.randn(3, 16, 30, CHANNELS + PARTNER_CHANNELS)
    turned = torch.cat([features[:, :, 15:], features[:, :, :15]], dim=2)
    torch.testing.assert_close(encoder(turned), encoder(features), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("people", "blocks"), [(1, 3), (2, 0)])
def test_a_pair_is_two_people_with_joints_of_their_own(people: int, blocks: int) -> None:
    config, preprocess = (
        EncoderConfig(joint_blocks=blocks, pair=True),
        PreprocessConfig(people=people),
    )
    with pytest.raises(ConfigError, match="encoder.pair to false"):
        ActionTokenizer(config, CodebookConfig(), preprocess, SBU)


@pytest.mark.parametrize("joint_blocks", [0, 1, 2])
@pytest.mark.parametrize("blocks", [0, 1, 3])
@pytest.mark.parametrize("kernel", [1, 3, 7])
def test_any_depth_and_odd_kernel(joint_blocks: int, blocks: int, kernel: int) -> None:
    config = EncoderConfig(joint_blocks, 8, width=16, blocks=blocks, kernel=kernel)
    encoder = make_encoder(config, KINECT_V1, 1, dim=6)
    latents = encoder.out(encoder(torch.randn(1, 16, 20, CHANNELS)))
    assert latents.shape == (1, 4, 6)
    assert Decoder(config, 20, dim=6)(latents).shape == (1, 16, 20, 3)


@BOTH
def test_clips_of_a_batch_do_not_mix(config: EncoderConfig) -> None:
    encoder = make_encoder(config, KINECT_V1, 1, dim=6).eval()
    features = torch.randn(3, 16, 20, CHANNELS)
    together = encoder(features)
    for clip in range(3):
        alone = encoder(features[clip : clip + 1])[0]
        torch.testing.assert_close(alone, together[clip], rtol=1e-4, atol=1e-5)


@BOTH
def test_every_channel_of_every_joint_and_frame_is_heard(config: EncoderConfig) -> None:
    encoder = make_encoder(config, KINECT_V1, 1, dim=6).eval()
    features = torch.randn(1, 16, 20, CHANNELS).requires_grad_()
    encoder.out(encoder(features)).square().sum().backward()
    assert features.grad is not None
    assert (features.grad.abs() > 0).all()


@pytest.mark.parametrize(("config", "before", "behind"), [(SMALL, 10, 13), (JOINTS, 12, 15)])
def test_a_latent_is_about_its_own_time(config: EncoderConfig, before: int, behind: int) -> None:
    """Frames 4 w .. 4 w + 3 reach latent w, and frames far from them do not."""
    encoder = make_encoder(config, KINECT_V1, 1, dim=6).eval()
    features = torch.randn(1, 64, 20, CHANNELS).requires_grad_()
    latents = encoder.out(encoder(features))
    for word in (0, 7, 15):
        (gradient,) = torch.autograd.grad(latents[0, word].sum(), features, retain_graph=True)
        heard = gradient[0].abs().sum((1, 2)).nonzero().flatten()
        assert set(range(4 * word, 4 * word + 4)) <= set(heard.tolist())
        assert heard.min() >= 4 * word - before and heard.max() <= 4 * word + behind


def test_joints_are_decoded_in_the_order_of_time() -> None:
    """Each token rules its own four frames."""
    decoder = Decoder(EncoderConfig(width=16, blocks=0), 20, dim=6).eval()
    vectors = torch.randn(1, 5, 6)
    before = decoder(vectors)
    changed = vectors.clone()
    changed[0, 2] += 1
    frames = (decoder(changed) != before).flatten(2).any(-1)[0].nonzero().flatten()
    assert frames.tolist() == [8, 9, 10, 11]


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_a_temporal_block_is_a_convolution(kernel: int) -> None:
    block = TemporalBlock(6, kernel, 0.0)
    x = torch.randn(2, 7, 6)
    convolved = block.conv(block.norm(x).transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(block(x), x + block.out(F.gelu(convolved)), rtol=1e-4, atol=1e-5)


def test_a_block_of_joints_is_what_its_sums_say() -> None:
    """Against plain loops over graphs, joints and steps."""
    torch.manual_seed(0)
    block = JointGraphBlock(4, 3, 0.0, skeleton_graphs(KINECT_V1, 1)).eval()
    x = torch.randn(2, 5, 20, 4)
    said = block.say(block.joint_norm(x)).unflatten(-1, (4, 2))
    heard = torch.zeros(2, 5, 20, 4, 2)
    for graph in range(4):
        for listener in range(20):
            for speaker in range(20):
                weight = block.graphs[graph, listener, speaker]
                heard[:, :, listener, graph] += weight * said[:, :, speaker, graph]
    middle = x + block.hear(heard.flatten(3).relu())
    normed = block.time_norm(middle)
    nothing = torch.zeros(2, 20, 4)
    expected = middle.clone()
    for step in range(5):
        near = [normed[:, s] if 0 <= s < 5 else nothing for s in (step - 1, step, step + 1)]
        expected[:, step] += block.out(block.around(torch.cat(near, -1)).relu())
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
