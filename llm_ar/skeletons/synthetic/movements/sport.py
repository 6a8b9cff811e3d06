"""Throwing, catching, games with balls, rackets and weapons, picking up and putting down.

Many poses are given by where the hands are. Places are in arm lengths from the shoulder (from
the middle of the shoulders for `_grip`), along the axes of the chest.
"""

from __future__ import annotations

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
    pulse,
    sine,
    swinging,
    trunk,
)
from llm_ar.skeletons.synthetic.reach import hand_at

_HALF_WIDTH = 0.28
"""Half the shoulders' width, in arm lengths."""


def _r(out: float, up: float, ahead: float, wing: float = 25) -> dict[str, float]:
    return hand_at("right", out, up, ahead, wing)


def _l(out: float, up: float, ahead: float, wing: float = 25) -> dict[str, float]:
    return hand_at("left", out, up, ahead, wing)


def _hands(out: float, up: float, ahead: float, wing: float = 25) -> dict[str, float]:
    """Both hands, each as far out from its shoulder."""
    return _l(out, up, ahead, wing) | _r(out, up, ahead, wing)


def _grip(left: float, up: float, ahead: float, wing: float = 25) -> dict[str, float]:
    """Both hands at one place, ``left`` of the middle."""
    apart = _HALF_WIDTH - 0.05
    return _l(left - apart, up, ahead, wing) | _r(-left - apart, up, ahead, wing)


def _act(*frames: tuple[float, Angles]) -> Motion:
    """Through keyframes, from standing at ease and back."""
    return keyed((0.0, {}), *frames, (1.0, {}))


_STEP = leg("left", 22, 20) | leg("right", -14, 12, 16)
_SMALL_STEP = leg("left", 12, 12) | leg("right", -7, 8, 6)
_BACK = leg("left", 14, 12) | leg("right", -6, 14)
_LUNGE = leg("left", 55, 60) | leg("right", -25, 25, 34)
_APART = legs(12, 20, spread=12)
_RIGHT_STEP = leg("right", 20, 18) | leg("left", -12, 10, 14)

