"""Windows' scores become segments: in order, disjoint, covering the recording."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_ar.recognizer.merging import merge, viterbi
from llm_ar.skeletons.windows import Window, windows_over


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.03, 40),
    st.lists(st.floats(0.1, 50), min_size=1, max_size=3),
    st.integers(1, 4),
    st.integers(0, 2**31),
)
def test_segments_are_ordered_disjoint_and_cover_the_recording(
    seconds: float, lengths: list[float], names: int, seed: int
) -> None:
    windows = windows_over(seconds, lengths)
    random = np.random.default_rng(seed)
    scores = random.dirichlet(np.full(names, 0.3), len(windows)) * random.integers(
        0, 2, (len(windows), 1)
    )
    labels = [f"name {number}" for number in range(names)]
    found = merge(windows, scores, seconds, labels)
    assert found[0].start == 0 and found[-1].end == seconds
    for before, after in itertools.pairwise(found):
        assert before.end == after.start and before.action != after.action
    for segment in found:
        assert segment.start < segment.end
        assert (segment.action is None) == (segment.probability is None)
        assert segment.action is None or segment.action in labels
        assert segment.probability is None or 0 <= segment.probability <= 1 + 1e-9


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 3), st.floats(0, 2), st.integers(0, 2**31))
def test_the_path_is_the_best_of_all(cells: int, states: int, switch: float, seed: int) -> None:
    scores = np.random.default_rng(seed).random((cells, states))

    def total(path: tuple[int, ...]) -> float:
        changes = sum(one != other for one, other in itertools.pairwise(path))
        return float(sum(scores[k, s] for k, s in enumerate(path))) - switch * changes

    best = max(total(path) for path in itertools.product(range(states), repeat=cells))
    assert total(tuple(viterbi(scores, switch).tolist())) == pytest.approx(best)


def test_a_short_rival_does_not_break_an_action_up() -> None:
    windows = [Window(start / 2, start / 2 + 1) for start in range(19)]
    scores = np.tile([0.9, 0.1], (19, 1))
    scores[9] = [0.2, 0.8]
    assert [s.action for s in merge(windows, scores, 10.0, ["a", "b"])] == ["a"]
    scores[:] = 0
    assert [s.action for s in merge(windows, scores, 10.0, ["a", "b"])] == [None]
