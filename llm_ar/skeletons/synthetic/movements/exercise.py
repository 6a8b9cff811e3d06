"""Exercise: bending and stretching, lifting, swings of the arms, punches and kicks."""

from __future__ import annotations

from llm_ar.skeletons.synthetic.actions import SQUAT
from llm_ar.skeletons.synthetic.motion import (
    Action,
    arm,
    arms,
    both,
    keyed,
    leg,
    legs,
    pulse,
    sine,
    sway,
    swinging,
    trunk,
)

_CROUCHING = trunk(lean=42, bend=14) | arms(76, 44, 0, 36) | legs(108, 124, spread=10)
_CROUCH = keyed((0.0, {}), (0.4, _CROUCHING), (0.6, _CROUCHING), (1.0, {}))
_FOLDED = arms(60, 26, -45, 112)
_SQUAT_FOLDED = keyed(
    (0.0, _FOLDED),
    (0.5, trunk(lean=32, nod=-14) | _FOLDED | legs(74, 100, spread=9)),
    (1.0, _FOLDED),
)

_LUNGING = leg("left", 66, 80) | leg("right", -22, 56, 52)
_LUNGE_LEFT = keyed(
    (0.0, {}),
    (0.2, leg("left", 44, 58)),
    (0.42, trunk(lean=6) | _LUNGING),
    (0.58, trunk(lean=6) | _LUNGING),
    (0.78, leg("left", 44, 58)),
    (1.0, {}),
)
_ON_HIPS = arms(-18, 38, -40, 98)
_LUNGE_RIGHT = keyed(
    (0.0, _ON_HIPS),
    (0.2, _ON_HIPS | leg("right", 44, 58)),
    (0.42, trunk(lean=8) | _ON_HIPS | leg("right", 66, 80) | leg("left", -22, 56, 52)),
    (0.58, trunk(lean=8) | _ON_HIPS | leg("right", 66, 80) | leg("left", -22, 56, 52)),
    (0.78, _ON_HIPS | leg("right", 44, 58)),
    (1.0, _ON_HIPS),
)

_TO_TOES = trunk(lean=76, bend=40, nod=8) | arms(84, 106, 0, 6) | legs(14, 2)
_BEND = keyed((0.0, {}), (0.42, _TO_TOES), (0.58, _TO_TOES), (1.0, {}))
_STOOPED = trunk(lean=52, bend=22, nod=6) | arms(80, 66, 0, 8) | legs(16, 14)
_STOOP = keyed((0.0, {}), (0.4, _STOOPED), (0.6, _STOOPED), (1.0, {}))
_BEND_BOBBING = keyed(
    (0.0, {}),
    (0.28, _TO_TOES),
    (0.42, trunk(lean=50, bend=26) | arms(84, 76, 0, 8) | legs(10, 2)),
    (0.58, _TO_TOES),
    (0.7, _TO_TOES),
    (1.0, {}),
)
_BOWED = trunk(lean=40, bend=14, nod=10) | arms(60, 18, 0, 10) | legs(8, 2)
_BOW = keyed((0.0, {}), (0.42, _BOWED), (0.58, _BOWED), (1.0, {}))
_BOW_FOLDED = keyed(
    (0.0, {}),
    (0.22, trunk(lean=4) | arms(48, 18, -46, 50)),
    (0.46, trunk(lean=30, bend=12, nod=16) | arms(52, 26, -44, 46) | legs(6, 2)),
    (0.6, trunk(lean=30, bend=12, nod=16) | arms(52, 26, -44, 46) | legs(6, 2)),
    (0.84, arms(45, 16, -40, 44)),
    (1.0, {}),
)