_COCKED = trunk(twist=-35, lean=-6, side=-6) | arm("right", 5, 85, 85, 100) | _l(0, -0.3, 0.85)
_RELEASED = trunk(twist=22, lean=14) | arm("right", 65, 118, 25, 22) | arm("left", 50, 22, 0, 20)
_THROUGH = trunk(twist=36, lean=24, bend=6) | arm("right", 112, 42, 0, 24)
_OVERARM = _act((0.4, _COCKED | _BACK), (0.58, _RELEASED | _STEP), (0.74, _THROUGH | _STEP))
_BEHIND = trunk(twist=-16, lean=10) | arm("right", 80, -42, 0, 8)
_UNDERARM = _act(
    (0.4, _BEHIND | arm("left", 80, 24, 0, 14) | _SMALL_STEP),
    (0.6, trunk(twist=10, lean=12) | arm("right", 92, 62, 0, 8) | _STEP),
    (0.72, trunk(twist=14, lean=4) | arm("right", 95, 100, 0, 14) | _STEP),
)
_CHEST_THROW = _act(
    (0.35, trunk(twist=38, lean=6) | _grip(0.1, -0.25, 0.4) | legs(8, 14, spread=10)),
    (0.58, trunk(twist=-30) | _r(0.75, -0.05, 0.55, 50) | _l(-0.5, -0.2, 0.6) | legs(6, 10)),
    (0.72, trunk(twist=-36) | _r(0.85, -0.1, 0.4, 50) | _l(-0.4, -0.3, 0.6) | legs(6, 10)),
)
_UP = trunk(lean=-4, nod=-14, twist=10)
_HIGH_THROW = _act(
    (0.36, _COCKED | trunk(lean=-12, nod=-10) | _BACK),
    (0.55, _UP | arm("right", 60, 158, 10, 8) | leg("left", 12, 8, 16) | leg("right", -10, 6, 24)),
    (0.68, trunk(lean=10, twist=24) | arm("right", 88, 105, 0, 10) | _STEP),
    (0.8, _THROUGH | trunk(lean=14) | _SMALL_STEP),
)
_HIGH_FROM_BELOW = _act(
    (0.34, trunk(lean=16, twist=-16) | arm("right", 80, -30, 0, 14) | legs(22, 38)),
    (0.6, _UP | arm("right", 84, 162, 0, 8) | legs(0, 2, 22)),
    (0.72, _UP | arm("right", 80, 160, 0, 14) | legs(2, 4, 8)),
)
_GLOVE = _grip(0, -0.2, 0.4)
_PITCH = _act(
    (0.16, _GLOVE | trunk(lean=4)),
    (0.36, _grip(0, -0.1, 0.4) | trunk(twist=-30, lean=-6) | leg("left", 88, 95, 15)),
    (0.52, _COCKED | leg("left", 42, 30) | leg("right", -24, 24, 24)),
    (0.62, _RELEASED | trunk(lean=26) | _LUNGE),
    (0.76, _THROUGH | trunk(lean=42, bend=12, twist=44) | _LUNGE),
)
_FRISBEE = _act(
    (0.38, trunk(twist=42, lean=8) | _r(-0.6, -0.2, 0.4, 60) | _RIGHT_STEP),
    (0.56, trunk(twist=-6, lean=6) | _r(0.3, -0.15, 0.9, 60) | _RIGHT_STEP),
    (0.68, trunk(twist=-22, lean=4) | _r(0.95, 0.0, 0.2, 60) | _RIGHT_STEP),
)
_CAUGHT = trunk(lean=4, nod=10) | _hands(-0.16, -0.3, 0.38) | legs(8, 14)
_CATCH = _act(
    (0.3, trunk(lean=8) | _hands(-0.12, -0.08, 0.85) | legs(14, 24)),
    (0.42, trunk(lean=8) | _hands(-0.16, -0.08, 0.85) | legs(14, 24)),
    (0.6, _CAUGHT),
    (0.74, _CAUGHT),
)
_CATCH_HIGH = _act(
    (0.36, trunk(nod=-20, side=6) | arm("right", 45, 160, 0, 6) | legs(0, 2, 18)),
    (0.48, trunk(nod=-18, side=6) | arm("right", 45, 158, 0, 14) | legs(0, 2, 16)),
    (0.7, trunk(nod=8) | _r(-0.1, -0.15, 0.4)),
)
_ASIDE = leg("right", 24, 40, spread=18) | leg("left", 4, 8, spread=16)
_CATCH_ASIDE = _act(
    (0.36, trunk(side=-16, twist=-14) | _r(0.9, -0.05, 0.25, 40) | _ASIDE),
    (0.48, trunk(side=-16, twist=-14) | _r(0.85, -0.1, 0.25, 40) | _ASIDE),
    (0.72, trunk(nod=8) | _r(0, -0.35, 0.42)),
)

