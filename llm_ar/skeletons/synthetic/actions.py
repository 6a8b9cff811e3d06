"""The actions of the procedural source, as a right-handed person performs them."""

from __future__ import annotations

from llm_ar.skeletons.synthetic.motion import (
    Action,
    arm,
    arms,
    both,
    gait,
    keyed,
    leg,
    legs,
    sine,
    swinging,
    trunk,
)

WALK = gait(reach=25, knee=52, swing=22, elbow=18, lean=3, hop=0)
JOG = gait(reach=27, knee=82, swing=34, elbow=82, lean=9, hop=7)

_WAVE = swinging(
    arm("right", 25, 78, 82, 0),
    {"right_elbow": sine(48, 104), "right_raise": sine(-5, 5), "side": sine(-2, 4)},
)
_CLAP = swinging(trunk(nod=6) | arms(0, 38, 0, 72), both(plane=sine(46, 76), rotate=sine(-8, -42)))
_FISTS = arms(70, 38, 0, 118) | leg("left", 16, 14) | leg("right", -8, 16, 12)
_PUNCH = keyed(
    (0.0, {}),
    (0.2, trunk(lean=6, twist=-18) | _FISTS),
    (0.35, trunk(lean=14, twist=32) | _FISTS | arm("right", 94, 88, 0, 6)),
    (0.5, trunk(lean=8) | _FISTS),
    (0.64, trunk(lean=14, twist=-28) | _FISTS | arm("left", 94, 88, 0, 6)),
    (0.8, trunk(lean=6, twist=-4) | _FISTS),
    (1.0, {}),
)
_THROW = keyed(
    (0.0, {}),
    (
        0.4,
        trunk(twist=-35, lean=-6, side=-6)
        | (arm("right", 5, 85, 85, 100) | arm("left", 70, 50, 0, 14))
        | (leg("left", 22, 22) | leg("right", -4, 10)),
    ),
    (
        0.58,
        trunk(twist=22, lean=16)
        | (arm("right", 65, 118, 25, 22) | arm("left", 50, 22, 0, 14))
        | (leg("left", 24, 22) | leg("right", -18, 14, 20)),
    ),
    (
        0.74,
        trunk(twist=36, lean=24, bend=6)
        | arm("right", 112, 42, 0, 24)
        | (leg("left", 22, 22) | leg("right", -14, 22, 24)),
    ),
    (1.0, {}),
)
_KICK = keyed(
    (0.0, {}),
    (
        0.28,
        trunk(lean=10)
        | (arm("right", 35, 28, 0, 14) | arm("left", 75, 28, 0, 14))
        | (leg("left", 7, 12) | leg("right", -22, 55, 35)),
    ),
    (
        0.5,
        trunk(lean=-12, bend=8)
        | (arm("right", 5, 38, 0, 14) | arm("left", 35, 38, 0, 14))
        | (leg("left", 4, 14) | leg("right", 74, 8, -20)),
    ),
    (0.68, arms(35, 24, 0, 14) | leg("left", 4, 10) | leg("right", 46, 62)),
    (1.0, {}),
)

SQUATTING = trunk(lean=34, bend=4, nod=-20) | arms(85, 105, 0, 10) | legs(86, 118, spread=10)
SQUAT = keyed((0.0, {}), (0.45, SQUATTING), (0.55, SQUATTING), (1.0, {}))

SEATED = trunk(lean=2) | arms(75, 24, 0, 55) | legs(86, 88, spread=8)
HALF_SEATED = trunk(lean=38, bend=8, nod=-12) | arms(80, 40, 0, 25) | legs(52, 66, spread=5)
SIT = keyed((0.0, {}), (0.5, HALF_SEATED), (0.78, SEATED | trunk(lean=20)), (1.0, SEATED))
STAND = keyed(
    (0.0, SEATED),
    (0.3, SEATED | trunk(lean=40, bend=6) | arms(80, 40, 0, 25)),
    (0.58, HALF_SEATED),
    (1.0, {}),
)