_WIDE = legs(2, 3, spread=20)
_CROSSED_LEFT = (
    trunk(lean=74, bend=32, twist=34)
    | (arm("right", 98, 88, 0, 4) | arm("left", -12, 92, 0, 6))
    | legs(10, 3, spread=20)
)
_CROSSED_RIGHT = (
    trunk(lean=74, bend=32, twist=-34)
    | (arm("left", 98, 88, 0, 4) | arm("right", -12, 92, 0, 6))
    | legs(10, 3, spread=20)
)
_HALF_UP = trunk(lean=34, bend=12) | arms(30, 72, 0, 6) | legs(6, 3, spread=20)
_TOES = keyed(
    (0.0, {}),
    (0.14, _WIDE | arms(5, 82, 0, 4)),
    (0.34, _CROSSED_LEFT),
    (0.5, _HALF_UP),
    (0.66, _CROSSED_RIGHT),
    (0.86, _WIDE | arms(5, 82, 0, 4)),
    (1.0, {}),
)
_TOES_UPRIGHT = keyed(
    (0.0, {}),
    (0.26, _CROSSED_LEFT | legs(12, 10, spread=12)),
    (0.34, _CROSSED_LEFT | legs(12, 10, spread=12)),
    (0.5, arms(10, 60, 0, 8) | legs(2, 3, spread=12)),
    (0.68, _CROSSED_RIGHT | legs(12, 10, spread=12)),
    (0.76, _CROSSED_RIGHT | legs(12, 10, spread=12)),
    (1.0, {}),
)

_OVERHEAD = arms(35, 160, 0, 12)
_STRETCH = keyed(
    (0.0, {}),
    (0.24, trunk(nod=-8, bend=-4) | _OVERHEAD),
    (0.44, trunk(side=26) | _OVERHEAD),
    (0.56, trunk(side=4) | _OVERHEAD),
    (0.74, trunk(side=-26) | _OVERHEAD),
    (0.86, _OVERHEAD | trunk(side=-4)),
    (1.0, {}),
)
_REACHING_UP = trunk(lean=-6, bend=-10, nod=-16) | arms(45, 164, -20, 22) | legs(2, 2, 14)
_STRETCH_UP = keyed(
    (0.0, {}),
    (0.2, trunk(nod=4) | arms(62, 40, -40, 92)),
    (0.44, _REACHING_UP),
    (0.66, _REACHING_UP),
    (1.0, {}),
)
_SIDEWARD = trunk(side=28) | arm("right", 15, 158, 0, 20) | arm("left", -10, 36, -40, 96)
_STRETCH_SIDE = keyed(
    (0.0, {}),
    (0.3, trunk(side=14) | arm("right", 10, 150, 0, 14) | arm("left", -10, 34, -40, 92)),
    (0.45, _SIDEWARD),
    (0.56, _SIDEWARD | trunk(side=20)),
    (0.68, _SIDEWARD),
    (1.0, {}),
)

_JACKS = keyed(
    (0.0, {}),
    (0.1, trunk(lean=4) | legs(16, 26)),
    (0.22, trunk(lift=9) | arms(5, 60, 0, 10) | legs(4, 8, 24, 12)),
    (0.42, arms(8, 158, 0, 12) | legs(6, 12, 6, 24)),
    (0.54, arms(8, 156, 0, 14) | legs(10, 18, 4, 24)),
    (0.7, trunk(lift=9) | arms(5, 84, 0, 10) | legs(4, 8, 24, 13)),
    (0.86, legs(8, 14)),
    (1.0, {}),
)
_JACKS_LOW = keyed(
    (0.0, {}),
    (0.2, trunk(lift=7) | arms(0, 44, 0, 8) | legs(4, 10, 22, 10)),
    (0.44, arms(0, 94, 0, 8) | legs(6, 12, 6, 20)),
    (0.54, arms(0, 94, 0, 8) | legs(8, 16, 4, 20)),
    (0.74, trunk(lift=7) | arms(0, 54, 0, 8) | legs(4, 10, 22, 10)),
    (1.0, {}),
)

_ARM_CIRCLES = swinging(
    arms(34, 88, 0, 5),
    both(plane=sway(58), **{"raise": sway(74, 1, 0.25)}) | {"bend": sway(3, 1, 0.5)},
)
_SMALL_CIRCLES = swinging(arms(4, 88, 0, 4), both(plane=sway(17), **{"raise": sway(15, 1, 0.25)}))
_CIRCLES_OUTWARD = swinging(
    arms(52, 86, 0, 14), both(plane=sway(-54), **{"raise": sway(70, 1, 0.25)})
)

