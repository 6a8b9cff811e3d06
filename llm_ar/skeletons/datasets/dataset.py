"""What a dataset is: its actions' names, its protocols, and what its files' names say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from llm_ar.skeletons.layout import Layout

Assignment = Literal["train", "validation", "test", "unused"]


class ClipInfo(NamedTuple):
    """What is known of a clip besides its joints."""

    label: str | None
    subject: str | None
    camera: str | None
    split: str | None
    source: str


class Action(NamedTuple):
    """A class of a dataset."""

    published: str
    """Its name in the publishers' wording."""
    phrase: str
    """A short natural phrase of it, which a language model answers; the clips' label."""


@dataclass(frozen=True)
class Protocol:
    """A rule that says of each clip whether it trains or tests.

    Args:
        name: as users write it, such as ``xview``.
        assign: the rule.
        counts: published numbers of training and test clips, where there are such.
        unseen: the actions that only test (zero-shot protocols).
    """

    name: str
    assign: Callable[[ClipInfo], Assignment]
    counts: tuple[int, int] | None = None
    unseen: tuple[str, ...] = ()


def _unknown_name(name: str) -> ClipInfo | None:
    return None


@dataclass(frozen=True)
class Dataset:
    """A known dataset.

    Args:
        name: as users write it, such as ``nw-ucla``.
        actions: its classes in the publishers' order; empty where the clips tell.
        protocols: its own protocols, the usual one first; every dataset also has ``split`` and
            ``held-out:...`` (see `llm_ar.skeletons.datasets.protocols.protocol_named`).
        describe: what the name of a clip (a file's path, with or without its ending) says of it;
            None where the name is not one of this dataset's.
        clips: how many clips there are as published (or made by default), 0 where nobody knows.
        layout: of its skeletons as published.
    """

    name: str
    actions: tuple[Action, ...]
    protocols: tuple[Protocol, ...]
    describe: Callable[[str], ClipInfo | None] = _unknown_name
    clips: int = 0
    layout: Layout | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels of its clips in order: each action's phrase."""
        return tuple(action.phrase for action in self.actions)


def listed(text: str) -> tuple[Action, ...]:
    """Actions from lines ``published name = phrase``, or the name alone where it is one."""
    actions = []
    for line in text.strip().splitlines():
        published, _, phrase = (part.strip() for part in line.partition(" = "))
        actions.append(Action(published, phrase or published))
    return tuple(actions)


def by_action_and_subject(name: str, actions: Sequence[Action]) -> Callable[[str], ClipInfo | None]:
    """What a clip's name says where it holds the numbers of its action, from 1, and its subject.

    Args:
        name: a pattern of names, whose first two groups are these numbers.
        actions: the dataset's actions; a number beyond them has no label.
    """
    pattern = re.compile(name)

    def describe(source: str) -> ClipInfo | None:
        """Label and subject of a clip by its name or path."""
        found = pattern.search(source)
        if found is None:
            return None
        action, subject = int(found[1]), int(found[2])
        label = actions[action - 1].phrase if 1 <= action <= len(actions) else None
        return ClipInfo(label, str(subject), None, None, source)

    return describe


def by_camera(
    name: str, train: Iterable[str], test: Iterable[str], counts: tuple[int, int] | None = None
) -> Protocol:
    """Some cameras train, some test, others are unused."""
    training, testing = frozenset(train), frozenset(test)
    return Protocol(name, lambda info: member(info.camera, training, testing), counts)


def by_subject(
    name: str, train: Iterable[str], test: Iterable[str], counts: tuple[int, int] | None = None
) -> Protocol:
    """Some subjects train, some test, others are unused."""
    training, testing = frozenset(train), frozenset(test)
    return Protocol(name, lambda info: member(info.subject, training, testing), counts)


def leave_one_out(subjects: Iterable[int]) -> tuple[Protocol, ...]:
    """A fold a subject, ``subject1`` and so on: that one tests, all others train."""
    everybody = frozenset(numbers(subjects))
    return tuple(
        by_subject(f"subject{subject}", train=everybody - {subject}, test=(subject,))
        for subject in sorted(everybody, key=int)
    )


def by_own_split(info: ClipInfo) -> Assignment:
    """The part that the dataset's own split column names."""
    if info.split == "validation":
        return "validation"
    return member(info.split, frozenset({"train"}), frozenset({"test"}))


def held_out(subjects: Iterable[str]) -> Protocol:
    """The named subjects test, all other known subjects train."""
    testing = frozenset(subjects)

    def assign(info: ClipInfo) -> Assignment:
        if info.subject is None:
            return "unused"
        return "test" if info.subject in testing else "train"

    return Protocol(f"held-out:{','.join(sorted(testing))}", assign)


def member(value: str | None, train: frozenset[str], test: frozenset[str]) -> Assignment:
    """The part of a clip by one property of it."""
    if value in train:
        return "train"
    return "test" if value in test else "unused"


def numbers(listed_numbers: Iterable[int]) -> tuple[str, ...]:
    """Numbers as the metadata writes them."""
    return tuple(str(number) for number in listed_numbers)
