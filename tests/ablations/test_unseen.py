"""Unseen actions: the figures by hand, and that every clip is scored against the right names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from llm_ar.ablations.unseen import doubt, evaluate_unseen, log_prior, unseen_figures
from llm_ar.errors import DatasetError
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.zero_shot.text_embeddings import described
from llm_ar.skeletons.datasets.protocols import dataset_named, protocol_named
from llm_ar.skeletons.store import ClipStore


def test_figures_by_hand() -> None:
    # Names 0 and 1 are seen, 2 and 3 are not.
    scores = np.array(
        [
            [9.0, 1, 2, 3],  # seen, right among all and among the seen
            [5.0, 4, 9, 0],  # seen: right among the seen only
            [9.0, 8, 7, 6],  # unseen: right among the unseen only
            [0.0, 1, 2, 9],  # unseen, right
            [0.0, 1, 9, 3],  # unseen, wrong even among the unseen
            [9.0, 0, 1, 2],  # unseen: right among the unseen only
        ]
    )
    truth = np.array([0, 0, 2, 3, 3, 3])
    prior = np.array([5.0, 0, 0, 2])
    similarity = np.array([[9.0, 9, place, 1 - place] for place in (0, 0, 1, 1, 0, 0)])
    rejected = np.array([True, False, True, True, False, True])
    unseen = np.array([False, False, True, True])
    found = unseen_figures(scores, truth, unseen, prior, similarity, rejected)
    assert found.top1 == 75.0 and found.seen_top1 == 100.0
    assert found.generalised_seen == 50.0 and found.generalised_unseen == 25.0
    assert found.harmonic == pytest.approx(2 * 50 * 25 / 75, abs=0.01)
    assert (found.clips, found.seen_clips, found.unseen_names) == (4, 2, 2)
    # Without the prior: [4 1 2 1], [0 4 9 -2], [4 8 7 4], [-5 1 2 7], [-5 1 9 1], [4 0 1 0].
    assert found.calibrated_top1 == 50.0 and found.calibrated_seen == 50.0
    assert found.calibrated_unseen == 25.0 and found.calibrated_harmonic == found.harmonic
    # By analogy the unseen clips are taken for 2, 2, 3 and 3, and the third of them for a seen one.
    assert found.analogy_top1 == 75.0 and found.analogy_unseen == 50.0
    assert found.analogy_seen == 50.0 == found.analogy_harmonic


def test_clips_named_less_surely_than_most_training_clips_are_doubted() -> None:
    sure = np.linspace(1, 5, 21)
    trained = np.stack([sure, np.zeros(21)], axis=1)
    clips = np.array([[1.39, 0], [1.41, 0], [0, 9.0], [0, 0]])
    assert doubt(clips + 7, trained).tolist() == [True, False, False, True]


def test_the_prior_is_the_mean_probability() -> None:
    probabilities = np.array([[0.5, 0.1, 1e-200], [0.1, 0.3, 3e-200]])
    expected = np.log([0.3, 0.2, 2e-200])
    np.testing.assert_allclose(log_prior(np.log(probabilities)), expected)


def test_the_harmonic_mean_of_nothing_is_nothing() -> None:
    found = unseen_figures(
        np.array([[0.0, 1], [0.0, 1]]),
        np.array([0, 0]),
        np.array([True, False]),
        np.zeros(2),
        np.array([[1.0, 0], [1.0, 0]]),
        np.array([False, False]),
    )
    assert found.top1 == 100.0 and found.harmonic == 0.0 == found.generalised_unseen
    assert found.analogy_top1 == 100.0 and found.analogy_harmonic == 0.0


def oracle(model: ActionRecognizer, store: ClipStore, blind: Sequence[str]) -> SimpleNamespace:
    """Answers rightly, but always with a seen name for actions that it is blind to."""
    labels = {clip.joints.tobytes(): clip.label for clip in store}

    def encode(clips):
        return torch.tensor([list(store.labels).index(labels[c.joints.tobytes()]) for c in clips])

    seen = [label for label in model.labels if label not in blind]

    def score(tokens, names):
        truth = [store.labels[int(token)] for token in tokens]
        answers = [seen[0] if name in blind else name for name in truth]
        return torch.tensor([[float(name == answer) for name in names] for answer in answers])

    return SimpleNamespace(
        run=replace(model.run, protocol="unseen0"),
        labels=tuple(seen),
        tokenizer=SimpleNamespace(encode_clips=encode),
        log_likelihoods=score,
        token_logits=lambda tokens: None,
        text_embeddings=lambda texts: torch.eye(len(texts), 99),
    )


def test_unseen_and_seen_clips_among_all_names(tiny_model: Path, procedural_data: Path) -> None:
    store = ClipStore.open(procedural_data)
    model = ActionRecognizer.from_pretrained(tiny_model)
    unseen = protocol_named(dataset_named("procedural"), "unseen0").unseen
    test = store.split("xsub")[1]
    of_unseen = sum(store[index].label in unseen for index in test)
    model.run = replace(model.run, protocol="unseen0")
    everything, model.labels = model.labels, tuple(n for n in model.labels if n not in unseen)
    seen: list[tuple[int, int]] = []
    untrained = evaluate_unseen(model, store, on_progress=lambda *counts: seen.append(counts))
    assert (untrained.clips, untrained.seen_clips) == (of_unseen, len(test) - of_unseen)
    evaluated = len(test) + min(128, len(store.split("unseen0")[0]))
    assert untrained.unseen_names == 3 and seen[-1] == (evaluated, evaluated)
    model.labels = everything
    found = evaluate_unseen(oracle(model, store, unseen), store)
    assert found.generalised_seen == found.seen_top1 == 100.0
    assert found.generalised_unseen == 0.0 == found.harmonic
    # Names of other datasets that trained as well are none of the candidates.
    model.labels = (*(name for name in model.labels if name not in unseen), "fly a kite")
    more = evaluate_unseen(model, store)
    assert (more.top1, more.seen_top1, more.clips) == (
        untrained.top1,
        untrained.seen_top1,
        untrained.clips,
    )


def test_unseen_actions_by_their_likeness_to_seen_ones(
    tiny_model: Path, procedural_data: Path
) -> None:
    store = ClipStore.open(procedural_data)
    model = ActionRecognizer.from_pretrained(tiny_model)
    unseen = protocol_named(dataset_named("procedural"), "unseen0").unseen
    blind = oracle(model, store, unseen)
    seen = list(blind.labels)
    # The i-th unseen action is taken for the i-th seen one, whose description is like its own.
    seen_like = dict(zip(unseen, seen, strict=False))
    places = {described(name): seen.index(seen_like.get(name, name)) for name in (*seen, *unseen)}
    assert len(places) == len(seen) + len(unseen)
    blind.text_embeddings = lambda texts: torch.eye(len(seen))[[places[text] for text in texts]]

    def score(tokens: Tensor, names: Sequence[str]) -> Tensor:
        answers = [seen_like.get(store.labels[int(t)], store.labels[int(t)]) for t in tokens]
        return torch.tensor([[9.0 * (name == answer) for name in names] for answer in answers])

    blind.log_likelihoods = score
    for labels in (seen, seen[::-1]):
        blind.labels = tuple(labels)
        found = evaluate_unseen(blind, store)
        assert found.analogy_top1 == 100.0 and found.top1 < 100
        assert found.analogy_seen == 100.0, "no clip is named less surely than those of training"
    # Where the language model says nothing, the tokens do.
    by_likeness = blind.log_likelihoods
    blind.token_logits = lambda tokens: by_likeness(tokens, blind.labels).log_softmax(-1)
    blind.log_likelihoods = lambda tokens, names: torch.zeros(len(tokens), len(names))
    assert evaluate_unseen(blind, store).analogy_top1 == 100.0
    blind.token_logits = lambda tokens: None
    assert evaluate_unseen(blind, store).analogy_top1 < 100


def test_models_that_trained_on_an_unseen_action_are_refused(
    tiny_model: Path, procedural_data: Path
) -> None:
    model = ActionRecognizer.from_pretrained(tiny_model)
    with pytest.raises(DatasetError, match="is unseen by protocol unseen0, but the model was"):
        evaluate_unseen(model, ClipStore.open(procedural_data), "unseen0")


def test_protocols_without_unseen_actions_are_refused(
    tiny_model: Path, procedural_data: Path
) -> None:
    model = ActionRecognizer.from_pretrained(tiny_model)
    with pytest.raises(DatasetError, match="xsub .* no unseen actions"):
        evaluate_unseen(model, ClipStore.open(procedural_data))