_ARM_SWINGS = swinging(
    arms(86, 22, 0, 10),
    both(**{"raise": sway(58)}, hip=sway(5, 2), knee=sway(9, 2)) | {"lean": sway(-5)},
)
_SWINGS_AGAINST = swinging(
    arms(86, 18, 0, 12), {"right_raise": sway(48), "left_raise": sway(-48), "twist": sway(14)}
)
_SWINGS_ACROSS = swinging(
    arms(52, 78, 0, 8), both(plane=sway(56)) | {"nod": sway(3), "bend": sway(4)}
)
_SHAKE = swinging(
    arms(25, 20, 0, 30), both(elbow=sway(16), rotate=sway(12, 1, 0.2)) | {"right_raise": sway(6)}
)
_SHAKE_SIDE = swinging(
    trunk(lean=6) | arms(12, 40, 0, 24), both(elbow=sway(18), **{"raise": sway(10, 1, 0.2)})
)

_CURL = swinging(
    arms(62, 7, 0, 70), both(elbow=sway(58), **{"raise": sway(4)}) | {"lean": sway(-2)}
)
_CURL_ONE = swinging(
    arm("right", 62, 7, 0, 70),
    {"right_elbow": sway(58), "right_raise": sway(4), "side": sway(2), "nod": sine(4, 10)},
)

_SIDE_PRESS = swinging(
    trunk(lean=26, side=6, nod=-4)
    | (arm("left", 60, 44, 0, 20) | arm("right", 60, 30, 0, 44))
    | (leg("left", 8, 3, 0, 46) | leg("right", 58, 90, 0, 22)),
    {
        "right_hip": sway(6),
        "right_knee": sway(10),
        "left_spread": sway(2.5),
        "side": sway(6),
        "bend": sway(4),
    },
)
_LUNGE_PRESS = swinging(
    trunk(lean=10) | arms(72, 38, -12, 26) | leg("left", 66, 80) | leg("right", -38, 33, 44),
    {"left_hip": sway(5), "left_knee": sway(6), "right_hip": sway(-4), "lean": sway(-3)},
)

_TO_BAR = trunk(lean=56, bend=10, nod=-24) | arms(72, 62, 0, 4) | legs(90, 112, spread=8)
_RACK = arms(66, 48, -4, 136)
_SPLIT = leg("left", 40, 44) | leg("right", -24, 26, 32)
_CLEAN_AND_JERK = keyed(
    (0.0, {}),
    (0.16, _TO_BAR),
    (0.22, _TO_BAR),
    (0.31, trunk(lean=22, nod=-8) | arms(50, 26, 0, 12) | legs(28, 38, spread=6)),
    (0.37, trunk(lean=-4) | arms(10, 50, -30, 84) | legs(0, 2, 24)),
    (0.43, trunk(lean=12) | _RACK | legs(64, 88, spread=9)),
    (0.54, trunk(lean=-3) | _RACK | legs(4, 4)),
    (0.6, trunk(lean=-2) | _RACK | legs(20, 34)),
    (0.66, trunk(nod=-4) | arms(28, 158, 0, 10) | _SPLIT),
    (0.72, trunk(nod=-4) | arms(28, 160, 0, 6) | _SPLIT),
    (0.82, arms(28, 160, 0, 6)),
    (0.88, arms(28, 160, 0, 6)),
    (1.0, {}),
)

