"""Actions that nobody trained on: recognised among each other, and among all names.

Candidate names are given at test time only. One pass scores every clip against every name; a
name's exact likelihood does not depend on the other candidates, so all settings follow from it.

A name that is likely whatever was seen says little of a clip. Calibrated scores are therefore
log p(name | sentence) - log p(name), with p(name) the mean over training clips: what the sentence
itself adds (Zhao et al., "Calibrate Before Use", ICML 2021, with sentences for empty inputs).
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

PRIOR_CLIPS = 128
"""Training clips, at most, that tell how likely each name is whatever is seen."""


@dataclass(frozen=True)
class UnseenFigures:
    """Accuracies in percent of a model that was trained on a part of the actions.

    Attributes:
        top1: unseen actions' clips, among the unseen names.
        seen_top1: seen actions' test clips, among the seen names.
        generalised_unseen: unseen actions' clips, among all names.
        generalised_seen: seen actions' test clips, among all names.
        harmonic: mean of the last two, 2 s u / (s + u); 0 if one of them is.
        calibrated_top1, calibrated_unseen, calibrated_seen, calibrated_harmonic: the same of
            calibrated scores (top1 and the last three).
        clips: of unseen actions.
        seen_clips: test clips of seen actions.
        unseen_names: how many names are unseen; by chance ``top1`` is 100 / ``unseen_names``.
    """

    top1: float
    seen_top1: float
    generalised_unseen: float
    generalised_seen: float
    harmonic: float
    calibrated_top1: float
    calibrated_unseen: float
    calibrated_seen: float
    calibrated_harmonic: float
    clips: int
    seen_clips: int
    unseen_names: int


def unseen_figures(
    scores: NDArray[np.float64],
    truth: NDArray[np.int64],
    unseen: NDArray[np.bool_],
    prior: NDArray[np.float64],
) -> UnseenFigures:
    """The figures of N clips scored against all C names.

    Args:
        scores: (N, C), the likeliest name has the highest.
        truth: (N,) true names.
        unseen: (C,), which names did not train.
        prior: (C,), log p(name).
    """
    new = unseen[truth]
    only_seen = np.where(unseen, -np.inf, scores).argmax(1)
    top1, u, s, harmonic = _accuracies(scores, truth, unseen)
    calibrated = _accuracies(scores - prior, truth, unseen)
    return UnseenFigures(
        top1=top1,
        seen_top1=_percent(only_seen == truth, ~new),
        generalised_unseen=u,
        generalised_seen=s,
        harmonic=harmonic,
        calibrated_top1=calibrated[0],
        calibrated_unseen=calibrated[1],
        calibrated_seen=calibrated[2],
        calibrated_harmonic=calibrated[3],
        clips=int(new.sum()),
        seen_clips=int((~new).sum()),
        unseen_names=int(unseen.sum()),
    )


def log_prior(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """log p(name) (C,): of the mean probability over sentences, from their scores (K, C)."""
    highest = scores.max(axis=0)
    return np.asarray(highest + np.log(np.exp(scores - highest).mean(axis=0)))


def _accuracies(
    scores: NDArray[np.float64], truth: NDArray[np.int64], unseen: NDArray[np.bool_]
) -> tuple[float, float, float, float]:
    """Unseen actions among unseen names, unseen and seen ones among all, and these two's mean."""
    new = unseen[truth]
    only_unseen = np.where(unseen, scores, -np.inf).argmax(1)
    among_all = scores.argmax(1)
    u, s = _percent(among_all == truth, new), _percent(among_all == truth, ~new)
    harmonic = round(2 * s * u / (s + u), 2) if s + u else 0.0
    return _percent(only_unseen == truth, new), u, s, harmonic


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
    trained = store.split(protocol)[0]
    spread = np.linspace(0, len(trained) - 1, min(PRIOR_CLIPS, len(trained))).round().astype(int)
    some = [trained[place] for place in spread]
    scores = []
    asked = [*some, *indices]
    for first in range(0, len(asked), batch_size):
        clips = [store[index] for index in asked[first : first + batch_size]]
        tokens = model.tokenizer.encode_clips(clips)
        scores.append(model.log_likelihoods(tokens, names).double().cpu().numpy())
        if on_progress is not None:
            on_progress(first + len(clips), len(asked))
    all_scores = np.concatenate(scores)
    prior = log_prior(all_scores[: len(some)])
    return unseen_figures(all_scores[len(some) :], truth, new, prior)


def _percent(right: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return round(100 * float(right[among].mean()), 2) if among.any() else 0.0
