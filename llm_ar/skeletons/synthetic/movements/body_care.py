"""Care of the body, dressing, bags, and what shows that somebody is ill."""

from __future__ import annotations

from llm_ar.skeletons.synthetic.motion import (
    Action,
    Angles,
    Motion,
    Posture,
    alternating,
    arm,
    arms,
    backwards,
    keyed,
    leg,
    legs,
    sway,
    swinging,
    trunk,
)

_OR_SEATED: tuple[Posture, ...] = ("standing", "standing", "seated")

_MOUTH = arm("right", 82, 68, -36, 130)
_BELLY = arm("right", 67, 8, -24, 84)
_TOP = arm("right", 38, 138, 26, 97)
_HAIR = arm("right", 22, 136, 66, 116)
_LEFT_OUT = arm("left", 48, 102, -10, 126)
_RIGHT_OUT = arm("right", 48, 102, -10, 126)


def _held(pose: Angles, begins: float = 0.34, ends: float = 0.7) -> Motion:
    """Take a pose, keep it for a while with the body giving way a little more, let go."""
    deeper = {**pose, "bend": pose.get("bend", 0.0) + 5.0, "nod": pose.get("nod", 0.0) + 5.0}
    return keyed((0.0, {}), (begins, pose), ((begins + ends) / 2, deeper), (ends, pose), (1.0, {}))


