from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from llm_ar.recognizer.fast.fp16_linear import HalfLinear, can_be_halved

here = pytest.mark.skipif(
    torch.backends.quantized.engine not in ("fbgemm", "x86"), reason="no packed half weights here"
)


@here
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 96), (5, 96), (2, 3, 96), (70, 96)])
def test_products_are_those_of_rounded_weights(bias: bool, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(96, 40, bias=bias)
    x = torch.randn(*shape)
    with torch.inference_mode():
        expected = F.linear(x, layer.weight.half().float(), layer.bias)
        found = HalfLinear(layer)(x)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@here
@pytest.mark.parametrize("bias", [True, False])
def test_what_it_holds_can_be_looked_at(bias: bool) -> None:
    layer = nn.Linear(9, 4, bias=bias)
    half = HalfLinear(layer)
    assert torch.equal(half.weight, layer.weight.half().float())
    if bias:
        assert half.bias is not None and torch.equal(half.bias, layer.bias)
    else:
        assert half.bias is None


@here
def test_float32_layers_on_a_processor_can_be_halved() -> None:
    assert can_be_halved(nn.Linear(4, 3))


def test_others_cannot() -> None:
    assert not can_be_halved(nn.LayerNorm(4))
    assert not can_be_halved(nn.Linear(4, 3, dtype=torch.bfloat16))
    assert not can_be_halved(nn.Linear(4, 3, device="meta"))
    huge = nn.Linear(4, 3)
    with torch.no_grad():
        huge.weight[1, 2] = -7e4
    assert not can_be_halved(huge)


def test_other_processors_keep_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.quantized, "engine", "qnnpack", raising=False)
    assert not can_be_halved(nn.Linear(4, 3))
