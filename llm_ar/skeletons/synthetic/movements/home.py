"""What people do at home and at a desk: eating, telephoning, writing, kitchen and cleaning."""

from __future__ import annotations

import numpy as np

from llm_ar.skeletons.synthetic.motion import (
    Action,
    Motion,
    Posture,
    alternating,
    arm,
    arms,
    backwards,
    keyed,
    leg,
    legs,
    sine,
    sway,
    swinging,
    trunk,
)

_AT_TABLE: tuple[Posture, ...] = ("standing", "standing", "seated")
_ANYWHERE: tuple[Posture, ...] = ("standing", "standing", "seated", "walking")


_MOUTH = arm("right", 96, 60, -34, 130)
_BELLY = arm("right", 67, 8, -24, 84)
_LEFT_CUP = arm("left", 66, 8, -22, 104)

_DRINK_CUP = keyed(
    (0.0, {}),
    (0.38, trunk(nod=2) | _MOUTH),
    (0.5, trunk(nod=-18, bend=-4) | arm("right", 92, 74, -34, 128)),
    (0.64, trunk(nod=-22, bend=-6) | arm("right", 90, 78, -36, 130)),
    (0.76, trunk(nod=-2) | _MOUTH),
    (1.0, {}),
)
_BOTTLE_AT_MOUTH = trunk(nod=-26, bend=-7) | arm("right", 66, 104, -26, 122)
_DRINK_BOTTLE = keyed(
    (0.0, {}),
    (0.32, _MOUTH),
    (0.48, _BOTTLE_AT_MOUTH),
    (0.68, _BOTTLE_AT_MOUTH | trunk(nod=-29)),
    (0.8, _MOUTH),
    (1.0, {}),
)
_BOWL = arms(68, 8, -24, 104)
_DRINK_BOTH = keyed(
    (0.0, {}),
    (0.22, trunk(nod=12) | _BOWL),
    (0.42, trunk(nod=4) | arms(100, 52, -36, 126)),
    (0.54, trunk(nod=-16, bend=-5) | arms(88, 70, -38, 128)),
    (0.66, trunk(nod=-19, bend=-6) | arms(86, 74, -38, 128)),
    (0.82, trunk(nod=8) | _BOWL),
    (1.0, {}),
)

_PLATE = trunk(nod=16, bend=4) | arm("left", 66, 10, -24, 88)
_BITE = trunk(nod=8, bend=8) | _MOUTH
_EAT = keyed(
    (0.0, _PLATE | _BELLY),
    (0.36, _PLATE | _BITE),
    (0.5, _PLATE | _BITE | trunk(nod=3)),
    (0.82, _PLATE | _BELLY),
    (1.0, _PLATE | _BELLY),
)
_CHEW = trunk(nod=4) | arm("right", 74, 14, -24, 112)
_EAT_SNACK = keyed(
    (0.0, _CHEW), (0.3, trunk(nod=4) | _MOUTH), (0.5, trunk(nod=-2) | _MOUTH), (1.0, _CHEW)
)

_EAR = trunk(nod=2, side=-4) | arm("right", 30, 104, 48, 138)
_EAR_LOW = trunk(nod=8, side=-6) | arm("right", 44, 98, 18, 135)
_POCKET = arm("right", 82, -24, 4, 58)
_LOOK = trunk(nod=22) | arm("right", 66, 10, -24, 108)
_CALL = keyed((0.0, {}), (0.3, _EAR), (0.72, _EAR | trunk(twist=8)), (1.0, {}))
_CALL_FROM_POCKET = keyed(
    (0.0, {}),
    (0.14, trunk(nod=10, side=-6) | _POCKET),
    (0.3, _LOOK),
    (0.42, _LOOK),
    (0.6, _EAR_LOW),
    (1.0, _EAR_LOW | trunk(twist=-6, nod=2)),
)
_CALLING = swinging(
    _EAR,
    {"twist": sine(-8, 10), "nod": sway(6, 2), "left_raise": sine(-2, 6), "side": sway(2, 1, 0.3)},
)