_ONE_KNEE = leg("left", 80, 110) | leg("right", 52, 108, 30)
_FLOOR = trunk(lean=58, bend=26, side=-8) | arm("right", 82, 76, 0, 4) | arm("left", 75, 45, 0, 40)
_STOOPED = trunk(lean=76, bend=30, nod=-8) | legs(28, 40)
_STOOPED_ONE = _STOOPED | arm("right", 84, 92, 0, 4) | arm("left", 80, 60, 0, 40)
_HUNG_LEFT = arm("left", 82, 58, 0, 20)
_SQUATTED = trunk(lean=44, bend=22, nod=-8) | _HUNG_LEFT | legs(92, 128, 12, spread=12)
_PICK_THROW = _act(
    (0.28, _FLOOR | _ONE_KNEE),
    (0.34, _FLOOR | _ONE_KNEE),
    (0.6, _COCKED | _BACK),
    (0.72, _RELEASED | _STEP),
    (0.82, _THROUGH | _STEP),
)
_BALL = trunk(lean=12) | _hands(-0.16, -0.15, 0.38)
_AIMED = trunk(nod=-8) | _hands(-0.18, 0.5, 0.4, 15)
_SHOT = trunk(nod=-8) | _r(-0.12, 0.86, 0.45, 15) | _l(-0.1, 0.68, 0.45, 15)
_SHOOT = _act(
    (0.28, _BALL | legs(30, 52)),
    (0.46, _AIMED | legs(10, 16)),
    (0.58, _SHOT | legs(0, 2, 22)),
    (0.7, _SHOT | arm("right", 82, 125, 0, 12) | legs(0, 2, 14)),
)
_JUMP_SHOT = _act(
    (0.3, _BALL | legs(42, 72)),
    (0.46, _AIMED | trunk(lift=6) | legs(0, 4, 34)),
    (0.56, _SHOT | trunk(lift=22) | legs(6, 12, 34)),
    (0.66, _SHOT | trunk(lift=8) | legs(4, 8, 30)),
    (0.78, arms(80, 70, 0, 30) | trunk(lean=12) | legs(26, 44)),
)
_BOUNCE = swinging(
    trunk(lean=16, nod=10)
    | arm("right", 72, 16, 0, 66)
    | legs(16, 28)
    | arm("left", 55, 18, 0, 35),
    {
        "right_elbow": sine(26, -28),
        "right_raise": sine(8, -8),
        "lean": sine(-3, 3),
        "left_knee": sine(-3, 3),
        "right_knee": sine(-3, 3),
    },
)
_BOWL = _act(
    (0.16, _grip(-0.1, -0.3, 0.45) | trunk(lean=10)),
    (0.44, trunk(lean=36, twist=-18) | arm("right", 80, -62, 0, 4) | _HUNG_LEFT | _RIGHT_STEP),
    (
        0.62,
        trunk(lean=46, bend=10) | arm("right", 88, 42, 0, 4) | arm("left", 0, 45, 0, 10) | _LUNGE,
    ),
    (
        0.74,
        trunk(lean=38, twist=12)
        | arm("right", 95, 118, 0, 14)
        | arm("left", 0, 40, 0, 10)
        | _LUNGE,
    ),
)
_BAT_READY = trunk(twist=-35, lean=10) | _grip(-0.42, 0.15, 0.42, 70)
_BAT_FOLLOW = trunk(twist=62, lean=4) | _grip(0.42, 0.2, 0.4, 60)
_BAT = keyed(
    (0.0, {}),
    (0.22, _BAT_READY | _APART),
    (0.42, _BAT_READY | trunk(twist=-46) | leg("left", 32, 40, spread=10) | leg("right", 8, 18)),
    (0.56, trunk(twist=18, lean=12) | _grip(-0.05, -0.3, 0.85, 50) | _STEP),
    (0.68, _BAT_FOLLOW | _STEP),
    (0.78, _BAT_FOLLOW | _STEP),
    (1.0, {}),
)
_FOREHAND = _act(
    (0.34, trunk(twist=-42, lean=6) | _r(0.8, -0.35, -0.3) | _l(0, -0.3, 0.7) | _BACK),
    (0.54, trunk(twist=8, lean=10) | _r(0.35, -0.25, 0.85) | _STEP),
    (0.7, trunk(twist=48, lean=6) | _r(-0.55, 0.25, 0.4, 80) | _STEP),
)
_BACKHAND = _act(
    (0.36, trunk(twist=50, lean=8) | _grip(0.5, -0.35, 0.4) | _RIGHT_STEP),
    (0.56, trunk(twist=8, lean=10) | _r(0, -0.25, 0.92) | _l(0.4, -0.6, 0) | _RIGHT_STEP),
    (0.7, trunk(twist=-24) | _r(0.75, 0.35, 0.45) | _l(0.5, -0.6, -0.2) | _RIGHT_STEP),
)
_TOSS_UP = trunk(lean=-10, nod=-18, twist=-25) | arm("left", 75, 158, 0, 6)
_SERVE = _act(
    (0.18, trunk(lean=6) | _grip(0, -0.5, 0.5) | _SMALL_STEP),
    (0.42, _TOSS_UP | arm("right", 5, 85, 95, 100) | legs(20, 34)),
    (0.52, _TOSS_UP | arm("right", 20, 112, 105, 125) | arm("left", 75, 130, 0, 20) | legs(16, 26)),
    (0.63, trunk(twist=12, nod=-14, lift=5) | arm("right", 50, 165, 0, 6) | legs(0, 2, 32)),
    (0.78, trunk(twist=36, lean=34) | arm("right", 118, 48, 0, 10) | _STEP),
)
_ADDRESS = trunk(lean=34, bend=8, nod=8) | _grip(0, -0.78, 0.5) | _APART
_GOLF_TOP = trunk(lean=24, twist=-58, side=8) | _grip(-0.4, 0.35, 0.55, 45) | _APART
_GOLF_END = trunk(lean=2, twist=66) | _grip(0.35, 0.35, 0.5, 45) | leg("right", 2, 34, 34)
_GOLF = _act(
    (0.16, _ADDRESS),
    (0.42, _GOLF_TOP),
    (0.47, _GOLF_TOP),
    (0.58, _ADDRESS | trunk(twist=8)),
    (0.7, _GOLF_END),
    (0.8, _GOLF_END),
)


