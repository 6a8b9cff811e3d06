"""Toyota Smarthome, trimmed (Das et al., ICCV 2019).

A clip's name is ``Class.Sub_pPP_rRR_vVV_cCC``: action, person, repetition, video, camera; behind it
may stand what its poses are, such as ``_pose3d`` or ``_LCRNet2d``.
CS parts by person. CV1 and CV2 part by camera, with one for validation, over 19 of the 31 actions.
"""

from __future__ import annotations

import re

from llm_ar.skeletons import layouts
from llm_ar.skeletons.datasets.dataset import (
    Assignment,
    ClipInfo,
    Dataset,
    Protocol,
    listed,
    numbers,
)

ACTIONS = listed("""
Cook.Cleandishes = wash dishes
Cook.Cleanup = clean up the kitchen
Cook.Cut = cut food
Cook.Stir = stir food
Cook.Usestove = use the stove
Cutbread = cut bread
Drink.Frombottle = drink from a bottle
Drink.Fromcan = drink from a can
Drink.Fromcup = drink from a cup
Drink.Fromglass = drink from a glass
Eat.Attable = eat at the table
Eat.Snack = eat a snack
Enter = enter the room
Getup = get up
Laydown = lie down
Leave = leave the room
Makecoffee.Pourgrains = pour coffee grains
Makecoffee.Pourwater = pour water for coffee
Maketea.Boilwater = boil water for tea
Maketea.Insertteabag = insert a tea bag
Pour.Frombottle = pour from a bottle
Pour.Fromcan = pour from a can
Pour.Fromkettle = pour from a kettle
Readbook = read a book
Sitdown = sit down
Takepills = take pills
Uselaptop = use a laptop
Usetelephone = use a telephone
Usetablet = use a tablet
Walk = walk
WatchTV = watch television
""")
"""The 31 actions of CS."""

CS_SUBJECTS = (3, 4, 6, 7, 9, 12, 13, 15, 17, 19, 25)
"""Persons that train in CS."""

_CV_ACTIONS = frozenset(
    """Cutbread Drink.Frombottle Drink.Fromcan Drink.Fromcup Drink.Fromglass Eat.Attable Eat.Snack
    Enter Getup Leave Pour.Frombottle Pour.Fromcan Readbook Sitdown Takepills Uselaptop Usetablet
    Usetelephone Walk""".split()
)
CV_LABELS = frozenset(action.phrase for action in ACTIONS if action.published in _CV_ACTIONS)
"""The 19 actions that CV1's and CV2's cameras have in common."""

_NAME = re.compile(r"(?:^|[/\\])([A-Za-z.]+)_p(\d+)_r\d+_v\d+_c(\d+)(?:_[A-Za-z0-9]+)?(?:\.\w+)?$")
_PHRASES = {action.published.lower(): action.phrase for action in ACTIONS}


def describe(source: str) -> ClipInfo | None:
    """Label, person and camera of a clip by its name or path."""
    found = _NAME.search(source)
    label = _PHRASES.get(found[1].lower()) if found else None
    if found is None or label is None:
        return None
    return ClipInfo(label, str(int(found[2])), str(int(found[3])), None, source)


def _by_subject(info: ClipInfo) -> Assignment:
    if info.subject is None:
        return "unused"
    return "train" if info.subject in numbers(CS_SUBJECTS) else "test"


def _by_camera(name: str, train: str) -> Protocol:
    def assign(info: ClipInfo) -> Assignment:
        if info.label not in CV_LABELS or info.camera is None:
            return "unused"
        if info.camera in train:
            return "train"
        parts: dict[str, Assignment] = {"5": "validation", "2": "test"}
        return parts.get(info.camera, "unused")

    return Protocol(name, assign)


SMARTHOME = Dataset(
    "smarthome",
    actions=ACTIONS,
    protocols=(
        Protocol("cs", _by_subject),
        _by_camera("cv1", train="1"),
        _by_camera("cv2", train="13467"),
    ),
    describe=describe,
    clips=16_115,
    layout=layouts.SMARTHOME,
)
