"""The weighted sum of all losses, and the names' embeddings that the sentence is pulled to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from llm_ar.config import (
    BiasConfig,
    CodebookConfig,
    EncoderConfig,
    PreprocessConfig,
    TokenizerConfig,
)
from llm_ar.errors import ConfigError
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.tokenizer.model import ActionTokenizer
from llm_ar.tokenizer.objective import TokenizerObjective

TokenizerMaker = Callable[..., ActionTokenizer]
OFF = BiasConfig(zipf=0, context=0, mmd=0, names=0)


def losses(tokenizer: ActionTokenizer, config: TokenizerConfig) -> dict[str, Tensor]:
    torch.manual_seed(5)
    words, names, parts = torch.randn(100, 8), torch.randn(4, 12), torch.randn(4, 6, 12)
    objective = TokenizerObjective(tokenizer, config, words, names, parts)
    objective.eval()
    torch.manual_seed(6)
    present = torch.rand(3, 16, 1, 20) < 0.8
    return objective(torch.randn(3, 16, 1, 20, 3), present, torch.tensor([0, 3, 2]))


def test_the_loss_is_the_weighted_sum_of_its_parts(make_tokenizer: TokenizerMaker) -> None:
    weights = BiasConfig(zipf=0.2, context=0.3, mmd=0.5, names=0.7, pooled_name=0.9, parts=0.6)
    config = TokenizerConfig(biases=weights, commitment=0.4, reconstruction=2.0)
    parts = losses(make_tokenizer(), config)
    expected = (
        2 * parts["reconstruction"]
        + 0.4 * parts["commitment"]
        + 0.2 * parts["zipf"]
        + 0.3 * parts["context"]
        + 0.5 * parts["mmd"]
        + 0.7 * parts["names"]
        + 0.9 * parts["pooled_name"]
        + 0.6 * parts["parts"]
    )
    torch.testing.assert_close(parts["loss"].detach(), expected)
    assert all(not part.requires_grad for name, part in parts.items() if name != "loss")


@pytest.mark.parametrize("bias", ["zipf", "context", "mmd", "names", "pooled_name", "parts"])
def test_weight_zero_turns_a_bias_off(make_tokenizer: TokenizerMaker, bias: str) -> None:
    alone = losses(make_tokenizer(), TokenizerConfig(biases=replace(OFF, **{bias: 1.0})))
    without = losses(make_tokenizer(), TokenizerConfig(biases=OFF))
    assert set(alone) - set(without) == ({bias, "names_top1"} if bias == "names" else {bias})
    torch.testing.assert_close(alone["loss"].detach(), without["loss"].detach() + alone[bias])


def test_the_summary_is_pulled_to_the_name_by_itself() -> None:
    torch.manual_seed(0)
    config = TokenizerConfig(
        encoder=EncoderConfig(joint_blocks=1, joint_width=8, width=16, blocks=1, summary=True),
        codebook=CodebookConfig(size=32, dim=8, warmup_steps=0),
        biases=replace(OFF, names=0.5, clip_token_name=2.0),
    )
    tokenizer = ActionTokenizer(
        config.encoder, config.codebook, PreprocessConfig(frames=16), KINECT_V1
    )
    names, labels = torch.randn(4, 12), torch.tensor([0, 3, 2])
    objective = TokenizerObjective(tokenizer, config, torch.randn(50, 8), names)
    joints, present = torch.randn(3, 16, 1, 20, 3), torch.ones(3, 16, 1, 20, dtype=torch.bool)
    tokenizer.quantize(joints, present)
    parts = objective.eval()(joints, present, labels)
    last = tokenizer.quantize(joints, present).vectors[:, -1]
    logits = objective.reader.token_text_embeddings(last) @ objective.reader.names.T
    expected = F.cross_entropy(logits, labels, label_smoothing=0.1)
    torch.testing.assert_close(parts["clip_token_name"], expected.detach())
    without = TokenizerObjective(
        tokenizer, replace(config, biases=replace(OFF, names=0.5)), torch.randn(50, 8), names
    ).eval()
    without.load_state_dict(objective.state_dict())
    rest = without(joints, present, labels)["loss"]
    torch.testing.assert_close(parts["loss"], rest + 2 * parts["clip_token_name"])


def test_a_summary_that_is_not_there_has_no_loss(make_tokenizer: TokenizerMaker) -> None:
    config = TokenizerConfig(biases=BiasConfig(clip_token_name=1.0))
    with pytest.raises(ConfigError, match="tokenizer.encoder.summary to true"):
        TokenizerObjective(make_tokenizer(), config, torch.randn(50, 8), torch.randn(4, 12))


def test_reconstruction_is_the_mean_error_of_seen_joints(make_tokenizer: TokenizerMaker) -> None:
    tokenizer = make_tokenizer()
    objective = TokenizerObjective(
        tokenizer, TokenizerConfig(biases=OFF), torch.randn(50, 8), torch.randn(4, 12)
    ).eval()
    joints, present = torch.randn(2, 16, 1, 20, 3), torch.rand(2, 16, 1, 20) < 0.7
    found = objective(joints, present, torch.tensor([0, 1]))["reconstruction"]
    rebuilt = tokenizer.decode(tokenizer.encode(joints, present))
    torch.testing.assert_close(found, (rebuilt - joints)[present].abs().mean().detach())
    nobody = objective(joints, torch.zeros_like(present), torch.tensor([0, 1]))
    assert nobody["reconstruction"] == 0 and nobody["loss"].isfinite()
