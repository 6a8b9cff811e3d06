"""Names that never trained, by analogy to those that did.

An LLM that was taught to answer with some names hardly ever answers with others, and what it then
makes of these has little to do with the clip. But what it takes a clip for among the trained names
is a place among the actions: the mean of what these names' descriptions say, each weighted by its
probability. The answer is the name whose own description lies in that direction (ConSE: Norouzi et
al., "Zero-Shot Learning by Convex Combination of Semantic Embeddings", ICLR 2014). What a
description says is told by the LLM itself, which has read of far more movements than were trained:
its last states, averaged over the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor

from llm_ar.recognizer.description_embeddings import told
from llm_ar.recognizer.descriptions import Descriptions
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.naming import NamesActions
from llm_ar.recognizer.prompt import checked_names
from llm_ar.recognizer.recognition import Answer, Recognition
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers import as_clip

SCALE = 7.0
"""Turns cosines into scores whose softmax are probabilities: the one that made the right names
likeliest on unseen actions of UTD-MHAD (splits 1 and 2)."""
_BATCH = 16


def by_analogy(posteriors: Tensor, trained: Tensor, asked: Tensor) -> Tensor:
    """Cosines (B, N) of sentences and names.

    Args:
        posteriors: (B, C), how likely each trained name is, rows sum to 1.
        trained: (C, width), embeddings of the trained names' texts.
        asked: (N, width), of the candidates'.
    """
    middle = trained.mean(0)
    trained, asked = F.normalize(trained - middle, dim=-1), F.normalize(asked - middle, dim=-1)
    return F.normalize(posteriors.to(trained) @ trained, dim=-1) @ asked.T


class Analogies:
    """A recogniser's answers about any names, by what it says about those it was trained on.

    Args:
        model: who answers.
        known: where descriptions are looked up; the built-in ones by default.

    Raises:
        ConfigError: the recogniser reads no text.
    """

    def __init__(self, model: NamesActions, known: Descriptions | None = None) -> None:
        self._model, self._known = model, known
        self._trained = self._embed(model.labels)

    def scores(self, likelihoods: Tensor, names: Sequence[str]) -> Tensor:
        """Cosines (B, N) with any names.

        Args:
            likelihoods: (B, C), the log-likelihoods of the trained names after sentences.
            names: the N candidates.
        """
        return by_analogy(likelihoods.softmax(-1), self._trained, self._embed(names))

    def _embed(self, names: Sequence[str]) -> Tensor:
        return self._model.text_embeddings([told(name, self._known) for name in names])


def recognize_by_analogy(
    model: ActionRecognizer,
    clips: Sequence[Clip | str | Path],
    labels: Sequence[str],
    top_k: int,
    known: Descriptions | None = None,
) -> list[Recognition]:
    """As ``model.recognize``, for names that need not have trained.

    Args:
        model: who answers.
        clips: clips, or files in a known format.
        labels: candidate names.
        top_k: how many answers to give, at most.
        known: where descriptions are looked up; the built-in ones by default.

    Raises:
        ClipError: if a file cannot be read.
        LayoutError: if a clip's layout cannot be mapped to the model's.
        ConfigError: if the labels are empty or not distinct.
    """
    names = checked_names(labels)
    analogies = Analogies(model, known)
    found = []
    for first in range(0, len(clips), _BATCH):
        read = [as_clip(clip, model.repair) for clip in clips[first : first + _BATCH]]
        tokens = model.tokenizer.encode_clips(read)
        scores = analogies.scores(model.log_likelihoods(tokens), names)
        best = (SCALE * scores).softmax(-1).topk(min(top_k, len(names)))
        rows = zip(read, best.indices.tolist(), best.values.tolist(), tokens.tolist(), strict=True)
        found += [
            Recognition(
                clip.source,
                [Answer(names[n], p) for n, p in zip(places, probabilities, strict=True)],
                sentence,
            )
            for clip, places, probabilities, sentence in rows
        ]
    return found
