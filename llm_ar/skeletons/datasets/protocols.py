"""The known datasets, and their protocols by name."""

from __future__ import annotations

import hashlib
import re

from llm_ar.errors import DatasetError
from llm_ar.skeletons.datasets.bandai_namco import BANDAI_NAMCO
from llm_ar.skeletons.datasets.cad60 import CAD60
from llm_ar.skeletons.datasets.dataset import (
    Action,
    Assignment,
    ClipInfo,
    Dataset,
    Protocol,
    by_own_split,
    held_out,
)
from llm_ar.skeletons.datasets.florence3d import FLORENCE3D
from llm_ar.skeletons.datasets.har6 import HAR6
from llm_ar.skeletons.datasets.jhmdb import JHMDB
from llm_ar.skeletons.datasets.kard import KARD
from llm_ar.skeletons.datasets.msr_daily import MSR_DAILY
from llm_ar.skeletons.datasets.ntu import NTU60, NTU120
from llm_ar.skeletons.datasets.nw_ucla import NW_UCLA
from llm_ar.skeletons.datasets.penn_action import PENN_ACTION
from llm_ar.skeletons.datasets.sbu import SBU
from llm_ar.skeletons.datasets.smarthome import SMARTHOME
from llm_ar.skeletons.datasets.uav_human import UAV_HUMAN
from llm_ar.skeletons.datasets.utd_mhad import UTD_MHAD
from llm_ar.skeletons.datasets.zero_shot import unseen_splits
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.skeletons.synthetic.actions import ACTIONS
from llm_ar.skeletons.synthetic.movements import MOVEMENTS

__all__ = [
    "DATASETS",
    "SPLIT",
    "Assignment",
    "ClipInfo",
    "Dataset",
    "Protocol",
    "dataset_named",
    "protocol_named",
]


SPLIT = Protocol("split", by_own_split)
"""The dataset's own split column, as ``labels.csv`` may have one."""

_PROCEDURAL = tuple(Action(action.name, action.name) for action in ACTIONS)
_MOVEMENTS = tuple(
    Action(name, name) for name in dict.fromkeys(action.name for action in MOVEMENTS)
)
_XSUB = Protocol("xsub", by_own_split)

_SEEDED = re.compile(r"seeded:([1-9]\d?)(?::(\d{1,9}))?")

DATASETS: tuple[Dataset, ...] = (
    NW_UCLA,
    UTD_MHAD,
    SBU,
    NTU60,
    NTU120,
    SMARTHOME,
    UAV_HUMAN,
    KARD,
    FLORENCE3D,
    CAD60,
    MSR_DAILY,
    BANDAI_NAMCO,
    PENN_ACTION,
    JHMDB,
    HAR6,
    Dataset("folder", actions=(), protocols=()),
    Dataset(
        "procedural",
        actions=_PROCEDURAL,
        protocols=(_XSUB, *unseen_splits(_XSUB, _PROCEDURAL, 3)),
        clips=600,
        layout=KINECT_V1,
    ),
    Dataset("movements", actions=_MOVEMENTS, protocols=(_XSUB,), layout=KINECT_V1),
)


def dataset_named(name: str) -> Dataset:
    """The known dataset of that name.

    Raises:
        DatasetError: there is none.
    """
    for dataset in DATASETS:
        if dataset.name == name:
            return dataset
    raise DatasetError(
        f"no dataset is called {name!r}; known are {', '.join(d.name for d in DATASETS)}"
    )


def protocol_named(dataset: Dataset, name: str) -> Protocol:
    """One of the dataset's protocols, ``split``, ``held-out:S1,S2`` (subjects), or a seeded one.

    ``seeded:20`` draws 20 % of the clips for testing, ``seeded:20:7`` others. ``without:kard``
    tests on all clips that a merged dataset has of KARD, and trains on all clips of the others.

    Raises:
        DatasetError: the dataset has no such protocol.
    """
    for protocol in (*dataset.protocols, SPLIT):
        if protocol.name == name:
            return protocol
    kind, _, listed = name.partition(":")
    subjects = [subject.strip() for subject in listed.split(",") if subject.strip()]
    if kind == "held-out" and subjects:
        return held_out(subjects)
    if kind == "without" and listed:
        return _without(listed)
    drawn = _SEEDED.fullmatch(name)
    if drawn:
        return _seeded(int(drawn[1]), int(drawn[2] or 0))
    known = ", ".join(dict.fromkeys(p.name for p in (*dataset.protocols, SPLIT)))
    raise DatasetError(
        f"dataset {dataset.name} has no protocol {name!r}; it has {known}, "
        "held-out:SUBJECT,SUBJECT, seeded:PERCENT_OF_TEST_CLIPS:SEED and, of merged data, "
        "without:DATASET"
    )


def _without(part: str) -> Protocol:
    """Leave one dataset out of a merged one, whose sources begin with their datasets' names."""

    def assign(info: ClipInfo) -> Assignment:
        return "test" if info.source.startswith(f"{part}/") else "train"

    return Protocol(f"without:{part}", assign)


def _seeded(percent: int, seed: int) -> Protocol:
    """Clips drawn by their sources alone: more clips do not change where the others are."""

    def assign(info: ClipInfo) -> Assignment:
        drawn = hashlib.blake2b(f"{seed}\n{info.source}".encode(), digest_size=8).digest()
        return "test" if int.from_bytes(drawn, "big") < percent / 100 * 2**64 else "train"

    return Protocol(f"seeded:{percent}:{seed}", assign)