_BRUSH_TEETH = swinging(
    trunk(nod=8, bend=4) | arm("right", 58, 92, -32, 130),
    {"right_elbow": sway(9), "right_plane": sway(9), "right_rotate": sway(5, 1, 0.5)},
)
_BRUSH_TEETH_LOW = swinging(
    trunk(nod=14, bend=10, lean=6) | arm("right", 80, 70, -34, 128) | arm("left", 66, 12, -24, 80),
    {"right_rotate": sway(11), "right_elbow": sway(7, 1, 0.2)},
)
_BRUSH_HAIR = keyed(
    (0.0, trunk(nod=6) | arm("right", 56, 126, 0, 98)),
    (0.3, trunk(nod=10, side=-2) | _TOP),
    (0.6, trunk(nod=8, side=-5) | arm("right", 18, 126, 86, 130)),
    (0.74, trunk(nod=6, side=-4) | arm("right", 20, 92, 66, 112)),
    (1.0, trunk(nod=6) | arm("right", 56, 126, 0, 98)),
)
_BRUSH_HAIR_SIDE = keyed(
    (0.0, trunk(side=-8, nod=6) | arm("right", 28, 126, 44, 116)),
    (0.45, trunk(side=-12, nod=8) | arm("right", 34, 84, 46, 138)),
    (0.65, trunk(side=-10, nod=8) | arm("right", 40, 56, 20, 124)),
    (1.0, trunk(side=-8, nod=6) | arm("right", 28, 126, 44, 116)),
)
_TOUCH_HAIR = keyed(
    (0.0, {}),
    (0.34, trunk(nod=6) | arm("right", 42, 130, 14, 106)),
    (0.6, trunk(nod=4, side=-4) | _HAIR),
    (0.72, arm("right", 24, 100, 60, 130)),
    (1.0, {}),
)
_BOTH_IN_HAIR = keyed(
    (0.0, {}),
    (0.34, trunk(nod=10) | arms(46, 126, 8, 106)),
    (0.56, trunk(nod=0, bend=-5) | arms(22, 138, 70, 112)),
    (0.7, trunk(nod=-4, bend=-4) | arms(18, 128, 90, 132)),
    (1.0, {}),
)
_FACE = trunk(nod=14, bend=4) | arms(66, 96, -20, 124)
_WIPE_FACE = keyed(
    (0.0, {}),
    *alternating(0.26, 0.76, 6, _FACE | arms(68, 102, -18, 118), _FACE | arms(70, 82, -30, 130)),
    (1.0, {}),
)
_WIPE_FOREHEAD = keyed(
    (0.0, {}),
    (0.32, trunk(nod=8, twist=6) | arm("right", 82, 108, -34, 108)),
    (0.52, trunk(nod=4, twist=-6) | arm("right", 36, 116, 32, 128)),
    (0.66, arm("right", 40, 92, 30, 134)),
    (1.0, {}),
)
_CREAM_ONE = swinging(
    trunk(nod=6, side=-4) | arm("right", 60, 88, -4, 132),
    {"right_plane": sway(12), "right_raise": sway(9, 1, 0.25), "nod": sway(2)},
)
_CREAM_BOTH = swinging(
    trunk(nod=6) | arms(58, 88, -8, 132),
    {
        "right_plane": sway(12),
        "left_plane": sway(12),
        "right_raise": sway(9, 1, 0.25),
        "left_raise": sway(9, 1, 0.25),
    },
)
_CUP_DOWN = trunk(nod=24, bend=20, lean=12) | _BELLY | arm("left", 60, 16, -10, 60)
_RINSE_MOUTH = keyed(
    (0.0, {}),
    (0.2, trunk(nod=6) | _MOUTH),
    (0.32, trunk(nod=-16, bend=-4) | arm("right", 80, 80, -36, 130)),
    (0.46, trunk(nod=-30, bend=-8) | arm("right", 72, 30, -24, 108)),
    (0.58, trunk(nod=-30, bend=-8, side=3) | arm("right", 72, 28, -24, 106)),
    (0.76, _CUP_DOWN),
    (0.84, _CUP_DOWN | trunk(nod=30)),
    (1.0, {}),
)
_LENS = trunk(nod=-12, bend=-4, side=-3) | arm("right", 64, 103, -14, 120)
_LENS_IN = _LENS | arm("left", 72, 100, -36, 116)
_CONTACT_LENSES = keyed(
    (0.0, {}),
    (0.2, trunk(nod=20) | arms(64, 10, -30, 110)),
    (0.4, _LENS_IN),
    *alternating(
        0.5, 0.74, 4, _LENS_IN | trunk(nod=-17), _LENS_IN | arm("right", 66, 99, -14, 123)
    ),
    (1.0, {}),
)
_TEMPLES = arms(36, 110, 26, 128)
_PUT_ON_GLASSES = keyed(
    (0.0, {}),
    (0.26, trunk(nod=14) | arms(66, 22, -22, 112)),
    (0.48, trunk(nod=8) | arms(70, 86, -16, 106)),
    (0.64, trunk(nod=4) | _TEMPLES),
    (0.76, trunk(nod=2) | _TEMPLES),
    (1.0, {}),
)
_PUT_ON_GLASSES_ONE = keyed(
    (0.0, {}),
    (0.3, trunk(nod=10) | arm("right", 68, 24, -18, 108)),
    (0.56, trunk(nod=8) | arm("right", 62, 98, -6, 116)),
    (0.72, trunk(nod=2) | arm("right", 64, 102, -12, 122)),
    (1.0, {}),
)
_ON_HEAD = arms(34, 136, 32, 98)
_PUT_ON_HAT = keyed(
    (0.0, {}),
    (0.26, trunk(nod=14) | arms(68, 30, -16, 92)),
    (0.5, trunk(nod=6) | arms(50, 138, 16, 80)),
    (0.64, trunk(nod=10) | _ON_HEAD),
    (0.76, trunk(nod=8) | arms(34, 126, 34, 108)),
    (1.0, {}),
)
_PUT_ON_HAT_ONE = keyed(
    (0.0, {}),
    (0.26, trunk(nod=10) | arm("right", 70, 24, -16, 92)),
    (0.52, trunk(nod=6) | arm("right", 46, 142, 14, 80)),
    (0.66, trunk(nod=8) | _TOP),
    (0.76, trunk(nod=6) | _TOP),
    (1.0, {}),
)
_ON_EARS = arms(26, 108, 52, 136)
_PUT_ON_HEADPHONES = keyed(
    (0.0, {}),
    (0.22, trunk(nod=10) | arms(62, 24, -8, 104)),
    (0.46, trunk(nod=2) | arms(30, 134, 54, 84)),
    (0.62, trunk(nod=4) | _ON_EARS),
    (0.78, trunk(nod=0) | _ON_EARS),
    (1.0, {}),
)

