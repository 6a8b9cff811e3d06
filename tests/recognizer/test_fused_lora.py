"""The adapter's layers against peft's own, and against the formula where something is dropped."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from peft.tuners import lora
from torch import Tensor, nn

from llm_ar.config import LoraSettings
from llm_ar.dropout import draw_kept
from llm_ar.recognizer.fast.fused_lora import FusedLinear
from llm_ar.recognizer.llm import Backbone, attach_lora


def layer_of(backbone: Backbone, dropout: float = 0.0) -> FusedLinear:
    torch.manual_seed(4)
    llm = attach_lora(backbone.llm, LoraSettings(dropout=dropout))
    layers = [module for module in llm.modules() if isinstance(module, lora.Linear)]
    assert layers and all(type(layer) is FusedLinear for layer in layers)
    nn.init.normal_(layers[0].lora_B["default"].weight)
    return layers[0]


def outcome(layer: FusedLinear, out: Tensor, x: Tensor) -> list[Tensor]:
    """The output, and the gradients of a loss that weighs each of its entries differently."""
    weights = [layer.lora_A["default"].weight, layer.lora_B["default"].weight]
    loss = (out * torch.linspace(-1, 1, out.numel()).view_as(out)).sum()
    return [out, *torch.autograd.grad(loss, [x, *weights])]


def test_it_is_peft_without_dropout(backbone: Backbone) -> None:
    layer = layer_of(backbone)
    x = torch.randn(2, 5, 32, requires_grad=True)
    expected = outcome(layer, lora.Linear.forward(layer, x), x)
    for found, wanted in zip(outcome(layer, layer(x), x), expected, strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


def test_dropout_drops_what_it_says(backbone: Backbone) -> None:
    layer = layer_of(backbone, dropout=0.25).train()
    x = torch.randn(2, 5, 32, requires_grad=True)
    torch.manual_seed(0)
    found = outcome(layer, layer(x), x)
    torch.manual_seed(0)
    kept = draw_kept(x.shape, 0.25, x.device)
    assert 0.6 < kept.float().mean() < 0.9
    a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight
    formula = layer.base_layer(x) + 2 * F.linear(F.linear(x * kept / 0.75, a), b)
    for one, other in zip(found, outcome(layer, formula, x), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
    layer.eval()
    torch.testing.assert_close(layer(x), lora.Linear.forward(layer, x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("state", ["merged", "disabled", "autocast"])
def test_other_states_are_peft_s(backbone: Backbone, state: str) -> None:
    layer = layer_of(backbone)
    x = torch.randn(5, 32)
    expected = layer.base_layer(x) if state == "disabled" else lora.Linear.forward(layer, x)
    if state == "merged":
        layer.merge()
    elif state == "disabled":
        layer.enable_adapters(False)
    with torch.autocast("cpu", torch.bfloat16, enabled=state == "autocast"):
        assert not layer._fits(x)
        found = layer(x)
    near = 5e-2 if state == "autocast" else 1e-5
    torch.testing.assert_close(found.float(), expected, atol=near, rtol=near)


def test_frozen_inputs_get_no_gradient(backbone: Backbone) -> None:
    layer = layer_of(backbone)
    x = torch.randn(5, 32)
    layer(x).sum().backward()
    assert x.grad is None and layer.base_layer.weight.grad is None
    assert layer.lora_B["default"].weight.grad is not None