_STANCE = leg("left", 16, 16) | leg("right", -8, 16, 12)
_FISTS = arms(70, 36, 0, 120) | _STANCE
_BOXING = swinging(
    trunk(lean=9, nod=-2) | _FISTS,
    {
        "right_elbow": pulse(-112, 0.25, 5),
        "right_raise": pulse(52, 0.25, 5),
        "right_plane": pulse(26, 0.25, 5),
        "left_elbow": pulse(-112, 0.75, 5),
        "left_raise": pulse(52, 0.75, 5),
        "left_plane": pulse(26, 0.75, 5),
        "twist": sway(24),
    }
    | both(hip=sway(2, 2), knee=sway(4, 2)),
)
_HOOKS = swinging(
    trunk(lean=8) | arms(44, 44, -20, 112) | _STANCE,
    {
        "right_plane": pulse(46, 0.3, 4),
        "right_rotate": pulse(-62, 0.3, 4),
        "right_raise": pulse(40, 0.25, 3),
        "right_elbow": pulse(-26, 0.22, 4),
        "left_plane": pulse(46, 0.8, 4),
        "left_rotate": pulse(-62, 0.8, 4),
        "left_raise": pulse(40, 0.75, 3),
        "left_elbow": pulse(-26, 0.72, 4),
        "twist": sway(32, 1, 0.02),
        "side": sway(5),
    },
)
_JAB_CROSS = keyed(
    (0.0, _FISTS),
    (0.2, trunk(lean=8, twist=-22) | _FISTS | arm("left", 94, 88, 0, 6)),
    (0.4, trunk(lean=7) | _FISTS),
    (0.62, trunk(lean=13, twist=32) | _FISTS | arm("right", 96, 88, 0, 6)),
    (0.82, trunk(lean=7) | _FISTS),
    (1.0, _FISTS),
)
_STRUCK = trunk(lean=10, twist=30) | arm("right", 94, 88, 0, 4) | arm("left", 65, 30, 0, 112)
_PUNCH = keyed(
    (0.0, {}),
    (0.3, trunk(twist=-22) | arm("right", 55, -8, 0, 112) | arm("left", 65, 34, 0, 100)),
    (0.5, _STRUCK),
    (0.58, _STRUCK),
    (1.0, {}),
)
_PUNCH_STEP = keyed(
    (0.0, {}),
    (0.22, trunk(twist=-26, lean=-3) | arm("right", 50, 4, 0, 116) | leg("left", 26, 34)),
    (0.46, _STRUCK | trunk(lean=18) | leg("left", 30, 32) | leg("right", -24, 12, 26)),
    (0.56, _STRUCK | trunk(lean=18) | leg("left", 30, 32) | leg("right", -24, 12, 26)),
    (0.78, trunk(lean=4) | arm("right", 70, 34, 0, 96) | leg("left", 14, 18)),
    (1.0, {}),
)

