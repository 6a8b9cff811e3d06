"""Where a hand is, as angles of its arm."""

from __future__ import annotations

import numpy as np

from llm_ar.skeletons.synthetic.motion import arm

_UPPER, _LOWER = 0.455, 0.545
"""Upper arm, and forearm with hand, in arm lengths."""
_NEAREST, _FARTHEST = 0.36, 0.995
"""Arm lengths between shoulder and hand that an elbow of up to about 140 degrees allows."""


def hand_at(side: str, out: float, up: float, ahead: float, wing: float = 25.0) -> dict[str, float]:
    """Angles of an arm whose hand is at a place.

    Args:
        side: ``left`` or ``right``.
        out: arm lengths from the shoulder, away from the body; negative: across the chest.
        up: the same upwards, along the chest.
        ahead: the same to the front.
        wing: where the elbow is about the line to the hand, in degrees: 0 below it, 90 beside.
    """
    place = np.array([out, up, ahead])
    distance = float(np.clip(np.linalg.norm(place), _NEAREST, _FARTHEST))
    along = place / np.linalg.norm(place)
    aside = np.array([np.sin(np.deg2rad(wing)), -np.cos(np.deg2rad(wing)), -0.2])
    aside -= along * (along @ aside)
    aside /= np.linalg.norm(aside)
    near = (distance**2 + _UPPER**2 - _LOWER**2) / (2 * distance * _UPPER)
    upper = near * along + np.sqrt(max(0.0, 1 - near**2)) * aside
    lower = (along * distance - upper * _UPPER) / _LOWER
    raised, plane = np.arccos(np.clip(-upper[1], -1, 1)), np.arctan2(upper[2], upper[0])
    if plane < -np.pi / 4:
        raised, plane = -raised, plane + np.pi
    # The forearm in the axes of the upper arm, that is with the arm swung back to hanging.
    axis = np.array([-np.sin(plane), 0.0, np.cos(plane)])
    cos, sin = np.cos(raised), np.sin(raised)
    hung = lower * cos - np.cross(axis, lower) * sin + axis * (axis @ lower) * (1 - cos)
    angles = (plane, raised, np.arctan2(hung[0], hung[2]), np.arccos(np.clip(-hung[1], -1, 1)))
    first, second, third, fourth = (float(np.rad2deg(angle)) for angle in angles)
    return arm(side, first, second, third, fourth)