_BOWED = trunk(lean=48, bend=22, nod=12) | arms(78, 36, 0, 14) | legs(10, 3)
_BOW = keyed((0.0, {}), (0.42, _BOWED), (0.58, _BOWED), (1.0, {}))

JUMP = keyed(
    (0.0, {}),
    (0.3, trunk(lean=36, nod=-20) | arms(85, -34, 0, 14) | legs(58, 86, spread=6)),
    (0.46, arms(75, 78, 0, 22) | legs(0, 4, 34)),
    (0.5, trunk(lift=14) | arms(75, 105, 0, 22) | legs(2, 4, 38)),
    (0.57, trunk(lift=26) | arms(65, 140, 0, 18) | legs(12, 22, 34)),
    (0.63, trunk(lift=26) | arms(60, 140, 0, 14) | legs(14, 20, 30)),
    (0.7, trunk(lift=14) | arms(60, 120, 0, 14) | legs(14, 8, 26)),
    (0.74, arms(60, 100, 0, 14) | legs(16, 16, 18)),
    (0.84, trunk(lean=28, nod=-12) | arms(50, 55, 0, 14) | legs(44, 66)),
    (1.0, {}),
)

_RAISED = trunk(nod=-8, bend=-4) | arms(40, 162, 0, 8)
_RAISE = keyed((0.0, {}), (0.4, _RAISED), (0.6, _RAISED), (1.0, {}))

_REACHING = (
    trunk(lean=58, bend=26, side=-10)
    | (arm("right", 82, 74, 0, 4) | arm("left", 75, 55, 0, 45))
    | (leg("left", 80, 110) | leg("right", 52, 108, 30))
)
_PICK_UP = keyed(
    (0.0, {}),
    (0.42, _REACHING),
    (0.52, _REACHING),
    (1.0, arm("right", 80, 14, 0, 78)),
)
_DRINK = keyed(
    (0.0, {}),
    (0.32, arm("right", 88, 56, 0, 128)),
    (0.48, trunk(nod=-16, bend=-4) | arm("right", 88, 74, 0, 132)),
    (0.64, trunk(nod=-18, bend=-5) | arm("right", 88, 76, 0, 132)),
    (0.76, arm("right", 86, 50, 0, 112)),
    (1.0, {}),
)
TURN = keyed(
    (0.0, {}),
    (0.2, trunk(turn=28, twist=14) | leg("left", 22, 38)),
    (0.35, trunk(turn=62, twist=8)),
    (0.52, trunk(turn=92, twist=10) | leg("right", 24, 38)),
    (0.68, trunk(turn=124, twist=6)),
    (0.84, trunk(turn=158, twist=2) | leg("left", 18, 30)),
    (1.0, trunk(turn=180)),
)

ACTIONS: tuple[Action, ...] = (
    Action("walk", 1.15, (2, 3), WALK, cyclic=True),
    Action("jog", 0.75, (2, 4), JOG, cyclic=True),
    Action("wave one hand", 0.65, (2, 5), _WAVE, cyclic=True),
    Action("clap hands", 0.5, (3, 6), _CLAP, cyclic=True),
    Action("throw something", 1.5, (1, 1), _THROW),
    Action("punch", 1.7, (1, 2), _PUNCH),
    Action("kick", 1.4, (1, 2), _KICK),
    Action("squat", 1.8, (1, 2), SQUAT),
    Action("sit down", 1.5, (1, 1), SIT),
    Action("stand up", 1.5, (1, 1), STAND),
    Action("bow", 2.0, (1, 1), _BOW),
    Action("jump", 1.4, (1, 2), JUMP),
    Action("raise both arms", 1.9, (1, 1), _RAISE),
    Action("pick up something", 2.0, (1, 1), _PICK_UP),
    Action("drink from a cup", 2.4, (1, 1), _DRINK),
    Action("turn around", 1.7, (1, 1), TURN),
)