_PHONE = trunk(nod=26, bend=6) | arms(64, 7, -27, 106)
_PLAY_PHONE = swinging(
    _PHONE, {"right_elbow": sway(4, 3), "left_elbow": sway(3, 2, 0.2), "nod": sine(-3, 3)}
)
_PLAY_PHONE_ONE = swinging(
    trunk(nod=24, bend=4) | arm("left", 66, 10, -26, 108) | arm("right", 62, 8, -36, 112),
    {"right_rotate": sway(8, 2), "right_elbow": sway(5, 3), "nod": sine(-2, 3)},
)

_POURING = trunk(nod=22, bend=4, side=-4) | arm("right", 40, 58, -44, 106) | _LEFT_CUP
_POUR = keyed(
    (0.0, {}),
    (0.24, trunk(nod=14) | arm("right", 60, 26, -22, 100) | _LEFT_CUP),
    (0.42, _POURING),
    (0.52, _POURING | arm("right", 38, 66, -62, 100)),
    (0.66, _POURING | arm("right", 36, 70, -66, 98)),
    (0.78, trunk(nod=14) | arm("right", 60, 26, -22, 100) | _LEFT_CUP),
    (1.0, {}),
)
_POUR_DOWN = trunk(nod=26, bend=14) | arm("right", 48, 44, -40, 70)
_POUR_AT_TABLE = keyed(
    (0.0, {}),
    (0.3, trunk(nod=18, bend=10) | arm("right", 72, 28, -10, 78)),
    (0.46, _POUR_DOWN),
    (0.68, _POUR_DOWN | arm("right", 42, 56, -62, 68)),
    (0.8, trunk(nod=18, bend=10) | arm("right", 72, 28, -10, 78)),
    (1.0, {}),
)

_STROKES = {
    "right_rotate": sway(7, 3),
    "right_elbow": sway(4, 4, 0.2),
    "right_raise": sine(-3, 3),
    "nod": sine(-2, 2),
}
_TABLE = trunk(nod=24, bend=12) | arm("left", 64, 14, -30, 78)
_WRITE = swinging(_TABLE | arm("right", 66, 14, -22, 78), _STROKES)
_PAD = trunk(nod=26, bend=4) | arm("left", 66, 8, -24, 104)
_WRITE_ON_PAD = swinging(_PAD | arm("right", 56, 14, -34, 112), _STROKES)


def _board(raised: float, twist: float, elbow: float) -> Motion:
    """Writing lines from left to right at one height."""
    held = trunk(nod=-4, twist=twist) | arm("right", 88, raised, -4, elbow)
    swings = {
        "right_plane": lambda phase: 34.0 * (0.5 - phase),
        "right_rotate": sway(7, 4),
        "right_elbow": sway(7, 5, 0.2),
        "twist": lambda phase: 14.0 * (0.5 - phase),
    }
    return swinging(held, swings)


_BOARD_PAUSE = trunk(nod=-4, twist=8) | leg("right", 10, 8)
_BOARD_STROKES = keyed(
    (0.0, {}),
    (0.22, _BOARD_PAUSE | arm("right", 112, 92, -14, 58)),
    *alternating(
        0.3, 0.72, 8, arm("right", 94, 94, -4, 50), _BOARD_PAUSE | arm("right", 84, 82, 0, 66)
    ),
    (0.8, trunk(twist=-6) | arm("right", 60, 74, 12, 60)),
    (1.0, {}),
)

_BOOK = trunk(nod=24, bend=3) | arms(62, 11, -14, 110)
_READ = swinging(_BOOK, {"nod": sine(-4, 3), "twist": sine(-2, 2), "right_elbow": sine(-2, 2)})
_BOOK_HELD = trunk(nod=20) | arms(70, 30, -20, 92)
_TURN_PAGE = keyed(
    (0.0, _BOOK_HELD),
    (0.5, _BOOK_HELD),
    (0.64, _BOOK_HELD | arm("right", 54, 24, 0, 104)),
    (0.8, _BOOK_HELD | arm("right", 78, 34, -42, 100)),
    (1.0, _BOOK_HELD),
)

