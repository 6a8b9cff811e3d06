"""The adapter's layers: peft's, with the sums of both branches made inside the matrix products.

W x + s B A drop(x) as peft writes it makes five more passes over the activations and keeps three
copies of them for the gradient; here it makes none and keeps what was dropped as bits.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from peft.tuners import lora
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from llm_ar.dropout import draw_kept, nearest_share


class FusedLinear(lora.Linear):
    """peft's layer around a plain ``nn.Linear``; the same weights, names and files."""

    def forward(self, x: Tensor, *given: Any, **named: Any) -> Tensor:
        """(..., in) to (..., out), as peft's."""
        if not self._fits(x) or given or named:
            return super().forward(x, *given, **named)
        (adapter,) = self.active_adapters
        dropout = self.lora_dropout[adapter]
        share = dropout.p if isinstance(dropout, nn.Dropout) and self.training else 0.0
        share = nearest_share(share)
        kept = draw_kept(x.shape, share, x.device).flatten(0, -2) if share else None
        out = _Fused.apply(
            x.flatten(0, -2),
            self.base_layer.weight,
            self.base_layer.bias,
            self.lora_A[adapter].weight,
            self.lora_B[adapter].weight,
            self.scaling[adapter],
            kept,
            1 / (1 - share),
        )
        return out.unflatten(0, x.shape[:-1])

    def _fits(self, x: Tensor) -> bool:
        """Whether this is the common case: one adapter, not merged, one precision throughout."""
        if self.disable_adapters or self.merged or len(self.active_adapters) != 1:
            return False
        (adapter,) = self.active_adapters
        if adapter not in self.lora_A:
            return False
        dtypes = {x.dtype, self.base_layer.weight.dtype, self.lora_A[adapter].weight.dtype}
        return len(dtypes) == 1 and not torch.is_autocast_enabled(x.device.type)


class _Fused(Function):
    """W x + s B A d(x) for x (N, in), the frozen W (out, in), A (r, in), B (out, r).

    d(x) is x where kept (N, in), grown by 1 / (1 - p), or x itself.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        a: Tensor,
        b: Tensor,
        scale: float,
        kept: Tensor | None,
        grow: float,
    ) -> Tensor:
        inner = (x if kept is None else x * kept) @ a.T
        inner *= scale * grow
        ctx.save_for_backward(x, weight, a, b, inner, kept)
        ctx.factor = scale * grow
        return F.linear(x, weight, bias).addmm_(inner, b.T)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,) = grads
        x, weight, a, b, inner, kept = ctx.saved_tensors
        grad_inner = (grad @ b).mul_(ctx.factor)
        grad_a = grad_inner.T @ (x if kept is None else x * kept)
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = grad @ weight
            if kept is None:
                grad_x.addmm_(grad_inner, a)
            else:
                grad_x.addcmul_(grad_inner @ a, kept)
        return grad_x, None, None, grad_a, grad.T @ inner, None, None, None
