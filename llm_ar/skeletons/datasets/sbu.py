"""SBU Kinect Interaction, clean version (Yun et al., CVPR workshops 2012).

A clip is ``PAIR/ACTION/REPETITION/skeleton_pos.txt``, such as ``s01s02/03/001``. A clip's subject
is its pair: the five official folds part by pairs; fold k tests on its own and trains on the rest.
"""

from __future__ import annotations

import re

from llm_ar.skeletons import layouts
from llm_ar.skeletons.datasets.dataset import ClipInfo, Dataset, Protocol, by_subject, listed

ACTIONS = listed("""
approaching = approach another person
departing = walk away from another person
kicking = kick another person
pushing = push another person
shaking hands = shake hands
hugging = hug another person
exchanging objects = exchange an object
punching = punch another person
""")
"""Names of 01..08."""

FOLDS = (
    ("s01s02", "s03s04", "s05s02", "s06s04"),
    ("s02s03", "s02s07", "s03s05", "s05s03"),
    ("s01s03", "s01s07", "s07s01", "s07s03"),
    ("s02s01", "s02s06", "s03s02", "s03s06"),
    ("s04s02", "s04s03", "s04s06", "s06s02", "s06s03"),
)
"""The pairs that test in each fold."""

_NAME = re.compile(
    r"(?:^|[/\\])(s\d\ds\d\d)[/\\](0[1-8])[/\\]\d{3}(?:[/\\]skeleton_pos(?:\.txt)?)?$"
)


def describe(source: str) -> ClipInfo | None:
    """Label and pair of a clip by its path."""
    found = _NAME.search(source)
    if found is None:
        return None
    return ClipInfo(ACTIONS[int(found[2]) - 1].phrase, found[1], None, None, source)


def _fold(number: int) -> Protocol:
    train = [pair for fold in FOLDS if fold is not FOLDS[number - 1] for pair in fold]
    return by_subject(f"fold{number}", train=train, test=FOLDS[number - 1])


SBU = Dataset(
    "sbu",
    actions=ACTIONS,
    protocols=tuple(_fold(number) for number in range(1, len(FOLDS) + 1)),
    describe=describe,
    clips=282,
    layout=layouts.SBU,
)