_SWING_KICK = keyed(
    (0.0, {}),
    (0.2, trunk(lean=4) | arms(20, 24, 0, 14) | leg("right", -20, 14, 26)),
    (0.48, trunk(lean=-13, bend=6) | arms(20, 44, 0, 14) | leg("right", 84, 6, -24)),
    (0.54, trunk(lean=-13, bend=6) | arms(20, 44, 0, 14) | leg("right", 84, 6, -24)),
    (0.8, arms(25, 22, 0, 14) | leg("right", 12, 12)),
    (1.0, {}),
)
_FRONT_KICK = keyed(
    (0.0, {}),
    (0.3, trunk(lean=-2) | arms(65, 34, 0, 106) | leg("right", 80, 104, 10)),
    (0.46, trunk(lean=-16, bend=6) | arms(60, 26, 0, 96) | leg("right", 88, 8, -20)),
    (0.52, trunk(lean=-16, bend=6) | arms(60, 26, 0, 96) | leg("right", 88, 8, -20)),
    (0.68, trunk(lean=-2) | arms(65, 32, 0, 104) | leg("right", 74, 98, 10)),
    (1.0, {}),
)
_SIDE_SWING_KICK = keyed(
    (0.0, {}),
    (0.18, trunk(side=-4) | arms(0, 26, 0, 14) | leg("right", 6, 16, 10, -8)),
    (0.48, trunk(side=24) | arms(0, 44, 0, 16) | leg("right", 6, 5, -8, 66)),
    (0.56, trunk(side=24) | arms(0, 44, 0, 16) | leg("right", 6, 5, -8, 66)),
    (1.0, {}),
)
_SIDE_KICK = keyed(
    (0.0, {}),
    (0.28, trunk(side=10) | arms(60, 36, 0, 108) | leg("right", 68, 104, 0, 22)),
    (
        0.5,
        trunk(side=36, lean=-4)
        | (arm("right", 5, 44, 0, 40) | arm("left", 65, 38, 0, 108))
        | (leg("right", 8, 6, -10, 76) | leg("left", 4, 12, 0, -14)),
    ),
    (
        0.56,
        trunk(side=36, lean=-4)
        | (arm("right", 5, 44, 0, 40) | arm("left", 65, 38, 0, 108))
        | (leg("right", 8, 6, -10, 76) | leg("left", 4, 12, 0, -14)),
    ),
    (0.72, trunk(side=12) | arms(60, 34, 0, 104) | leg("right", 62, 98, 0, 22)),
    (1.0, {}),
)
_BALL_KICK = keyed(
    (0.0, {}),
    (
        0.34,
        trunk(lean=12, twist=-12)
        | (arm("right", 35, 32, 0, 14) | arm("left", 60, 46, 0, 14))
        | (leg("left", 10, 16) | leg("right", -34, 74, 40)),
    ),
    (
        0.5,
        trunk(lean=4, bend=6, twist=8)
        | (arm("right", 75, 24, 0, 14) | arm("left", 10, 44, 0, 14))
        | (leg("left", 4, 12) | leg("right", 30, 24, 20)),
    ),
    (
        0.6,
        trunk(lean=-8, bend=8, twist=16)
        | (arm("right", 80, 40, 0, 14) | arm("left", -10, 38, 0, 14))
        | (leg("left", 0, 8) | leg("right", 58, 12, 14)),
    ),
    (0.78, arms(35, 22, 0, 14) | leg("right", 28, 40)),
    (1.0, {}),
)
_SHORT_KICK = keyed(
    (0.0, {}),
    (0.32, trunk(lean=4) | arms(30, 18, 0, 16) | leg("right", -12, 58, 30)),
    (0.52, trunk(lean=-4) | arms(30, 24, 0, 16) | leg("right", 42, 12, 4)),
    (0.62, trunk(lean=-3) | arms(30, 22, 0, 16) | leg("right", 40, 16, 4)),
    (1.0, {}),
)
_BUTT_KICKS = swinging(
    trunk(lean=6) | arms(75, 10, 0, 56),
    {
        "left_knee": pulse(104, 0.25, 2.4),
        "right_knee": pulse(104, 0.75, 2.4),
        "left_toe": pulse(48, 0.25, 2.0),
        "right_toe": pulse(48, 0.75, 2.0),
        "left_hip": pulse(-10, 0.25, 2.4),
        "right_hip": pulse(-10, 0.75, 2.4),
        "left_raise": sway(-20),
        "right_raise": sway(20),
        "lift": sway(2, 2, 0.25),
    },
)
_KICKED_BACK = (
    trunk(lean=30, nod=-10) | arms(60, 40, 0, 34) | leg("left", 8, 14) | leg("right", -52, 10, 36)
)
_BACK_KICK = keyed(
    (0.0, {}),
    (0.24, trunk(lean=10) | arms(70, 32, 0, 60) | leg("right", 46, 78)),
    (0.48, _KICKED_BACK),
    (0.56, _KICKED_BACK),
    (0.78, trunk(lean=8) | arms(55, 24, 0, 30) | leg("right", 8, 40)),
    (1.0, {}),
)

_SWORD_UP = arm("right", 62, 112, 26, 104) | arm("left", 112, 96, 10, 96)
_SWORD_DOWN = arm("right", 112, 34, -20, 16) | arm("left", 66, 24, -36, 34)
_SLASH = keyed(
    (0.0, {}),
    (0.3, trunk(twist=-24, lean=-4) | _SWORD_UP | leg("right", 6, 14)),
    (0.38, trunk(twist=-26, lean=-5) | _SWORD_UP | leg("right", 22, 34)),
    (
        0.48,
        trunk(twist=4, lean=10)
        | (arm("right", 92, 80, 0, 24) | arm("left", 100, 68, -12, 34))
        | (leg("right", 30, 30) | leg("left", -16, 10, 18)),
    ),
    (
        0.58,
        trunk(twist=30, lean=22) | _SWORD_DOWN | leg("right", 32, 36) | leg("left", -22, 14, 26),
    ),
    (0.7, trunk(twist=30, lean=22) | _SWORD_DOWN | leg("right", 32, 36) | leg("left", -22, 14, 26)),
    (1.0, {}),
)
_SLASH_ONE_HAND = keyed(
    (0.0, {}),
    (0.34, trunk(twist=-28, lean=-4, side=4) | arm("right", 30, 118, 48, 92)),
    (
        0.46,
        trunk(twist=8, lean=10)
        | (arm("right", 86, 84, 0, 18) | arm("left", 30, 22, 0, 24))
        | (leg("right", 20, 22) | leg("left", -10, 8, 10)),
    ),
    (
        0.56,
        trunk(twist=34, lean=16)
        | (arm("right", 122, 38, 0, 16) | arm("left", 0, 26, 0, 26))
        | (leg("right", 22, 26) | leg("left", -14, 10, 16)),
    ),
    (0.66, trunk(twist=32, lean=14) | arm("right", 120, 36, 0, 18) | leg("right", 16, 20)),
    (1.0, {}),
)

