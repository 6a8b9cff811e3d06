"""The paper's six terms and the auxiliary losses, and their weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from llm_ar.config import (
    CodebookConfig,
    EncoderConfig,
    ExtensionConfig,
    LossConfig,
    PreprocessConfig,
)
from llm_ar.errors import ConfigError
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.tokenizer.extensions.build import build_auxiliary_losses
from llm_ar.tokenizer.model import ActionTokenizer
from llm_ar.tokenizer.objective import TokenizerObjective

TokenizerMaker = Callable[..., ActionTokenizer]
PAPER = ("reconstruction", "embedding", "commitment", "zipf", "context", "mmd")
OFF = LossConfig(embedding=0, commitment=0, zipf=0, context=0, mmd=0)
NONE = ExtensionConfig()
LABELS = torch.tensor([0, 3, 2])


def losses(
    tokenizer: ActionTokenizer, weights: LossConfig, extensions: ExtensionConfig = NONE
) -> dict[str, Tensor]:
    torch.manual_seed(5)
    words, names, parts = torch.randn(100, 8), torch.randn(4, 12), torch.randn(4, 6, 12)
    auxiliary, _ = build_auxiliary_losses(tokenizer.encoder_config, extensions, 8, names, parts)
    objective = TokenizerObjective(tokenizer, weights, words, auxiliary).eval()
    torch.manual_seed(6)
    present = torch.rand(3, 16, 1, 20) < 0.8
    return objective(torch.randn(3, 16, 1, 20, 3), present, LABELS)


def test_the_default_is_the_papers_six_terms(make_tokenizer: TokenizerMaker) -> None:
    assert set(losses(make_tokenizer(), LossConfig())) == {"loss", *PAPER}


def test_the_loss_is_the_weighted_sum_of_its_parts(make_tokenizer: TokenizerMaker) -> None:
    weights = LossConfig(
        reconstruction=2.0, embedding=0.8, commitment=0.4, zipf=0.2, context=0.3, mmd=0.5
    )
    extensions = ExtensionConfig(name_loss=0.7, pooled_name_loss=0.9, part_loss=0.6)
    parts = losses(make_tokenizer(), weights, extensions)
    expected = sum(getattr(weights, name) * parts[name] for name in PAPER)
    expected = expected + 0.7 * parts["name"] + 0.9 * parts["pooled_name"] + 0.6 * parts["part"]
    torch.testing.assert_close(parts["loss"].detach(), expected)
    assert all(not part.requires_grad for name, part in parts.items() if name != "loss")


@pytest.mark.parametrize("term", PAPER[1:])
def test_weight_zero_turns_a_term_off(make_tokenizer: TokenizerMaker, term: str) -> None:
    alone = losses(make_tokenizer(), replace(OFF, **{term: 1.0}))
    without = losses(make_tokenizer(), OFF)
    assert set(alone) - set(without) == {term}
    torch.testing.assert_close(alone["loss"].detach(), without["loss"].detach() + alone[term])


@pytest.mark.parametrize("update", ["loss", "ema"])
@pytest.mark.parametrize("term", ["zipf", "mmd"])
def test_a_bias_moves_what_is_trained_in_proportion_to_its_weight(
    make_tokenizer: TokenizerMaker, update: str, term: str
) -> None:
    """Beside the other terms: AdamW ignores the scale of a gradient, not the shares in it."""
    directions = []
    for weight in (0.01, 1.0, 100.0):
        book = CodebookConfig(size=32, dim=8, warmup_steps=0, update=update)  # type: ignore[arg-type]
        tokenizer = make_tokenizer(codebook=book)
        losses(tokenizer, LossConfig(context=0, **{term: weight}))["loss"].backward()
        gradient = tokenizer.codebook.vectors.grad
        if update == "ema":
            assert gradient is None, "tokens follow the latents alone"
            gradient = tokenizer.encoder.out.weight.grad
        assert gradient is not None
        directions.append(F.normalize(gradient.flatten(), dim=0))
    small, middle, large = directions
    assert small @ middle < 0.999
    assert small @ large < small @ middle


def test_the_clip_token_has_a_name_loss_of_its_own() -> None:
    torch.manual_seed(0)
    extensions = ExtensionConfig(clip_tokens=1, name_loss=0.5, clip_token_name_loss=2.0)
    tokenizer = ActionTokenizer(
        EncoderConfig(width=16, blocks=1),
        CodebookConfig(size=32, dim=8, warmup_steps=0),
        PreprocessConfig(frames=16),
        KINECT_V1,
        extensions,
    )
    auxiliary, head = build_auxiliary_losses(
        tokenizer.encoder_config, extensions, 8, torch.randn(4, 12), None
    )
    assert head is not None
    objective = TokenizerObjective(tokenizer, OFF, torch.randn(50, 8), auxiliary)
    joints, present = torch.randn(3, 16, 1, 20, 3), torch.ones(3, 16, 1, 20, dtype=torch.bool)
    tokenizer.quantize(joints, present)
    parts = objective.eval()(joints, present, LABELS)
    last = tokenizer.quantize(joints, present).quantized[:, -1]
    logits = head.token_text_embeddings(last) @ head.names.T
    expected = F.cross_entropy(logits, LABELS, label_smoothing=0.1)
    torch.testing.assert_close(parts["clip_token_name"], expected.detach())


def test_a_clip_token_that_is_not_there_has_no_loss() -> None:
    with pytest.raises(ConfigError, match="tokenizer.extensions.clip_tokens to 1"):
        ExtensionConfig(clip_token_name_loss=1.0)


def test_the_context_loss_does_not_see_the_clip_token() -> None:
    torch.manual_seed(0)
    tokenizer = ActionTokenizer(
        EncoderConfig(width=16, blocks=1),
        CodebookConfig(size=32, dim=8, warmup_steps=0),
        PreprocessConfig(frames=16),
        KINECT_V1,
        ExtensionConfig(clip_tokens=1),
    )
    joints, present = torch.randn(6, 16, 1, 20, 3), torch.ones(6, 16, 1, 20, dtype=torch.bool)
    quantized = tokenizer.quantize(joints, present)
    objective = TokenizerObjective(tokenizer, LossConfig(), torch.randn(50, 8))
    before = objective.paper_terms(joints, present, quantized)["context"]
    moved = quantized.quantized.clone()
    moved[:, -1] += 1
    changed = quantized._replace(quantized=moved)
    torch.testing.assert_close(objective.paper_terms(joints, present, changed)["context"], before)


def test_reconstruction_is_the_mean_error_of_seen_joints(make_tokenizer: TokenizerMaker) -> None:
    tokenizer = make_tokenizer()
    objective = TokenizerObjective(tokenizer, OFF, torch.randn(50, 8)).eval()
    joints, present = torch.randn(2, 16, 1, 20, 3), torch.rand(2, 16, 1, 20) < 0.7
    found = objective(joints, present, torch.tensor([0, 1]))["reconstruction"]
    rebuilt = tokenizer.decode(tokenizer.encode(joints, present))
    torch.testing.assert_close(
        found, (rebuilt - joints)[present].abs().mean().detach(), rtol=1e-4, atol=1e-5
    )
    nobody = objective(joints, torch.zeros_like(present), torch.tensor([0, 1]))
    assert nobody["reconstruction"] == 0 and nobody["loss"].isfinite()
