"""Actions that nobody trained on: recognized among each other, and among all names.

Candidate names are given at test time only. One pass scores every clip against every name; a
name's exact likelihood does not depend on the other candidates, so all settings follow from it.

A name that is likely whatever was seen says little of a clip. Calibrated scores are therefore
log p(name | sentence) - log p(name), with p(name) the mean over training clips: what the sentence
itself adds (Zhao et al., "Calibrate Before Use", ICML 2021, with sentences for empty inputs).

By analogy, an unseen name is the better the more alike its description is to those of the seen
names that the clip is taken for (`llm_ar.recognizer.zero_shot.conse`). Among all names, clips that
the scores name less surely than nine tenths of the training clips are taken for unseen actions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from llm_ar.errors import DatasetError
from llm_ar.recognizer.interface import NamesActions
from llm_ar.recognizer.zero_shot.conse import ConSE
from llm_ar.skeletons.datasets.protocols import dataset_named, protocol_named
from llm_ar.skeletons.store import ClipStore

PRIOR_CLIPS = 128
"""Training clips, at most, that tell how likely each name is whatever is seen."""
DOUBTED = 0.1
"""Share of the training clips that would be taken for unseen actions."""


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
        analogy_top1, analogy_unseen, analogy_seen, analogy_harmonic: the same by analogy.
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
    analogy_top1: float
    analogy_unseen: float
    analogy_seen: float
    analogy_harmonic: float
    clips: int
    seen_clips: int
    unseen_names: int


def unseen_figures(
    scores: NDArray[np.float64],
    truth: NDArray[np.int64],
    unseen: NDArray[np.bool_],
    prior: NDArray[np.float64],
    similarity: NDArray[np.float64],
    rejected: NDArray[np.bool_],
) -> UnseenFigures:
    """The figures of N clips scored against all C names.

    Args:
        scores: (N, C), the likeliest name has the highest.
        truth: (N,) true names.
        unseen: (C,), which names did not train.
        prior: (C,), log p(name).
        similarity: (N, C), how well each name fits by analogy.
        rejected: (N,), which clips are taken for unseen actions.
    """
    new = unseen[truth]
    only_seen = np.where(unseen, -np.inf, scores).argmax(1)
    top1, u, s, harmonic = _accuracies(scores, truth, unseen)
    calibrated = _accuracies(scores - prior, truth, unseen)
    # Doubted clips get their best unseen name, the others their best seen one.
    either = np.where(unseen, similarity, scores)
    decided = np.where(rejected[:, None] == unseen, either, -np.inf)
    analogy = _accuracies(decided, truth, unseen)
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
        analogy_top1=_accuracies(similarity, truth, unseen)[0],
        analogy_unseen=analogy[1],
        analogy_seen=analogy[2],
        analogy_harmonic=analogy[3],
        clips=int(new.sum()),
        seen_clips=int((~new).sum()),
        unseen_names=int(unseen.sum()),
    )


def log_prior(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """log p(name) (C,): of the mean probability over sentences, from their scores (K, C)."""
    highest = scores.max(axis=0)
    return np.asarray(highest + np.log(np.exp(scores - highest).mean(axis=0)))


def doubt(scores: NDArray[np.float64], trained: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which sentences (N,) are named less surely than all but `DOUBTED` of the training clips.

    Args:
        scores: (N, C), of the seen names.
        trained: (K, C), of training clips.
    """
    return np.asarray(_surest(scores) < np.quantile(_surest(trained), DOUBTED))


def _surest(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The best name's log-probability among the names, (N,)."""
    best = scores.max(axis=1)
    return np.asarray(-np.log(np.exp(scores - best[:, None]).sum(axis=1)))


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
    """Recognize unseen actions, and seen ones beside them, in clips that did not train.

    The clips are the test clips of the dataset's usual protocol, which the protocol's own test
    clips are a part of: the same people (or camera), of unseen and of seen actions.

    Args:
        model: trained on the protocol's seen actions.
        store: a prepared dataset.
        protocol: one with unseen actions; the model's own by default.
        batch_size: clips recognized at a time.
        on_progress: called with clips done and clips in all, after each batch.

    Raises:
        DatasetError: the protocol has no unseen actions, or leaves no clips of seen or of unseen
            actions to test, or the model was trained on one of them.
        ConfigError: the model reads no text.
    """
    protocol = protocol or model.run.protocol
    dataset = dataset_named(store.dataset)
    unseen = protocol_named(dataset, protocol).unseen
    if not unseen:
        raise DatasetError(
            f"protocol {protocol} of dataset {store.dataset} has no unseen actions; evaluate it "
            "with llm-ar evaluate"
        )
    trained_all_the_same = sorted(set(unseen) & set(model.labels))
    if trained_all_the_same:
        raise DatasetError(
            f"{trained_all_the_same[0]!r} is unseen by protocol {protocol}, but the model was "
            "trained on it; evaluate a model that was not"
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
    analogies = ConSE(model, names)
    # A model may have trained on other datasets as well; their names only help by analogy.
    scored = (*names, *(label for label in model.labels if label not in names))
    order = torch.tensor([scored.index(label) for label in model.labels])
    scores, similarity = [], []
    evaluated = [*some, *indices]
    for first in range(0, len(evaluated), batch_size):
        clips = [store[index] for index in evaluated[first : first + batch_size]]
        tokens = model.tokenizer.encode_clips(clips)
        found = model.log_likelihoods(tokens, scored).double().cpu()
        logits = model.token_logits(tokens)
        similarity.append(analogies.scores(found[:, order], logits).cpu().numpy())
        scores.append(found[:, : len(names)].numpy())
        if on_progress is not None:
            on_progress(first + len(clips), len(evaluated))
    of_training, of_test = np.split(np.concatenate(scores), [len(some)])
    return unseen_figures(
        of_test,
        truth,
        new,
        log_prior(of_training),
        np.concatenate(similarity)[len(some) :].astype(np.float64),
        doubt(of_test[:, ~new], of_training[:, ~new]),
    )


def _percent(right: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return round(100 * float(right[among].mean()), 2) if among.any() else 0.0
