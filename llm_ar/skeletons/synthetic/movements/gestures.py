"""Gestures of the hands and of the head, most of them written as places where the hand goes.

A place of the hand is given in centimeters from its own shoulder for a person of 1.71 m, whose
stretched arm measures 62: outwards (negative: across the chest, the middle of the body is at
-17.5), upwards (the waist is at -40, the head at 26) and forward.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from llm_ar.skeletons.synthetic.motion import (
    Action,
    Angles,
    Motion,
    Posture,
    arm,
    arms,
    keyed,
    leg,
    legs,
    sine,
    swinging,
    trunk,
)
from llm_ar.skeletons.synthetic.reach import hand_at

_ARM = 62.1

_ANYHOW: tuple[Posture, ...] = ("standing", "standing", "standing", "seated", "walking")
_RESTING: tuple[Posture, ...] = ("standing", "standing", "standing", "seated")


def _hand(side: str, out: float, up: float, front: float, swivel: float) -> dict[str, float]:
    return hand_at(side, out / _ARM, up / _ARM, front / _ARM, swivel)


def _right(out: float, up: float, front: float, swivel: float = 25.0) -> dict[str, float]:
    return _hand("right", out, up, front, swivel)


def _left(out: float, up: float, front: float, swivel: float = 25.0) -> dict[str, float]:
    return _hand("left", out, up, front, swivel)


def _hands(out: float, up: float, front: float, swivel: float = 25.0) -> dict[str, float]:
    return _left(out, up, front, swivel) | _right(out, up, front, swivel)


def _between(one: Angles, other: Angles) -> Motion:
    """To and fro between two poses, for cyclic actions."""
    return keyed((0.0, one), (0.5, other), (1.0, one))


def _through(*poses: Angles, rise: float = 0.25, fall: float = 0.25) -> Motion:
    """From standing at ease through poses at equal intervals and back.

    ``rise`` and ``fall`` are the shares of the time before the first and after the last pose.
    """
    times = np.linspace(rise, 1.0 - fall, len(poses))
    return keyed((0.0, {}), *zip(times.tolist(), poses, strict=True), (1.0, {}))


def _held(shown: Angles, rise: float = 0.35, fall: float = 0.35) -> Motion:
    return _through(shown, shown, rise=rise, fall=fall)


def _drawn(
    corners: Sequence[tuple[float, float]],
    front: float,
    *,
    steps: int = 3,
    rise: float = 0.25,
    fall: float = 0.25,
) -> Motion:
    """The right hand draws straight strokes in the plane ``front`` cm before the shoulder."""
    points = [np.array(corners[0])]
    for start, end in zip(corners[:-1], corners[1:], strict=True):
        shares = np.arange(1, steps + 1) / steps
        points += [np.array(start) * (1 - s) + np.array(end) * s for s in shares]
    poses = [
        _right(float(x), float(y), front) | trunk(twist=-0.15 * (x + 8), nod=-0.1 * y)
        for x, y in points
    ]
    return _through(*poses, rise=rise, fall=fall)


def _circle(
    out: float, up: float, radius: float, front: float, *, start: float, way: int
) -> Motion:
    """A circle as the actor sees it, begun ``start`` degrees clockwise of the top.

    ``way`` is 1 for clockwise, -1 for counter-clockwise.
    """
    angles = np.radians(start + way * np.linspace(0.0, 360.0, 15))
    corners = [
        (out + radius * math.sin(angle), up + radius * math.cos(angle)) for angle in angles.tolist()
    ]
    return _drawn(corners, front, steps=1, rise=0.22, fall=0.22)


_WAVE = _between(
    trunk(side=2) | _right(-4, 26, 26), trunk(side=-3, twist=-3) | _right(26, 20, 22, 15)
)
_WAVE_STRETCHED = _through(
    *3 * (trunk(side=3) | _right(2, 50, 32), trunk(side=-2) | _right(40, 40, 20))
)
_WAVE_SMALL = _through(*3 * (_right(6, -1, 29, 15), _right(22, -2, 26, 10)), rise=0.28, fall=0.3)

_SIDEWAYS = trunk(twist=-8) | arm("right", 5, 86, 0, 8)
_ACROSS = trunk(twist=10) | arm("right", 122, 86, 0, 12)
_LEVEL_ONCE = _through(_SIDEWAYS, _ACROSS, rise=0.3, fall=0.3)
_LEVEL_BACK = _through(
    arm("right", 80, 84, 0, 6), _ACROSS, _SIDEWAYS, _ACROSS, rise=0.22, fall=0.25
)
_LEVEL_REPEATED = _between(
    trunk(twist=-6) | _right(36, -8, 40), trunk(twist=8) | _right(-34, -8, 42)
)

_HIGH = swinging(arm("right", 15, 0, 0, 8), {"right_raise": sine(132, 170), "side": sine(-3, 6)})
_HIGH_FOREARM = swinging(
    arm("right", 20, 148, 80, 0),
    {"right_elbow": sine(2, 58), "right_raise": sine(4, -6), "side": sine(-2, 4)},
)
_HIGH_SLOW = _through(
    *2
    * (trunk(side=6) | arm("right", 25, 170, 0, 8), trunk(side=-6) | arm("right", 12, 126, 0, 6)),
    trunk(side=4) | arm("right", 25, 168, 0, 8),
)

_BOTH_BENT = _between(_hands(2, 24, 24), _hands(32, 16, 20, 12))
_BOTH_HIGH = swinging(
    trunk(nod=-6) | arms(15, 0, 0, 8), {"left_raise": sine(128, 168), "right_raise": sine(128, 168)}
)
_CROSSING_HIGH = trunk(nod=-8) | _right(-28, 46, 22, 50) | _left(-28, 44, 27, 50)
_BOTH_CROSSING = _through(
    arms(5, 80, 0, 10),
    _CROSSING_HIGH,
    arms(5, 84, 0, 10),
    _CROSSING_HIGH,
    arms(5, 80, 0, 10),
    rise=0.18,
    fall=0.18,
)

_CLAP_LOW = _between(trunk(nod=10) | _hands(-16, -27, 31), trunk(nod=8) | _hands(-6, -26, 30))
_CLAP_CHEST = _between(trunk(nod=5) | _hands(-16.5, -9, 34), _hands(-1, -10, 31, 35))
_CLAP_WIDE = _between(
    trunk(nod=5, lean=2) | _hands(-16.5, -6, 42, 35), trunk(bend=-4) | _hands(24, -10, 40, 45)
)
_CLAP_HIGH = _between(trunk(nod=-4) | _hands(-16.5, 22, 36), _hands(2, 20, 31, 35))

_FISTS_UP = trunk(nod=-12, bend=-5) | arms(25, 150, 20, 22)
_FISTS_DRAWN = trunk(nod=-4) | arms(30, 112, 45, 80) | legs(8, 16)
_CHEER_PUMPING = _through(
    _FISTS_UP, _FISTS_DRAWN, _FISTS_UP, _FISTS_DRAWN, _FISTS_UP, rise=0.2, fall=0.28
)
_CHEER_HOPPING = keyed(
    (0.0, {}),
    (0.2, trunk(lean=12) | arms(50, 35, 0, 70) | legs(30, 52)),
    (0.32, arms(35, 130, 10, 30) | legs(0, 4, 32)),
    (0.39, trunk(lift=18, nod=-12, bend=-4) | arms(30, 155, 0, 14) | legs(6, 14, 30)),
    (0.46, arms(30, 150, 0, 16) | legs(6, 8, 16)),
    (0.56, trunk(lean=8) | arms(30, 130, 20, 45) | legs(26, 44)),
    (0.66, arms(30, 145, 0, 20) | legs(0, 4, 30)),
    (0.72, trunk(lift=14, nod=-12, bend=-4) | arms(30, 155, 0, 14) | legs(6, 12, 28)),
    (0.78, arms(30, 145, 0, 20) | legs(8, 12, 12)),
    (0.86, trunk(lean=5) | arms(35, 90, 10, 40) | legs(18, 30)),
    (1.0, {}),
)
_CHEER_ONE_FIST = _through(
    trunk(twist=-6) | _right(10, 12, 22),
    trunk(twist=8, side=4, nod=-8) | _right(2, 56, 20),
    trunk(twist=-4) | _right(8, 26, 26),
    trunk(twist=8, side=4, nod=-8) | _right(2, 57, 18),
)

_POINT_FORWARD = _held(trunk(twist=8, lean=3) | _right(-6, 1, 61), rise=0.32)
_POINT_SIDEWAYS = _held(trunk(twist=-18, side=-3) | arm("right", 12, 87, 0, 5))
_POINT_UP = _held(trunk(nod=-22, bend=-6) | arm("right", 72, 136, 0, 7))

_AT_FOREHEAD = trunk(nod=-2, bend=-2) | _right(-9, 28, 11, 72)
_SALUTE = _held(_AT_FOREHEAD, rise=0.25, fall=0.3)
_SALUTE_CASUAL = _through(
    trunk(nod=5) | _right(-7, 27, 13, 55),
    trunk(nod=3) | _right(-7, 27, 13, 55),
    _right(8, 28, 34, 35),
    rise=0.3,
    fall=0.35,
)

_PALMS = trunk(nod=6) | _hands(-16.5, -8, 27, 45)
_PALMS_TOGETHER = _held(_PALMS, rise=0.3, fall=0.3)
_PALMS_BOWING = keyed(
    (0.0, {}),
    (0.25, _PALMS),
    (0.4, trunk(lean=16, bend=10, nod=18) | _hands(-16.5, 2, 28, 45)),
    (0.58, trunk(lean=16, bend=10, nod=18) | _hands(-16.5, 2, 28, 45)),
    (0.74, _PALMS),
    (1.0, {}),
)
_PALMS_HIGH = _held(trunk(nod=10) | _hands(-16.5, 14, 26, 40), rise=0.3, fall=0.3)

_FOLDED = trunk(bend=3) | _right(-33, -20, 21, 30) | _left(-31, -23, 16, 30)
_FOLD_ARMS = keyed(
    (0.0, {}),
    (0.18, _right(-12, -22, 32) | _left(-14, -22, 22)),
    (0.34, _FOLDED),
    (0.7, _FOLDED),
    (1.0, {}),
)
_FOLD_AND_STAY = keyed(
    (0.0, {}), (0.35, _right(-12, -20, 34) | _left(-14, -22, 22)), (0.75, _FOLDED), (1.0, _FOLDED)
)
_ON_SHOULDERS = trunk(nod=5, bend=3) | _right(-28, -3, 23, 30) | _left(-28, -5, 18, 30)
_CROSS_ON_CHEST = _through(
    arms(55, 78, 0, 20), _ON_SHOULDERS, _ON_SHOULDERS, arms(50, 70, 0, 24), rise=0.25, fall=0.2
)

_STOP = _right(-27, 4, 36, 40) | _left(-27, 3, 30, 40)
_STOP_HELD = _held(trunk(bend=-3) | _STOP, rise=0.3, fall=0.3)
_STOP_HIGH = _held(_right(-29, 24, 36, 45) | _left(-29, 22, 30, 45), rise=0.28, fall=0.3)
_STOP_PUSHED = _through(
    _hands(-14, -10, 26, 40),
    trunk(lean=5) | _right(-27, 4, 46, 30) | _left(-27, 2, 41, 30),
    trunk(lean=5) | _right(-27, 4, 46, 30) | _left(-27, 2, 41, 30),
    _hands(18, -6, 42, 30),
)

_RUB = _between(
    trunk(nod=12) | _right(-16, -20, 37) | _left(-16, -21, 27),
    trunk(nod=12) | _right(-16, -20, 27) | _left(-16, -21, 37),
)
_RUB_CHEST = _between(
    trunk(nod=8) | _right(-16, -7, 31, 45) | _left(-16, -15, 28, 45),
    trunk(nod=8) | _right(-16, -15, 28, 45) | _left(-16, -7, 31, 45),
)

_NOD = _through(
    *2 * (trunk(nod=26, bend=4), trunk(nod=-2)), trunk(nod=24, bend=4), rise=0.2, fall=0.2
)
_BOW_SLIGHT = _held(trunk(lean=20, bend=16, nod=14) | legs(5, 3), rise=0.4, fall=0.4)
_BOW_DEEP = _held(trunk(lean=40, bend=22, nod=12) | arms(70, 30, 0, 14) | legs(8, 3), rise=0.4)

_SHAKE_HEAD = swinging(trunk(nod=4), {"twist": sine(-11, 11), "side": sine(-4, 4)})
_SHAKE_HEAD_BOWED = _through(
    *2 * (trunk(nod=12, twist=9, side=3), trunk(nod=12, twist=-9, side=-3)),
    trunk(nod=10, twist=6, side=2),
    rise=0.2,
    fall=0.2,
)

_SHAKE_FIST = _between(
    trunk(lean=4, nod=2) | _right(4, 20, 21), trunk(lean=6, nod=4) | _right(2, 13, 36)
)
_SHAKE_FIST_HIGH = _through(
    *3 * (trunk(lean=4) | _right(8, 40, 16, 20), trunk(lean=7) | _right(4, 36, 36, 20))
)

_CALL = _held(trunk(lean=6, bend=2, nod=-8) | _right(-9, 17, 16, 45), rise=0.28, fall=0.28)
_CALL_BOTH = _held(trunk(lean=8, bend=-2, nod=-10) | _hands(-11, 17, 17, 50) | leg("left", 8, 6))
_CALL_BECKONING = _through(
    *2 * (trunk(nod=-6) | _right(8, 52, 20, 30), trunk(lean=3) | _right(0, 24, 34, 30))
)

_RESPOND = _held(arm("right", 65, 164, 0, 6) | trunk(side=4), rise=0.28, fall=0.28)
_RESPOND_BENT = _held(_right(12, 26, 20, 15), rise=0.3, fall=0.3)

_SHOWING = trunk(twist=-20, lean=6, nod=6) | _right(38, -18, 38)
_GUIDE = _through(trunk(nod=4) | _right(-14, -22, 30), _SHOWING, _SHOWING, rise=0.25, fall=0.28)
_GUIDE_CHEST = _through(
    _right(-16, -8, 32, 35),
    trunk(twist=-26, side=-4) | _right(54, -10, 22),
    trunk(twist=-26, side=-4) | _right(54, -12, 22),
)


def _swiped(start: float, end: float, up: float, front: float) -> Motion:
    """The right hand goes level from one place to another in front of the chest."""
    places = np.linspace(start, end, 4).tolist()
    poses = [_right(x, up, front) | trunk(twist=-0.22 * (x + 5)) for x in places]
    return _through(*poses, rise=0.34, fall=0.34)


_SWIPE_LEFT = _swiped(34, -36, -6, 44)
_SWIPE_LEFT_BENT = _swiped(28, -30, -14, 34)
_SWIPE_LEFT_WIDE = _through(
    trunk(twist=-12) | arm("right", 8, 82, 0, 10),
    trunk(twist=2) | arm("right", 75, 86, 0, 8),
    trunk(twist=16) | arm("right", 128, 82, 0, 22),
    rise=0.34,
    fall=0.34,
)
_SWIPE_RIGHT = _swiped(-36, 36, -6, 44)
_SWIPE_RIGHT_BENT = _swiped(-30, 28, -14, 34)
_SWIPE_RIGHT_WIDE = _through(
    trunk(twist=14) | arm("right", 126, 82, 0, 26),
    trunk(twist=2) | arm("right", 75, 86, 0, 8),
    trunk(twist=-14) | arm("right", 5, 82, 0, 10),
    rise=0.34,
    fall=0.34,
)

_X_BIG = _drawn([(-26, 24), (18, -24), (22, 26), (-26, -24)], 44, rise=0.22, fall=0.22)
_X_SMALL = _drawn([(-16, 14), (12, -14), (12, 14), (-16, -14)], 36, rise=0.24, fall=0.24)
_X_FROM_RIGHT = _drawn([(18, 26), (-28, -22), (-28, 24), (18, -24)], 46, rise=0.22, fall=0.22)

_CLOCKWISE = _circle(-4, 4, 26, 42, start=0, way=1)
_CLOCKWISE_SMALL = _circle(-2, 2, 15, 37, start=0, way=1)
_CLOCKWISE_FROM_BELOW = _circle(-4, 4, 24, 44, start=180, way=1)
_COUNTER = _circle(-4, 4, 26, 42, start=0, way=-1)
_COUNTER_SMALL = _circle(-2, 2, 15, 37, start=0, way=-1)
_COUNTER_FROM_BELOW = _circle(-4, 4, 24, 44, start=180, way=-1)

_TRIANGLE = _drawn([(-6, 26), (20, -16), (-32, -16), (-6, 26)], 43, rise=0.22, fall=0.22)
_TRIANGLE_SMALL = _drawn([(-4, 15), (-20, -12), (12, -12), (-4, 15)], 37, rise=0.24, fall=0.24)
_TICK = _drawn([(-20, 4), (-8, -16), (24, 24)], 43, rise=0.28, fall=0.28)
_TICK_SMALL = _drawn([(-12, 0), (-4, -12), (16, 14)], 36, rise=0.3, fall=0.3)

_RAISED = trunk(nod=-6) | arms(30, 163, 0, 8)
_RAISE_FORWARD = _through(arms(80, 85, 0, 8), _RAISED, _RAISED, arms(80, 85, 0, 10))
_RAISE_SIDEWAYS = _through(arms(5, 90, 0, 8), _RAISED, _RAISED, arms(5, 85, 0, 10))
_HANDS_UP = _held(_hands(16, 26, 16, 25), rise=0.28, fall=0.3)

_ON_HIPS = _hands(-2, -39, 6, 95)
_HANDS_ON_HIPS = _held(_ON_HIPS | trunk(bend=-2), rise=0.3, fall=0.3)
_HANDS_ON_HIPS_STAY = keyed(
    (0.0, {}), (0.5, _hands(10, -40, 18, 75)), (0.8, _ON_HIPS), (1.0, _ON_HIPS)
)

_BECKON = _through(
    *3 * (trunk(lean=2) | _right(2, -10, 48), _right(-2, 4, 26)), rise=0.22, fall=0.26
)
_BECKON_BIG = _through(
    *2 * (trunk(lean=4, twist=6) | _right(10, 4, 58), trunk(bend=-3) | _right(-6, 14, 22))
)
_BECKON_DOWN = _between(_right(4, 16, 42), _right(2, -6, 42))

_HAMMER = _between(
    trunk(twist=-5) | _right(6, 20, 20), trunk(twist=5, lean=6, nod=8) | _right(-2, -16, 42)
)
_HAMMER_ONCE = keyed(
    (0.0, {}),
    (0.36, trunk(twist=-8, bend=-3) | _right(8, 36, 12, 40)),
    (0.45, trunk(twist=-8, bend=-3) | _right(8, 37, 10, 40)),
    (0.58, trunk(twist=6, lean=10, nod=8) | _right(-4, -18, 46)),
    (0.66, trunk(twist=6, lean=10, nod=8) | _right(-4, -18, 45)),
    (1.0, {}),
)
_HAMMER_STRAIGHT = _through(
    *2 * (trunk(bend=-4) | _right(6, 52, 16, 30), trunk(lean=8, nod=6) | _right(-2, -6, 56))
)

_KNOCK = _through(
    *3 * (_right(-2, 4, 30), trunk(twist=3, lean=2) | _right(-3, 5, 42)), _right(-2, 2, 32)
)
_KNOCK_HIGH = _through(
    *3 * (_right(0, 16, 30), trunk(twist=3, lean=3) | _right(-2, 18, 41)), rise=0.26, fall=0.26
)
_KNOCK_STEADY = _between(_right(0, -7, 30), trunk(twist=3) | _right(-2, -5, 41))

_WATCH = trunk(nod=26, bend=3) | _left(-17, -12, 25, 55)
_CHECK_TIME = _held(_WATCH, rise=0.3, fall=0.32)
_CHECK_TIME_CLOSE = _held(
    trunk(nod=18, bend=2, twist=-4) | _left(-15, -3, 27, 50), rise=0.3, fall=0.32
)
_CHECK_TIME_SLEEVE = _through(
    _WATCH | _right(-18, -18, 26),
    _WATCH | _right(-10, -17, 28),
    _WATCH | _right(-12, -18, 28),
    rise=0.32,
    fall=0.32,
)

_VICTORY = _held(trunk(side=-2) | _right(12, 14, 25, 15), rise=0.28, fall=0.3)
_VICTORY_FACE = _held(trunk(side=-5, nod=3) | _right(0, 22, 22, 35), rise=0.28, fall=0.3)
_VICTORY_FORWARD = _held(trunk(lean=2) | _right(2, 8, 50), rise=0.28, fall=0.3)

GESTURES: tuple[Action, ...] = (
    Action("wave", 0.65, (2, 5), _WAVE, cyclic=True, postures=_ANYHOW),
    Action("wave", 2.6, (1, 1), _WAVE_STRETCHED, postures=_RESTING),
    Action("wave", 2.1, (1, 1), _WAVE_SMALL, postures=_ANYHOW),
    Action("horizontal arm wave", 2.0, (1, 2), _LEVEL_ONCE),
    Action("horizontal arm wave", 3.2, (1, 1), _LEVEL_BACK),
    Action("horizontal arm wave", 1.2, (2, 3), _LEVEL_REPEATED, cyclic=True, postures=_RESTING),
    Action("high arm wave", 0.9, (2, 4), _HIGH, cyclic=True, postures=_RESTING),
    Action("high arm wave", 0.7, (2, 5), _HIGH_FOREARM, cyclic=True, postures=_RESTING),
    Action("high arm wave", 3.2, (1, 1), _HIGH_SLOW),
    Action("wave both hands", 0.65, (2, 5), _BOTH_BENT, cyclic=True, postures=_RESTING),
    Action("wave both hands", 0.9, (2, 4), _BOTH_HIGH, cyclic=True, postures=_RESTING),
    Action("wave both hands", 3.4, (1, 1), _BOTH_CROSSING),
    Action("clap", 0.4, (4, 8), _CLAP_LOW, cyclic=True, postures=_RESTING),
    Action("clap", 0.45, (3, 7), _CLAP_CHEST, cyclic=True, postures=_ANYHOW),
    Action("clap", 0.75, (2, 4), _CLAP_WIDE, cyclic=True, postures=_RESTING),
    Action("clap", 0.5, (3, 6), _CLAP_HIGH, cyclic=True, postures=_RESTING),
    Action("cheer", 2.6, (1, 1), _CHEER_PUMPING),
    Action("cheer", 2.2, (1, 1), _CHEER_HOPPING),
    Action("cheer", 2.3, (1, 1), _CHEER_ONE_FIST, postures=_RESTING),
    Action("point at something", 2.2, (1, 1), _POINT_FORWARD, postures=_ANYHOW),
    Action("point at something", 2.3, (1, 1), _POINT_SIDEWAYS, postures=_ANYHOW),
    Action("point at something", 2.4, (1, 1), _POINT_UP, postures=_ANYHOW),
    Action("salute", 2.2, (1, 1), _SALUTE),
    Action("salute", 1.9, (1, 1), _SALUTE_CASUAL, postures=_ANYHOW),
    Action("put palms together", 2.3, (1, 1), _PALMS_TOGETHER, postures=_RESTING),
    Action("put palms together", 2.9, (1, 1), _PALMS_BOWING),
    Action("put palms together", 2.4, (1, 1), _PALMS_HIGH, postures=_RESTING),
    Action("cross arms", 2.9, (1, 1), _FOLD_ARMS, postures=_RESTING),
    Action("cross arms", 2.0, (1, 1), _FOLD_AND_STAY, postures=_RESTING),
    Action("cross arms", 2.3, (1, 1), _CROSS_ON_CHEST),
    Action("cross hands to say stop", 2.2, (1, 1), _STOP_HELD, postures=_RESTING),
    Action("cross hands to say stop", 2.3, (1, 1), _STOP_HIGH, postures=_RESTING),
    Action("cross hands to say stop", 2.4, (1, 1), _STOP_PUSHED),
    Action("rub both hands together", 0.45, (4, 8), _RUB, cyclic=True, postures=_ANYHOW),
    Action("rub both hands together", 0.5, (4, 7), _RUB_CHEST, cyclic=True, postures=_RESTING),
    Action("nod or bow", 2.0, (1, 1), _NOD, postures=_RESTING),
    Action("nod or bow", 1.9, (1, 1), _BOW_SLIGHT),
    Action("nod or bow", 2.5, (1, 1), _BOW_DEEP),
    Action("shake the head", 0.6, (3, 5), _SHAKE_HEAD, cyclic=True, postures=_RESTING),
    Action("shake the head", 2.2, (1, 1), _SHAKE_HEAD_BOWED, postures=_RESTING),
    Action("shake a fist", 0.45, (3, 6), _SHAKE_FIST, cyclic=True, postures=_RESTING),
    Action("shake a fist", 2.4, (1, 1), _SHAKE_FIST_HIGH, postures=_RESTING),
    Action("call out", 2.3, (1, 1), _CALL, postures=_RESTING),
    Action("call out", 2.6, (1, 1), _CALL_BOTH),
    Action("call out", 2.6, (1, 1), _CALL_BECKONING, postures=_RESTING),
    Action("respond with a raised hand", 2.5, (1, 1), _RESPOND, postures=_RESTING),
    Action("respond with a raised hand", 2.3, (1, 1), _RESPOND_BENT, postures=_RESTING),
    Action("guide someone", 2.5, (1, 1), _GUIDE),
    Action(
        "guide someone", 2.4, (1, 1), _GUIDE_CHEST, postures=("standing", "standing", "walking")
    ),
    Action("swipe left", 1.5, (1, 2), _SWIPE_LEFT, postures=_RESTING, sided=True),
    Action("swipe left", 1.3, (1, 2), _SWIPE_LEFT_BENT, postures=_RESTING, sided=True),
    Action("swipe left", 1.7, (1, 1), _SWIPE_LEFT_WIDE, sided=True),
    Action("swipe right", 1.5, (1, 2), _SWIPE_RIGHT, postures=_RESTING, sided=True),
    Action("swipe right", 1.3, (1, 2), _SWIPE_RIGHT_BENT, postures=_RESTING, sided=True),
    Action("swipe right", 1.7, (1, 1), _SWIPE_RIGHT_WIDE, sided=True),
    Action("draw x", 2.6, (1, 1), _X_BIG),
    Action("draw x", 2.1, (1, 1), _X_SMALL, postures=_RESTING),
    Action("draw x", 2.6, (1, 1), _X_FROM_RIGHT),
    Action("draw circle clockwise", 2.5, (1, 1), _CLOCKWISE, sided=True),
    Action("draw circle clockwise", 2.1, (1, 1), _CLOCKWISE_SMALL, postures=_RESTING, sided=True),
    Action("draw circle clockwise", 2.6, (1, 1), _CLOCKWISE_FROM_BELOW, sided=True),
    Action("draw circle counter-clockwise", 2.5, (1, 1), _COUNTER, sided=True),
    Action(
        "draw circle counter-clockwise", 2.1, (1, 1), _COUNTER_SMALL, postures=_RESTING, sided=True
    ),
    Action("draw circle counter-clockwise", 2.6, (1, 1), _COUNTER_FROM_BELOW, sided=True),
    Action("draw triangle", 2.8, (1, 1), _TRIANGLE),
    Action("draw triangle", 2.3, (1, 1), _TRIANGLE_SMALL, postures=_RESTING),
    Action("draw tick", 1.9, (1, 1), _TICK, sided=True),
    Action("draw tick", 1.6, (1, 2), _TICK_SMALL, postures=_RESTING, sided=True),
    Action("raise both hands", 2.4, (1, 1), _RAISE_FORWARD),
    Action("raise both hands", 2.4, (1, 1), _RAISE_SIDEWAYS),
    Action("raise both hands", 2.3, (1, 1), _HANDS_UP, postures=_RESTING),
    Action("put hands on hips", 2.4, (1, 1), _HANDS_ON_HIPS),
    Action("put hands on hips", 1.7, (1, 1), _HANDS_ON_HIPS_STAY),
    Action("signal to come here", 2.6, (1, 1), _BECKON, postures=_RESTING),
    Action("signal to come here", 2.6, (1, 1), _BECKON_BIG),
    Action("signal to come here", 0.6, (2, 4), _BECKON_DOWN, cyclic=True, postures=_RESTING),
    Action("hammer", 0.7, (2, 4), _HAMMER, cyclic=True, postures=_RESTING),
    Action("hammer", 1.7, (1, 2), _HAMMER_ONCE),
    Action("hammer", 2.6, (1, 1), _HAMMER_STRAIGHT),
    Action("knock", 2.2, (1, 1), _KNOCK),
    Action("knock", 2.1, (1, 1), _KNOCK_HIGH),
    Action("knock", 0.36, (3, 7), _KNOCK_STEADY, cyclic=True),
    Action("check the time", 2.4, (1, 1), _CHECK_TIME, postures=_ANYHOW),
    Action("check the time", 2.2, (1, 1), _CHECK_TIME_CLOSE, postures=_ANYHOW),
    Action("check the time", 2.8, (1, 1), _CHECK_TIME_SLEEVE, postures=_RESTING),
    Action("make a victory sign", 2.2, (1, 1), _VICTORY, postures=_ANYHOW),
    Action("make a victory sign", 2.3, (1, 1), _VICTORY_FACE, postures=_RESTING),
    Action("make a victory sign", 2.1, (1, 1), _VICTORY_FORWARD, postures=_ANYHOW),
)
