"""NTU RGB+D 60 and 120 (Shahroudy et al., CVPR 2016; Liu et al., PAMI 2019).

A clip's name is ``SsssCcccPpppRrrrAaaa``: setup, camera, performer, replication, action, each from
1. X-Sub parts by performer, X-View by camera, X-Set by setup (even numbers train). Recordings
without a usable skeleton (`MISSING`) are in no part.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from llm_ar.skeletons.datasets.dataset import Assignment, ClipInfo, Dataset, Protocol, numbers
from llm_ar.skeletons.datasets.ntu_actions import ACTIONS
from llm_ar.skeletons.datasets.ntu_missing import MISSING
from llm_ar.skeletons.datasets.zero_shot import zero_shot
from llm_ar.skeletons.layouts import KINECT_V2

__all__ = ["ACTIONS", "MISSING", "NTU120", "NTU60", "Name", "parse_name"]

NTU60_SUBJECTS = (1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38)
"""Performers that train in X-Sub of NTU RGB+D 60."""
NTU120_SUBJECTS = NTU60_SUBJECTS + (
    *(45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86),
    *(89, 91, 92, 93, 94, 95, 97, 98, 100, 103),
)
"""The same of NTU RGB+D 120."""

_NAME = re.compile(r"(?<![0-9A-Za-z])S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})(?![0-9])")


class Name(NamedTuple):
    """What the name of a clip says."""

    setup: int
    camera: int
    performer: int
    replication: int
    action: int

    @property
    def missing(self) -> bool:
        """Whether the publishers list it as without a usable skeleton."""
        return "S{:03}C{:03}P{:03}R{:03}A{:03}".format(*self) in MISSING


def parse_name(source: str) -> Name | None:
    """The numbers in a clip's name or path (the last such name in it), None where it has none."""
    found = _NAME.findall(source)
    return Name(*(int(number) for number in found[-1])) if found else None


def describe(source: str, actions: int = len(ACTIONS)) -> ClipInfo | None:
    """Label, performer and camera of a clip by its name; None for actions beyond the last."""
    name = parse_name(source)
    if name is None or not 1 <= name.action <= actions:
        return None
    label = ACTIONS[name.action - 1].phrase
    return ClipInfo(label, str(name.performer), str(name.camera), None, source)


def _describe_60(source: str) -> ClipInfo | None:
    return describe(source, 60)


def _part(info: ClipInfo, trains: bool, known: bool) -> Assignment:
    name = parse_name(info.source)
    if not known or (name is not None and name.missing):
        return "unused"
    return "train" if trains else "test"


def _by_performer(performers: tuple[int, ...], counts: tuple[int, int]) -> Protocol:
    training = frozenset(numbers(performers))

    def assign(info: ClipInfo) -> Assignment:
        return _part(info, info.subject in training, info.subject is not None)

    return Protocol("xsub", assign, counts)


def _by_view(info: ClipInfo) -> Assignment:
    return _part(info, info.camera in ("2", "3"), info.camera in ("1", "2", "3"))


def _by_setup(info: ClipInfo) -> Assignment:
    name = parse_name(info.source)
    return _part(info, name is not None and name.setup % 2 == 0, name is not None)


_XSUB_60 = _by_performer(NTU60_SUBJECTS, (40_091, 16_487))
_XSUB_120 = _by_performer(NTU120_SUBJECTS, (63_026, 50_919))

NTU60 = Dataset(
    "ntu60",
    actions=ACTIONS[:60],
    protocols=(
        _XSUB_60,
        Protocol("xview", _by_view, (37_646, 18_932)),
        *zero_shot(
            _XSUB_60,
            ACTIONS[:60],
            {5: (10, 11, 19, 26, 56), 12: (3, 5, 9, 12, 15, 40, 42, 47, 51, 56, 58, 59)},
        ),
    ),
    describe=_describe_60,
    clips=56_578,
    layout=KINECT_V2,
)
NTU120 = Dataset(
    "ntu120",
    actions=ACTIONS,
    protocols=(
        _XSUB_120,
        Protocol("xset", _by_setup, (54_468, 59_477)),
        *zero_shot(
            _XSUB_120,
            ACTIONS,
            {
                10: (4, 13, 37, 43, 49, 65, 88, 95, 99, 106),
                24: (5, 9, 11, 16, 18, 20, 22, 29, 35, 39, 45, 49)
                + (59, 68, 70, 81, 84, 87, 93, 94, 104, 113, 114, 119),
            },
        ),
    ),
    describe=describe,
    clips=113_945,
    layout=KINECT_V2,
)