EXERCISE: tuple[Action, ...] = (
    Action("squat", 1.9, (1, 2), SQUAT),
    Action("squat", 2.2, (1, 1), _CROUCH),
    Action("squat", 1.7, (1, 2), _SQUAT_FOLDED),
    Action("lunge", 2.2, (1, 1), _LUNGE_LEFT),
    Action("lunge", 2.2, (1, 1), _LUNGE_RIGHT),
    Action("bend", 2.2, (1, 1), _BEND),
    Action("bend", 2.0, (1, 2), _STOOP),
    Action("bend", 2.8, (1, 1), _BEND_BOBBING),
    Action("bow", 2.0, (1, 1), _BOW),
    Action("bow", 2.4, (1, 1), _BOW_FOLDED),
    Action("touch toes crosswise", 3.4, (1, 1), _TOES),
    Action("touch toes crosswise", 3.6, (1, 1), _TOES_UPRIGHT),
    Action("stretch", 3.4, (1, 1), _STRETCH),
    Action("stretch", 3.0, (1, 1), _STRETCH_UP),
    Action("stretch", 3.0, (1, 1), _STRETCH_SIDE),
    Action("jumping jacks", 1.1, (2, 3), _JACKS),
    Action("jumping jacks", 1.0, (2, 3), _JACKS_LOW),
    Action("circle the arms", 1.1, (2, 3), _ARM_CIRCLES, cyclic=True),
    Action("circle the arms", 0.7, (3, 5), _SMALL_CIRCLES, cyclic=True),
    Action("circle the arms", 1.2, (2, 3), _CIRCLES_OUTWARD, cyclic=True),
    Action("swing the arms", 1.2, (2, 3), _ARM_SWINGS, cyclic=True),
    Action("swing the arms", 1.0, (2, 4), _SWINGS_AGAINST, cyclic=True),
    Action("swing the arms", 1.1, (2, 3), _SWINGS_ACROSS, cyclic=True),
    Action("shake the arms", 0.32, (5, 10), _SHAKE, cyclic=True),
    Action("shake the arms", 0.36, (5, 9), _SHAKE_SIDE, cyclic=True),
    Action("arm curl", 1.4, (2, 2), _CURL, cyclic=True),
    Action("arm curl", 1.3, (2, 3), _CURL_ONE, cyclic=True),
    Action("press a leg down", 1.0, (3, 3), _SIDE_PRESS, cyclic=True),
    Action("press a leg down", 1.0, (3, 3), _LUNGE_PRESS, cyclic=True),
    Action("clean and jerk", 3.8, (1, 1), _CLEAN_AND_JERK),
    Action("boxing", 0.8, (2, 4), _BOXING, cyclic=True),
    Action("boxing", 0.95, (2, 4), _HOOKS, cyclic=True),
    Action("boxing", 1.1, (2, 3), _JAB_CROSS),
    Action("punch", 1.3, (1, 2), _PUNCH),
    Action("punch", 1.4, (1, 2), _PUNCH_STEP),
    Action("kick forward", 1.5, (1, 2), _SWING_KICK),
    Action("kick forward", 1.4, (1, 2), _FRONT_KICK),
    Action("kick sideways", 1.5, (1, 2), _SIDE_SWING_KICK),
    Action("kick sideways", 1.6, (1, 2), _SIDE_KICK),
    Action("kick", 1.5, (1, 2), _BALL_KICK),
    Action("kick", 1.2, (1, 2), _SHORT_KICK),
    Action("kick backwards", 0.75, (3, 5), _BUTT_KICKS, cyclic=True),
    Action("kick backwards", 1.5, (1, 2), _BACK_KICK),
    Action("slash", 1.5, (1, 2), _SLASH),
    Action("slash", 1.3, (1, 2), _SLASH_ONE_HAND),
)