_KEYS = trunk(nod=14, bend=6) | arms(66, 14, -14, 84)
_TYPING = {
    "left_elbow": sway(4, 3),
    "right_elbow": sway(4, 4, 0.3),
    "left_rotate": sway(5, 2),
    "right_rotate": sway(5, 2, 0.4),
}
_TYPE = swinging(_KEYS, {**_TYPING, "nod": sine(-4, 4)})
_TYPE_STANDING = swinging(trunk(nod=20, bend=14) | arms(72, 24, -16, 66), _TYPING)
_LAPTOP = swinging(
    trunk(nod=18, bend=10, lean=3) | arms(68, 20, -18, 76),
    {**_TYPING, "right_plane": sway(8), "nod": sine(-5, 5)},
)
_POINTING_PAD = swinging(
    trunk(nod=16, bend=8) | arm("left", 64, 12, -22, 80) | arm("right", 66, 18, -20, 72),
    {"right_plane": sway(10, 2), "right_elbow": sway(8, 2, 0.25), "nod": sine(-3, 3)},
)
_GAME = swinging(
    trunk(nod=4, bend=6) | arms(60, 5, -30, 98),
    {
        "left_elbow": sway(4, 4),
        "right_elbow": sway(4, 5),
        "twist": sway(5, 1),
        "side": sway(4, 1, 0.1),
        "bend": sway(3, 2),
    },
)
_GAME_LIVELY = swinging(
    trunk(nod=0, bend=10) | arms(64, 16, -28, 92),
    {
        "left_raise": sway(9, 2),
        "right_raise": sway(9, 2, 0.15),
        "twist": sway(9, 1, 0.2),
        "side": sway(6, 1),
        "lean": sway(3, 2),
    },
)
_TABLET = swinging(
    trunk(nod=24, bend=4) | arm("left", 64, 10, -20, 100) | arm("right", 60, 18, -26, 104),
    {"right_rotate": sway(14, 2), "right_elbow": sway(6, 3), "nod": sine(-2, 2)},
)
_SCROLL = swinging(
    trunk(nod=26, bend=8) | arm("left", 68, 14, -22, 86) | arm("right", 64, 18, -26, 88),
    {"right_elbow": sway(11, 2), "right_raise": sway(5, 2, 0.2), "nod": sine(-2, 2)},
)

_GUITAR_NECK = trunk(nod=8, bend=2) | arm("left", 34, 28, 52, 102)
_GUITAR = swinging(
    _GUITAR_NECK | arm("right", 40, 34, -70, 96),
    {"right_elbow": sine(-16, 10), "right_raise": sine(-5, 4), "nod": sway(4), "side": sway(2)},
)
_GUITAR_LOW = swinging(
    trunk(nod=16, lean=4, twist=-8) | arm("left", 40, 34, 34, 78) | arm("right", 38, 26, -68, 86),
    {
        "right_elbow": sway(14),
        "left_elbow": lambda phase: 8.0 * np.cos(2 * np.pi * phase),
        "bend": sway(4),
    },
)

