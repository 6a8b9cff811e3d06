"""How the actions of the procedural source are written: keyframes, or swings about a held pose.

A motion maps the phases (T,) of one repetition, 0 to 1, to poses ``(T, C)`` in the channels of
``procedural_body.CHANNELS``. Angles are degrees, and what is not named is as when standing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.interpolate import PchipInterpolator

from llm_ar.skeletons.synthetic.body import CHANNELS, INDEX, Array

Motion = Callable[[Array], Array]
Angles = Mapping[str, float]
Swing = Callable[[Array], Array]
Posture = Literal["standing", "seated", "walking"]


@dataclass(frozen=True)
class Action:
    """One kind of movement.

    ``seconds`` is the usual duration of a repetition, ``repeats`` the least and the greatest
    number of them. A cyclic action may begin and end anywhere in its cycle; any other begins in
    the pose of its first keyframe and ends in that of its last. ``postures`` says what the legs do
    while trunk and arms act; of several, each performance has one. The mirror image of a ``sided``
    action has another name, so nobody does it left-handed.
    """

    name: str
    seconds: float
    repeats: tuple[int, int]
    motion: Motion
    cyclic: bool = False
    postures: tuple[Posture, ...] = ()
    sided: bool = False


def trunk(**angles: float) -> dict[str, float]:
    """Angles of the trunk's channels, by name."""
    return angles


def arm(side: str, plane: float, raised: float, rotate: float, elbow: float) -> dict[str, float]:
    """Angles of one arm (``left`` or ``right``)."""
    values = {"plane": plane, "raise": raised, "rotate": rotate, "elbow": elbow}
    return {f"{side}_{name}": value for name, value in values.items()}


def arms(plane: float, raised: float, rotate: float, elbow: float) -> dict[str, float]:
    """The same angles for both arms."""
    return arm("left", plane, raised, rotate, elbow) | arm("right", plane, raised, rotate, elbow)


def leg(side: str, hip: float, knee: float, toe: float = 0, spread: float = 4) -> dict[str, float]:
    """Angles of one leg (``left`` or ``right``)."""
    values = {"hip": hip, "knee": knee, "toe": toe, "spread": spread}
    return {f"{side}_{name}": value for name, value in values.items()}


def legs(hip: float, knee: float, toe: float = 0, spread: float = 4) -> dict[str, float]:
    """The same angles for both legs."""
    return leg("left", hip, knee, toe, spread) | leg("right", hip, knee, toe, spread)


def pose(angles: Angles) -> Array:
    """One row of channels ``(C,)``: standing at ease, changed by ``angles``."""
    row = np.zeros(len(CHANNELS))
    for name, value in {**_AT_EASE, **angles}.items():
        row[INDEX[name]] = value
    return row


_AT_EASE: Angles = arms(35, 11, 0, 14) | legs(2, 4)
STAND: Array = pose({})


def keyed(*frames: tuple[float, Angles]) -> Motion:
    """Smooth motion through keyframes ``(phase, angles)``, at rest at the first and the last.

    Monotone cubics: nothing overshoots a keyframe, and a joint stops only where it turns back.
    """
    times = [phase for phase, _ in frames]
    rows = [pose(angles) for _, angles in frames]
    # The first and last pose are held for a moment outside, which makes their slopes zero.
    held = [times[0] - 0.05, *times, times[-1] + 0.05]
    curve = PchipInterpolator(held, np.stack([rows[0], *rows, rows[-1]]), axis=0)
    return lambda phase: np.asarray(curve(phase), dtype=np.float64)


def swinging(held: Angles, swings: Mapping[str, Swing]) -> Motion:
    """A held pose on which some channels swing; a swing (degrees) is a function of phase."""
    base = pose(held)

    def motion(phase: Array) -> Array:
        poses = np.tile(base, (len(phase), 1))
        for name, swing in swings.items():
            poses[:, INDEX[name]] += swing(phase)
        return poses

    return motion


