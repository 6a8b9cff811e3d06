"""A running average of a module's weights, which generalises better than their last value.

Polyak and Juditsky, "Acceleration of stochastic approximation by averaging" (1992).
"""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

Followed = TypeVar("Followed", bound=nn.Module)


class RunningAverage(nn.Module, Generic[Followed]):
    """A copy of a module whose floating-point state follows it; the rest is taken as it is.

    Being a module itself, it is in the checkpoint of the training that it is part of.

    Args:
        module: what is followed.
        decay: share of the average that a step keeps; at the beginning less, so that the random
            start is soon forgotten.
    """

    steps: Tensor

    def __init__(self, module: Followed, decay: float) -> None:
        super().__init__()
        self.module: Followed = copy.deepcopy(module)
        self.module.requires_grad_(False).eval()
        self.decay = decay
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))

    def train(self, mode: bool = True) -> RunningAverage[Followed]:
        """The average itself never trains."""
        return super().train(False)

    @torch.no_grad()
    def follow(self, module: Followed) -> None:
        """Take in the module's state after a step."""
        steps = int(self.steps)
        decay = min(self.decay, (1 + steps) / (10 + steps))
        self.steps += 1
        current = module.state_dict()
        for name, average in self.module.state_dict().items():
            if average.is_floating_point():
                average.lerp_(current[name], 1 - decay)
            else:
                average.copy_(current[name])
