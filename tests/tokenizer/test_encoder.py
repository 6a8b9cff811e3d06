"""Shapes for every layout, number of people and length, and what may mix with what."""

from __future__ import annotations

import pytest
import torch

from llm_ar.config import EncoderConfig
from llm_ar.skeletons.layouts import LAYOUTS, Layout
from llm_ar.tokenizer.encoder import STRIDE, Decoder, Encoder
from llm_ar.tokenizer.features import CHANNELS

SMALL = EncoderConfig(width=16, blocks=1)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("people", [1, 2])
@pytest.mark.parametrize("frames", [64, 20, 4])
def test_one_latent_for_four_frames_and_back(layout: Layout, people: int, frames: int) -> None:
    nodes = people * len(layout.joints)
    encoder, decoder = Encoder(SMALL, nodes, dim=6), Decoder(SMALL, nodes, dim=6)
    latents = encoder(torch.randn(2, frames, nodes, CHANNELS))
    assert latents.shape == (2, frames // STRIDE, 6)
    joints = decoder(latents)
    assert joints.shape == (2, frames, nodes, 3)
    joints.square().sum().backward()
    for part in (encoder, decoder):
        for name, parameter in part.named_parameters():
            assert parameter.grad is not None and parameter.grad.isfinite().all(), name
            # The first convolution's taps beyond a clip of one token see nothing but padding.
            assert frames == 4 or parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("blocks", [0, 1, 3])
@pytest.mark.parametrize("kernel", [1, 3, 7])
def test_any_depth_and_odd_kernel(blocks: int, kernel: int) -> None:
    config = EncoderConfig(width=16, blocks=blocks, kernel=kernel)
    latents = Encoder(config, 17, dim=6)(torch.randn(1, 16, 17, CHANNELS))
    assert latents.shape == (1, 4, 6)
    assert Decoder(config, 17, dim=6)(latents).shape == (1, 16, 17, 3)


def test_clips_of_a_batch_do_not_mix() -> None:
    encoder = Encoder(SMALL, 20, dim=6).eval()
    features = torch.randn(3, 16, 20, CHANNELS)
    together = encoder(features)
    for clip in range(3):
        alone = encoder(features[clip : clip + 1])[0]
        torch.testing.assert_close(alone, together[clip], rtol=1e-4, atol=1e-5)


def test_every_channel_of_every_joint_and_frame_is_heard() -> None:
    encoder = Encoder(SMALL, 20, dim=6).eval()
    features = torch.randn(1, 16, 20, CHANNELS).requires_grad_()
    encoder(features).square().sum().backward()
    assert features.grad is not None
    assert (features.grad.abs() > 0).all()


def test_a_latent_is_about_its_own_time() -> None:
    """Frames 4 w .. 4 w + 3 reach latent w, and frames far from them do not."""
    encoder = Encoder(EncoderConfig(width=16, blocks=1, kernel=3), 20, dim=6).eval()
    features = torch.randn(1, 64, 20, CHANNELS).requires_grad_()
    latents = encoder(features)
    for word in (0, 7, 15):
        (gradient,) = torch.autograd.grad(latents[0, word].sum(), features, retain_graph=True)
        heard = gradient[0].abs().sum((1, 2)).nonzero().flatten()
        assert set(range(4 * word, 4 * word + 4)) <= set(heard.tolist())
        assert heard.min() >= 4 * word - 10 and heard.max() <= 4 * word + 13


def test_joints_are_decoded_in_the_order_of_time() -> None:
    """Each token rules its own four frames."""
    decoder = Decoder(EncoderConfig(width=16, blocks=0), 20, dim=6).eval()
    vectors = torch.randn(1, 5, 6)
    before = decoder(vectors)
    changed = vectors.clone()
    changed[0, 2] += 1
    frames = (decoder(changed) != before).flatten(2).any(-1)[0].nonzero().flatten()
    assert frames.tolist() == [8, 9, 10, 11]
