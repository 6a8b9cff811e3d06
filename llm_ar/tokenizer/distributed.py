"""Statistics over all processes that train one model, so that each of them has the same ones.

Gradients are averaged by the library; what is counted or averaged beside them is not. Alone, a
process keeps what it has.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def several() -> bool:
    """Whether other processes train the same model."""
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def sum_over_processes(tensor: Tensor) -> None:
    """Make a tensor the sum of all processes' ones, in place."""
    if several():
        torch.distributed.all_reduce(tensor)


def mean_over_processes(tensor: Tensor) -> Tensor:
    """The mean of all processes' tensors, in place; returns it."""
    if several():
        torch.distributed.all_reduce(tensor)
        tensor /= torch.distributed.get_world_size()
    return tensor


def take_from_first(tensor: Tensor) -> None:
    """Make a tensor that of the first process, in place."""
    if several():
        torch.distributed.broadcast(tensor, src=0)


def gather_from_processes(tensor: Tensor) -> Tensor:
    """All processes' tensors (B, ...) one after another, with gradients; alone, the tensor itself.

    They have one shape. What each process computes of the result must be the same: its gradient
    is summed over all of them, and the library's mean of gradients is then that of one process
    with the whole batch.
    """
    return _Gather.apply(tensor) if several() else tensor


def processes() -> int:
    """How many processes train the same model."""
    return torch.distributed.get_world_size() if several() else 1


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, tensor: Tensor) -> Tensor:
        context.rows, own = len(tensor), tensor.contiguous()
        parts = [torch.empty_like(own) for _ in range(torch.distributed.get_world_size())]
        torch.distributed.all_gather(parts, own)
        return torch.cat(parts)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        torch.distributed.all_reduce(total)
        first = torch.distributed.get_rank() * context.rows
        return total[first : first + context.rows]