_SLEEVE = arm("left", 70, 44, -50, 96)
_PUT_ON_JACKET = keyed(
    (0.0, {}),
    (0.14, trunk(nod=12) | arm("right", 60, 24, -6, 80) | arm("left", 70, 30, -24, 96)),
    (0.3, trunk(twist=-24, side=-6, nod=8) | arm("right", 24, 58, -10, 24) | _SLEEVE),
    (0.44, trunk(twist=-10, nod=6) | arm("right", 40, 62, 0, 104) | arm("left", 106, 44, -60, 116)),
    (0.6, trunk(twist=24, side=8) | arm("left", 62, -42, 0, 52) | arm("right", 40, 58, 20, 136)),
    (0.74, trunk(twist=14, side=4) | arm("left", 20, 66, 0, 36) | arm("right", 72, 40, -34, 120)),
    (0.86, trunk(nod=8) | arms(58, 22, -34, 122)),
    (1.0, {}),
)
_PUT_ON_JACKET_WIDE = keyed(
    (0.0, {}),
    (
        0.22,
        trunk(twist=-26, bend=4) | arm("right", 100, -40, 0, 26) | arm("left", 82, 40, -56, 100),
    ),
    (0.4, trunk(twist=-8) | arm("right", 10, 72, 0, 20) | arm("left", 90, 40, -54, 112)),
    (0.58, trunk(twist=26, bend=4) | arm("left", 100, -40, 0, 26) | arm("right", 80, 34, -40, 112)),
    (0.76, trunk(twist=6) | arm("left", 10, 72, 0, 20) | arm("right", 64, 28, -30, 116)),
    (0.88, trunk(nod=6) | arms(50, 34, 0, 132)),
    (1.0, {}),
)
_PUT_ON_PULLOVER = keyed(
    (0.0, {}),
    (0.2, trunk(nod=14, bend=6) | arms(76, 44, -14, 70)),
    (0.4, trunk(nod=24, bend=10) | arms(60, 142, 10, 58)),
    (0.54, trunk(nod=26, bend=8) | arms(30, 140, 44, 96)),
    (0.68, trunk(nod=4) | arms(50, 70, -20, 126)),
    (0.84, trunk(nod=12, bend=6) | arms(48, 8, -34, 62)),
    (1.0, {}),
)
_TAKE_OFF_JACKET = keyed(
    (0.0, {}),
    (0.18, trunk(nod=6) | arms(58, 26, -30, 126)),
    (0.34, trunk(bend=-6) | arms(14, 40, 20, 112)),
    (0.5, trunk(bend=8, nod=8) | arms(90, -42, -24, 44)),
    (
        0.62,
        trunk(bend=10, twist=14) | arm("right", 92, -40, -30, 66) | arm("left", 88, -36, -40, 60),
    ),
    (0.76, trunk(twist=16, nod=14) | arm("left", 70, 40, -6, 40) | arm("right", 80, 34, -40, 76)),
    (0.88, trunk(nod=12) | arms(66, 20, -22, 84)),
    (1.0, {}),
)
_TAKE_OFF_IN_FRONT = keyed(
    (0.0, {}),
    (0.2, trunk(twist=12, nod=4) | arm("right", 96, 36, -62, 122) | arm("left", 30, 24, 0, 60)),
    (0.36, trunk(twist=26, side=6) | arm("left", 70, -36, 0, 40) | arm("right", 100, 30, -50, 90)),
    (0.5, trunk(twist=6, nod=8) | arm("left", 60, 16, -20, 70) | arm("right", 50, 26, 0, 80)),
    (0.68, trunk(twist=-20, nod=12) | arm("right", 60, 46, 6, 24) | arm("left", 96, 38, -36, 70)),
    (0.82, trunk(nod=14) | arm("right", 60, 22, -10, 84) | arm("left", 70, 40, -6, 60)),
    (1.0, {}),
)