def _bow(plane: float, twist: float) -> Motion:
    """Shooting a bow that the left arm holds in a plane, the chest turned by ``twist``."""
    aimed = trunk(twist=twist) | arm("left", plane, 90, 0, 4) | legs(2, 4, spread=11)
    drawn = aimed | _r(-0.12, 0.12, 0.38, 100)
    return _act(
        (0.2, aimed | trunk(twist=twist + 22) | _r(-0.6, 0, 0.6, 80)),
        (0.48, drawn),
        (0.68, drawn),
        (0.74, aimed | _r(0.3, 0.16, 0.3, 100)),
        (0.86, aimed | _r(0.4, 0, 0.4, 80)),
    )


def _gun(aim: Angles, recoil: Angles) -> Motion:
    """Aiming, two shots with their recoil, and lowering the arms."""
    shots = [(0.44, aim), (0.49, {**aim, **recoil}), (0.58, aim), (0.63, {**aim, **recoil})]
    return _act((0.28, aim), *shots, (0.74, aim))


_RIFLE = trunk(twist=-14, nod=8, lean=4) | _r(-0.12, -0.06, 0.44, 60) | _l(-0.3, 0.0, 0.82)
_RIFLE |= _SMALL_STEP
_KICKED = trunk(twist=-20, lean=-2, nod=4) | _r(-0.08, 0.0, 0.42, 60) | _l(-0.3, 0.08, 0.78)
_PISTOL = arm("right", 82, 90, 0, 4) | trunk(twist=12)

_SHIFT = {"left_spread": sine(-7, 7), "right_spread": sine(7, -7)}
_STEPS = {
    "left_hip": pulse(24, 0.25, 3),
    "left_knee": pulse(48, 0.25, 3),
    "right_hip": pulse(24, 0.75, 3),
    "right_knee": pulse(48, 0.75, 3),
}
_DANCE_STEPS = swinging(
    arms(72, 12, 0, 78) | legs(6, 12, spread=7),
    {"side": sine(9, -9), "twist": sine(-14, 14), "left_raise": sine(22, -22)}
    | {"right_raise": sine(-22, 22), **_STEPS},
)
_DANCE_SWAY = swinging(
    arms(30, 135, 20, 45) | legs(8, 16, spread=9),
    {"side": sine(-15, 15), "left_raise": sine(18, -14), "right_raise": sine(-14, 18), **_SHIFT}
    | {"nod": sine(-5, 5), "left_knee": sine(14, -6), "right_knee": sine(-6, 14)},
)
_DANCE_TWIST = swinging(
    trunk(lean=6) | arms(45, 36, -10, 85) | legs(18, 34, spread=9),
    {"twist": sine(-32, 32), "turn": sine(12, -12), "side": sine(6, -6)}
    | {"left_plane": sine(-20, 20), "right_plane": sine(20, -20), **_SHIFT},
)

