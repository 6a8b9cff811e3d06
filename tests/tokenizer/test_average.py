"""The running average against its sum written out."""

from __future__ import annotations

import torch
from torch import nn

from llm_ar.tokenizer.average import RunningAverage


class Counter(nn.Module):
    """A weight, a running statistic and a count."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3))
        self.register_buffer("mean", torch.zeros(2))
        self.register_buffer("count", torch.zeros((), dtype=torch.long))


def test_it_is_the_weighted_sum_of_all_states() -> None:
    torch.manual_seed(0)
    followed = Counter()
    average = RunningAverage(followed, decay=0.3)
    expected = torch.zeros(3)
    for step in range(8):
        with torch.no_grad():
            followed.weight.normal_()
            followed.mean.fill_(step)
            followed.count.fill_(step)
        average.follow(followed)
        decay = min(0.3, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * followed.weight.detach()
    torch.testing.assert_close(average.module.weight, expected)
    assert average.module.count == 7, "counts are taken as they are"
    assert 6 < average.module.mean[0] < 7
    assert not any(parameter.requires_grad for parameter in average.parameters())


def test_it_never_trains_and_shares_nothing() -> None:
    followed = Counter()
    average = RunningAverage(followed, decay=0.9)
    average.train()
    assert not average.module.training
    with torch.no_grad():
        followed.weight.fill_(5)
    assert average.module.weight.abs().max() == 0


def test_a_saved_average_goes_on_as_it_would_have() -> None:
    torch.manual_seed(0)
    followed = Counter()
    average, again = (RunningAverage(followed, decay=0.9) for _ in range(2))
    states = torch.randn(6, 3)
    for step, state in enumerate(states):
        if step == 3:
            again.load_state_dict(average.state_dict())
        with torch.no_grad():
            followed.weight.copy_(state)
        average.follow(followed)
        if step >= 3:
            again.follow(followed)
    torch.testing.assert_close(again.module.weight, average.module.weight, rtol=0, atol=0)
