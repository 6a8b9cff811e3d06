"""Weights that are written in half precision without loss: rounded once, at the end of training.

They stay float32 in memory, and what is computed with them is what a loaded copy computes.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


@torch.no_grad()
def round_matrices(tensors: Iterable[Tensor]) -> None:
    """Round all matrices among the tensors to half precision, in place."""
    for tensor in tensors:
        if tensor.ndim >= 2:
            tensor.copy_(tensor.half())


def compact(tensor: Tensor) -> Tensor:
    """A tensor as it is written: in half precision if it is a matrix that loses nothing by it."""
    tensor = tensor.detach().cpu().contiguous()
    if tensor.ndim < 2 or not tensor.is_floating_point():
        return tensor
    half = tensor.half()
    return half if torch.equal(half.to(tensor.dtype), tensor) else tensor