_ROD = trunk(lean=4) | _r(-0.15, -0.35, 0.5) | _l(-0.25, -0.45, 0.5) | _SMALL_STEP
_ROD_BACK = trunk(lean=-6, twist=-20) | _r(0.15, 0.42, -0.05, 100) | _l(-0.5, 0.05, 0.4) | _BACK
_ROD_CAST = trunk(lean=12, twist=10) | _r(-0.1, 0.1, 0.9) | _l(-0.25, -0.2, 0.6) | _SMALL_STEP
_FISH = _act((0.16, _ROD), (0.4, _ROD_BACK), (0.52, _ROD_CAST), (0.68, _ROD), (0.84, _ROD))
_ROD_ONE = trunk(lean=4) | arm("right", 86, 40, 0, 50) | _SMALL_STEP
_FISH_ONE = _act(
    (0.34, trunk(lean=-6, twist=-24) | arm("right", 40, 92, 60, 118) | _BACK),
    (0.48, trunk(lean=10, twist=10) | arm("right", 86, 88, 0, 10) | _SMALL_STEP),
    (0.64, _ROD_ONE),
    (0.84, _ROD_ONE),
)
_SPADE = trunk(lean=26, bend=14, nod=10) | _l(-0.15, -0.45, 0.55) | _r(-0.1, -0.65, 0.65)
_DUG = trunk(lean=40, bend=22, nod=8) | _l(-0.15, -0.4, 0.6) | _r(-0.1, -0.45, 0.8)
_LIFTED = trunk(lean=20, bend=6, twist=10) | _l(0, -0.5, 0.4) | _r(-0.15, -0.3, 0.75)
_TIPPED = trunk(lean=14, twist=58) | _l(0.1, -0.3, 0.5) | _r(-0.25, -0.1, 0.85)
_DIG = _act(
    (0.16, _SPADE | legs(10, 14)),
    (0.3, _SPADE | leg("left", 10, 14) | leg("right", 52, 72)),
    (0.44, _DUG | leg("left", 20, 30) | leg("right", 40, 44)),
    (0.58, _DUG | legs(30, 48)),
    (0.7, _LIFTED | legs(14, 22)),
    (0.82, _TIPPED | legs(8, 12)),
)
_SHOVEL = _act(
    (0.3, _DUG | leg("left", 44, 56) | leg("right", 6, 30, 12)),
    (0.4, _DUG | leg("left", 44, 56) | leg("right", 6, 30, 12)),
    (0.6, _LIFTED | _SMALL_STEP),
    (0.76, _TIPPED | legs(8, 12)),
)


def _selfie(held: Angles) -> Motion:
    """The phone is lifted, held with a small correction, and taken down."""
    closer = {**held, "right_elbow": held["right_elbow"] + 9, "side": held.get("side", 0) + 4}
    return _act((0.3, held), (0.5, closer), (0.78, closer))


_COIN = arm("right", 78, 14, -20, 72) | trunk(nod=12)
_FLIPPED = arm("right", 82, 32, -10, 98) | trunk(nod=-10)
_COIN_TOSS = _act((0.25, _COIN), (0.38, _COIN), (0.46, _FLIPPED), (0.64, _COIN | trunk(nod=6)))
_ON_BACK = trunk(nod=18) | _l(-0.3, -0.5, 0.42) | _r(-0.26, -0.44, 0.44)
_COIN_SLAP = _act(
    (0.22, _COIN),
    (0.3, _COIN),
    (0.38, _FLIPPED),
    (0.5, _r(-0.05, -0.1, 0.5) | trunk(nod=-8)),
    (0.64, _ON_BACK),
    (0.84, _ON_BACK),
)

_CARRIED = arm("right", 80, 14, -10, 80)
_HELD_LOW = trunk(nod=10) | _grip(0, -0.5, 0.42)
_TABLE = (
    trunk(lean=18, bend=8, nod=10, twist=8) | arm("left", 70, 28, 0, 16) | _r(-0.05, -0.5, 0.75)
)
_TWO_DOWN = _STOOPED | _hands(-0.14, 0.05, 0.97)
_TWO_SQUAT = _SQUATTED | _hands(-0.14, -0.45, 0.88)
_HUNG = trunk(nod=10) | _r(0.1, -0.4, 0.75)
_HUNG_ASIDE = trunk(nod=6, side=-4, twist=-14) | _r(0.75, -0.45, 0.25)


def _dropped(held: Angles) -> Motion:
    """The arm is held out, the forearm gives a little as the hand opens, and sinks."""
    given = {**held, "right_elbow": held["right_elbow"] + 16}
    after = {**held, "right_elbow": held["right_elbow"] - 4}
    return _act((0.32, held), (0.48, given), (0.56, after), (0.7, held))