_SEAT = trunk(lean=2) | arms(75, 24, 0, 55) | legs(84, 86, spread=8)
_ONE_LEG = leg("right", 92, 104, 10) | leg("left", 12, 18)
_AT_RAISED_FOOT = trunk(lean=38, bend=26, nod=10) | arms(78, 34, -22, 22) | _ONE_LEG
_SHOE_STANDING = keyed(
    (0.0, {}),
    (0.3, _AT_RAISED_FOOT),
    *alternating(0.42, 0.72, 4, _AT_RAISED_FOOT | arms(80, 40, -22, 34), _AT_RAISED_FOOT),
    (1.0, {}),
)
_KNEELING = leg("left", 84, 92, spread=6) | leg("right", 6, 96, 40, 8)
_AT_KNEE_FOOT = trunk(lean=40, bend=38, nod=10) | arms(80, 58, -20, 18) | _KNEELING
_AT_SEATED_FOOT = (
    trunk(lean=36, bend=36, nod=8, side=-4)
    | (arms(82, 62, -20, 14) | leg("right", 98, 92, spread=8))
    | leg("left", 84, 84, spread=8)
)
_FOOT_UP = (
    trunk(lean=16, bend=28, nod=16, side=-4)
    | (arms(72, 26, -22, 44) | leg("right", 104, 118, 6, 24))
    | leg("left", 84, 86, spread=8)
)
_BENT_DOWN = (
    trunk(lean=64, bend=34, nod=4)
    | (arms(86, 84, -16, 12) | leg("left", 46, 50, spread=6))
    | leg("right", 26, 54, 12, 6)
)
_FOOT_WORK = {"right_rotate": sway(8), "left_rotate": sway(-8), "right_elbow": sway(9, 1, 0.25)}


def _at_foot(rest: Angles, pose: Angles, pull: Angles) -> Motion:
    """Go down to a foot, work there with both hands, come back."""
    return keyed((0.0, rest), (0.28, pose), *alternating(0.36, 0.74, 6, pull, pose), (1.0, rest))


_SHOE_SEATED = _at_foot(_SEAT, _FOOT_UP, _FOOT_UP | arms(74, 20, -22, 64))
_TIE_KNEELING = _at_foot({}, _AT_KNEE_FOOT, _AT_KNEE_FOOT | arms(66, 48, -8, 30))
_TIE_SEATED = _at_foot(_SEAT, _AT_SEATED_FOOT, _AT_SEATED_FOOT | arms(70, 62, -8, 24))
_TIE_BENT = _at_foot({}, _BENT_DOWN, _BENT_DOWN | arms(74, 86, -6, 24))

