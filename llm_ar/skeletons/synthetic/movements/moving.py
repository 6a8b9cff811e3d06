"""Moving about: ways of walking, running, jumping and falling, of sitting and lying down.

Also pushing and pulling, and walking with something in the hands.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from llm_ar.skeletons.synthetic.actions import (
    HALF_SEATED,
    JOG,
    JUMP,
    SEATED,
    SIT,
    STAND,
    TURN,
    WALK,
)
from llm_ar.skeletons.synthetic.body import INDEX, Array
from llm_ar.skeletons.synthetic.motion import (
    Action,
    Angles,
    Motion,
    Swing,
    arm,
    arms,
    backwards,
    both,
    gait,
    keyed,
    leg,
    legs,
    pulse,
    sine,
    sway,
    swinging,
    total,
    trunk,
)


def _with(motion: Motion, held: Angles, swings: Mapping[str, Swing] | None = None) -> Motion:
    """A motion in which some channels are held instead, and some swing in addition."""

    def changed(phase: Array) -> Array:
        poses = motion(phase).copy()
        for name, angle in held.items():
            poses[:, INDEX[name]] = angle
        for name, swing in (swings or {}).items():
            poses[:, INDEX[name]] += swing(phase)
        return poses

    return changed


def _uneven(motion: Motion, times: int, size: float) -> Motion:
    """A motion done ``times`` times a repetition, now faster and now slower."""
    slow = sway(size)
    return lambda phase: motion((times * phase + slow(phase)) % 1.0)


def _steps(knee: float, hip: float, sharpness: float, swing: float, elbow: float) -> Motion:
    """Stepping on the spot: each leg lifted in turn, the arms swing against them."""
    swings = {"twist": sway(0.3 * swing, late=0.0)}
    for side, late, sign in (("left", 0.25, -1.0), ("right", 0.75, 1.0)):
        swings[f"{side}_hip"] = pulse(hip, late, sharpness)
        swings[f"{side}_knee"] = pulse(knee, late, sharpness)
        swings[f"{side}_toe"] = pulse(24.0, late - 0.06, 3.0)
        swings[f"{side}_raise"] = sway(sign * swing)
    return swinging(arms(80, 6, 0, elbow) | legs(3, 5), swings)


def _sidestep(ahead: str, behind: str, sign: float, width: float) -> Motion:
    """Steps sideways, facing forward: the leg ``ahead`` opens, the leg ``behind`` closes."""

    def opening(size: float) -> Swing:
        return lambda phase: 0.5 * size * (1.0 - np.cos(2 * np.pi * phase))

    return swinging(
        legs(3, 6),
        {
            f"{ahead}_spread": opening(width),
            f"{behind}_spread": opening(0.7 * width),
            f"{ahead}_hip": pulse(16, 0.27, 3),
            f"{ahead}_knee": pulse(34, 0.25, 3),
            f"{behind}_hip": pulse(14, 0.77, 3),
            f"{behind}_knee": pulse(34, 0.75, 3),
            "side": sway(3 * sign, late=0.5),
            "left_raise": opening(7),
            "right_raise": opening(7),
        },
    )


_SLOW_WALK = gait(reach=18, knee=44, swing=6, elbow=14, lean=1, hop=0)
_BRISK_WALK = gait(reach=30, knee=58, swing=34, elbow=42, lean=6, hop=0)
_HANDS_STILL = _with(
    gait(reach=23, knee=50, swing=0, elbow=30, lean=4, hop=0), arms(25, 10, -28, 52)
)
_BACKWARDS = backwards(gait(reach=15, knee=44, swing=9, elbow=18, lean=-2, hop=0))
_BACKWARDS_LOOKING = _with(_BACKWARDS, trunk(nod=6), {"twist": sine(8, 20)})
_RUN = gait(reach=38, knee=105, swing=48, elbow=92, lean=14, hop=12)
_JOG_ON_SPOT = _with(_steps(82, 30, 2.5, 22, 82), trunk(lean=4), {"lift": sway(2, 2, 0.25)})
_RUN_ON_SPOT = _with(
    _steps(98, 58, 2.2, 38, 92), trunk(lean=6), {"lift": total(pulse(8, 0.0, 6), pulse(8, 0.5, 6))}
)
_STEP_ON_SPOT = _steps(64, 38, 3.0, 16, 16)
_MARCH_ON_SPOT = _steps(92, 72, 3.0, 36, 24)

_STAIRS_STEP = _with(
    swinging(
        trunk(lean=13, nod=6) | arms(80, 8, 0, 30) | legs(8, 12),
        {
            "left_hip": total(pulse(52, 0.25, 1.8), pulse(-18, 0.8, 3)),
            "left_knee": total(pulse(78, 0.2, 2.2), pulse(-6, 0.75, 3)),
            "left_toe": pulse(34, 0.95, 6),
            "right_hip": total(pulse(52, 0.75, 1.8), pulse(-18, 0.3, 3)),
            "right_knee": total(pulse(78, 0.7, 2.2), pulse(-6, 0.25, 3)),
            "right_toe": pulse(34, 0.45, 6),
        },
    ),
    {},
    {"left_raise": sway(-14), "right_raise": sway(14), "lean": sway(3, 2)},
)
_STAIRS_RISING = _with(
    lambda phase: _STAIRS_STEP(3 * phase % 1.0), {}, {"lift": lambda phase: 100.0 * phase}
)
_STAIRS_RAIL = _with(
    _STAIRS_STEP,
    trunk(lean=18, side=-5) | arm("right", 60, 62, 0, 42),
    {"right_raise": sway(-16), "right_elbow": sway(10)},
)

_LOADED = gait(reach=17, knee=44, swing=0, elbow=14, lean=-4, hop=0)
_CARRY_BOX = _with(_LOADED, arms(70, 14, -8, 82), both(elbow=sway(2, 2)))
_CARRY_SIDE = _with(
    _LOADED,
    trunk(lean=3, side=11) | arm("right", 0, 9, 0, 6) | arm("left", 0, 26, 0, 16),
    {"side": sway(3), "left_raise": sway(4)},
)
_CARRY_CHEST = _with(_LOADED, arms(62, 32, -38, 112), both(elbow=sway(2, 2)))
_STROLL = gait(reach=17, knee=44, swing=0, elbow=14, lean=2, hop=0)
_READ = _with(_STROLL, trunk(nod=26, bend=4) | arms(72, 26, -20, 98))
_READ_HIGH = _with(_STROLL, trunk(nod=14) | arms(80, 42, -14, 92), both(elbow=sway(2)))
_PHONE_EAR = _with(
    gait(reach=20, knee=48, swing=12, elbow=16, lean=2, hop=0),
    trunk(nod=5, side=-4) | arm("right", 30, 66, 52, 138),
)
_PHONE_TEXT = _with(
    gait(reach=18, knee=46, swing=9, elbow=16, lean=2, hop=0),
    trunk(nod=26, bend=3) | arm("right", 72, 24, -18, 108),
)
_PHONE_BOTH = _with(_STROLL, trunk(nod=28, bend=5) | arms(68, 22, -36, 108))

_JUMP_HANGING = keyed(
    (0.0, {}),
    (0.3, trunk(lean=16, nod=-8) | arms(40, 14, 0, 30) | legs(30, 50)),
    (0.44, arms(20, 16, 0, 20) | legs(-2, 3, 34)),
    (0.56, trunk(lift=20) | arms(10, 26, 0, 22) | legs(6, 12, 36)),
    (0.68, arms(10, 22, 0, 20) | legs(6, 8, 22)),
    (0.8, trunk(lean=14, nod=-6) | arms(30, 18, 0, 26) | legs(26, 42)),
    (1.0, {}),
)
_HOP = swinging(
    trunk(lean=8, side=-5)
    | arms(35, 32, 0, 48)
    | leg("left", 16, 82, 30)
    | leg("right", 6, 10, spread=-3),
    {
        "lift": pulse(15, 0.5, 2.2),
        "right_hip": pulse(16, 0.02, 2.5),
        "right_knee": pulse(30, 0.02, 2.5),
        "right_toe": pulse(30, 0.42, 2.2),
        "left_hip": pulse(16, 0.45, 2.0),
    }
    | both(**{"raise": pulse(18, 0.45, 1.5)}),
)
_ROPE = swinging(
    legs(6, 12, 8) | arms(10, 18, 52, 74),
    {"lift": pulse(10, 0.5, 1.8)}
    | both(
        rotate=sway(14),
        elbow=sway(14, late=0.25),
        hip=pulse(6, 0, 2),
        knee=pulse(14, 0, 2),
        toe=pulse(24, 0.5, 1.8),
    ),
)

_STAGGER = _with(
    _uneven(gait(reach=15, knee=40, swing=8, elbow=30, lean=8, hop=0), 2, 0.22),
    trunk(nod=12),
    {
        "side": total(sway(17), sway(6, 3, 0.2)),
        "lean": total(sway(9, 1, 0.3), sway(5, 2)),
        "turn": sway(14, 1, 0.15),
        "left_spread": sway(13, 1, 0.1),
        "right_spread": sway(-11, 1, 0.1),
        "left_raise": pulse(34, 0.7, 1.5),
        "right_raise": pulse(34, 0.2, 1.5),
        "left_plane": pulse(-55, 0.7, 1.5),
        "right_plane": pulse(-55, 0.2, 1.5),
    },
)
_STAGGER_BACK = _with(
    backwards(_STAGGER), trunk(nod=-6), {"lean": lambda phase: np.full_like(phase, -14.0)}
)

_ON_FACE = trunk(lean=80, nod=-14) | arms(10, 76, 70, 80) | legs(-76, 8, 128)
_FALL_FORWARD = keyed(
    (0.0, {}),
    (0.25, trunk(lean=16) | arms(80, 40, 0, 34) | legs(4, 34, 16)),
    (0.5, trunk(lean=34, nod=-10) | arms(80, 84, 0, 30) | legs(-8, 74, 104)),
    (0.74, trunk(lean=68, nod=-18) | arms(55, 86, 20, 50) | legs(-48, 36, 126)),
    (0.86, _ON_FACE),
    (1.0, _ON_FACE),
)
_ON_BACK = trunk(lean=-76, nod=10) | arms(5, 48, 10, 18) | legs(84, 10, -50)
_FALL_BACK = keyed(
    (0.0, {}),
    (0.2, trunk(lean=-10, nod=10) | arms(40, 38, 0, 24) | legs(14, 16, -8)),
    (0.48, trunk(lean=-6, bend=16, nod=14) | arms(78, -34, 0, 16) | legs(86, 84, -6, 8)),
    (0.66, trunk(lean=-30, bend=8, nod=14) | arms(10, 10, 0, 20) | legs(110, 104, -10, 8)),
    (0.84, trunk(lean=-74, nod=10) | arms(5, 50, 10, 18) | legs(96, 48, -30)),
    (1.0, _ON_BACK),
)
_ON_SIDE = (
    trunk(side=-74, lean=8, nod=6)
    | (arm("right", 30, 96, 20, 40) | arm("left", 85, 40, 0, 50))
    | (leg("left", 24, 36, 10, 78) | leg("right", 16, 26, 10, -72))
)
_FALL_SIDE = keyed(
    (0.0, {}),
    (
        0.25,
        trunk(side=-16, lean=6)
        | (arm("right", 0, 42, 0, 16) | arm("left", 0, 40, 0, 24))
        | (leg("left", 12, 22, 0, 14) | leg("right", 16, 34, 0, -8)),
    ),
    (
        0.58,
        trunk(side=-42, lean=10)
        | (arm("right", 10, 66, 0, 14) | arm("left", 30, 50, 0, 24))
        | (leg("left", 24, 44, 6, 44) | leg("right", 28, 58, 8, -36)),
    ),
    (0.8, _ON_SIDE),
    (1.0, _ON_SIDE),
)

_SIT_REACHING = keyed(
    (0.0, {}),
    (0.25, trunk(lean=18, nod=-6) | arms(85, 52, 0, 14) | legs(24, 34)),
    (0.58, trunk(lean=36, nod=-12) | arms(85, 82, 0, 10) | legs(66, 80, spread=6)),
    (0.78, SEATED | trunk(lean=18) | arms(82, 62, 0, 22)),
    (1.0, SEATED | arms(70, 20, -12, 62)),
)
_SIT_DROPPING = keyed(
    (0.0, {}),
    (0.3, trunk(lean=20, nod=-4) | arms(80, -16, 0, 18) | legs(32, 46)),
    (0.62, trunk(lean=10) | arms(78, -18, 0, 30) | legs(82, 88, spread=10)),
    (0.8, trunk(lean=-14, bend=4) | arms(30, 10, 0, 34) | legs(84, 80, spread=11)),
    (1.0, trunk(lean=-10) | arms(65, 20, 0, 48) | legs(86, 82, spread=11)),
)
_STAND_REACHING = keyed(
    (0.0, SEATED | arms(70, 20, -12, 62)),
    (0.28, SEATED | trunk(lean=34, nod=-10) | arms(85, 80, 0, 10)),
    (0.58, trunk(lean=30, nod=-10) | arms(85, 76, 0, 10) | legs(54, 66, spread=6)),
    (0.8, trunk(lean=8) | arms(80, 36, 0, 14) | legs(14, 20)),
    (1.0, {}),
)
_STAND_PRESSING = keyed(
    (0.0, SEATED | trunk(lean=-8)),
    (0.3, SEATED | trunk(lean=44, bend=12) | arms(60, 44, -10, 48)),
    (0.62, trunk(lean=46, bend=16) | arms(70, 54, -6, 36) | legs(46, 58, spread=7)),
    (0.82, trunk(lean=24, bend=8) | arms(70, 34, -4, 24) | legs(16, 24)),
    (1.0, {}),
)
_SIT_STILL = swinging(SEATED, {"side": sway(2), "nod": sway(3, 1, 0.3)})
_SIT_FOLDED = swinging(
    trunk(lean=-6, nod=4) | arms(55, 16, -38, 74) | legs(84, 80, spread=9),
    {"twist": sway(5), "nod": sway(2, 2)},
)
_STAND_STILL = swinging({}, {"side": sway(1.5), "nod": sway(2, 1, 0.3)})
_STAND_FOLDED = swinging(arms(45, 16, -50, 48), {"twist": sway(4), "nod": sway(3, 1, 0.4)})

_BED = 46
_LYING = trunk(turn=84, lean=-74, nod=10, lift=_BED) | arms(10, 20, 0, 16) | legs(80, 6, -50)
_LIE_DOWN = keyed(
    (0.0, {}),
    (0.2, HALF_SEATED),
    (0.38, SEATED | trunk(lean=12)),
    (
        0.66,
        trunk(turn=44, lean=-34, side=-14, lift=0.6 * _BED)
        | (arm("right", 10, 30, 0, 20) | arm("left", 60, 30, 0, 30))
        | (leg("left", 84, 66, -20, 8) | leg("right", 86, 60, -20, 8)),
    ),
    (0.9, _LYING),
    (1.0, _LYING),
)
_LIE_DOWN_FLOOR = keyed(
    (0.0, {}),
    (0.3, trunk(lean=44, nod=-6) | arms(60, 30, 0, 20) | legs(90, 112, spread=8)),
    (0.5, trunk(lean=-12, bend=14) | arms(78, -36, 0, 14) | legs(112, 112, -6, 8)),
    (0.72, trunk(lean=-40, bend=8, nod=10) | arms(10, 6, 0, 22) | legs(92, 36, -34)),
    (0.92, _ON_BACK),
    (1.0, _ON_BACK),
)
_GET_UP_BED = keyed(
    (0.0, _LYING),
    (
        0.3,
        trunk(turn=50, lean=-24, bend=10, side=-12, lift=0.6 * _BED)
        | (arm("right", 10, 24, 0, 18) | arm("left", 70, 34, 0, 30))
        | (leg("left", 84, 50, -20, 8) | leg("right", 84, 58, -20, 8)),
    ),
    (0.54, SEATED | trunk(lean=10)),
    (0.68, SEATED | trunk(lean=38, bend=6) | arms(80, 40, 0, 25)),
    (0.82, HALF_SEATED),
    (1.0, {}),
)
_CROUCHED = trunk(lean=46, bend=12) | arms(70, 44, 0, 16) | legs(112, 122, spread=8)
_GET_UP_FLOOR = keyed(
    (0.0, _ON_BACK),
    (0.26, trunk(lean=-16, bend=16, nod=8) | arms(78, -36, 0, 18) | legs(92, 44, -30)),
    (0.46, trunk(lean=16, bend=14) | arms(76, -20, 0, 16) | legs(116, 118, -4, 8)),
    (0.6, _CROUCHED),
    (0.8, trunk(lean=36, bend=8) | arms(75, 36, 0, 20) | legs(52, 68)),
    (1.0, {}),
)
_KNEELING = trunk(lean=6) | arms(60, 14, 0, 24) | legs(-2, 86, 138)
_GET_UP_KNEES = keyed(
    (0.0, _KNEELING),
    (0.3, trunk(lean=14) | arms(60, 20, 0, 30) | leg("left", 80, 92) | leg("right", -4, 84, 134)),
    (
        0.54,
        trunk(lean=38, bend=8)
        | (arm("left", 75, 46, 0, 40) | arm("right", 70, 30, 0, 24))
        | (leg("left", 80, 88) | leg("right", 8, 84, 60)),
    ),
    (0.76, trunk(lean=24) | arms(70, 26, 0, 20) | leg("left", 38, 50) | leg("right", -6, 32, 30)),
    (1.0, {}),
)
_RELAX = swinging(
    trunk(lean=-30, nod=14) | arms(20, 30, 0, 34) | legs(78, 62, spread=12),
    {"nod": sway(4), "side": sway(3, 1, 0.3)},
)
_RELAX_HALF_LYING = swinging(
    trunk(lean=-48, nod=22) | arms(52, 22, -48, 78) | legs(78, 26, -12, 8),
    {"nod": sway(3), "left_hip": sway(2), "twist": sway(3, 1, 0.4)},
)

_LEANING = gait(reach=17, knee=46, swing=0, elbow=14, lean=24, hop=0)
_PUSH_CART = _with(_LEANING, trunk(lean=16) | arms(86, 72, 0, 20), both(elbow=sway(3, 2)))
_PUSH_HEAVY = _with(_LEANING, trunk(lean=32, nod=-14) | arms(86, 108, 0, 14), {"lean": sway(4, 2)})

_REACHED = trunk(lean=12) | arms(86, 78, 0, 8) | leg("left", 20, 20) | leg("right", -8, 12, 8)
_PULLED = trunk(lean=-14, nod=6) | arms(62, -20, 0, 104) | leg("left", 20, 10) | leg("right", 8, 32)
_PULL_BOTH = keyed(
    (0.0, {}), (0.2, _REACHED), (0.4, _PULLED), (0.6, _REACHED), (0.8, _PULLED), (1.0, {})
)
_PULL_ONE = keyed(
    (0.0, {}),
    (0.32, trunk(lean=8, twist=18) | arm("right", 88, 86, 0, 6) | leg("left", 14, 14)),
    (0.42, trunk(lean=8, twist=18) | arm("right", 88, 86, 0, 6) | leg("left", 14, 14)),
    (0.68, trunk(lean=-7, twist=-20) | arm("right", 50, -24, 0, 106) | leg("right", 4, 18)),
    (0.78, trunk(lean=-5, twist=-18) | arm("right", 50, -22, 0, 102) | leg("right", 4, 14)),
    (1.0, {}),
)
_ROPE_PULL = swinging(
    trunk(lean=-10) | arms(80, 34, 0, 58) | leg("left", 20, 12) | leg("right", 6, 28),
    {
        "twist": sway(-14),
        "right_raise": sway(-40),
        "right_elbow": sway(44),
        "left_raise": sway(40),
        "left_elbow": sway(-44),
        "lean": sway(3, 2),
    },
)
_STEPPED = leg("left", 26, 26) | leg("right", -18, 10, 22)
_PUSH_ONE = keyed(
    (0.0, {}),
    (0.28, trunk(twist=-18) | arm("right", 50, 12, 0, 122)),
    (0.56, trunk(lean=14, twist=24) | arm("right", 90, 84, 0, 6) | _STEPPED),
    (0.68, trunk(lean=14, twist=24) | arm("right", 90, 84, 0, 6) | _STEPPED),
    (1.0, {}),
)
_PUSH_BOTH = keyed(
    (0.0, {}),
    (0.3, trunk(lean=-4) | arms(55, 20, 0, 124)),
    (0.55, trunk(lean=16) | arms(88, 88, 0, 6) | _STEPPED),
    (0.68, trunk(lean=16) | arms(88, 88, 0, 6) | _STEPPED),
    (1.0, {}),
)

MOVING: tuple[Action, ...] = (
    Action("walk", 1.35, (1, 3), _SLOW_WALK, cyclic=True),
    Action("walk", 1.0, (2, 4), _BRISK_WALK, cyclic=True),
    Action("walk", 1.2, (2, 3), _HANDS_STILL, cyclic=True),
    Action("walk backwards", 1.3, (1, 3), _BACKWARDS, cyclic=True),
    Action("walk backwards", 1.4, (1, 2), _BACKWARDS_LOOKING, cyclic=True),
    Action(
        "walk to the left", 1.1, (2, 3), _sidestep("left", "right", 1, 20), cyclic=True, sided=True
    ),
    Action("walk to the left", 1.15, (2, 3), _with(WALK, trunk(turn=85)), cyclic=True, sided=True),
    Action(
        "walk to the right",
        1.1,
        (2, 3),
        _sidestep("right", "left", -1, 20),
        cyclic=True,
        sided=True,
    ),
    Action(
        "walk to the right", 1.15, (2, 3), _with(WALK, trunk(turn=-85)), cyclic=True, sided=True
    ),
    Action("jog", 0.75, (2, 4), JOG, cyclic=True),
    Action("jog", 0.72, (3, 5), _JOG_ON_SPOT, cyclic=True),
    Action("run", 0.62, (3, 5), _RUN, cyclic=True),
    Action("run on the spot", 0.58, (3, 6), _RUN_ON_SPOT, cyclic=True),
    Action("step on the spot", 1.1, (2, 3), _STEP_ON_SPOT, cyclic=True),
    Action("step on the spot", 1.0, (2, 4), _MARCH_ON_SPOT, cyclic=True),
    Action("climb stairs", 3.6, (1, 1), _STAIRS_RISING),
    Action("climb stairs", 1.4, (2, 2), _STAIRS_STEP, cyclic=True),
    Action("climb stairs", 1.5, (2, 2), _STAIRS_RAIL, cyclic=True),
    Action("carry", 1.3, (2, 3), _CARRY_BOX, cyclic=True),
    Action("carry", 1.3, (2, 3), _CARRY_SIDE, cyclic=True),
    Action("carry", 1.3, (2, 3), _CARRY_CHEST, cyclic=True),
    Action("walk while reading a book", 1.4, (2, 2), _READ, cyclic=True),
    Action("walk while reading a book", 1.4, (2, 2), _READ_HIGH, cyclic=True),
    Action("walk while using a phone", 1.3, (2, 3), _PHONE_EAR, cyclic=True),
    Action("walk while using a phone", 1.4, (2, 2), _PHONE_TEXT, cyclic=True),
    Action("walk while using a phone", 1.4, (2, 2), _PHONE_BOTH, cyclic=True),
    Action("jump", 1.4, (1, 2), JUMP),
    Action("jump", 1.0, (1, 3), _JUMP_HANGING),
    Action("hop on one foot", 0.55, (3, 6), _HOP, cyclic=True),
    Action("jump rope", 0.45, (4, 8), _ROPE, cyclic=True),
    Action("turn around", 1.7, (1, 1), TURN),
    Action("stagger", 3.0, (1, 1), _STAGGER, cyclic=True),
    Action("stagger", 3.0, (1, 1), _STAGGER_BACK, cyclic=True),
    Action("fall down", 1.6, (1, 1), _FALL_FORWARD),
    Action("fall down", 1.6, (1, 1), _FALL_BACK),
    Action("fall down", 1.5, (1, 1), _FALL_SIDE),
    Action("get up", 3.2, (1, 1), _GET_UP_BED),
    Action("get up", 2.8, (1, 1), _GET_UP_FLOOR),
    Action("get up", 2.2, (1, 1), _GET_UP_KNEES),
    Action("sit down", 1.6, (1, 1), SIT),
    Action("sit down", 1.8, (1, 1), _SIT_REACHING),
    Action("sit down", 1.1, (1, 1), _SIT_DROPPING),
    Action("stand up", 1.5, (1, 1), STAND),
    Action("stand up", 1.4, (1, 1), _STAND_REACHING),
    Action("stand up", 1.8, (1, 1), _STAND_PRESSING),
    Action("sit still", 3.0, (1, 1), _SIT_STILL),
    Action("sit still", 3.0, (1, 1), _SIT_FOLDED),
    Action("stand still", 3.0, (1, 1), _STAND_STILL, cyclic=True),
    Action("stand still", 3.0, (1, 1), _STAND_FOLDED, cyclic=True),
    Action("lie down", 3.2, (1, 1), _LIE_DOWN),
    Action("lie down", 3.0, (1, 1), _LIE_DOWN_FLOOR),
    Action("relax on a couch", 3.0, (1, 1), _RELAX),
    Action("relax on a couch", 3.0, (1, 1), _RELAX_HALF_LYING),
    Action("push something", 1.5, (2, 2), _PUSH_CART, cyclic=True),
    Action("push something", 1.7, (1, 2), _PUSH_HEAVY, cyclic=True),
    Action("pull", 2.4, (1, 1), _PULL_BOTH),
    Action("pull", 1.7, (1, 2), _PULL_ONE),
    Action("pull", 1.3, (2, 3), _ROPE_PULL, cyclic=True),
    Action("push", 1.5, (1, 2), _PUSH_ONE),
    Action("push", 1.5, (1, 2), _PUSH_BOTH),
)