_LET_GO = _act(
    (0.3, arm("right", 80, 10, 0, 50)),
    (0.52, trunk(twist=6, nod=6) | arm("right", 84, 32, 0, 22)),
    (0.64, trunk(twist=5, nod=6) | arm("right", 84, 26, 0, 14)),
)
_SWUNG = trunk(twist=8, lean=5, nod=6)
_TOSS_AWAY = _act(
    (0.36, trunk(twist=-10, lean=4) | arm("right", 80, -26, 0, 14)),
    (0.58, _SWUNG | arm("right", 90, 56, 0, 12) | _SMALL_STEP),
    (0.68, _SWUNG | arm("right", 90, 64, 0, 12) | _SMALL_STEP),
)
_TOSS_ACROSS = _act(
    (0.36, trunk(twist=18, lean=4) | _r(-0.45, -0.5, 0.35)),
    (0.56, trunk(twist=-14, lean=4) | _r(0.6, -0.4, 0.6)),
    (0.68, trunk(twist=-16) | _r(0.75, -0.35, 0.45)),
)
_GENTLE_UNDER = _act(
    (0.28, trunk(nod=4) | arm("right", 82, 4, 0, 62)),
    (0.42, trunk(lean=4) | arm("right", 82, -10, 0, 42)),
    (0.56, trunk(lean=6, twist=6) | arm("right", 90, 58, 0, 26)),
    (0.68, trunk(lean=5, twist=6) | arm("right", 90, 64, 0, 24)),
)
_GENTLE_OVER = _act(
    (0.34, trunk(twist=-6) | arm("right", 72, 58, 15, 112)),
    (0.44, trunk(twist=-8, lean=-3) | arm("right", 70, 66, 18, 122)),
    (0.58, trunk(twist=8, lean=6) | arm("right", 86, 84, 0, 24)),
    (0.7, trunk(twist=8, lean=6) | arm("right", 88, 62, 0, 20)),
)
_LOADED = trunk(lean=-4, nod=6) | _hands(-0.12, -0.55, 0.5)
_HEAVE = keyed(
    (0.0, {}),
    (0.2, _TWO_SQUAT),
    (0.26, _TWO_SQUAT),
    (0.42, _LOADED | legs(6, 10)),
    (0.49, _LOADED | leg("left", 22, 28) | leg("right", -8, 8, 10)),
    (0.56, _LOADED | leg("left", -6, 6) | leg("right", 16, 46, 10)),
    (0.63, _LOADED | leg("right", 22, 22) | leg("left", -10, 8, 14)),
    (0.7, _LOADED | legs(8, 14)),
    (0.84, _TWO_SQUAT),
    (0.88, _TWO_SQUAT),
    (1.0, {}),
)


def _to(low: Angles, end: Angles) -> Motion:
    """Down to a thing, and up with it."""
    return keyed((0.0, {}), (0.42, low), (0.52, low), (1.0, end))


def _down(start: Angles, low: Angles) -> Motion:
    """Down with a thing, and up without it."""
    return keyed((0.0, start), (0.46, low), (0.58, low), (1.0, {}))


_SIT: tuple[Posture, ...] = ("standing", "standing", "seated")
_ANY: tuple[Posture, ...] = ("standing", "standing", "seated", "walking")

