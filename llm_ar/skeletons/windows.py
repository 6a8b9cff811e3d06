"""Windows of a recording: stretches of time in seconds, whatever its frame rate.

A recording of T frames lasts T / fps seconds; frame k stands for the time from k / fps on. Before
windows are cut, it is brought to one frame rate, so that a slow camera and a fast capture of the
same movement give the same windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from llm_ar.skeletons.clip import Clip

RATE = 30.0
"""Frames a second of the common grid; the training datasets' cameras have 15 to 30."""
OVERLAP = 4
"""A window begins every fourth of its length."""


@dataclass(frozen=True)
class Window:
    """From one time to another, in seconds from the recording's beginning."""

    start: float
    end: float

    @property
    def length(self) -> float:
        """Seconds."""
        return self.end - self.start


def duration(clip: Clip) -> float:
    """Seconds that a clip lasts."""
    return clip.frames / clip.fps


def at_rate(clip: Clip, rate: float = RATE) -> Clip:
    """The clip with so many frames a second, linear in time; as long as before.

    A joint is present where it was in both neighboring frames. Where the rate falls, frames
    between are left out.
    """
    if clip.fps == rate:
        return clip
    frames = max(1, round(duration(clip) * rate))
    times = np.minimum(np.arange(frames) * (clip.fps / rate), clip.frames - 1)
    before = np.floor(times + 1e-6).astype(np.int64)
    weight = np.clip(times - before, 0, 1)
    after = np.where(weight > 1e-6, np.minimum(before + 1, clip.frames - 1), before)
    blend = weight[:, None, None, None]
    present = clip.present[before] & clip.present[after]
    if not present.any():
        # Nobody is seen in two frames that follow each other.
        nearest = np.minimum(np.round(times).astype(np.int64), clip.frames - 1)
        if not clip.present[nearest].any():
            nearest = np.full_like(nearest, int(clip.present.any(axis=(1, 2)).argmax()))
        return replace(clip, joints=clip.joints[nearest], present=clip.present[nearest], fps=rate)
    joints = (1 - blend) * clip.joints[before] + blend * clip.joints[after]
    joints = np.where(present[..., None], joints, 0).astype(np.float32)
    return replace(clip, joints=joints, present=present, fps=rate)


def windows_over(seconds: float, lengths: Sequence[float]) -> list[Window]:
    """Windows of several lengths over a recording; the first begins at 0, the last ends with it.

    A recording shorter than a length is one window of its own length.

    Args:
        seconds: the recording lasts.
        lengths: of the windows, in seconds.
    """
    found: list[Window] = []
    for length in sorted({min(length, seconds) for length in lengths}):
        steps = int(np.ceil((seconds - length) / (length / OVERLAP) - 1e-9))
        starts = np.linspace(0, seconds - length, max(steps, 0) + 1)
        found += [Window(float(start), float(start + length)) for start in starts]
    return found


def cut(clip: Clip, window: Window) -> Clip | None:
    """The frames of a window, at least one; None if they show nobody.

    Args:
        clip: at any rate.
        window: within it; what lies outside is left out.
    """
    first = min(max(round(window.start * clip.fps), 0), clip.frames - 1)
    last = min(max(round(window.end * clip.fps), first + 1), clip.frames)
    present = clip.present[first:last]
    if not present.any():
        return None
    return replace(clip, joints=clip.joints[first:last], present=present)


def alone(clip: Clip, person: int) -> Clip | None:
    """The clip with one of its people; None if that one is never seen."""
    present = clip.present[:, person : person + 1]
    if not present.any():
        return None
    return replace(clip, joints=clip.joints[:, person : person + 1], present=present)


def speed(clip: Clip) -> NDArray[np.float64]:
    """How fast the body moves in each frame, ``(T,)``, in body heights a second.

    The mean over the joints seen in two frames that follow each other, of the person who moves
    most; 0 where nobody is seen. Averaged over a fifth of a second, because positions tremble.
    """
    joints = clip.joints.astype(np.float64)
    both = clip.present[1:] & clip.present[:-1]
    steps = np.linalg.norm(np.diff(joints, axis=0), axis=-1) * clip.fps
    mean = (steps * both).sum(axis=2) / np.maximum(both.sum(axis=2), 1)
    reach = min(max(1, round(0.2 * clip.fps)), clip.frames)
    found = np.zeros(clip.frames)
    for person in range(clip.people):
        seen = clip.present[:, person]
        if not seen.any() or clip.frames < 2:
            continue
        heights = [np.ptp(joints[t, person][seen[t]], axis=0).max() for t in _some(seen)]
        height = float(np.median(heights)) or 1.0
        track = np.concatenate([mean[:1, person], mean[:, person]]) / height
        kernel = np.ones(reach)
        smooth = np.convolve(track, kernel, "same") / np.convolve(
            np.ones(len(track)), kernel, "same"
        )
        found = np.maximum(found, smooth)
    return found


def _some(seen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Up to 200 frames that show the person."""
    frames = np.flatnonzero(seen.any(axis=1))
    return frames[:: max(1, len(frames) // 200)]
