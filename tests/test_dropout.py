"""Dropout with bytes is dropout: how much, how evenly, and that it comes again with its seed."""

from __future__ import annotations

import pytest
import torch

from llm_ar.dropout import Dropout, draw_kept, nearest_share

CPU = torch.device("cpu")


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.5, 0.9])
def test_numbers_are_dropped_independently(share: float) -> None:
    share = nearest_share(share)
    kept = draw_kept((1000, 803), share, CPU).float()
    assert float(kept.mean()) == pytest.approx(1 - share, abs=0.003)
    # The eight bytes of a number, neighbours, and rows are all as likely, and say nothing of
    # each other.
    for place in range(8):
        assert float(kept.flatten()[place::8].mean()) == pytest.approx(1 - share, abs=0.006)
    for step in (1, 2, 7, 8, 803):
        both = (kept.flatten()[step:] * kept.flatten()[:-step]).mean()
        assert float(both) == pytest.approx((1 - share) ** 2, abs=0.006)


def test_what_is_kept_is_grown_and_the_gradient_follows() -> None:
    dropout = Dropout(0.2)
    x = torch.ones(300, 301, requires_grad=True)
    out = dropout(x)
    assert out.unique().tolist() == pytest.approx([0.0, 1 / (1 - 51 / 256)])
    assert float(out.detach().mean()) == pytest.approx(1, abs=0.02)
    out.sum().backward()
    torch.testing.assert_close(x.grad, out.detach())


def test_it_rests_outside_training_and_at_no_probability() -> None:
    x = torch.randn(4, 5)
    assert Dropout(0.5).eval()(x) is x and Dropout(0.0)(x) is x


def test_a_seed_drops_the_same_again() -> None:
    drawn = []
    for _ in range(2):
        torch.manual_seed(5)
        drawn.append(draw_kept((7, 3), 0.5, CPU))
    assert torch.equal(*drawn)
