"""Statistics over all processes that train one model, so that each of them has the same ones.

Gradients are averaged by the library; what is counted or averaged beside them is not. Alone, a
process keeps what it has.
"""

from __future__ import annotations

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