_BOARD = trunk(nod=26, bend=12) | arm("left", 62, 14, -34, 82)
_CUT = swinging(
    _BOARD | arm("right", 60, 16, -22, 84),
    {"right_elbow": sway(12), "right_raise": sway(7, 1, 0.5), "bend": sway(1)},
)
_STIR = swinging(
    trunk(nod=24, bend=8) | arm("left", 62, 8, -26, 86) | arm("right", 62, 22, -28, 80),
    {"right_plane": sway(16), "right_elbow": sway(13, 1, 0.25), "twist": sway(3)},
)
_STIR_HIGH = swinging(
    trunk(nod=20, bend=4) | arm("left", 66, 10, -26, 98) | arm("right", 44, 48, -46, 96),
    {"right_rotate": sway(14), "right_elbow": sway(9, 1, 0.25), "bend": sway(1.5)},
)
_PAN = swinging(
    trunk(nod=22, bend=8) | arm("left", 70, 18, -10, 66) | arm("right", 60, 24, -26, 84),
    {
        "left_raise": sway(8, 2),
        "left_elbow": sway(12, 2, 0.3),
        "right_plane": sway(14),
        "right_elbow": sway(10, 1, 0.25),
    },
)
_TOSS = swinging(
    trunk(nod=18, bend=6) | arm("right", 70, 14, -12, 72) | arm("left", 40, 10, -10, 30),
    {"right_raise": sway(10), "right_elbow": sway(14, 1, 0.25), "lean": sway(2)},
)
_SCRUB = swinging(
    trunk(nod=24, bend=14, lean=4) | arm("left", 66, 14, -24, 66) | arm("right", 60, 22, -34, 72),
    {
        "right_plane": sway(14),
        "right_elbow": sway(12, 1, 0.25),
        "left_rotate": sway(7, 1, 0.4),
        "twist": sway(3),
    },
)
_RINSE = swinging(
    trunk(nod=24, bend=16, lean=4) | arms(62, 16, -28, 66),
    {
        "right_rotate": sway(14),
        "left_rotate": sway(-12, 1, 0.2),
        "right_elbow": sway(9, 2),
        "left_elbow": sway(6, 2, 0.3),
    },
)

_BROOM_STANCE = leg("left", 16, 16, spread=8) | leg("right", -2, 14, spread=8)
_SWEEP = swinging(
    trunk(lean=14, bend=16, nod=6)
    | (arm("left", 104, 34, -34, 84) | arm("right", 74, 22, -20, 30) | _BROOM_STANCE),
    {
        "twist": sine(-24, 26),
        "side": sine(-5, 5),
        "right_raise": sine(-8, 10),
        "left_plane": sine(-12, 10),
    },
)
_SWEEP_TO_SELF = swinging(
    trunk(lean=10, bend=14, nod=8, twist=-14)
    | (arm("left", 110, 40, -30, 90) | arm("right", 66, 30, -10, 28) | _BROOM_STANCE),
    {"twist": sway(14, 1, 0.1), "right_raise": sway(20), "right_elbow": sway(12, 1, 0.5)},
)
_MOP = swinging(
    trunk(lean=16, bend=14, nod=8)
    | (arm("left", 88, 44, -26, 84) | arm("right", 78, 26, -14, 46) | _BROOM_STANCE),
    {
        "lean": sine(-7, 8),
        "left_raise": sine(-16, 16),
        "left_elbow": sine(22, -26),
        "right_raise": sine(-18, 20),
        "right_elbow": sine(20, -24),
        "left_knee": sine(-6, 10),
        "left_hip": sine(-3, 6),
    },
)
_MOP_SIDEWAYS = swinging(
    trunk(lean=20, bend=18, nod=4)
    | (arm("left", 92, 36, -30, 80) | arm("right", 72, 32, -12, 30) | legs(12, 18, spread=10)),
    {"twist": sine(-34, 34), "side": sine(-8, 8), "right_plane": sine(-12, 16)},
)
_VACUUM = swinging(
    trunk(lean=18, bend=12, nod=2)
    | arm("right", 80, 28, -4, 40)
    | arm("left", 40, 14, 0, 26)
    | (leg("left", 24, 20) | leg("right", -6, 12, 6)),
    {
        "right_raise": sine(-30, 22),
        "right_elbow": sine(34, -32),
        "twist": sine(-14, 12),
        "lean": sine(-8, 8),
        "left_hip": sine(-6, 6),
        "left_knee": sine(-8, 8),
    },
)

