"""What a depth camera would report of a moving body: its view, its noise, and its gaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from llm_ar.skeletons.synthetic.body import JOINTS, Array

_LIMB_ENDS = {6: 1.4, 7: 1.8, 10: 1.4, 11: 1.8, 14: 1.3, 15: 1.8, 18: 1.3, 19: 1.8}
UNSTEADINESS: Array = np.array([_LIMB_ENDS.get(joint, 1.0) for joint in range(JOINTS)])
"""How much worse than the trunk each joint is tracked."""

_PERSISTENCE = 0.9
"""Correlation of the slow noise from one frame to the next."""


def seen_from_camera(rng: np.random.Generator, joints: Array) -> Array:
    """The body in the axes of a randomly placed camera, in meters.

    The camera stands 0.7 to 1.5 m high, tilted by up to 10 degrees, and sees the person from up
    to 45 degrees off the front, 2.3 to 3.8 m away in the middle of their way, and never closer
    than 1 m.

    Args:
        joints: ``(T, 20, 3)``, world axes, the ground at y = 0, the person facing +z at first.

    Returns:
        ``(T, 20, 3)``: x to the camera's left, y up, z away from the camera.
    """
    yaw = np.pi + np.deg2rad(rng.uniform(-45.0, 45.0))
    tilt = np.deg2rad(rng.uniform(-10.0, 10.0))
    height = rng.uniform(0.7, 1.5)
    middle = 0.5 * (joints[:, 0].min(axis=0) + joints[:, 0].max(axis=0))
    cos, sin = np.cos(yaw), np.sin(yaw)
    turned = (joints - [middle[0], height, middle[2]]) @ np.array(
        [[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]]
    )
    turned += [rng.uniform(-0.4, 0.4), 0.0, rng.uniform(2.3, 3.8)]
    turned[..., 2] += max(0.0, 1.0 - float(turned[..., 2].min()))
    cos, sin = np.cos(tilt), np.sin(tilt)
    return np.asarray(turned @ np.array([[1.0, 0.0, 0.0], [0.0, cos, sin], [0.0, -sin, cos]]))


def noise(rng: np.random.Generator, frames: int) -> Array:
    """Errors ``(T, 20, 3)`` in meters: slow drift of 6 to 16 mm and jitter of 2 to 7 mm a clip."""
    white = rng.standard_normal((2, frames, JOINTS, 3))
    drift = rng.uniform(0.006, 0.016)
    jitter = rng.uniform(0.002, 0.007)
    innovation = white[0] * np.sqrt(1.0 - _PERSISTENCE**2)
    innovation[0] = white[0, 0]
    slow = lfilter([1.0], [1.0, -_PERSISTENCE], innovation, axis=0)
    return np.asarray((drift * slow + jitter * white[1]) * UNSTEADINESS[:, None])


def seen_joints(rng: np.random.Generator, frames: int) -> NDArray[np.bool_]:
    """Which joints are tracked ``(T, 20)``: in half of all clips, limb joints are lost for a while.

    The hip center is always tracked.
    """
    seen = np.ones((frames, JOINTS), dtype=np.bool_)
    if rng.random() < 0.5:
        odds = UNSTEADINESS**2
        odds[0] = 0.0
        for _ in range(rng.integers(1, 5)):
            joint = rng.choice(JOINTS, p=odds / odds.sum())
            begin = rng.integers(0, frames)
            seen[begin : begin + rng.integers(3, 26), joint] = False
    return seen
