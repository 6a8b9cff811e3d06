"""UAV-Human (Li et al., CVPR 2021).

A clip's name is ``P000S00G10B10H10UC022000LC021000A000R0_08241716``: person, setup, gender,
backpack, hat, upper and lower clothing, action (from 0), replication, time. Both protocols part by
person.
"""

from __future__ import annotations

import re

from llm_ar.skeletons.datasets.dataset import ClipInfo, Dataset, by_subject, numbers
from llm_ar.skeletons.datasets.uav_human_actions import ACTIONS
from llm_ar.skeletons.layouts import COCO

SUBJECTS = range(119)


def _subjects(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split())


CSV1_SUBJECTS = _subjects(
    """
    0 2 5 6 7 8 10 11 12 13 14 15 16 17 18 19 20 21 25 26 27 28 29 30 32 33 34 35 36 37 38 39 40
    42 43 44 45 46 47 48 49 50 51 52 53 55 56 57 59 61 62 63 64 65 67 68 69 70 71 73 76 77 78 79
    80 81 82 83 84 85 86 87 88 89 90 98 100 102 103 105 106 110 111 112 114 115 116 117 118
    """
)
"""Persons that train in CSv1."""
CSV2_SUBJECTS = _subjects(
    """
    0 3 4 5 6 8 10 11 12 14 16 18 19 20 21 22 24 26 29 30 31 32 35 36 37 38 39 40 43 44 45 46 47
    49 52 54 56 57 59 60 61 62 63 64 66 67 69 70 71 72 73 74 75 77 78 79 80 81 83 84 86 87 88 89
    91 92 93 94 95 96 97 99 100 101 102 103 104 106 107 108 109 110 111 112 113 114 115 117 118
    """
)
"""Persons that train in CSv2."""

_NAME = re.compile(
    r"(?<![0-9A-Za-z])P(\d{3})S\d{2}G\d{2}B\d{2}H\d{2}UC\d{6}LC\d{6}A(\d{3})R\d_\d{8}(?!\d)"
)


def describe(source: str) -> ClipInfo | None:
    """Label and person of a clip by its name or path."""
    found = _NAME.findall(source)
    if not found or int(found[-1][1]) >= len(ACTIONS):
        return None
    person, action = (int(number) for number in found[-1])
    return ClipInfo(ACTIONS[action].phrase, str(person), None, None, source)


def _rest(training: tuple[int, ...]) -> tuple[str, ...]:
    return numbers(subject for subject in SUBJECTS if subject not in training)


UAV_HUMAN = Dataset(
    "uav-human",
    actions=ACTIONS,
    protocols=(
        by_subject("csv1", train=numbers(CSV1_SUBJECTS), test=_rest(CSV1_SUBJECTS)),
        by_subject("csv2", train=numbers(CSV2_SUBJECTS), test=_rest(CSV2_SUBJECTS)),
    ),
    describe=describe,
    clips=22_476,
    layout=COCO,
)