_CLOSED = trunk(nod=18) | arm("left", 64, 10, -24, 100) | arm("right", 62, 8, -26, 90)
_PUSHED_UP = trunk(nod=-6) | arm("left", 66, 20, -20, 108) | arm("right", 98, 78, -18, 90)
_SHELTERED = trunk(nod=-6) | arm("right", 92, 36, -16, 116)
_OPEN_UMBRELLA = keyed(
    (0.0, {}),
    (0.24, _CLOSED),
    (0.38, _CLOSED),
    (0.58, _PUSHED_UP),
    (0.8, trunk(nod=-8) | arm("right", 102, 90, -20, 82)),
    (1.0, _SHELTERED),
)
_OPEN_UMBRELLA_HIGH = keyed(
    (0.0, {}),
    (0.22, trunk(nod=-4) | arm("right", 90, 58, -12, 100) | arm("left", 76, 40, -24, 106)),
    (0.44, trunk(nod=-16) | arm("right", 98, 62, -14, 96) | arm("left", 104, 108, -22, 66)),
    (0.54, trunk(nod=-16) | arm("right", 98, 64, -14, 96) | arm("left", 104, 112, -22, 62)),
    (0.72, trunk(nod=-8) | arm("right", 94, 58, -14, 100) | arm("left", 70, 30, -10, 40)),
    (1.0, trunk(nod=-2) | arm("right", 88, 46, -10, 110)),
)
_TAKE_UMBRELLA = keyed(
    (0.0, {}),
    (0.18, trunk(bend=14, nod=14) | arm("right", 80, 34, 0, 24)),
    (0.36, _CLOSED),
    (0.54, _PUSHED_UP),
    (0.74, trunk(nod=-10) | arm("right", 104, 98, -22, 78)),
    (1.0, trunk(nod=-4) | arm("right", 96, 66, -18, 104)),
)
_HOLD_UMBRELLA = keyed(
    (0.0, {}),
    (0.3, trunk(nod=10) | arm("right", 72, 24, -14, 94)),
    (0.55, trunk(nod=-8) | arm("right", 98, 92, -18, 78)),
    (1.0, {}),
)

_LID = trunk(nod=22, bend=14) | arms(68, 16, -12, 70)
_OPEN_BOX = keyed(
    (0.0, {}),
    (0.26, _LID),
    (0.38, _LID),
    (0.58, trunk(nod=8, bend=4) | arms(78, 46, -8, 92)),
    (1.0, {}),
)
_FLAPS = trunk(nod=24, bend=12) | arms(62, 14, -34, 78)
_OPEN_FLAPS = keyed(
    (0.0, {}),
    (0.24, _FLAPS),
    (0.46, trunk(nod=22, bend=10) | arms(34, 30, 14, 66)),
    (0.62, _FLAPS | arms(76, 30, -26, 72)),
    (0.8, trunk(nod=22, bend=10) | arms(60, 40, 8, 70)),
    (1.0, {}),
)

