"""Actions that nobody trained on: recognised among each other, and among all names.

Candidate names are given at test time only. One pass scores every clip against every name; a
name's exact likelihood does not depend on the other candidates, so all settings follow from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import DatasetError
from llm_ar.recognizer.naming import NamesActions
from llm_ar.skeletons.protocols import dataset_named, protocol_named
from llm_ar.skeletons.store import ClipStore


@dataclass(frozen=True)
class UnseenFigures:
    """Accuracies in percent of a model that was trained on a part of the actions.

    Attributes:
        top1: unseen actions' clips, among the unseen names.
        seen_top1: seen actions' test clips, among the seen names.
        generalised_unseen: unseen actions' clips, among all names.
        generalised_seen: seen actions' test clips, among all names.
        harmonic: mean of the last two, 2 s u / (s + u); 0 if one of them is.
        clips: of unseen actions.
        seen_clips: test clips of seen actions.
        unseen_names: how many names are unseen; by chance ``top1`` is 100 / ``unseen_names``.
    """

    top1: float
    seen_top1: float
    generalised_unseen: float
    generalised_seen: float
    harmonic: float
    clips: int
    seen_clips: int
    unseen_names: int


def unseen_figures(
    scores: NDArray[np.float64], truth: NDArray[np.int64], unseen: NDArray[np.bool_]
) -> UnseenFigures:
    """The figures of N clips scored against all C names.

    Args:
        scores: (N, C), the likeliest name has the highest.
        truth: (N,) true names.
        unseen: (C,), which names did not train.
    """
    new = unseen[truth]
    only_unseen = np.where(unseen, scores, -np.inf).argmax(1)
    only_seen = np.where(unseen, -np.inf, scores).argmax(1)
    among_all = scores.argmax(1)
    u, s = _percent(among_all == truth, new), _percent(among_all == truth, ~new)
    return UnseenFigures(
        top1=_percent(only_unseen == truth, new),
        seen_top1=_percent(only_seen == truth, ~new),
        generalised_unseen=u,
        generalised_seen=s,
        harmonic=round(2 * s * u / (s + u), 2) if s + u else 0.0,
        clips=int(new.sum()),
        seen_clips=int((~new).sum()),
        unseen_names=int(unseen.sum()),
    )


def evaluate_unseen(
    model: NamesActions,
    store: ClipStore,
    protocol: str | None = None,
    *,
    batch_size: int = 16,
    on_progress: Callable[[int, int], None] | None = None,
) -> UnseenFigures:
    """Recognise unseen actions, and seen ones beside them, in clips that did not train.

    The clips are the test clips of the dataset's usual protocol, which the protocol's own test
    clips are a part of: the same people (or camera), of unseen and of seen actions.

    Args:
        model: trained on the protocol's seen actions.
        store: a prepared dataset.
        protocol: one with unseen actions; the model's own by default.
        batch_size: clips recognised at a time.
        on_progress: called with clips done and clips in all, after each batch.

    Raises:
        DatasetError: the protocol has no unseen actions, or leaves no clips of seen or of unseen
            actions to test.
    """
    protocol = protocol or model.run.protocol
    dataset = dataset_named(store.dataset)
    unseen = protocol_named(dataset, protocol).unseen
    if not unseen:
        raise DatasetError(
            f"protocol {protocol} of dataset {store.dataset} has no unseen actions; evaluate it "
            "with llm-ar evaluate"
        )
    names = tuple(label for label in store.labels if label in {*model.labels, *unseen})
    known = store.metadata()
    usual = store.split(dataset.protocols[0].name)[1]
    indices = [index for index in usual if known[index].label in names]
    truth = np.array([names.index(str(known[index].label)) for index in indices], np.int64)
    new = np.array([name in unseen for name in names])
    if not indices or new[truth].all() or not new[truth].any():
        raise DatasetError(
            f"{store.path}: protocol {protocol} leaves no test clips of seen or of unseen actions; "
            "choose another one or prepare more clips"
        )
    scores = []
    for first in range(0, len(indices), batch_size):
        clips = [store[index] for index in indices[first : first + batch_size]]
        tokens = model.tokenizer.encode_clips(clips)
        scores.append(model.log_likelihoods(tokens, names).double().cpu().numpy())
        if on_progress is not None:
            on_progress(first + len(clips), len(indices))
    return unseen_figures(np.concatenate(scores), truth, new)


def _percent(right: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return round(100 * float(right[among].mean()), 2) if among.any() else 0.0