_COVERED = trunk(nod=10, bend=4) | arm("right", 88, 66, -38, 132)
_JERK = trunk(nod=24, bend=24, lean=8) | arm("right", 90, 64, -38, 133)
_SNEEZE = keyed(
    (0.0, {}),
    (0.3, trunk(nod=-12, bend=-6) | arm("right", 80, 54, -32, 124)),
    (0.42, _COVERED),
    (0.5, _JERK | arm("left", 70, 24, -20, 40)),
    (0.68, _COVERED),
    (1.0, {}),
)
_COUGH = keyed(
    (0.0, {}), *alternating(0.24, 0.78, 7, _COVERED, trunk(lean=5, bend=15) | _JERK), (1.0, {})
)
_SNEEZE_BOTH = keyed(
    (0.0, {}),
    (0.32, trunk(nod=-10, bend=-4) | arms(80, 64, -38, 126)),
    (0.46, trunk(nod=26, bend=26, lean=12) | arms(84, 72, -40, 132)),
    (0.64, trunk(nod=12, bend=8) | arms(84, 72, -40, 132)),
    (1.0, {}),
)
_NOSE = trunk(nod=14, bend=6) | arms(74, 82, -38, 128)
_BLOW_NOSE = keyed(
    (0.0, {}),
    (0.26, _NOSE),
    *alternating(0.36, 0.72, 5, _NOSE | trunk(nod=24, bend=10), _NOSE | arms(72, 88, -36, 126)),
    (1.0, {}),
)
_YAWN = keyed(
    (0.0, {}),
    (0.3, trunk(nod=-8) | arm("right", 72, 74, -36, 131)),
    (0.62, trunk(nod=-22, bend=-8) | arm("right", 66, 82, -34, 130)),
    (0.76, trunk(nod=-4) | _MOUTH),
    (1.0, {}),
)
_YAWN_STRETCHING = keyed(
    (0.0, {}),
    (0.24, trunk(nod=-6) | arms(38, 92, 60, 120)),
    (0.5, trunk(nod=-20, bend=-12) | arms(16, 138, 40, 50)),
    (0.64, trunk(nod=-22, bend=-13, side=6) | arms(14, 142, 30, 34)),
    (0.8, arms(16, 84, 10, 40)),
    (1.0, {}),
)
_SICK = trunk(lean=30, bend=28, nod=14) | arms(64, -8, -30, 84) | legs(22, 26)
_HEAVED = trunk(lean=40, bend=40, nod=20) | arms(64, -12, -30, 90) | legs(30, 36)
_VOMIT = keyed((0.0, {}), *alternating(0.28, 0.76, 5, _SICK, _HEAVED), (1.0, {}))
_SICK_MOUTH = trunk(lean=24, bend=26, nod=14) | arm("right", 92, 64, -38, 132) | legs(16, 20)
_VOMIT_MOUTH = keyed(
    (0.0, {}),
    (0.2, trunk(nod=8, bend=8) | _MOUTH | arm("left", 50, 2, -50, 92)),
    *alternating(0.36, 0.76, 5, _SICK_MOUTH | arm("left", 50, 2, -50, 92), _HEAVED),
    (1.0, {}),
)

_HEAD_BOTH = trunk(nod=18, bend=8) | arms(32, 114, 34, 126)
_HEAD_ONE = trunk(nod=20, bend=6, side=-5) | arm("right", 44, 112, 10, 122)
_CHEST_ONE = trunk(bend=14, nod=12) | arm("right", 70, 26, -66, 126)
_CHEST_BOTH = trunk(bend=20, nod=16, lean=6) | arms(66, 20, -66, 124) | legs(10, 14)
_BACK_ONE = trunk(lean=16, bend=12, side=-6) | arm("right", 80, -66, -10, 94) | legs(8, 12)
_BACK_BOTH = trunk(lean=4, bend=-12, nod=-8) | arms(80, -66, -8, 92)
_NECK = trunk(nod=16, side=-4) | arm("right", 18, 134, 90, 134)
_NECK_LOW = trunk(nod=10, side=-10) | arm("right", 20, 122, 80, 138)

