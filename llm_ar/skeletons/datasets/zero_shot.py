"""Zero-shot splits: some actions never train, and only they test.

Seen actions' training clips (of another protocol, such as X-Sub) train, unseen actions' test clips
test; the rest is unused. ``zero-shot-55-5`` has 55 seen and 5 unseen actions.

The splits without a seed are those of SynSE (Gupta et al., "Syntactically Guided Generative
Embeddings for Zero-Shot Skeleton Action Recognition", ICIP 2021), which later work uses. Those
with one (``zero-shot-55-5-seed1``) are drawn by hashes, the same for ever and everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from llm_ar.skeletons.datasets.dataset import Action, Assignment, ClipInfo, Protocol

SEEDS = (1, 2, 3)
UNSEEN_SPLITS = 5


def zero_shot(
    base: Protocol, actions: Sequence[Action], published: Mapping[int, Sequence[int]]
) -> Iterator[Protocol]:
    """The splits of a dataset.

    Args:
        base: who trains and who tests.
        actions: the dataset's.
        published: for each number of unseen actions their places (from 0) in the published split.
    """
    for count, places in published.items():
        name = f"zero-shot-{len(actions) - count}-{count}"
        yield _split(name, base, actions, places)
        for seed in SEEDS:
            places = draw_unseen(len(actions), count, seed)
            yield _split(f"{name}-seed{seed}", base, actions, places)


def unseen_splits(base: Protocol, actions: Sequence[Action], count: int) -> Iterator[Protocol]:
    """Five splits ``unseen0`` ... ``unseen4`` with other unseen actions each; ours, not published.

    The seen actions' training clips of the base protocol train, the unseen actions' test clips of
    it test: an unseen action is performed by people (or seen by a camera) that are new as well. The
    actions are shuffled once, by hashes, and dealt out, so that none is unseen in two splits.

    Args:
        base: who trains and who tests.
        actions: the dataset's, at least five times ``count``.
        count: unseen actions of each split.
    """
    order = _shuffled(len(actions), 0)
    for number in range(UNSEEN_SPLITS):
        places = sorted(order[number * count : (number + 1) * count])
        yield _split(f"unseen{number}", base, actions, places)


def draw_unseen(actions: int, count: int, seed: int) -> tuple[int, ...]:
    """So many different places of ``range(actions)``, in order; the same for the same seed."""
    return tuple(sorted(_shuffled(actions, seed)[:count]))


def _shuffled(actions: int, seed: int) -> list[int]:
    """``range(actions)`` in an order by hashes."""

    def rank(place: int) -> bytes:
        return hashlib.sha256(f"{seed}:{actions}:{place}".encode()).digest()

    return sorted(range(actions), key=rank)


def _split(name: str, base: Protocol, actions: Sequence[Action], places: Sequence[int]) -> Protocol:
    unseen = tuple(actions[place].phrase for place in places)
    labels = frozenset(action.phrase for action in actions)

    def assign(info: ClipInfo) -> Assignment:
        part = base.assign(info)
        if info.label not in labels:
            return "unused"
        return part if part == ("test" if info.label in unseen else "train") else "unused"

    return Protocol(name, assign, unseen=unseen)