_CAPPED = trunk(nod=18) | arm("left", 64, 10, -32, 110) | arm("right", 50, 32, -50, 116)
_TWISTED = trunk(nod=20, twist=4) | arm("left", 60, 8, -40, 108) | arm("right", 44, 50, -68, 112)
_OPEN_BOTTLE = keyed(
    (0.0, {}),
    *alternating(0.24, 0.7, 6, _CAPPED, _TWISTED),
    (0.8, trunk(nod=12) | arm("left", 64, 10, -24, 108) | arm("right", 56, 28, 4, 104)),
    (1.0, {}),
)
_BAG = trunk(side=-12, twist=-20, nod=18, bend=10) | arm("right", 40, -14, 0, 34)
_HELD = trunk(nod=12) | arm("right", 68, 16, -20, 96)
_IN_FRONT = trunk(nod=26, bend=14) | arm("left", 56, 12, -20, 70)
_INTO_BAG = keyed(
    (0.0, {}), (0.26, _HELD), (0.54, _BAG), (0.68, _BAG | arm("right", 46, -22, 0, 48)), (1.0, {})
)
_INTO_BAG_IN_FRONT = keyed(
    (0.0, {}),
    (0.26, _IN_FRONT | arm("right", 70, 34, -18, 96)),
    (0.5, _IN_FRONT | arm("right", 66, 16, -16, 44)),
    (0.78, _IN_FRONT | arm("right", 68, 20, -16, 90)),
    (1.0, {}),
)
_INTO_POCKET = trunk(nod=12, side=-7) | _POCKET
_REACH_POCKET = keyed(
    (0.0, {}),
    (0.3, trunk(nod=8, side=-4) | arm("right", 60, -26, 6, 72)),
    (0.5, _INTO_POCKET),
    (0.7, _INTO_POCKET | arm("right", 78, -20, 4, 48)),
    (1.0, {}),
)
_HANDS_IN_POCKETS = keyed(
    (0.0, {}),
    (0.3, arms(50, -24, 4, 72)),
    (0.5, trunk(nod=4) | arms(78, -24, -4, 54)),
    (0.75, trunk(nod=2) | arms(78, -22, -4, 48)),
    (1.0, {}),
)

_TORN = trunk(nod=18) | arms(56, 26, -36, 108)
_TEAR = keyed(
    (0.0, {}),
    (0.22, _TORN),
    (0.42, _TORN | arm("right", 60, 12, 4, 92) | arm("left", 60, 36, -10, 112)),
    (0.54, _TORN),
    (0.74, _TORN | arm("right", 60, 10, 6, 90) | arm("left", 60, 38, -10, 112)),
    (1.0, {}),
)
_TEAR_APART = keyed(
    (0.0, {}), *alternating(0.24, 0.8, 6, _TORN, trunk(nod=14) | arms(38, 36, 16, 104)), (1.0, {})
)

