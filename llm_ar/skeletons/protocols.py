"""Datasets and their protocols as data: the classes' names, and who trains and who tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from llm_ar.errors import DatasetError
from llm_ar.skeletons.procedural_actions import ACTIONS
from llm_ar.skeletons.readers import nw_ucla, utd_mhad

Assignment = Literal["train", "test", "unused"]


class ClipInfo(NamedTuple):
    """What is known of a clip besides its joints."""

    label: str | None
    subject: str | None
    camera: str | None
    split: str | None
    source: str


@dataclass(frozen=True)
class Protocol:
    """A rule that says of each clip whether it trains or tests.

    Args:
        name: as users write it, such as ``xview``.
        assign: the rule.
    """

    name: str
    assign: Callable[[ClipInfo], Assignment]


@dataclass(frozen=True)
class Dataset:
    """A known dataset.

    Args:
        name: as users write it, such as ``nw-ucla``.
        classes: names of its actions in the publisher's order; empty where the clips tell.
        protocols: its own protocols, the usual one first; every dataset also has ``split`` and
            ``held-out:...`` (see `protocol_named`).
    """

    name: str
    classes: tuple[str, ...]
    protocols: tuple[Protocol, ...]


def by_camera(name: str, train: Iterable[str], test: Iterable[str]) -> Protocol:
    """Some cameras train, some test, others are unused."""
    training, testing = frozenset(train), frozenset(test)
    return Protocol(name, lambda info: _member(info.camera, training, testing))


def by_subject(name: str, train: Iterable[str], test: Iterable[str]) -> Protocol:
    """Some subjects train, some test, others are unused."""
    training, testing = frozenset(train), frozenset(test)
    return Protocol(name, lambda info: _member(info.subject, training, testing))


def held_out(subjects: Iterable[str]) -> Protocol:
    """The named subjects test, all other known subjects train."""
    testing = frozenset(subjects)

    def assign(info: ClipInfo) -> Assignment:
        if info.subject is None:
            return "unused"
        return "test" if info.subject in testing else "train"

    return Protocol(f"held-out:{','.join(sorted(testing))}", assign)


def _by_split(info: ClipInfo) -> Assignment:
    return _member(info.split, frozenset({"train"}), frozenset({"test"}))


def _member(value: str | None, train: frozenset[str], test: frozenset[str]) -> Assignment:
    if value in train:
        return "train"
    return "test" if value in test else "unused"


SPLIT = Protocol("split", _by_split)
"""The dataset's own split column, as ``labels.csv`` may have one."""

DATASETS: tuple[Dataset, ...] = (
    Dataset(
        "nw-ucla",
        classes=tuple(nw_ucla.ACTIONS.values()),
        protocols=(by_camera("xview", train="12", test="3"),),
    ),
    Dataset(
        "utd-mhad",
        classes=utd_mhad.ACTIONS,
        protocols=(by_subject("odd-even", train="1357", test="2468"),),
    ),
    Dataset("folder", classes=(), protocols=()),
    Dataset(
        "procedural",
        classes=tuple(action.name for action in ACTIONS),
        protocols=(Protocol("xsub", _by_split),),
    ),
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
    """One of the dataset's protocols, ``split``, or ``held-out:S1,S2`` with subjects' names.

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
    known = ", ".join(protocol.name for protocol in (*dataset.protocols, SPLIT))
    raise DatasetError(
        f"dataset {dataset.name} has no protocol {name!r}; it has {known} and "
        "held-out:SUBJECT,SUBJECT"
    )
