"""Windows are stretches of seconds, whatever the frame rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.doubts import length_doubts
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.skeletons.windows import alone, at_rate, cut, duration, speed, windows_over


def moving(fps: float, seconds: float = 6.0) -> Clip:
    """A slow smooth movement at some frame rate."""
    times = np.arange(round(seconds * fps)) / fps
    base = np.random.default_rng(0).normal(size=(20, 3))
    joints = base + np.sin(times)[:, None, None] * np.linspace(0, 1, 20)[:, None]
    present = np.ones((len(times), 1, 20), bool)
    return Clip(joints[:, None].astype(np.float32), present, fps, KINECT_V1)


@pytest.mark.parametrize("fps", [10, 30, 120])
def test_the_same_movement_at_any_rate_is_the_same_clip(fps: float) -> None:
    found, reference = at_rate(moving(fps)), at_rate(moving(30))
    assert found.frames == reference.frames and found.fps == 30
    # The last frames of a slow camera are held.
    assert found.joints[:-3] == pytest.approx(reference.joints[:-3], abs=0.01)
    assert speed(found)[5:-5] == pytest.approx(speed(reference)[5:-5], abs=0.02)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.03, 100), st.lists(st.floats(0.1, 30), min_size=1, max_size=3))
def test_windows_reach_over_the_whole_recording(seconds: float, lengths: list[float]) -> None:
    windows = windows_over(seconds, lengths)
    assert min(window.start for window in windows) == 0
    assert max(window.end for window in windows) == pytest.approx(seconds)
    for window in windows:
        assert any(window.length == pytest.approx(min(one, seconds)) for one in lengths)


def test_gaps_stay_gaps_and_empty_windows_are_none() -> None:
    clip = moving(15)
    clip.present[30:60] = False
    fine = at_rate(clip)
    assert duration(fine) == duration(clip)
    assert not fine.present[62:118].any() and fine.present[:58].all()
    inside = next(w for w in windows_over(6.0, [1.0]) if w.start == pytest.approx(2.5, abs=0.2))
    assert cut(fine, inside) is None
    assert alone(fine, 0) is not None and speed(fine)[70:110].max() == 0


def test_longer_than_the_training_is_told_in_seconds() -> None:
    clip = moving(30, 12.0)
    assert length_doubts(moving(30, 3.0), 3.0) == ()
    [told] = length_doubts(clip, 3.4)
    assert "12.0 s" in told and "3.4 s" in told and "llm-ar timeline" in told
    assert len(length_doubts(clip, None)) == 1
