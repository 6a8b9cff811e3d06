"""Linear layers that only recognize: weights in half precision, everything else in float32.

A clip alone, or a few words behind each of a batch, are few rows, and then a product takes as long
as the weights take to come from memory: half of them take little more than half the time.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_LARGEST = torch.finfo(torch.float16).max


class HalfLinear(nn.Module):
    """``nn.Linear`` on a processor whose weights are packed in float16; x stays float32.

    Weights are rounded once (relative error at most 2^-11); products and sums are float32.

    Args:
        layer: what it computes; it is not kept.
    """

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        bias = None if layer.bias is None else layer.bias.detach().float()
        self._packed = torch.ops.quantized.linear_prepack_fp16(layer.weight.detach(), bias)

    @property
    def weight(self) -> Tensor:
        """(out, in) float32, as rounded; some LLMs look at it beside calling the layer."""
        weight: Tensor = torch.ops.quantized.linear_unpack_fp16(self._packed)[0]
        return weight

    @property
    def bias(self) -> Tensor | None:
        """(out,) float32, or None."""
        bias: Tensor | None = torch.ops.quantized.linear_unpack_fp16(self._packed)[1]
        return bias

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out), both float32."""
        rows = torch.ops.quantized.linear_dynamic_fp16(x.flatten(0, -2), self._packed)
        return rows.unflatten(0, x.shape[:-1])


def can_be_halved(layer: nn.Module) -> bool:
    """Whether a layer can be a :class:`HalfLinear` here: float32 on an x86 processor, none huge."""
    return (
        type(layer) is nn.Linear
        and layer.weight.is_cpu
        and layer.weight.dtype == torch.float32
        and torch.backends.quantized.engine in ("fbgemm", "x86")
        and bool(layer.weight.detach().abs().max() < _LARGEST)
    )