_FANNED = arm("right", 56, 36, 6, 124)
_FAN = swinging(
    trunk(nod=-6) | _FANNED,
    {"right_rotate": sway(16), "right_elbow": sway(10, 1, 0.1), "nod": sway(1)},
)
_FAN_BOTH = swinging(
    trunk(nod=-10, bend=-4) | arms(52, 44, 8, 124),
    {"right_elbow": sway(14), "left_elbow": sway(14), "right_raise": sway(4)},
)
_ELBOW_IN = arm("right", 70, 6, 10, 104)
_SMOKE = keyed(
    (0.0, {}),
    (0.28, trunk(nod=2) | _MOUTH),
    (0.5, trunk(nod=-2) | _MOUTH),
    (0.7, trunk(nod=-8) | _ELBOW_IN),
    (0.84, trunk(nod=-4) | _ELBOW_IN),
    (1.0, {}),
)
_ARM_ACROSS = arm("left", 60, 8, -70, 92)
_SMOKE_LEANING = keyed(
    (0.0, _ARM_ACROSS | arm("right", 50, 10, 14, 112)),
    (0.3, trunk(nod=4) | _ARM_ACROSS | _MOUTH),
    (0.52, trunk(nod=0) | _ARM_ACROSS | _MOUTH),
    (0.76, trunk(nod=-10, twist=-6) | _ARM_ACROSS | arm("right", 40, 16, 24, 104)),
    (1.0, _ARM_ACROSS | arm("right", 50, 10, 14, 112)),
)
_PALM = trunk(nod=20) | arm("left", 64, 10, -28, 108)
_TAKE_PILLS = keyed(
    (0.0, {}),
    (0.16, _PALM | arm("right", 60, 12, -34, 112)),
    (0.32, trunk(nod=4) | _MOUTH),
    (0.4, trunk(nod=-20, bend=-5) | _MOUTH),
    (0.56, trunk(nod=8) | _BELLY | arm("left", 76, 30, -26, 116)),
    (0.7, trunk(nod=-20, bend=-5) | arm("left", 78, 76, -36, 130)),
    (0.8, trunk(nod=-24, bend=-6) | arm("left", 76, 80, -36, 130)),
    (1.0, {}),
)

_STRAP_DOWN = trunk(bend=18, side=-10, nod=14) | arm("right", 70, 16, -4, 24)
_STRAP_UP = trunk(side=8, twist=-16) | arm("right", 20, 66, 60, 138) | arm("left", 70, 20, -30, 84)
_PUT_ON_BAG = keyed(
    (0.0, {}),
    (0.22, _STRAP_DOWN | arm("left", 90, 16, -20, 50)),
    (0.42, trunk(twist=12, nod=6) | arm("right", 40, 66, -40, 84) | arm("left", 96, 50, -40, 110)),
    (0.58, _STRAP_UP),
    (0.72, trunk(side=6, twist=-6) | arm("right", 36, 50, 40, 136)),
    (1.0, {}),
)
_PUT_ON_RUCKSACK = keyed(
    (0.0, {}),
    (0.16, _STRAP_DOWN),
    (0.36, trunk(twist=-22, side=8) | arm("right", 10, 52, 52, 130) | arm("left", 90, 36, -50, 96)),
    (
        0.54,
        trunk(twist=22, side=-6, bend=8)
        | arm("left", 14, -40, 0, 62)
        | arm("right", 50, 44, 20, 138),
    ),
    (0.7, trunk(twist=6, bend=6) | arms(30, 44, 40, 134)),
    (0.8, trunk(bend=2) | arms(50, 34, 6, 134)),
    (1.0, {}),
)
_OVER_HEAD = trunk(nod=14) | arm("right", 40, 138, 30, 96) | arm("left", 70, 34, -30, 106)
_PUT_ON_OVER_HEAD = keyed(
    (0.0, {}),
    (0.26, trunk(nod=10, bend=6) | arms(72, 34, -20, 96)),
    (0.5, _OVER_HEAD),
    (0.66, trunk(nod=4, side=6) | arm("right", 84, 70, -60, 108)),
    (0.8, trunk(nod=10, side=-4) | arm("right", 50, 10, -50, 80)),
    (1.0, {}),
)

_CAP = arm("right", 46, 134, 12, 96)
_CAP_BRIM = trunk(nod=4) | arm("right", 58, 118, -4, 104)
_TAKE_CAP_OFF = keyed(
    (0.0, {}),
    (0.36, trunk(nod=8) | _CAP),
    (0.5, trunk(nod=4) | _CAP),
    (0.68, trunk(nod=4) | arm("right", 92, 82, -10, 62)),
    (0.8, trunk(nod=14) | arm("right", 72, 18, -16, 84)),
    (1.0, {}),
)
_PUT_CAP_ON = keyed(
    (0.0, {}),
    (0.2, trunk(nod=10) | arm("right", 72, 22, -20, 96)),
    (0.46, trunk(nod=10) | _CAP),
    (0.58, trunk(nod=4) | _CAP_BRIM),
    (0.7, trunk(nod=-2) | _CAP_BRIM),
    (1.0, {}),
)