SPORT: tuple[Action, ...] = (
    Action("throw", 1.5, (1, 1), _OVERARM),
    Action("throw", 1.4, (1, 1), _UNDERARM),
    Action("throw", 1.4, (1, 1), _CHEST_THROW),
    Action("high throw", 1.6, (1, 1), _HIGH_THROW),
    Action("high throw", 1.6, (1, 1), _HIGH_FROM_BELOW),
    Action("baseball pitch", 2.4, (1, 1), _PITCH),
    Action("throw a frisbee", 1.6, (1, 1), _FRISBEE),
    Action("catch", 1.4, (1, 1), _CATCH),
    Action("catch", 1.6, (1, 1), _CATCH_HIGH),
    Action("catch", 1.6, (1, 1), _CATCH_ASIDE),
    Action("pick up and throw", 2.9, (1, 1), _PICK_THROW),
    Action("basketball shoot", 1.7, (1, 1), _SHOOT),
    Action("basketball shoot", 1.7, (1, 1), _JUMP_SHOT),
    Action("bounce a ball", 0.55, (3, 6), _BOUNCE, True, ("standing", "standing", "walking")),
    Action("bowling", 2.5, (1, 1), _BOWL),
    Action("baseball swing", 2.0, (1, 1), _BAT),
    Action("tennis swing", 1.6, (1, 2), _FOREHAND),
    Action("tennis swing", 1.6, (1, 2), _BACKHAND),
    Action("tennis serve", 2.3, (1, 1), _SERVE),
    Action("golf swing", 2.4, (1, 1), _GOLF),
    Action("shoot a bow", 2.8, (1, 1), _bow(4, 0)),
    Action("shoot a bow", 2.8, (1, 1), _bow(40, -42)),
    Action("shoot a gun", 2.6, (1, 1), _gun(_grip(0, 0.02, 0.92), _grip(0, 0.16, 0.86))),
    Action("shoot a gun", 2.6, (1, 1), _gun(_RIFLE, _KICKED)),
    Action("shoot a gun", 2.4, (1, 1), _gun(_PISTOL, arm("right", 80, 104, 0, 18))),
    Action("dance", 1.1, (2, 3), _DANCE_STEPS, cyclic=True),
    Action("dance", 1.3, (2, 3), _DANCE_SWAY, cyclic=True),
    Action("dance", 0.9, (2, 4), _DANCE_TWIST, cyclic=True),
    Action("go fishing", 3.0, (1, 1), _FISH),
    Action("go fishing", 2.6, (1, 1), _FISH_ONE),
    Action("dig a hole", 3.0, (1, 1), _DIG),
    Action("dig a hole", 1.8, (1, 2), _SHOVEL),
    Action(
        "take a selfie", 2.6, (1, 1), _selfie(_r(-0.1, 0.25, 0.85) | trunk(nod=-6)), False, _SIT
    ),
    Action("take a selfie", 2.6, (1, 1), _selfie(_r(0.42, 0.55, 0.7) | trunk(side=5)), False, _SIT),
    Action("toss a coin", 1.5, (1, 2), _COIN_TOSS),
    Action("toss a coin", 2.2, (1, 1), _COIN_SLAP),
    Action("pick up something", 2.2, (1, 1), _to(_SQUATTED | _r(-0.05, -0.4, 0.9), _CARRIED)),
    Action("pick up something", 2.0, (1, 1), _to(_STOOPED_ONE, _CARRIED)),
    Action("pick up something", 1.6, (1, 1), _to(_TABLE, _CARRIED)),
    Action("put down something", 2.0, (1, 1), _down(_CARRIED, _FLOOR | _ONE_KNEE)),
    Action("put down something", 1.6, (1, 1), _down(_CARRIED, _TABLE)),
    Action("pick up with one hand", 2.0, (1, 1), _to(_STOOPED_ONE, _CARRIED)),
    Action("pick up with one hand", 2.2, (1, 1), _to(_FLOOR | _ONE_KNEE, _CARRIED)),
    Action("pick up with two hands", 2.2, (1, 1), _to(_TWO_DOWN, _HELD_LOW)),
    Action("pick up with two hands", 2.4, (1, 1), _to(_TWO_SQUAT, _HELD_LOW)),
    Action("drop trash", 1.5, (1, 1), _dropped(_HUNG), False, _ANY),
    Action("drop trash", 1.5, (1, 1), _dropped(_HUNG_ASIDE), False, _ANY),
    Action("drop trash", 1.4, (1, 1), _LET_GO, False, ("walking", "walking", "standing")),
    Action("throw away something", 1.4, (1, 1), _TOSS_AWAY),
    Action("throw away something", 1.4, (1, 1), _TOSS_ACROSS),
    Action("toss paper into a bin", 1.4, (1, 1), _GENTLE_UNDER),
    Action("toss paper into a bin", 1.5, (1, 1), _GENTLE_OVER),
    Action("toss paper", 1.4, (1, 1), _GENTLE_UNDER, False, _SIT),
    Action("toss paper", 1.5, (1, 1), _GENTLE_OVER, False, _SIT),
    Action("move heavy objects", 4.0, (1, 1), _HEAVE),
)