HOME: tuple[Action, ...] = (
    Action("drink", 2.6, (1, 1), _DRINK_CUP, postures=_ANYWHERE),
    Action("drink", 2.8, (1, 1), _DRINK_BOTTLE, postures=_ANYWHERE),
    Action("drink", 3.0, (1, 1), _DRINK_BOTH, postures=_AT_TABLE),
    Action("eat", 1.8, (1, 2), _EAT, cyclic=True, postures=_AT_TABLE),
    Action("eat", 1.6, (1, 2), _EAT_SNACK, cyclic=True, postures=_ANYWHERE),
    Action("make a phone call", 2.4, (1, 1), _CALL, postures=_AT_TABLE),
    Action("make a phone call", 3.2, (1, 1), _CALL_FROM_POCKET),
    Action("make a phone call", 2.8, (1, 1), _CALLING, cyclic=True, postures=_ANYWHERE),
    Action("play with a phone", 2.0, (1, 2), _PLAY_PHONE, cyclic=True, postures=_ANYWHERE),
    Action("play with a phone", 2.0, (1, 2), _PLAY_PHONE_ONE, cyclic=True, postures=_ANYWHERE),
    Action("pour", 3.0, (1, 1), _POUR, postures=_AT_TABLE),
    Action("pour", 3.0, (1, 1), _POUR_AT_TABLE, postures=_AT_TABLE),
    Action("write", 1.6, (1, 2), _WRITE, cyclic=True, postures=_AT_TABLE),
    Action("write", 1.6, (1, 2), _WRITE_ON_PAD, cyclic=True, postures=_AT_TABLE),
    Action("write on a whiteboard", 3.0, (1, 1), _board(84, 4, 56), cyclic=True),
    Action("write on a whiteboard", 3.0, (1, 1), _board(68, 0, 70), cyclic=True),
    Action("write on a whiteboard", 3.6, (1, 1), _BOARD_STROKES),
    Action("read", 3.0, (1, 1), _READ, cyclic=True, postures=_ANYWHERE),
    Action("read", 3.2, (1, 1), _TURN_PAGE, cyclic=True, postures=_AT_TABLE),
    Action("use a laptop", 1.8, (1, 2), _LAPTOP, cyclic=True, postures=("standing", "seated")),
    Action("use a laptop", 1.6, (1, 2), _POINTING_PAD, cyclic=True, postures=_AT_TABLE),
    Action("type on a keyboard", 1.5, (1, 2), _TYPE, cyclic=True, postures=_AT_TABLE),
    Action("type on a keyboard", 1.5, (1, 2), _TYPE_STANDING, cyclic=True),
    Action("play a video game", 2.0, (1, 2), _GAME, cyclic=True, postures=_AT_TABLE),
    Action("play a video game", 1.6, (1, 2), _GAME_LIVELY, cyclic=True, postures=_AT_TABLE),
    Action("play the guitar", 0.6, (3, 5), _GUITAR, cyclic=True, postures=_AT_TABLE),
    Action("play the guitar", 0.8, (3, 4), _GUITAR_LOW, cyclic=True),
    Action("cut food", 0.5, (4, 6), _CUT, cyclic=True, postures=_AT_TABLE),
    Action("stir food", 0.8, (2, 4), _STIR, cyclic=True, postures=_AT_TABLE),
    Action("stir food", 0.9, (2, 4), _STIR_HIGH, cyclic=True),
    Action("cook", 1.2, (2, 3), _PAN, cyclic=True),
    Action("cook", 0.8, (3, 4), _TOSS, cyclic=True),
    Action("wash dishes", 0.8, (3, 4), _SCRUB, cyclic=True),
    Action("wash dishes", 1.1, (2, 3), _RINSE, cyclic=True),
    Action("sweep the floor", 1.4, (2, 2), _SWEEP, cyclic=True),
    Action("sweep the floor", 1.2, (2, 3), _SWEEP_TO_SELF, cyclic=True),
    Action("mop the floor", 1.5, (2, 2), _MOP, cyclic=True),
    Action("mop the floor", 1.8, (1, 2), _MOP_SIDEWAYS, cyclic=True),
    Action("vacuum the floor", 1.6, (1, 2), _VACUUM, cyclic=True),
    Action("open an umbrella", 3.0, (1, 1), _OPEN_UMBRELLA),
    Action("open an umbrella", 3.2, (1, 1), _OPEN_UMBRELLA_HIGH),
    Action("take an umbrella", 3.4, (1, 1), _TAKE_UMBRELLA),
    Action("take an umbrella", 2.6, (1, 1), _HOLD_UMBRELLA),
    Action("open a box", 2.6, (1, 1), _OPEN_BOX, postures=_AT_TABLE),
    Action("open a box", 2.8, (1, 1), _OPEN_FLAPS, postures=_AT_TABLE),
    Action("open a bottle", 2.6, (1, 1), _OPEN_BOTTLE, postures=_AT_TABLE),
    Action("put something into a bag", 2.4, (1, 1), _INTO_BAG),
    Action("put something into a bag", 2.6, (1, 1), _INTO_BAG_IN_FRONT, postures=_AT_TABLE),
    Action("take something out of a bag", 2.4, (1, 1), backwards(_INTO_BAG)),
    Action("take something out of a bag", 2.6, (1, 1), backwards(_INTO_BAG_IN_FRONT)),
    Action("reach into a pocket", 2.0, (1, 1), _REACH_POCKET),
    Action("reach into a pocket", 2.2, (1, 1), _HANDS_IN_POCKETS),
    Action("use a tablet", 1.8, (1, 2), _TABLET, cyclic=True, postures=_AT_TABLE),
    Action("use a tablet", 1.8, (1, 2), _SCROLL, cyclic=True, postures=_AT_TABLE),
    Action("tear up paper", 2.4, (1, 1), _TEAR, postures=_AT_TABLE),
    Action("tear up paper", 2.6, (1, 1), _TEAR_APART, postures=_AT_TABLE),
)
