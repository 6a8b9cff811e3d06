"""J-HMDB (Jhuang et al., ICCV 2013): videos of films and home videos, cut to one action.

A clip's name is ``TITLE_action_u_nm_np1_fr_goo_0``: the long video that it is cut from, action,
parts of the body that are seen, motion of the camera, people, view, quality, number. A clip's
subject is its title: the three official splits part by it. They stand in files beside the videos,
and a clip's split is its part in each of the three, such as ``train train test``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from llm_ar.skeletons.datasets.dataset import (
    Assignment,
    ClipInfo,
    Dataset,
    Protocol,
    listed,
    member,
)
from llm_ar.skeletons.layouts import MEDIAPIPE

ACTIONS = listed("""
brush_hair = brush hair
catch
clap
climb_stairs = climb stairs
golf = golf swing
jump
kick_ball = kick a ball
pick = pick something up
pour
pullup = pull-ups
push = push something
run
shoot_ball = basketball shoot
shoot_bow = shoot a bow
shoot_gun = shoot a gun
sit = sit down
stand = stand up
swing_baseball = baseball swing
throw
walk
wave
""")

SPLITS = 3

_PHRASES = {action.published: action.phrase for action in ACTIONS}
_NAME = re.compile(
    rf"(?:^|[/\\])([^/\\]+)_({'|'.join(_PHRASES)})"
    r"_[fhlu]_(?:nm|cm)_np\d_(?:ba|fr|le|ri)_(?:bad|goo|med)_\d+(?:\.\w+)?$"
)


def describe(source: str) -> ClipInfo | None:
    """Label and subject of a clip by its name or path."""
    found = _NAME.search(source)
    if found is None:
        return None
    return ClipInfo(_PHRASES[found[2]], found[1], None, None, source)


def _split(number: int, counts: tuple[int, int]) -> Protocol:
    return Protocol(f"split{number}", _in_split(number), counts)


def _in_split(number: int) -> Callable[[ClipInfo], Assignment]:
    def assign(info: ClipInfo) -> Assignment:
        parts = (info.split or "").split()
        if len(parts) != SPLITS:
            return "unused"
        return member(parts[number - 1], frozenset({"train"}), frozenset({"test"}))

    return assign


JHMDB = Dataset(
    "jhmdb",
    actions=ACTIONS,
    protocols=(_split(1, (660, 268)), _split(2, (658, 270)), _split(3, (663, 265))),
    describe=describe,
    clips=928,
    layout=MEDIAPIPE,
)
