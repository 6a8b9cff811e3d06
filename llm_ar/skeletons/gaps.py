"""People missing for a few frames, and single outliers of joints: interpolated over time, and said.

A person of whom most is missing for a third of a second at most, between frames that show more, is
taken as seen on the straight line between them: nothing that is recognized happens meanwhile.
Longer gaps, and those of single joints in a body that is seen, stay marked as missing.

A joint that is far away in one frame and back in the next is a fault of the sensor, and missing. A
clip without either is left as it is, to the bit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from llm_ar.skeletons.anatomy import extent
from llm_ar.skeletons.clip import Clip, Mask

LONGEST = 1 / 3
"""Seconds of the longest gap that is filled."""
_FEWEST, _MOST = 2, 60
"""Frames of the longest gap, whatever the frame rate."""
_AWAY = 1.0
"""A spike is at least so many body extents from where the joint is before and after."""
_BACK = 0.25
"""Share of that distance by which the joint may have moved meanwhile."""


def fill_gaps(clip: Clip) -> Clip:
    """The clip without spikes, and with people interpolated in short gaps (``present`` there).

    Args:
        clip: people, not raw tracks.

    Returns:
        the same clip where there is nothing to do.
    """
    spikes = find_spikes(clip)
    seen = clip.present & ~spikes
    gaps = short_gaps(seen, clip.fps) & _hidden(seen)[..., None]
    if not (gaps.any() or spikes.any()) or not seen.any():
        return clip
    joints = clip.joints.copy()
    times = np.arange(clip.frames)
    for person, joint in np.argwhere(gaps.any(axis=0)):
        known, gap = seen[:, person, joint], gaps[:, person, joint]
        for axis in range(3):
            track = joints[:, person, joint, axis]
            track[gap] = np.interp(times[gap], times[known], track[known])
    present = seen | gaps
    joints[~present] = 0
    return replace(clip, joints=joints, present=present)


def gap_notes(clip: Clip) -> tuple[str, ...]:
    """What `fill_gaps` would do, one sentence each.

    Args:
        clip: as read.
    """
    spikes = find_spikes(clip)
    seen = clip.present & ~spikes
    gaps = short_gaps(seen, clip.fps) & _hidden(seen)[..., None]
    frames, jumps = int(gaps.any(axis=(1, 2)).sum()), int(spikes.sum())
    found = []
    if frames:
        noun = "frame" if frames == 1 else "frames"
        most = longest_gap(clip.fps)
        found.append(f"{frames:,} {noun} without a person, at most {most} in a row, interpolated")
    if jumps:
        noun = "joint position jumps" if jumps == 1 else "joint positions jump"
        found.append(f"{jumps:,} {noun} away for one frame, interpolated")
    return tuple(found)


def longest_gap(fps: float) -> int:
    """Frames of the longest gap that is filled."""
    return min(max(round(LONGEST * min(fps, 1e6)), _FEWEST), _MOST)


def short_gaps(present: Mask, fps: float) -> Mask:
    """Which missing joints ``(T, M, J)`` lie in a short gap between two frames that show them.

    Args:
        present: ``(T, M, J)``.
        fps: frames a second.
    """
    if present.all():
        return np.zeros_like(present)
    times = np.arange(len(present))[:, None, None]
    last = np.maximum.accumulate(np.where(present, times, -1), axis=0)
    after = np.where(present, times, len(present))
    following = np.minimum.accumulate(after[::-1], axis=0)[::-1]
    bounded = (last >= 0) & (following < len(present)) & ~present
    return np.asarray(bounded & (following - last - 1 <= longest_gap(fps)))


def _hidden(present: Mask) -> Mask:
    """In which frames ``(T, M)`` less than half of what is ever seen of a person is there."""
    ever = present.any(axis=0).sum(axis=-1)
    return np.asarray(2 * present.sum(axis=-1) < ever)


def find_spikes(clip: Clip) -> Mask:
    """Which joints ``(T, M, J)`` are far away for one frame, and back in the next.

    In the first and last frame, which joints are far from where they are in the next two.

    Args:
        clip: T frames of M people.
    """
    spikes = np.zeros_like(clip.present)
    if clip.frames < 3:
        return spikes
    for person in range(clip.people):
        present = clip.present[:, person]
        if present.any():
            joints = clip.joints[:, person].astype(np.float64)
            size = extent(np.where(present[..., None], joints, np.nan))
            spikes[:, person] = _spikes(joints, present, size)
    return spikes


def _spikes(joints: NDArray[np.float64], present: Mask, size: float) -> Mask:
    """Spikes ``(T, J)`` of one person of a size."""
    steps = np.linalg.norm(np.diff(joints, axis=0), axis=-1)
    both = present[1:] & present[:-1]
    far = both & (steps > _AWAY * size)
    if not far.any() or size == 0:
        return np.zeros_like(present)
    skip = np.linalg.norm(joints[2:] - joints[:-2], axis=-1)
    near = present[2:] & present[:-2] & (skip < _BACK * np.minimum(steps[1:], steps[:-1]))
    spikes = np.zeros_like(present)
    spikes[1:-1] = far[:-1] & far[1:] & near
    quiet = both & (steps < _BACK * size)
    spikes[0] = far[0] & quiet[1]
    spikes[-1] = far[-1] & quiet[-2]
    # Where a sensor changes between two bodies from frame to frame, neither is the outlier.
    beside = np.zeros_like(spikes)
    beside[1:] |= spikes[:-1]
    beside[:-1] |= spikes[1:]
    return spikes & ~beside