def sine(low: float, high: float) -> Swing:
    """A sine between two angles, one period a repetition."""
    middle, half = (low + high) / 2, (high - low) / 2
    return lambda phase: middle + half * np.sin(2 * np.pi * phase)


def sway(size: float, times: float = 1, late: float = 0.0) -> Swing:
    """A sine of ``times`` periods a repetition, ``late`` by a part of its period."""
    return lambda phase: size * np.sin(2 * np.pi * (times * phase - late))


def total(*parts: Swing) -> Swing:
    """The sum of several swings."""
    return lambda phase: np.sum([part(phase) for part in parts], axis=0)


def pulse(height: float, center: float, sharpness: float) -> Swing:
    """A periodic bump that reaches ``height`` at the phase ``center``."""

    def swing(phase: Array) -> Array:
        cosine = np.cos(2 * np.pi * (phase - center))
        return np.asarray(height * np.exp(sharpness * (cosine - 1.0)))

    return swing


def both(**swings: Swing) -> dict[str, Swing]:
    """The same swings for the limbs of both sides."""
    return {f"{side}_{name}": s for name, s in swings.items() for side in ("left", "right")}


def alternating(
    first: float, last: float, count: int, one: Angles, other: Angles
) -> list[tuple[float, Angles]]:
    """Keyframes from phase ``first`` to ``last`` that go to and fro between two poses."""
    phases = np.linspace(first, last, count).tolist()
    return [(phase, other if k % 2 else one) for k, phase in enumerate(phases)]


def backwards(motion: Motion) -> Motion:
    """The same motion from its end to its beginning."""
    return lambda phase: motion(1.0 - phase)


def gait(
    *, reach: float, knee: float, swing: float, elbow: float, lean: float, hop: float
) -> Motion:
    """Walking or running; at phase 0 the left leg, at 0.5 the right leg is furthest forward.

    Args:
        reach: half the angle between the legs at their widest.
        knee: flexion of the knee while its leg swings forward.
        swing: half the angle through which an arm swings, against its leg.
        elbow: flexion of the elbows.
        lean: of the whole trunk.
        hop: height of the flight after each push-off, in hundredths of a leg.
    """

    def cosine(amplitude: float, late: float) -> Swing:
        return lambda phase: amplitude * np.cos(2 * np.pi * (phase - late))

    swings = {
        "twist": cosine(-0.3 * swing, 0.0),
        "side": sine(-2.0, 2.0),
        "lift": total(pulse(hop, 0.43, 12.0), pulse(hop, 0.93, 12.0)),
    }
    for side, late in (("left", 0.0), ("right", 0.5)):
        swings[f"{side}_hip"] = cosine(reach, late)
        # Bent while it swings forward, a little when it takes the weight.
        swings[f"{side}_knee"] = total(
            pulse(knee, late + 0.73, 2.6), pulse(0.2 * knee, late + 0.12, 6.0)
        )
        # Push-off with the toes, landing on the heel.
        swings[f"{side}_toe"] = total(pulse(32.0, late + 0.6, 8.0), pulse(-14.0, late + 0.98, 8.0))
        swings[f"{side}_raise"] = cosine(-swing, late)
    return swinging(trunk(lean=lean) | arms(80, 4, 0, elbow) | legs(0.25 * reach, 4), swings)


_LEGS = [
    i for i, name in enumerate(CHANNELS) if name.endswith(("_hip", "_knee", "_toe", "_spread"))
]
_STROLL = gait(reach=20, knee=45, swing=0, elbow=14, lean=2, hop=0)
_STEP_SECONDS = 1.3
"""Seconds of two steps of a stroll."""
_SEATED: Array = pose(legs(84, 86, spread=8))


def in_posture(poses: Array, posture: Posture, times: Array) -> Array:
    """Poses ``(T, C)`` with the legs of a posture; times ``(T,)`` in seconds."""
    if posture == "standing":
        return poses
    legs_of = _SEATED if posture == "seated" else _STROLL(times / _STEP_SECONDS % 1.0)
    poses = poses.copy()
    poses[:, _LEGS] = legs_of[..., _LEGS]
    return poses
