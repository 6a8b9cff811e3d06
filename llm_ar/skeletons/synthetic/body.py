"""A kinematic body with the 20 joints of Kinect v1: joint angles in, joint positions out.

World axes: y up, the ground at y = 0; the person faces +z at turn 0 and has the left side at +x
(right-handed). Lengths are meters, angles degrees.

A pose is one row of ``len(CHANNELS)`` numbers, a motion an array ``(T, C)``:

- ``turn``: heading (positive: to the left); ``lean``: pelvis and all above it pitched forward;
  ``bend``: chest pitched further; ``side``: chest bent to the left; ``twist``: chest turned to the
  left of the heading; ``nod``: head pitched forward; ``lift``: height of the feet above the ground,
  in hundredths of a leg.
- arms, one set a side: ``plane`` of elevation (0 sideways, 90 forward, more: across the chest),
  ``raise`` in that plane (0 hanging, 90 horizontal; negative: the opposite way), outward
  ``rotate`` about the upper arm, ``elbow`` flexion.
- legs, one set a side: ``hip`` flexion from the vertical, ``spread`` outwards, ``knee`` flexion,
  ``toe`` (positive: toes down, heel up).

The legs hang from the vertical, not from the pelvis, so that leaning does not move them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TRUNK = ("turn", "lean", "bend", "side", "twist", "nod", "lift")
LIMBS = ("plane", "raise", "rotate", "elbow", "hip", "spread", "knee", "toe")
CHANNELS: tuple[str, ...] = (
    *TRUNK,
    *(f"left_{limb}" for limb in LIMBS),
    *(f"right_{limb}" for limb in LIMBS),
)
INDEX = {name: column for column, name in enumerate(CHANNELS)}

JOINTS = 20
SIDES = (("left", 1.0, 4, 12), ("right", -1.0, 8, 16))
"""Name, sign of x, first arm joint and first leg joint (Kinect v1 order)."""


@dataclass(frozen=True)
class Body:
    """Sizes of one person, in meters."""

    pelvis_to_spine: float
    spine_to_neck: float
    neck_to_head: float
    shoulder_width: float
    shoulder_drop: float
    upper_arm: float
    forearm: float
    hand: float
    hip_width: float
    hip_drop: float
    thigh: float
    shin: float
    ankle_height: float
    foot: float

    @property
    def leg(self) -> float:
        """Length of the stretched leg from hip to ankle."""
        return self.thigh + self.shin


def random_body(rng: np.random.Generator) -> Body:
    """Draw a person of 1.5 to 1.95 m whose proportions vary by a few per cent about the average."""
    stature = float(np.clip(rng.normal(1.71, 0.09), 1.5, 1.95))

    def length(share: float, spread: float = 0.04) -> float:
        return float(stature * share * np.clip(rng.normal(1.0, spread), 0.85, 1.15))

    return Body(
        pelvis_to_spine=length(0.06),
        spine_to_neck=length(0.215),
        neck_to_head=length(0.115),
        shoulder_width=length(0.205, 0.06),
        shoulder_drop=length(0.035, 0.08),
        upper_arm=length(0.165),
        forearm=length(0.148),
        hand=length(0.05),
        hip_width=length(0.095, 0.06),
        hip_drop=length(0.04, 0.08),
        thigh=length(0.24),
        shin=length(0.235),
        ankle_height=length(0.045),
        foot=length(0.085),
    )


def mirrored(poses: Array) -> Array:
    """Exchange left and right: a right-handed motion ``(T, C)`` becomes a left-handed one."""
    limbs = len(LIMBS)
    trunk = poses[:, : len(TRUNK)].copy()
    for name in ("turn", "side", "twist"):
        trunk[:, INDEX[name]] *= -1.0
    left, right = np.split(poses[:, len(TRUNK) :], [limbs], axis=1)
    return np.concatenate([trunk, right, left], axis=1)


def forward_kinematics(body: Body, poses: Array) -> Array:
    """Joint positions of a motion, the lower foot on the ground wherever ``lift`` is 0.

    The body is carried along by the foot it stands on: that foot keeps its place and everything
    else moves relative to it. So walking travels, and in a squat the hips go down and back.

    Args:
        body: sizes in meters.
        poses: joint angles ``(T, C)`` in degrees.

    Returns:
        Positions ``(T, 20, 3)`` in meters, world axes, beginning above the origin.
    """
    frames = len(poses)
    angles = np.deg2rad(poses)
    turn, lean, bend, side, twist, nod = (angles[:, i] for i in range(6))
    joints = np.zeros((frames, JOINTS, 3))

    pelvis = _trunk_axes(turn + 0.3 * twist, lean, 0.4 * side)
    chest = _trunk_axes(turn + twist, lean + bend, side)
    skull = _trunk_axes(turn + 0.6 * twist, lean + bend + nod, 0.6 * side)
    joints[:, 1] = body.pelvis_to_spine * pelvis[:, :, 1]
    joints[:, 2] = joints[:, 1] + body.spine_to_neck * chest[:, :, 1]
    joints[:, 3] = joints[:, 2] + body.neck_to_head * skull[:, :, 1]

    heading = _trunk_axes(turn, np.zeros(frames), np.zeros(frames))
    contacts = np.empty((frames, 2))
    for foot, (name, sign, arm, leg) in enumerate(SIDES):
        first = INDEX[f"{name}_plane"]
        limb = angles[:, first : first + len(LIMBS)].T
        shoulder = np.array([sign * body.shoulder_width / 2, -body.shoulder_drop, 0.0])
        upper, lower = _arm_directions(sign, *limb[:4])
        joints[:, arm] = joints[:, 2] + chest @ shoulder
        joints[:, arm + 1] = joints[:, arm] + body.upper_arm * _turned(chest, upper)
        forearm = _turned(chest, lower)
        joints[:, arm + 2] = joints[:, arm + 1] + body.forearm * forearm
        joints[:, arm + 3] = joints[:, arm + 2] + body.hand * forearm

        hip, spread, knee, toe = limb[4:]
        socket = np.array([sign * body.hip_width / 2, -body.hip_drop, 0.0])
        joints[:, leg] = pelvis @ socket
        joints[:, leg + 1] = joints[:, leg] + body.thigh * _turned(
            heading, _leg_direction(sign, hip, spread)
        )
        joints[:, leg + 2] = joints[:, leg + 1] + body.shin * _turned(
            heading, _leg_direction(sign, hip - knee, spread)
        )
        drop = 0.75 * body.ankle_height
        foot_tip = np.stack(
            [
                np.full(frames, 0.15 * sign * body.foot),
                -drop * np.cos(toe) - body.foot * np.sin(toe),
                -drop * np.sin(toe) + body.foot * np.cos(toe),
            ],
            axis=1,
        )
        joints[:, leg + 3] = joints[:, leg + 2] + _turned(heading, foot_tip)
        # The sole reaches a little behind the ankle and beyond the foot joint.
        sole = body.ankle_height * np.cos(toe)
        heel = joints[:, leg + 2, 1] - sole + 0.3 * body.foot * np.sin(toe)
        ball = joints[:, leg + 2, 1] - sole - 1.2 * body.foot * np.sin(toe)
        contacts[:, foot] = np.minimum(heel, ball)

    joints += _carried(joints[:, [14, 18]], contacts)[:, None]
    joints[..., 1] += body.leg * poses[:, INDEX["lift"], None] / 100.0
    return joints


def _carried(ankles: Array, contacts: Array) -> Array:
    """Displacement ``(T, 3)`` of the pelvis that keeps the standing foot where it is.

    ``ankles`` (T, 2, 3) and the heights ``contacts`` (T, 2) of the soles are relative to the
    pelvis. Within about a centimeter of each other both feet carry.
    """
    lowest = contacts.min(axis=1)
    weight = np.exp((lowest[:, None] - contacts) / 0.012)
    weight /= weight.sum(axis=1, keepdims=True)
    moved = np.zeros((len(ankles), 3))
    steps = -np.diff(ankles, axis=0) * (0.5 * (weight[1:] + weight[:-1]))[..., None]
    moved[1:] = np.cumsum(steps.sum(axis=1), axis=0)
    moved[:, 1] = -lowest
    return moved


def _trunk_axes(yaw: Array, pitch: Array, roll: Array) -> Array:
    """Rotations ``(T, 3, 3)``: first bent to the left, then pitched forward, then turned left."""
    (cy, sy), (cp, sp), (cr, sr) = ((np.cos(a), np.sin(a)) for a in (yaw, pitch, -roll))
    axes = np.empty((len(yaw), 3, 3))
    axes[:, 0, 0] = cy * cr + sy * sp * sr
    axes[:, 0, 1] = -cy * sr + sy * sp * cr
    axes[:, 0, 2] = sy * cp
    axes[:, 1, 0] = cp * sr
    axes[:, 1, 1] = cp * cr
    axes[:, 1, 2] = -sp
    axes[:, 2, 0] = -sy * cr + cy * sp * sr
    axes[:, 2, 1] = sy * sr + cy * sp * cr
    axes[:, 2, 2] = cy * cp
    return axes


def _turned(axes: Array, vectors: Array) -> Array:
    return np.asarray((axes @ vectors[..., None])[..., 0])


def _arm_directions(
    sign: float, plane: Array, raised: Array, rotate: Array, elbow: Array
) -> tuple[Array, Array]:
    """Unit vectors ``(T, 3)`` of upper arm and forearm in the chest's axes.

    The arm is swung from hanging about one horizontal axis (no twist), so at ``rotate`` 0 a bent
    elbow takes the hand forward when the arm hangs, and toward the head when it points forward.
    """
    bent = np.stack(
        [sign * np.sin(rotate) * np.sin(elbow), -np.cos(elbow), np.cos(rotate) * np.sin(elbow)], 1
    )
    straight = np.zeros_like(bent)
    straight[:, 1] = -1.0
    axis = np.stack([-np.sin(plane), np.zeros_like(plane), sign * np.cos(plane)], 1)
    cos, sin = np.cos(raised)[:, None], np.sin(raised)[:, None]

    def swung(v: Array) -> Array:
        along = (axis * v).sum(axis=1, keepdims=True)
        return np.asarray(v * cos + _cross(axis, v) * sin + axis * along * (1.0 - cos))

    return swung(straight), swung(bent)


def _cross(a: Array, b: Array) -> Array:
    """``np.cross`` for ``(T, 3)``, several times quicker on arrays this small."""
    return np.stack(
        [
            a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1],
            a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2],
            a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0],
        ],
        axis=1,
    )


def _leg_direction(sign: float, flexion: Array, spread: Array) -> Array:
    """Unit vectors ``(T, 3)`` of a leg's segment: swung forward, then spread outwards."""
    down = np.cos(flexion)
    return np.stack([sign * np.sin(spread) * down, -np.cos(spread) * down, np.sin(flexion)], 1)