_PILLS = trunk(nod=24) | arm("left", 64, 8, -32, 112) | arm("right", 58, 12, -36, 114)
_OPEN_PILLS = keyed(
    (0.0, {}),
    *alternating(0.2, 0.5, 4, _PILLS, _PILLS | arm("right", 54, 24, -50, 112)),
    (0.64, _PILLS | arm("right", 44, 48, -50, 112)),
    (0.72, _PILLS | arm("right", 42, 54, -66, 108)),
    (0.8, _PILLS | arm("right", 44, 46, -48, 112)),
    (1.0, {}),
)

BODY_CARE: tuple[Action, ...] = (
    Action("brush teeth", 0.4, (5, 8), _BRUSH_TEETH, cyclic=True),
    Action("brush teeth", 0.5, (4, 6), _BRUSH_TEETH_LOW, cyclic=True),
    Action("brush hair", 1.2, (2, 3), _BRUSH_HAIR, cyclic=True, postures=_OR_SEATED),
    Action("brush hair", 1.0, (2, 3), _BRUSH_HAIR_SIDE, cyclic=True, postures=_OR_SEATED),
    Action("touch hair", 2.0, (1, 1), _TOUCH_HAIR, postures=_OR_SEATED),
    Action("touch hair", 2.2, (1, 1), _BOTH_IN_HAIR, postures=_OR_SEATED),
    Action("wipe the face", 2.4, (1, 1), _WIPE_FACE, postures=_OR_SEATED),
    Action("wipe the face", 2.0, (1, 1), _WIPE_FOREHEAD, postures=_OR_SEATED),
    Action("apply cream to the face", 0.8, (2, 4), _CREAM_ONE, cyclic=True, postures=_OR_SEATED),
    Action("apply cream to the face", 0.8, (2, 4), _CREAM_BOTH, cyclic=True),
    Action("rinse the mouth", 3.6, (1, 1), _RINSE_MOUTH),
    Action("put in contact lenses", 3.2, (1, 1), _CONTACT_LENSES, postures=_OR_SEATED),
    Action("put on glasses", 2.4, (1, 1), _PUT_ON_GLASSES, postures=_OR_SEATED),
    Action("put on glasses", 2.2, (1, 1), _PUT_ON_GLASSES_ONE, postures=_OR_SEATED),
    Action("take off glasses", 2.2, (1, 1), backwards(_PUT_ON_GLASSES), postures=_OR_SEATED),
    Action("take off glasses", 2.0, (1, 1), backwards(_PUT_ON_GLASSES_ONE), postures=_OR_SEATED),
    Action("put on a hat", 2.4, (1, 1), _PUT_ON_HAT, postures=_OR_SEATED),
    Action("put on a hat", 2.2, (1, 1), _PUT_ON_HAT_ONE, postures=_OR_SEATED),
    Action("take off a hat", 2.2, (1, 1), backwards(_PUT_ON_HAT), postures=_OR_SEATED),
    Action("take off a hat", 2.0, (1, 1), backwards(_PUT_ON_HAT_ONE), postures=_OR_SEATED),
    Action("put on headphones", 2.6, (1, 1), _PUT_ON_HEADPHONES, postures=_OR_SEATED),
    Action("take off headphones", 2.4, (1, 1), backwards(_PUT_ON_HEADPHONES), postures=_OR_SEATED),
    Action("put on a jacket", 3.8, (1, 1), _PUT_ON_JACKET),
    Action("put on a jacket", 3.4, (1, 1), _PUT_ON_JACKET_WIDE),
    Action("put on a jacket", 3.4, (1, 1), _PUT_ON_PULLOVER),
    Action("take off a jacket", 3.2, (1, 1), _TAKE_OFF_JACKET),
    Action("take off a jacket", 3.2, (1, 1), _TAKE_OFF_IN_FRONT),
    Action("take off a jacket", 3.2, (1, 1), backwards(_PUT_ON_PULLOVER)),
    Action("put on a shoe", 3.0, (1, 1), _SHOE_STANDING),
    Action("put on a shoe", 3.2, (1, 1), _SHOE_SEATED),
    Action("take off a shoe", 2.8, (1, 1), backwards(_SHOE_STANDING)),
    Action("take off a shoe", 3.0, (1, 1), backwards(_SHOE_SEATED)),
    Action("tie shoelaces", 3.4, (1, 1), _TIE_KNEELING),
    Action("tie shoelaces", 3.4, (1, 1), _TIE_SEATED),
    Action("tie shoelaces", 3.2, (1, 1), _TIE_BENT),
    Action("sneeze or cough", 1.8, (1, 1), _SNEEZE, postures=_OR_SEATED),
    Action("sneeze or cough", 2.2, (1, 1), _COUGH, postures=_OR_SEATED),
    Action("sneeze or cough", 1.8, (1, 1), _SNEEZE_BOTH, postures=_OR_SEATED),
    Action("blow the nose", 2.6, (1, 1), _BLOW_NOSE, postures=_OR_SEATED),
    Action("yawn", 2.8, (1, 1), _YAWN, postures=_OR_SEATED),
    Action("yawn", 3.2, (1, 1), _YAWN_STRETCHING, postures=_OR_SEATED),
    Action("vomit", 3.0, (1, 1), _VOMIT),
    Action("vomit", 3.0, (1, 1), _VOMIT_MOUTH),
    Action("hold an aching head", 2.6, (1, 1), _held(_HEAD_BOTH), postures=_OR_SEATED),
    Action("hold an aching head", 2.4, (1, 1), _held(_HEAD_ONE), postures=_OR_SEATED),
    Action("hold an aching chest", 2.6, (1, 1), _held(_CHEST_ONE), postures=_OR_SEATED),
    Action("hold an aching chest", 2.8, (1, 1), _held(_CHEST_BOTH)),
    Action("hold an aching back", 2.6, (1, 1), _held(_BACK_ONE)),
    Action("hold an aching back", 2.8, (1, 1), _held(_BACK_BOTH)),
    Action("hold an aching neck", 2.6, (1, 1), _held(_NECK), postures=_OR_SEATED),
    Action("hold an aching neck", 2.4, (1, 1), _held(_NECK_LOW), postures=_OR_SEATED),
    Action("fan oneself", 0.4, (4, 7), _FAN, cyclic=True, postures=_OR_SEATED),
    Action("fan oneself", 0.5, (4, 6), _FAN_BOTH, cyclic=True, postures=_OR_SEATED),
    Action("smoke", 3.0, (1, 1), _SMOKE, postures=_OR_SEATED),
    Action("smoke", 3.0, (1, 1), _SMOKE_LEANING, postures=_OR_SEATED),
    Action("take pills", 3.8, (1, 1), _TAKE_PILLS, postures=_OR_SEATED),
    Action("put on a bag", 2.4, (1, 1), _PUT_ON_BAG),
    Action("put on a bag", 3.4, (1, 1), _PUT_ON_RUCKSACK),
    Action("put on a bag", 2.8, (1, 1), _PUT_ON_OVER_HEAD),
    Action("take off a bag", 2.2, (1, 1), backwards(_PUT_ON_BAG)),
    Action("take off a bag", 3.0, (1, 1), backwards(_PUT_ON_RUCKSACK)),
    Action("take off a bag", 2.6, (1, 1), backwards(_PUT_ON_OVER_HEAD)),
    Action("take a cap", 2.2, (1, 1), _TAKE_CAP_OFF, postures=_OR_SEATED),
    Action("take a cap", 2.4, (1, 1), _PUT_CAP_ON, postures=_OR_SEATED),
    Action("open a pill container", 3.0, (1, 1), _OPEN_PILLS, postures=_OR_SEATED),
)
