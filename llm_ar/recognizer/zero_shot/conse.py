"""Names that never trained, by analogy to those that did.

An LLM that was taught to answer with some names hardly ever answers with others, and what it then
makes of these has little to do with the clip. But what it takes a clip for among the trained names
is a place among the actions: the mean of what these names' descriptions say, each weighted by its
probability. The answer is the name whose own description lies in that direction (ConSE: Norouzi et
al., "Zero-Shot Learning by Convex Combination of Semantic Embeddings", ICLR 2014). What a
description says is told by the LLM itself, which has read of far more movements than were trained:
its last states, averaged over the words.

An LLM is far too sure of one name for such a mean. What its tokens say by themselves is asked as
well, if they say anything, and the mean of the log-probabilities is softened.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor

from llm_ar.errors import ConfigError
from llm_ar.recognizer.interface import NamesActions
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.prompt import checked_names
from llm_ar.recognizer.recognition import Recognition, check_top_k, ranked
from llm_ar.recognizer.zero_shot.descriptions import Descriptions
from llm_ar.recognizer.zero_shot.text_embeddings import told
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers import as_clip

SCALE = 7.0
"""Turns cosines into scores whose softmax are probabilities: the one that made the right names
likeliest on unseen actions of UTD-MHAD (splits 1 and 2), by the LLM's opinion alone."""
SOFTER = 2.0
"""Divides the mean log-probabilities: chosen on unseen actions of UTD-MHAD (splits 1 to 3)."""
_BATCH = 16


def conse_scores(posteriors: Tensor, trained: Tensor, asked: Tensor) -> Tensor:
    """Cosines (B, N) of sentences and names, around the trained names' middle.

    Args:
        posteriors: (B, C), how likely each trained name is, rows sum to 1.
        trained: (C, width), embeddings of the trained names' texts.
        asked: (N, width), of the candidates'.
    """
    middle = trained.mean(0)
    trained, asked = F.normalize(trained - middle, dim=-1), F.normalize(asked - middle, dim=-1)
    return F.normalize(posteriors.to(trained) @ trained, dim=-1) @ asked.T


class ConSE:
    """What a recogniser says about any names by what it says about those it was trained on.

    Args:
        model: who answers.
        labels: the N candidate names; their texts and the trained names' are read once, here.
        known: where descriptions are looked up; the built-in ones by default.

    Attributes:
        names: the candidates, without surrounding spaces.

    Raises:
        ConfigError: the labels are empty or not distinct, the recogniser reads no text, or it was
            trained on a single name.
    """

    def __init__(
        self, model: NamesActions, labels: Sequence[str], known: Descriptions | None = None
    ) -> None:
        self.names = checked_names(labels)
        if len(model.labels) < 2:
            raise ConfigError(
                f"analogy: the model was trained on a single name, {model.labels[0]!r}, which is "
                "like nothing in particular; take one that knows several"
            )
        texts = [told(name, known) for name in (*model.labels, *self.names)]
        embedded = model.text_embeddings(texts)
        self._trained, self._asked = embedded.split([len(model.labels), len(self.names)])

    def scores(self, likelihoods: Tensor, said: Tensor | None) -> Tensor:
        """Cosines (B, N) with the candidates.

        Args:
            likelihoods: (B, C), the log-likelihoods of the trained names after sentences.
            said: (B, C), the names' log-probabilities by what the tokens say (see
                `llm_ar.recognizer.interface.NamesActions.token_logits`); None if they say nothing.
        """
        opinion = likelihoods.log_softmax(-1)
        if said is not None:
            opinion = (opinion + said.to(opinion)) / 2
        return conse_scores((opinion / SOFTER).softmax(-1), self._trained, self._asked)


def recognize_zero_shot(
    model: ActionRecognizer,
    clips: Sequence[Clip | str | Path],
    analogies: ConSE,
    top_k: int = 5,
) -> list[Recognition]:
    """As ``model.recognize``, for names that need not have trained.

    Args:
        model: who answers.
        clips: clips, or files in a known format.
        analogies: the candidate names, read by this model.
        top_k: how many answers to give, at most.

    Raises:
        ClipError: if a file cannot be read.
        LayoutError: if a clip's layout cannot be mapped to the model's.
        ConfigError: if ``top_k`` is below 1.
    """
    check_top_k(top_k)
    found = []
    for first in range(0, len(clips), _BATCH):
        given = clips[first : first + _BATCH]
        tokens = model.tokenizer.encode_clips([as_clip(clip, model.repair) for clip in given])
        likelihoods, said = model.log_likelihoods(tokens), model.token_logits(tokens)
        scores = SCALE * analogies.scores(likelihoods, said)
        answers = ranked(analogies.names, scores.softmax(-1), top_k)
        found += [
            Recognition(clip.source if isinstance(clip, Clip) else str(clip), top, sentence)
            for clip, top, sentence in zip(given, answers, tokens.tolist(), strict=True)
        ]
    return found
